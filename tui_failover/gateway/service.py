"""The gateway: takes a caller's request, has it carried, and hands the answer on as it comes."""

import asyncio
import contextlib
import logging
import secrets
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from http import HTTPStatus
from itertools import count

from msgspec import Struct

from tui_failover.core.errors import AllProvidersFailed, EngineClosed, QueryRefused, UnknownAgent
from tui_failover.core.outcome import Failed, FailureKind
from tui_failover.core.ports import Clock
from tui_failover.engine.errand import Carried
from tui_failover.engine.manager import FailoverManager
from tui_failover.gateway.asked import CLOSE, Call, Path, Refused, check_method, dialect_of, read_asked, read_path
from tui_failover.gateway.catalogue import entry, listed, page
from tui_failover.gateway.continuing import give_back, handed_out
from tui_failover.gateway.errand import Errand
from tui_failover.gateway.headers import QUERY_ID, passed_on, served_by
from tui_failover.gateway.refusals import of_exhausted, of_refused, told_of_break
from tui_failover.gateway.rendering import Making
from tui_failover.gateway.settings import GatewaySettings
from tui_failover.serving import Request, Response, Stream
from tui_failover.wire.anthropic_request_reading import read_anthropic_request
from tui_failover.wire.counting import estimated_tokens
from tui_failover.wire.dialect import Dialect
from tui_failover.wire.error_writing import (
    ErrorDetail,
    Fault,
    WrittenError,
    write_error,
    write_problem,
)
from tui_failover.wire.forwarding import Flow
from tui_failover.wire.json_text import json_bytes
from tui_failover.wire.verdict import Problem

_log = logging.getLogger("tui_failover.gateway")
LetsIn = Callable[[Iterable[bytes]], bool]
_OK = HTTPStatus.OK
_STREAM = {"content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache"}
_JSON = {"content-type": "application/json"}
_SERVER = "tui-failover"
_UNKNOWN = Path(Call.OTHER, "", None)
_STOPPING = "The gateway is stopping."
_ID_BYTES = 12
_PROCESS = secrets.token_hex(8)
_NUMBERS = count()  # of queries; to ask the system for chance at each costs more than to read the request


class _Turn(Struct, frozen=True):
    """One request being served."""

    request: Request
    path: Path
    dialect: Dialect
    query_id: str


_Answering = Callable[[_Turn], Awaitable[Response | Stream]]


