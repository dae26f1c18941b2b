"""One caller's connection: aiohttp's own, with a deadline for headers, caps, and errors in our shape.

aiohttp leaves a connection that sends half a header open for as long as it keeps idle ones; the deadline here
counts from the first byte of each request.
"""

import asyncio
import enum
import logging
from http import HTTPStatus
from typing import cast

from aiohttp import StreamReader, web

from tui_failover.control.answer import failed
from tui_failover.control.problem import Problem
from tui_failover.control.settings import Limits

_log = logging.getLogger("tui_failover.control")
_log.addHandler(logging.NullHandler())  # whoever wants the log configures one; the terminal belongs to the console
_quiet = logging.Logger("tui_failover.control.http")  # aiohttp's own lines quote what callers send
_quiet.addHandler(logging.NullHandler())
_END = b"\r\n\r\n"


class _State(enum.Enum):
    """What the connection waits for."""

    HEADERS = "headers"
    HANDLER = "handler"
    NEXT = "next request"


class Connection(web.RequestHandler):
    """A connection under `Limits`; `peers` holds those that are open."""

    __slots__ = ("_idle_until", "_limits", "_peers", "_refused", "_seen", "_source", "_state", "_tail", "_timer")

    def __init__(
        self,
        server: web.Server,
        limits: Limits,
        peers: "set[Connection]",
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        super().__init__(
            server,
            loop=loop,
            logger=_quiet,
            access_log=None,  # type: ignore[arg-type]  # None is how aiohttp is told to keep no access log
            keepalive_timeout=limits.idle_s + limits.header_s,
            max_line_size=limits.line_bytes,
            max_field_size=limits.line_bytes,
            max_headers=limits.headers,
            lingering_time=limits.linger_s,
            auto_decompress=False,
        )
        self._limits = limits
        self._peers = peers
        self._refused = False
        self._source = ""
        self._state = _State.HEADERS
        self._seen = 0
        self._tail = b""
        self._timer: asyncio.TimerHandle | None = None
        self._idle_until = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the connection, or turn it away where there are too many."""
        self._source = _source(transport)
        if self._crowded():
            self._refused = True
            _turn_away(transport, HTTPStatus.SERVICE_UNAVAILABLE, "too-many", "too many connections are open")
            return
        self._peers.add(self)
        super().connection_made(transport)
        self._await(_State.HEADERS, self._limits.header_s)

    def connection_lost(self, exc: BaseException | None) -> None:
        """Forget it."""
        self._peers.discard(self)
        self._disarm()
        if not self._refused:
            super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Count what comes before a request is complete; hand it on."""
        if self._refused:
            return
        if data and self._state is not _State.HANDLER and not self._headers(data):
            limit = self._limits.header_bytes
            self._cut(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "too-long", f"headers exceed {limit} bytes")
            return
        super().data_received(data)

    def _headers(self, data: bytes) -> bool:
        """Take note of what comes before a request is complete; False where it is too much."""
        begins = self._state is _State.NEXT
        if begins:
            if 0 <= data.find(_END) <= self._limits.header_bytes:  # they came in one piece, as most do
                self._state = _State.HANDLER
                return True
            self._state = _State.HEADERS
        if self._too_much(data):
            return False
        if begins and self._state is _State.HEADERS:  # they came in part, and the rest may never come
            self._await(_State.HEADERS, self._limits.header_s)
        return True

    def resume_reading(self, *args: bool, **options: bool) -> None:
        """Take more of a body, where its sender was made to wait.

        The server calls this for every body, and has its parser look at nothing at all to do so.
        """
        if self.transport is None or not self.transport.is_reading():
            super().resume_reading(*args, **options)

    def begun(self) -> None:
        """Tell that a request is complete up to its body, and being answered."""
        self._state = _State.HANDLER

    def answered(self, body: StreamReader) -> None:
        """Tell that the answer is made: the next request may come.

        What is left of a body is not taken for the next request's headers: the server reads on for a moment, so
        that the answer is not lost, and closes.
        """
        if self.transport is None or not body.is_eof():
            return
        self._state, self._seen, self._tail = _State.NEXT, 0, b""
        loop = asyncio.get_running_loop()
        self._idle_until = loop.time() + self._limits.idle_s
        # One that is due earlier looks at the time then and waits on: to arm one anew for each request costs more.
        if self._timer is None or self._timer.when() > self._idle_until:
            self._disarm()
            self._timer = loop.call_at(self._idle_until, self._overdue)

    def handle_error(
        self,
        request: web.BaseRequest,  # noqa: ARG002 - the shape is aiohttp's
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002 - idem
    ) -> web.StreamResponse:
        """Answer what the parser refused; its own words quote the caller's bytes, so they stay here."""
        if status == HTTPStatus.INTERNAL_SERVER_ERROR:
            _log.error("the control API met a fault of its own: %s", type(exc).__name__)
            problem = Problem(HTTPStatus.INTERNAL_SERVER_ERROR, "internal", "a fault of ours; the log names it")
        else:
            problem = Problem(HTTPStatus.BAD_REQUEST, "bad-request", "this is not a request by RFC 9112")
        response = failed(problem)
        response.force_close()
        return response

    def _crowded(self) -> bool:
        """Tell whether there are too many already, in all or from the same address."""
        same = sum(peer.from_same(self._source) for peer in self._peers)
        return len(self._peers) >= self._limits.connections or same >= self._limits.per_source

    def from_same(self, source: str) -> bool:
        """Tell whether the connection comes from that address."""
        return self._source == source

    def _too_much(self, data: bytes) -> bool:
        """Count header bytes up to their end, which may lie across two arrivals."""
        joined = self._tail + data
        end = joined.find(_END)
        self._seen += len(data) if end < 0 else max(0, end - len(self._tail))
        self._tail = joined[1 - len(_END) :]
        if self._seen > self._limits.header_bytes:
            return True
        if end >= 0:
            self._state = _State.HANDLER
        return False

    def _await(self, state: _State, seconds: float) -> None:
        self._disarm()
        self._state = state
        self._timer = asyncio.get_running_loop().call_later(seconds, self._overdue)

    def _overdue(self) -> None:
        self._timer = None
        match self._state:
            case _State.HANDLER:
                return  # it has been answered since, or is being
            case _State.NEXT:
                self._leave_or_wait()
                return
            case _State.HEADERS:
                pass
        seconds = self._limits.header_s
        self._cut(HTTPStatus.REQUEST_TIMEOUT, "too-slow", f"the request did not come within {seconds:g} s")

    def _leave_or_wait(self) -> None:
        """Let a caller go who has been silent for too long."""
        loop = asyncio.get_running_loop()
        if loop.time() < self._idle_until:
            self._timer = loop.call_at(self._idle_until, self._overdue)
        else:
            self._let_go()

    def _cut(self, status: HTTPStatus, code: str, message: str) -> None:
        transport = self.transport
        if transport is not None:
            _turn_away(transport, status, code, message)
        self._let_go()

    def _let_go(self) -> None:
        """Close; what a caller that does not read has left over is thrown away soon after."""
        transport = self.transport
        self.force_close()
        if transport is not None:
            asyncio.get_running_loop().call_later(self._limits.linger_s, transport.abort)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def _source(transport: asyncio.BaseTransport) -> str:
    address = transport.get_extra_info("peername")
    return str(address[0]) if isinstance(address, tuple) and address else ""


def _turn_away(transport: asyncio.BaseTransport, status: HTTPStatus, code: str, message: str) -> None:
    """Write an answer without having read a request, and close."""
    # A TCP listener makes no others, though those of other loops are not derived from this class.
    stream = cast("asyncio.Transport", transport)
    response = failed(Problem(status, code, message))
    body = response.body if isinstance(response.body, bytes) else b""
    headers = {**response.headers, "Content-Length": str(len(body)), "Connection": "close"}
    lines = [f"HTTP/1.1 {status.value} {status.phrase}", *(f"{name}: {value}" for name, value in headers.items())]
    stream.write("\r\n".join((*lines, "", "")).encode("ascii") + body)
    stream.close()
