"""The control API's server: guards first, then the route, then the handler; on the loop the manager runs on."""

import asyncio
import errno
import logging
from collections.abc import Awaitable, Iterable
from http import HTTPStatus
from pathlib import Path
from typing import Self

from pydantic import BaseModel

from tui_failover.control import guards
from tui_failover.control.answer import Answer, failed
from tui_failover.control.change import OnChange, forget
from tui_failover.control.event_streams import EventStreams
from tui_failover.control.metrics import Metrics
from tui_failover.control.ports import Connect, DataPath
from tui_failover.control.problem import Problem, bad_request, not_found, refused, unusable
from tui_failover.control.reading import read_model, read_query
from tui_failover.control.route import Call, Found, Router
from tui_failover.control.services import Services
from tui_failover.control.settings import ControlSettings, Limits, Listen, host_names
from tui_failover.control.table import ROUTES
from tui_failover.control.tokens import Scope, Tokens
from tui_failover.core.errors import (
    BadQuery,
    EngineClosed,
    FailoverError,
    OrderRefused,
    SettingsError,
    UnknownAgent,
    UnknownProvider,
)
from tui_failover.engine.clock import LoopClock
from tui_failover.engine.manager import FailoverManager
from tui_failover.serving import Request, Response, Server, Stream

_log = logging.getLogger("tui_failover.control")
_log.addHandler(logging.NullHandler())  # whoever wants the log configures one; the terminal belongs to the console
_LAST_PORT = 65_535


class ControlRefused(FailoverError):
    """The control API does not start; the message is one sentence for the operator."""


class CannotListen(ControlRefused):
    """The address cannot be taken."""


class UnsafeListen(ControlRefused):
    """It would let strangers in."""


class ControlServer:
    """Serves the control API while its context is entered. Enter it inside the manager's own context and loop.

    Takes no signals, writes nothing to the terminal, and logs under "tui_failover.control".
    """

    def __init__(
        self,
        manager: FailoverManager,
        settings: ControlSettings | None = None,
        connect: Connect | None = None,
        on_change: OnChange = forget,
        folder: Path = Path(),
        data_path: DataPath | None = None,
    ) -> None:
        """Prepare; nothing is opened yet.

        Args:
            manager: a running manager.
            settings: where to listen, whom to let in; loopback and everybody on this machine where None.
            connect: reaches providers registered at run time; they are refused where None.
            on_change: told of every change before its answer is sent.
            folder: where key files named by relative paths are looked for.
            data_path: serves the paths it owns on the same port; None for the control API alone.
        """
        self._settings = settings or ControlSettings()
        self._manager = manager
        self._connect = connect
        self._on_change = on_change
        self._folder = folder
        self._data_path = data_path
        self._running: _Running | None = None

    async def __aenter__(self) -> Self:
        """Open the address.

        Raises:
            UnsafeListen: other machines could call without a token, or a token is unfit.
            CannotListen: the address is taken or is not ours.
        """
        settings = self._settings
        tokens = Tokens(settings.access)
        _check_safe(settings.listen, tokens)
        loop = asyncio.get_running_loop()
        clock = LoopClock(loop)
        streams = EventStreams(self._manager, clock, settings.limits)
        metrics = Metrics(self._manager, lambda: (streams.open, streams.dropped))
        services = Services(self._manager, self._connect, self._on_change, streams, metrics, self._folder, clock)
        desk = _Desk(services, settings, tokens, self._data_path)
        server = Server(desk.serve, _refused, settings.limits, clock)
        port = await _open(server, settings.listen)
        desk.hosts = host_names(settings.listen, port, settings.access.hosts)
        services.address = f"http://{Listen(settings.listen.host, port)}"
        self._running = _Running(port, server, services, desk)
        return self

    async def __aexit__(self, *_: object) -> None:
        """Take no new connections, let requests under way finish for a limited time, and close."""
        running = self._here
        running.services.stopping = True
        running.server.stop_listening()
        if self._data_path is not None:
            await self._data_path.drain()
        running.services.streams.close()
        await running.server.close(self._settings.limits.stop_s)
        await running.desk.finish()
        self._running = None

    @property
    def port(self) -> int:
        """The port that is listened on."""
        return self._here.port

    @property
    def address(self) -> str:
        """Where the API is: "http://host:port"."""
        return self._here.services.address

    def stop_taking(self) -> None:
        """Tell load balancers to send nothing more, while what is under way is finished."""
        self._here.services.stopping = True
        if self._data_path is not None:
            self._data_path.stop_taking()

    @property
    def _here(self) -> "_Running":
        if self._running is None:
            message = "the control API is not running: enter its context first"
            raise EngineClosed(message)
        return self._running


class _Running:
    """What exists only while the server runs."""

    def __init__(self, port: int, server: Server, services: Services, desk: "_Desk") -> None:
        self.port = port
        self.server = server
        self.services = services
        self.desk = desk


def _check_safe(listen: Listen, tokens: Tokens) -> None:
    if not listen.loopback and not tokens.wanted:
        message = (
            f"{listen} can be reached from other machines, so the control API needs tokens: "
            "name some in the settings, or listen on 127.0.0.1"
        )
        raise UnsafeListen(message)
    faults = tokens.faults()
    if faults:
        message = f"the control API does not start: {'; '.join(faults)}"
        raise UnsafeListen(message)


