"""One caller's connection: requests in, parsed by llhttp under limits; answers out, one after the other."""

import asyncio
import enum
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from math import inf

import httptools
from multidict import istr

from tui_failover.core.ports import Clock
from tui_failover.serving.answer import Response, Stream, whole
from tui_failover.serving.bounds import Bounds
from tui_failover.serving.head import Head
from tui_failover.serving.line import Line
from tui_failover.serving.request import Caller, Request
from tui_failover.wire.http_head import written_head

_log = logging.getLogger("tui_failover.serving")
_log.addHandler(logging.NullHandler())  # whoever wants the log configures one; the terminal belongs to the console
_FEW_AHEAD = 2  # requests, up to which their caller is listened to: one that has left is told by nothing else
_MOST_AHEAD = 256  # requests that may come before the ones ahead of them are answered
_MOST_BETWEEN = 64 << 10  # bytes between two pieces of a body: chunk sizes, trailers
_CODING = istr("Transfer-Encoding")  # looked up without changing its case again

Handler = Callable[[Request], Awaitable[Response | Stream]]
Refuse = Callable[[HTTPStatus, str, str], Response]


class _State(enum.Enum):
    """What the connection waits for."""

    HEAD = "the head of a request"
    ANSWER = "an answer to it"
    TAKING = "the caller to take the answer"
    NEXT = "another request"
    END = "its end"


