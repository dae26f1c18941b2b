"""Answers: whole ones, and those that go on."""

from collections.abc import Mapping
from email.utils import formatdate
from functools import lru_cache
from http import HTTPStatus

from tui_failover.serving.line import Line
from tui_failover.wire.http_head import written_head

_PHRASES = {status.value: status.phrase for status in HTTPStatus}
_CLOSE, _KEEP = "Connection: close", "Connection: keep-alive"
_BODILESS = frozenset({204, 304})  # RFC 9112, 6.3


class Response:
    """A whole answer.

    Attributes:
        status: of it.
        headers: without those about its length and the connection, but for "Connection: close".
        body: all of it.
    """

    __slots__ = ("body", "headers", "status")

    def __init__(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body

    @property
    def closes(self) -> bool:
        """Whether the connection ends with it."""
        return self.headers.get("Connection") == "close"


class Stream:
    """An answer that goes on: its head has left, pieces follow until `end`, or it is broken off.

    Attributes:
        closes: the connection ends with it.
    """

    __slots__ = ("_chunked", "_ended", "_line", "_linger_s", "closes")

    def __init__(self, line: Line, linger_s: float, *, chunked: bool, closes: bool) -> None:
        self.closes = closes or not chunked
        self._ended = False
        self._line = line
        self._linger_s = linger_s
        self._chunked = chunked

    async def write(self, data: bytes) -> None:
        """Write a piece, and wait while the caller is slow; raises `ConnectionResetError` where it has left."""
        if data:
            self._line.send(self._piece(data))
            await self._line.room()

    def end(self) -> None:
        """Tell that this was all."""
        if not self._ended:
            self._ended = True
            if self._chunked:
                self._line.send(b"0\r\n\r\n")

    def break_off(self, last: bytes = b"") -> None:
        """Close without the end mark, so that nobody takes it for whole; what was written can still be read.

        Args:
            last: a last piece, written whether or not the caller reads.
        """
        self._ended = self.closes = True
        if self._line.transport is not None:
            if last:
                self._line.transport.write(self._piece(last))
            self._line.close(self._linger_s)

    def bound(self, most: int) -> None:
        """Keep what waits for the caller below so many bytes, in this process and in the kernel."""
        self._line.bound(most)

    def _piece(self, data: bytes) -> bytes:
        return b"%x\r\n%b\r\n" % (len(data), data) if self._chunked else data


def whole(response: Response, utc: float, version: str, *, bare: bool, closes: bool) -> bytes:
    """Return a whole answer as it is sent.

    Args:
        response: the answer.
        utc: Unix time.
        version: of HTTP, which the caller speaks.
        bare: only its head, which says how long its body would be (RFC 9110, 9.3.2).
        closes: the connection ends with it.
    """
    framing = [] if response.status in _BODILESS else [f"Content-Length: {len(response.body)}"]
    if closes and not response.closes:
        framing.append(_CLOSE)
    elif version == "1.0" and not closes:
        framing.append(_KEEP)
    head = written_head(_first_line(response.status), response.headers.items(), _date(int(utc)), *framing)
    return head if bare else head + response.body


def beginning(status: int, headers: Mapping[str, str], utc: float, version: str, *, closes: bool) -> bytes:
    """Return the head of an answer that goes on; in pieces where the version knows them, else until it closes."""
    framing = [] if version == "1.0" else ["Transfer-Encoding: chunked"]
    if closes or not framing:
        framing.append(_CLOSE)
    return written_head(_first_line(status), headers.items(), _date(int(utc)), *framing)


@lru_cache  # few of them are used
def _first_line(status: int) -> str:
    return f"HTTP/1.1 {status:d} {_PHRASES.get(status, '')}"


@lru_cache(maxsize=2)
def _date(second: int) -> str:
    return f"Date: {formatdate(second, usegmt=True)}"