async def _open(server: Server, listen: Listen) -> int:
    no_address = f"the control API cannot listen on {listen}: this is no address"
    if not 0 <= listen.port <= _LAST_PORT:  # some loops would take what is left of the number in 16 bits
        raise CannotListen(no_address)
    try:
        return await server.open(listen.host, listen.port)
    except OSError as error:
        reason = "another program listens there already" if error.errno == errno.EADDRINUSE else _why(error)
        message = f"the control API cannot listen on {listen}: {reason}; choose another address with --listen"
        raise CannotListen(message) from None
    except UnicodeError:
        raise CannotListen(no_address) from None


def _why(error: OSError) -> str:
    return (error.strerror or type(error).__name__).lower()


class _Desk:
    """Takes every request from its headers to its answer.

    Attributes:
        hosts: every `Host` that is ours.
    """

    def __init__(
        self, services: Services, settings: ControlSettings, tokens: Tokens, data_path: DataPath | None
    ) -> None:
        self.hosts: frozenset[str] = frozenset()
        self._services = services
        self._origins = settings.access.origins
        self._limits: Limits = settings.limits
        self._tokens = tokens
        self._data_path = data_path
        self._router = Router(ROUTES)
        self._under_way: set[asyncio.Future[Answer | Stream]] = set()

    def serve(self, request: Request) -> Awaitable[Response | Stream]:
        """Return the answer on its way; whatever goes wrong, it has the shape its caller knows."""
        try:
            guards.check_target(request)
            guards.check_host(request, self.hosts)
            guards.check_origin(request, self._origins)
        except Problem as problem:
            return _failed(problem)
        if self._data_path is not None and self._data_path.owns(request.target):
            return self._data_path.serve(request, self._may_ask if self._tokens.wanted else None)
        return self._served(request)

    async def _served(self, request: Request) -> Response | Stream:
        try:
            return await self._answer(request)
        except ConnectionError:
            raise
        except Exception as error:  # noqa: BLE001 - the outermost frame of a request
            return failed(_problem_in(error, request))

    async def _answer(self, request: Request) -> Response | Stream:
        found = self._router.find(request.method, request.target)
        scopes = self._tokens.check(request, found.route.scope)
        guards.check_kind(request)
        raw = await self._raw(request, found)
        asked = _asked(found, raw)
        call = Call(self._services, request, found.path, asked, raw, scopes)
        work = found.route.handler(call)
        answer = await (self._seen_through(work) if found.route.scope is Scope.WRITE else work)
        return answer if isinstance(answer, Stream) else answer.response()

    def _may_ask(self, presented: Iterable[bytes]) -> bool:
        return any(Scope.USE in self._tokens.allowed(token) for token in presented)

    async def _seen_through(self, work: Awaitable[Answer | Stream]) -> Answer | Stream:
        """Carry a change out to its end although its caller leaves half-way."""
        task = asyncio.ensure_future(work)
        self._under_way.add(task)
        task.add_done_callback(self._ended)
        return await asyncio.shield(task)

    def _ended(self, task: "asyncio.Future[Answer | Stream]") -> None:
        self._under_way.discard(task)
        if not task.cancelled():
            task.exception()  # told to the caller, if there still is one

    async def finish(self) -> None:
        """Wait for the changes under way, for a limited time."""
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=self._limits.stop_s)

    async def _raw(self, request: Request, found: Found) -> dict[str, object]:
        """Return what was sent beside the path, the way the route takes it; the other way must be empty."""
        query = read_query(request.target.partition("?")[2])
        if query and found.route.query is None:
            message = "this path takes no query parameters"
            raise bad_request(message, "bad-query")
        limits = self._limits
        most = limits.query_bytes if found.route.scope is Scope.USE else limits.body_bytes
        body = await guards.read_body(request, most, limits.body_s)
        if found.route.body is None:
            if body:
                message = "this method takes no body here"
                raise bad_request(message, "bad-body")
            return query
        guards.check_shape(body, limits.depth)
        return guards.parse_object(body)


async def _failed(problem: Problem) -> Response:
    return failed(problem)


def _refused(status: HTTPStatus, code: str, message: str) -> Response:
    return failed(Problem(status, code, message))


def _asked(found: Found, raw: dict[str, object]) -> BaseModel | None:
    if found.route.body is not None:
        return read_model(found.route.body, raw)
    if found.route.query is not None:
        return read_model(found.route.query, raw, HTTPStatus.BAD_REQUEST)
    return None


def _problem_in(error: Exception, request: Request) -> Problem:
    """Return what the caller is told of an error that ended its request."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, FailoverError):
        return _told(error)
    # What was sent stays out of the log: it may hold anything.
    _log.error("%s: a fault of ours", request.method if request.method.isascii() else "a request", exc_info=error)
    return Problem(HTTPStatus.INTERNAL_SERVER_ERROR, "internal", "a fault of ours; the log names it")


def _told(error: FailoverError) -> Problem:
    """Return the answer to what the manager refused; each is told where it is raised, this is what is left."""
    match error:
        case UnknownAgent() | UnknownProvider():
            return not_found(str(error))
        case OrderRefused():
            return refused(str(error))
        case SettingsError() | BadQuery():
            return unusable("; ".join(error.problems))
        case EngineClosed():
            return Problem(HTTPStatus.SERVICE_UNAVAILABLE, "stopping", "the failover manager is stopping")
        case _:
            return unusable(str(error))