class Connection(asyncio.Protocol):
    """A connection under `Bounds`; `peers` holds those that are open, `gone` is done once it is over."""

    def __init__(
        self, handler: Handler, refuse: Refuse, bounds: Bounds, clock: Clock, peers: "set[Connection]"
    ) -> None:
        self._handler = handler
        self._refuse = refuse
        self._bounds = bounds
        self._peers = peers
        self._loop = asyncio.get_running_loop()
        self._line = Line()
        self.gone = self._line.gone
        self._clock = clock
        self._caller = Caller("", self._line, bounds.linger_s, clock)
        self._head = Head(bounds)
        # For the parser.
        self.on_message_begin = self._head.begin
        self.on_url = self._head.more_target
        self.on_header = self._head.add
        self._parser = httptools.HttpRequestParser(self)
        self._state = _State.HEAD
        self._deadline = inf
        self._timer: asyncio.TimerHandle | None = None
        self._untaken = 0
        self._stopping = False
        # Requests: being answered, waiting for it, and the one whose body is still coming.
        self._task: asyncio.Task[None] | None = None
        self._ahead: deque[Request] = deque()
        self._coming: Request | None = None
        self._fault: Response | None = None
        self._wish = False
        self._between = 0

    @property
    def source(self) -> str:
        """The caller's address."""
        return self._caller.source

    @property
    def task(self) -> "asyncio.Task[None] | None":
        """What answers the request under way."""
        return self._task

    def stop(self) -> None:
        """Take no further request; what is being answered comes to its end."""
        self._stopping = True
        if self._task is None:
            self._leave()

    def abort(self) -> None:
        """End it whatever is under way."""
        if self._task is not None:
            self._task.cancel()
        if self._line.transport is not None:
            self._line.transport.abort()

    # What the loop tells.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the connection, or turn it away where there are too many."""
        self._line.opened(transport)
        address = transport.get_extra_info("peername")
        self._caller.source = str(address[0]) if isinstance(address, tuple) and address else ""
        same = sum(peer.source == self.source for peer in self._peers)
        if len(self._peers) >= self._bounds.connections or same >= self._bounds.per_source:
            crowded = self._refuse(HTTPStatus.SERVICE_UNAVAILABLE, "too-many", "too many connections are open")
            self._cut(crowded, unread=False)  # who floods us gets no more time for it
            return
        self._peers.add(self)
        self._wait(_State.HEAD, self._bounds.header_s)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the caller has left, however it did
        """Forget it, and whatever its caller has asked."""
        self._peers.discard(self)
        self._state = _State.END
        self._line.lost()
        del self._parser  # which knows us as well: nothing is left behind for the collector
        if self._timer is not None:
            self._timer.cancel()
        if self._coming is not None:
            self._coming.end(broken=True)
        if self._task is not None:
            self._task.cancel()

    def data_received(self, data: bytes) -> None:
        """Read on."""
        if self._state is _State.END or self._fault is not None:
            return
        head = self._head
        begun = head.coming
        self._between += len(data)
        try:
            self._parse(data)
        except httptools.HttpParserError:
            self._broken()
            return
        if head.coming and self._state is _State.NEXT:  # still: it has not come to its end
            self._wait(_State.HEAD, self._bounds.header_s)
        if begun and head.coming:
            head.trickle(len(data))
        if head.coming or self._coming is not None or self._ahead:  # else all that came is being answered
            self._check_bounds()

    def _parse(self, data: bytes) -> None:
        rest: bytes | memoryview = data
        while rest:
            try:
                self._parser.feed_data(rest)
            except httptools.HttpParserUpgrade as upgrade:
                rest = memoryview(rest)[upgrade.args[0] :]
            else:
                return
            if not self._wish:  # it is for a tunnel, and what follows is nobody's
                return
            head = self._without_wish()
            self._parser = httptools.HttpRequestParser(self)
            self._parser.feed_data(head)

    def _without_wish(self) -> bytes:
        """Return the head that was read without its wish for another protocol.

        Nothing else is spoken here, so it is passed over (RFC 9110, 7.8); the parser would take it up.
        """
        self._wish = False
        method, version = self._parser.get_method().decode(), self._parser.get_http_version()
        line = f"{method} {self._head.path()} HTTP/{version}"
        return written_head(line, [one for one in self._head.headers().items() if one[0].lower() != "upgrade"])

    def pause_writing(self) -> None:
        """Have whoever writes wait, while the caller takes something."""
        self._line.crowd()
        if self._state is _State.ANSWER:
            self._wait_for_caller(_State.TAKING)

    def resume_writing(self) -> None:
        """Let it go on."""
        if self._state is _State.TAKING:
            self._state, self._deadline = _State.ANSWER, inf
        self._line.make_room()

    # What the parser tells.

    def on_headers_complete(self) -> None:
        """Begin to answer: whoever does reads the body."""
        parser = self._parser
        method = parser.get_method().decode()
        fault = self._fault or self._too_much(method)
        if fault is not None:
            self._fail(fault)
            return
        headers = self._head.headers()
        if (coding := headers.get(_CODING)) is not None and self._strange(coding):
            self._fail(self._malformed())
            return
        upgrades = parser.should_upgrade()
        self._wish = upgrades and method != "CONNECT"
        if self._wish:
            return
        self._head.coming = False
        self._between = 0
        self._coming = Request(
            method,
            self._head.path(),
            headers,
            parser.get_http_version(),
            keeps=parser.should_keep_alive() and not upgrades,
            caller=self._caller,
        )
        if self._task is None:
            self._begin(self._coming)
        else:
            self._ahead.append(self._coming)

    def _strange(self, coding: str) -> bool:
        """Tell whether it is a coding that cannot be undone here, or none of the version's (RFC 9112, 6.1)."""
        return coding.lower() != "chunked" or self._parser.get_http_version() == "1.0"

    def on_body(self, piece: bytes) -> None:
        """Take a piece of the body."""
        self._between = 0
        if self._coming is not None:
            self._coming.more(piece)

    def on_message_complete(self) -> None:
        """Take note that all of the request has come."""
        self._between = 0
        if self._coming is not None:
            self._coming.end()
            self._coming = None

    # One request after the other.

    def _begin(self, request: Request) -> None:
        self._state, self._deadline = _State.ANSWER, inf
        self._task = request.task = self._loop.create_task(self._serve(request))

    def _begin_next(self) -> None:
        self._begin(self._ahead.popleft())
        if len(self._ahead) <= _FEW_AHEAD:
            self._line.let_come()

    async def _serve(self, request: Request) -> None:
        try:
            try:
                answer = await self._handler(request)
                if isinstance(answer, Stream):
                    answer.end()
                    closes = answer.closes or self._stopping
                else:
                    closes = self._send(request, answer)
            except ConnectionError:
                raise
            except Exception as error:  # noqa: BLE001 - whoever answers has caught what can be told better
                closes = self._send(request, self._fault_of_ours(error), closes=True)
            if self._line.crowded is not None:
                await self._line.room()
        except ConnectionError:
            self._task = None
            self.abort()
            return
        except asyncio.CancelledError:
            self._task = None
            self._leave()
            raise
        self._task = None
        self._go_on(request, closes=closes)

    def _go_on(self, request: Request, *, closes: bool) -> None:
        """Turn to what comes after a request."""
        if closes or self._state is _State.END:
            self._leave(unread=not request.come)
        elif self._ahead:
            self._begin_next()
        elif self._fault is not None:
            self._cut(self._fault)
        elif self._head.coming:  # it came in part, and the rest may never come
            self._wait(_State.HEAD, self._bounds.header_s)
        else:
            self._wait_for_caller(_State.NEXT)

    def _fault_of_ours(self, error: Exception) -> Response:
        _log.error("the server met a fault of its own: %s", type(error).__name__)
        message = "a fault of ours; the log names it"
        return self._refuse(HTTPStatus.INTERNAL_SERVER_ERROR, "internal", message)

    def _wait_for_caller(self, state: _State) -> None:
        self._untaken = self._line.waiting
        self._wait(state, self._bounds.idle_s)

    def _send(self, request: Request, answer: Response, *, closes: bool = False) -> bool:
        """Send a whole answer; return whether the connection ends with it."""
        if request.begun is not None:  # another answer cannot follow in the middle of one
            request.begun.break_off()
            return True
        closes = closes or answer.closes or self._stopping or not (request.keeps and request.come)
        bare = request.method == "HEAD"
        self._line.send(whole(answer, self._clock.now().utc, request.version, bare=bare, closes=closes))
        return closes

    # Bounds.

    def _too_much(self, method: str = "") -> Response | None:
        if self._head.too_long(method):
            message = f"headers exceed {self._bounds.header_bytes} bytes"
            return self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "too-long", message)
        return self._malformed() if self._head.overgrown() else None

    def _malformed(self) -> Response:
        return self._refuse(HTTPStatus.BAD_REQUEST, "bad-request", "this is not a request by RFC 9112")

    def _check_bounds(self) -> None:
        fault = self._too_much() if self._head.coming else None
        if fault is None and len(self._ahead) > _MOST_AHEAD:
            fault = self._malformed()
        if fault is not None:
            self._fail(fault)
        elif self._coming is not None and self._between > _MOST_BETWEEN:
            self._broken()
        elif len(self._ahead) > _FEW_AHEAD:
            self._line.hold_back()

    def _broken(self) -> None:
        """What came is no request, or no body as its headers say."""
        if self._coming is not None:
            self._coming.end(broken=True)  # whoever answers it tells
            self._coming = None
        self._fail(self._malformed())

    def _fail(self, fault: Response) -> None:
        """Read no more, and tell why once those before it are answered."""
        first, self._fault = self._fault is None, fault
        if first and self._task is None:
            self._cut(fault)

    # Time, and the end.

    def _wait(self, state: _State, seconds: float) -> None:
        self._state = state
        self._deadline = self._loop.time() + seconds
        # One that is due earlier looks at the time then and waits on: to arm one anew for each request costs more.
        if self._timer is None or self._timer.when() > self._deadline:
            if self._timer is not None:
                self._timer.cancel()
            self._timer = self._loop.call_at(self._deadline, self._overdue)

    def _overdue(self) -> None:
        self._timer = None
        if self._deadline == inf or self._state is _State.END:
            return
        if self._loop.time() < self._deadline:
            self._timer = self._loop.call_at(self._deadline, self._overdue)
        elif self._state is _State.HEAD:
            late = f"the request did not come within {self._bounds.header_s:g} s"
            self._cut(self._refuse(HTTPStatus.REQUEST_TIMEOUT, "too-slow", late))
        elif self._line.waiting < self._untaken:  # slow, but it takes what it is sent
            self._untaken = self._line.waiting
            self._wait(self._state, self._bounds.idle_s)
        else:
            self._leave()

    def _cut(self, response: Response, *, unread: bool = True) -> None:
        """Answer what has not been read as a request, and close."""
        transport = self._line.transport
        if transport is not None and not transport.is_closing():
            transport.write(whole(response, self._clock.now().utc, "1.1", bare=False, closes=True))
        self._leave(unread=unread)

    def _leave(self, *, unread: bool = False) -> None:
        """Close; what a caller that does not read has left over is thrown away soon after."""
        self._state = _State.END
        (self._line.finish if unread else self._line.close)(self._bounds.linger_s)