class Gateway:
    """Serves the vendors' paths on the loop its manager runs on; whoever listens hands it the requests."""

    def __init__(self, manager: FailoverManager, clock: Clock, settings: GatewaySettings | None = None) -> None:
        self._manager = manager
        self._clock = clock
        self._settings = settings or GatewaySettings()
        # Those calls for which no provider is asked.
        self._calls: Mapping[Call, _Answering] = {Call.MODELS: self._models, Call.COUNT: self._estimated}
        self._under_way: set[Request] = set()
        self._idle = asyncio.Event()  # of use only once nothing more is taken
        self._stopping = False
        self._broken_off = False

    @property
    def under_way(self) -> int:
        """How many queries are being served."""
        return len(self._under_way)

    def owns(self, target: str) -> bool:
        """Tell whether a request's target is one of the gateway's."""
        return read_path(target) is not None

    async def serve(self, request: Request, lets_in: LetsIn | None) -> Response | Stream:
        """Answer a request.

        Args:
            request: for a path the gateway owns; its host and origin have been checked.
            lets_in: tells whether one of the tokens a caller presents is good; None where none is needed.
        """
        path = read_path(request.target) or _UNKNOWN
        turn = _Turn(request, path, path.dialect or dialect_of(request), f"fq_{_PROCESS}{next(_NUMBERS):08x}")
        try:
            self._let_in(turn, lets_in)
            self._under_way.add(request)
            return await self._calls.get(path.call, self._carried)(turn)
        except Refused as refused:
            detail = ErrorDetail(turn.query_id, refused.field, status=refused.status)
            response = _written(write_error(turn.dialect, refused.fault, refused.message, detail), turn)
            response.headers.update(refused.headers)
            return response
        except asyncio.CancelledError:
            if not self._broken_off or request.begun is not None:
                raise
            # Given up by `drain`, and nothing of an answer has left: its caller is still there to be told.
            detail = ErrorDetail(turn.query_id)
            return _written(write_error(turn.dialect, Fault.NO_PROVIDER, _STOPPING, detail), turn)
        except ConnectionError:
            raise
        except Exception:  # noqa: BLE001 - the outermost frame of a request
            _log.exception("%s: a fault of ours", turn.query_id)
            written = write_error(
                turn.dialect, Fault.INTERNAL, "A fault of the gateway.", ErrorDetail(turn.query_id)
            )
            return _written(written, turn)
        finally:
            self._under_way.discard(request)
            if self._stopping:
                self._look_for_end()

    def stop_taking(self) -> None:
        """Refuse new queries from now on."""
        self._stopping = True
        self._look_for_end()

    async def drain(self) -> None:
        """Refuse new queries, let those under way finish for a limited time, and break off what remains."""
        self.stop_taking()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._settings.drain_s):
                await self._idle.wait()
        self._broken_off = True
        for request in tuple(self._under_way):
            if request.task is not None:
                request.task.cancel()
        await self._idle.wait()

    def _let_in(self, turn: _Turn, lets_in: LetsIn | None) -> None:
        if self._stopping or len(self._under_way) >= self._settings.at_once:
            why = _STOPPING if self._stopping else "The gateway is at its limit of queries."
            raise Refused(Fault.NO_PROVIDER, why, headers=CLOSE if self._stopping else {})
        if lets_in is not None and not lets_in(_presented(turn.request)):
            raise Refused(
                Fault.KEY, "A token that is valid here is needed, as Authorization: Bearer or x-api-key."
            )

    def _look_for_end(self) -> None:
        if not self._under_way:
            self._idle.set()

    async def _carried(self, turn: _Turn) -> Response | Stream:
        dispatcher = self._manager.dispatcher
        asked = await read_asked(turn.request, turn.path, turn.dialect, self._settings, dispatcher.agents)
        errand = Errand(asked, self._settings, Making(_make_id, self._now), dispatcher.mid_stream(asked.agent))
        try:
            async with dispatcher.carry(asked.agent, errand, errand.tokens) as carried:
                flow = errand.flow
                if flow is None:
                    message = "an answer without its bytes"
                    raise TypeError(message)
                try:
                    return await self._handed_on(turn, errand, flow, carried)
                finally:
                    if carried.outcome is None:
                        give_back(flow, carried)
        except QueryRefused as error:
            return _written(of_refused(errand, error, turn.query_id), turn)
        except AllProvidersFailed as error:
            return _written(of_exhausted(errand, error, turn.query_id), turn)
        except UnknownAgent as error:
            raise Refused(Fault.NO_SUCH_MODEL, f"{error}.") from None
        except EngineClosed:
            raise Refused(Fault.NO_PROVIDER, _STOPPING) from None

    async def _handed_on(self, turn: _Turn, errand: Errand, flow: Flow, carried: Carried) -> Response | Stream:
        headers = passed_on(flow.headers)
        headers |= served_by(errand, carried.attempts)
        headers["server"] = _SERVER
        headers[QUERY_ID] = turn.query_id
        if errand.asked.streams:
            return await self._stream(turn, headers, errand, flow, carried)
        pieces: list[bytes] = []
        while isinstance(data := await flow.next(), bytes):
            pieces.append(data)
        carried.ended(data)
        if errand.asked.call is not Call.OTHER:
            headers |= _JSON
        return Response(_OK, headers, b"".join(pieces))

    async def _stream(
        self, turn: _Turn, headers: dict[str, str], errand: Errand, flow: Flow, carried: Carried
    ) -> Response | Stream:
        stream = turn.request.begin(_OK, headers | _STREAM)
        try:
            ended = await handed_out(flow, errand, carried, self._manager.dispatcher, stream.write)
        except asyncio.CancelledError:
            if self._broken_off:
                _break_off(turn, stream, errand, Fault.NO_PROVIDER, _STOPPING)
            raise
        if isinstance(ended, Failed):
            _break_off(turn, stream, errand, *told_of_break(carried, ended.failure))
        return stream

    def _now(self) -> int:
        """Return Unix time in seconds, as answers tell it."""
        return int(self._clock.now().utc)

    async def _models(self, turn: _Turn) -> Response:
        """Answer which names a caller may use as its model, or whether it may use one."""
        check_method(turn.request, "GET")
        agents = self._manager.dispatcher.agents
        names = listed(self._manager.snapshot(), self._settings, agents, turn.path.agent)
        created, name = self._now(), turn.path.model
        if name is None:
            return _answer(json_bytes(page(names, created)), _JSON, turn)
        if name not in names:
            raise Refused(Fault.NO_SUCH_MODEL, f"There is no such model; known are: {', '.join(names) or 'none'}.")
        return _answer(json_bytes(entry(name, created)), _JSON, turn)

    async def _estimated(self, turn: _Turn) -> Response:
        """Guess at a request's tokens: no provider is asked, and the caller is told that it is a guess."""
        agents = self._manager.dispatcher.agents
        asked = await read_asked(turn.request, turn.path, turn.dialect, self._settings, agents)
        request = read_anthropic_request({"max_tokens": 1, **asked.body.values})
        if isinstance(request, Problem):
            return _written(write_problem(turn.dialect, request, turn.query_id), turn)
        counted = {"input_tokens": estimated_tokens(request)}
        return _answer(json_bytes(counted), {**_JSON, "x-failover-estimated": "true"}, turn)


def _break_off(turn: _Turn, stream: Stream, errand: Errand, kind: FailureKind | Fault, text: str) -> None:
    """Tell a streaming caller that its answer broke off, and close so that nobody takes it for whole.

    Official clients take a stream that ends cleanly for an answer, so the last chunk of the encoding is left out.
    """
    stream.break_off(errand.broken_off(kind, text, ErrorDetail(turn.query_id)))


def _presented(request: Request) -> Iterator[bytes]:
    """Yield the tokens a caller shows: the two vendors' clients use different headers."""
    shown = request.headers.getall("x-api-key", [])
    for said in request.headers.getall("Authorization", []):
        scheme, _, token = said.partition(" ")
        if scheme.lower() == "bearer":
            shown.append(token.strip())
    yield from (one.encode("utf-8", "surrogateescape") for one in shown if one)


def _answer(body: bytes, headers: Mapping[str, str], turn: _Turn) -> Response:
    return Response(_OK, {**headers, "server": _SERVER, QUERY_ID: turn.query_id}, body)


def _written(error: WrittenError, turn: _Turn) -> Response:
    headers = {**error.headers, "server": _SERVER, QUERY_ID: turn.query_id}
    return Response(error.status, headers, error.body)


def _make_id(prefix: str) -> str:
    return f"{prefix}{secrets.token_hex(_ID_BYTES)}"
