"""One connection to a provider: a request goes out, its answer comes in, parsed by llhttp."""

import asyncio
from collections.abc import Callable
from typing import cast

import httptools

from tui_failover.providers.http_answer import CODINGS, CodedAnswer, CutOff, HttpAnswer, HungUp, NotHttp

_MOST_HEAD = 256 << 10  # bytes of a head, and of what lies between two pieces of a body: chunk sizes, trailers
_MOST_HEADERS = 512
_AT_ONCE = 1 << 20  # bytes; a longer request is written in pieces, so that others get their turn
_PIECE = 256 << 10
_BODILESS = frozenset({204, 304})  # answers that end with their head (RFC 9112, 6.3)
_SWITCHED = 101


class HttpConnection(asyncio.Protocol):
    """Carries one request after the other."""

    def __init__(
        self,
        freed: "Callable[[HttpConnection], None]",
        lost: "Callable[[HttpConnection], None]",
    ) -> None:
        """Wait to be connected.

        Args:
            freed: told when the next request may come.
            lost: told when the connection is over.
        """
        self._loop = asyncio.get_running_loop()
        self._freed = freed
        self._lost = lost
        self._transport: asyncio.Transport | None = None
        self._body: list[bytes] = []  # what came of it just now
        self.on_body = self._body.append  # for the parser: bodies come in many small pieces, read together
        self._parser = httptools.HttpResponseParser(self)
        # Compatible servers are as careless as browsers let them be; nobody stands behind us who could be fooled.
        self._parser.set_dangerous_leniencies(
            lenient_optional_lf_after_cr=True,
            lenient_optional_cr_before_lf=True,
            lenient_spaces_after_chunk_size=True,
        )
        self._coming: asyncio.Future[HttpAnswer] | None = None
        self._answer: HttpAnswer | None = None
        self._headers: dict[str, str] = {}
        self._header_count = 0
        self._overhead = 0
        self._until_close = False
        self._whole = False
        self._spoilt = False
        self._paused = False
        self._rest: asyncio.Task[None] | None = None
        self._room: asyncio.Future[None] | None = None

    @property
    def usable(self) -> bool:
        """Whether a request may go out on it."""
        return self._transport is not None and not self._transport.is_closing()

    def ask(self, head: bytes, body: bytes, left_us: Callable[[], None]) -> "asyncio.Future[HttpAnswer]":
        """Send a request; return its answer to come, which comes once its head has.

        Args:
            head: up to its empty line.
            body: the rest.
            left_us: called whenever another piece of a long body has left.
        """
        self._coming = self._loop.create_future()
        transport = self._transport
        if transport is None:
            self._fail(HungUp("disconnected"))
        elif len(body) <= _AT_ONCE:
            transport.write(head + body)
        else:
            # Beside reading: who refuses a long request says so before it has come to its end.
            transport.write(head)
            self._rest = self._loop.create_task(self._write(transport, body, left_us))
        return self._coming

    def give_up(self, coming: "asyncio.Future[HttpAnswer]") -> None:
        """End the connection, unless the answer to that request is whole: others may be using it by now."""
        if self._coming is coming:
            self.cut()

    def cut(self) -> None:
        """End the connection at once."""
        self._stop_writing()
        if self._transport is not None:
            self._transport.abort()

    # What the loop tells.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the connection over."""
        # Connectors make no others, though those of other loops are not derived from this class.
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Read on."""
        self._overhead += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._spoilt = self._whole = True
        except httptools.HttpParserError as error:
            self._hand_on()
            if not self._whole:
                self._fail(NotHttp(type(error).__name__))
                self.cut()
                return
            self._spoilt = True  # what is wrong came behind the answer
        if self._body:
            self._hand_on()
        if self._whole:
            self._end()
        elif self._spoilt or self._overhead > _MOST_HEAD or self._header_count > _MOST_HEADERS:
            self._fail(NotHttp("beyond all bounds"))
            self.cut()

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell whoever waits."""
        self._transport = None
        del self._parser  # which knows us as well: nothing is left behind for the collector
        self._stop_writing()
        if self._until_close and exc is None and self._answer is not None:
            self._answer.end()
        self._fail(exc or (HungUp("disconnected") if self._answer is None else CutOff("disconnected")))
        self._lost(self)

    def pause_writing(self) -> None:
        """Wait until there is room again."""
        self._room = self._loop.create_future()

    def resume_writing(self) -> None:
        """Write on."""
        room, self._room = self._room, None
        if room is not None and not room.done():
            room.set_result(None)

    # What the parser tells; it catches what is raised here.

    def on_message_begin(self) -> None:
        """Take note of an answer that begins; one that nobody has asked for spoils the connection."""
        if self._coming is None or self._whole:
            self._spoilt = True
        self._headers = {}
        self._header_count = 0

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header; what follows the body is counted and left out."""
        self._header_count += 1
        if self._answer is None and self._header_count <= _MOST_HEADERS:
            key, text = name.decode("latin-1").lower(), value.decode("latin-1")
            self._headers[key] = f"{self._headers[key]}, {text}" if key in self._headers else text

    def on_headers_complete(self) -> None:
        """Hand the answer out, unless this only says that one is coming."""
        status, headers = self._parser.get_status_code(), self._headers
        if (status < 200 and status != _SWITCHED) or self._spoilt:
            return
        framed = "content-length" in headers or "chunked" in headers.get("transfer-encoding", "").lower()
        self._until_close = not framed and status not in _BODILESS
        coding = headers.get("content-encoding")
        kind = CodedAnswer if coding and coding.strip().lower() in CODINGS else HttpAnswer
        self._answer = kind(status, headers, self._resume, self.cut)
        if self._coming is not None and not self._coming.done():
            self._coming.set_result(self._answer)

    def on_message_complete(self) -> None:
        """Take note of the end."""
        if self._answer is not None:
            self._hand_on()
            self._whole = True
            self._spoilt = self._spoilt or not self._parser.should_keep_alive()

    def _hand_on(self) -> None:
        """Hand on what has come of the body."""
        pieces = self._body
        if pieces:
            self._overhead = 0
            data = pieces[0] if len(pieces) == 1 else b"".join(pieces)
            pieces.clear()
            answer = None if self._whole else self._answer
            if answer is not None and answer.come(data) and self._transport is not None:
                self._paused = True
                self._transport.pause_reading()

    def _end(self) -> None:
        """The answer is whole: the connection is free for the next request, if all of this one has left."""
        answer, self._answer, self._coming = self._answer, None, None
        self._whole = False
        self._overhead = 0
        if answer is not None:
            answer.end()
        if self._paused:
            self._resume()  # nobody waits for the rest any more, and the next answer has to be heard
        unsent = self._rest is not None and self._stop_writing()
        if unsent or self._spoilt:
            self.cut()
        else:
            self._freed(self)

    def _fail(self, error: Exception) -> None:
        answer, coming = self._answer, self._coming
        self._answer = self._coming = None
        if answer is not None:
            answer.end(error)
        elif coming is not None and not coming.done():
            coming.set_exception(error)

    def _resume(self) -> None:
        self._paused = False
        if self._transport is not None:
            self._transport.resume_reading()

    async def _write(self, transport: asyncio.Transport, body: bytes, left_us: Callable[[], None]) -> None:
        """Write a long body piece by piece, each once there is room for it."""
        for start in range(0, len(body), _PIECE):
            transport.write(body[start : start + _PIECE])
            if self._room is not None:
                await self._room
            left_us()

    def _stop_writing(self) -> bool:
        """Write no more; True where something was left to write."""
        rest, self._rest = self._rest, None
        return rest is not None and rest.cancel()
