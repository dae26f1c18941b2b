"""A caller's request: its head, and its body as it comes."""

import asyncio
from collections.abc import Mapping

from multidict import CIMultiDict

from tui_failover.core.ports import Clock
from tui_failover.serving.answer import Stream, beginning
from tui_failover.serving.line import Line

_MOST_WAITING = 256 << 10  # bytes of a body that nobody has read yet, before its caller has to wait
_UNKNOWN_KIND = "application/octet-stream"  # RFC 9110, 8.3
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class BodyBroken(Exception):
    """The body broke off, or is not encoded as its headers say."""


class BodyTooLong(Exception):
    """The body is longer than is taken here."""


class Caller:
    """Who asks.

    Attributes:
        source: its address.
        line: what is written to it.
        linger_s: seconds for what is left of an answer to leave when the connection ends.
    """

    __slots__ = ("_clock", "line", "linger_s", "source")

    def __init__(self, source: str, line: Line, linger_s: float, clock: Clock) -> None:
        self.source = source
        self.line = line
        self.linger_s = linger_s
        self._clock = clock

    @property
    def utc(self) -> float:
        """Unix time, for the dates of answers."""
        return self._clock.now().utc


class Request:
    """One request.

    Attributes:
        method: as it was sent.
        target: the request target, as it was sent.
        headers: as they were sent; bytes beyond ASCII are UTF-8, with surrogates for what is none.
        version: of HTTP, "1.1".
        keeps: whether the caller means to send another one on the same connection.
        come: all of its body has come, though some of it may be left to read.
        begun: the answer whose head has left, if one has.
        task: what answers it, once that has begun.
    """

    __slots__ = (
        "_broken", "_caller", "_encouraged", "_line", "_pieces", "_size", "_waiter", "begun", "come", "headers",
        "keeps", "method", "target", "task", "version",
    )  # fmt: skip

    def __init__(
        self, method: str, target: str, headers: CIMultiDict[str], version: str, *, keeps: bool, caller: Caller
    ) -> None:
        self.method = method
        self.target = target
        self.headers = headers
        self.version = version
        self.keeps = keeps
        self.come = False
        self.begun: Stream | None = None
        self.task: asyncio.Task[None] | None = None
        self._caller = caller
        self._line = caller.line
        self._pieces: list[bytes] = []
        self._size = 0
        self._broken = False
        self._encouraged = False
        self._waiter: asyncio.Future[None] | None = None

    @property
    def source(self) -> str:
        """The caller's address."""
        return self._caller.source

    @property
    def kind(self) -> str:
        """The media type of the body, without parameters."""
        return self.headers.get("Content-Type", _UNKNOWN_KIND).partition(";")[0].strip().lower()

    @property
    def length(self) -> int:
        """The bytes of the body, as announced; 0 where nothing is."""
        return int(self.headers.get("Content-Length", 0))

    async def body(self, most: int, within_s: float) -> bytes:
        """Return the whole body.

        Args:
            most: bytes.
            within_s: seconds from now for all of it.

        Raises:
            BodyTooLong: it is longer, or is announced to be.
            TimeoutError: it did not come in time.
            BodyBroken: it broke off.
        """
        if self.come:
            whole = self._taken()
            if len(whole) > most:
                raise BodyTooLong
            return whole
        if self.length > most:
            raise BodyTooLong
        body = bytearray()
        async with asyncio.timeout(within_s):
            while piece := await self.read():
                body += piece
                if len(body) > most:
                    raise BodyTooLong
        return bytes(body)

    def _taken(self) -> bytes:
        pieces = self._pieces
        data = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        pieces.clear()
        held, self._size = self._size, 0
        if held > _MOST_WAITING and not self.come:
            self._line.let_come()
        return data

    async def read(self) -> bytes:
        """Return the next bytes of the body as they come; b"" at its end.

        Raises:
            BodyBroken: it broke off.
        """
        while not self._pieces:
            if self._broken:
                raise BodyBroken
            if self.come:
                return b""
            if not self._encouraged:
                self._encourage()
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        self._encouraged = True  # who sends needs no word
        return self._taken()

    def begin(self, status: int, headers: Mapping[str, str]) -> Stream:
        """Send the head of an answer that goes on."""
        closes = not self.keeps or not self.come
        self._line.send(beginning(status, headers, self._caller.utc, self.version, closes=closes))
        self.begun = Stream(self._line, self._caller.linger_s, chunked=self.version != "1.0", closes=closes)
        return self.begun

    # What the connection tells.

    def more(self, piece: bytes) -> None:
        """Take a piece of the body."""
        self._pieces.append(piece)
        self._size += len(piece)
        if self._size > _MOST_WAITING:
            self._line.hold_back()
        if self._waiter is not None:
            self._wake(self._waiter)

    def end(self, *, broken: bool = False) -> None:
        """Take note that no more of the body comes."""
        self._broken = broken
        self.come = not broken
        if self._size > _MOST_WAITING:
            self._line.let_come()
        if self._waiter is not None:
            self._wake(self._waiter)

    def _encourage(self) -> None:
        """Tell a caller who waits for a word to send its body, once (RFC 9110, 10.1.1)."""
        if self.headers.get("Expect", "").lower() == "100-continue" and self.version != "1.0":
            self._line.send(_CONTINUE)

    def _wake(self, waiter: "asyncio.Future[None]") -> None:
        self._waiter = None
        if not waiter.done():
            waiter.set_result(None)
