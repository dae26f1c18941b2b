"""An answer of a provider as it comes: read piece by piece, never hoarded, and told from one that broke off."""

import asyncio
import zlib
from collections.abc import Callable

MOST_WAITING = 256 << 10  # bytes that nobody has read yet, before the provider is left waiting
_PIECE = 64 << 10  # bytes that are decompressed at once
CODINGS = frozenset({"gzip", "x-gzip", "deflate"})
_GZIP_OR_ZLIB = 32 + zlib.MAX_WBITS
_DEFLATE = 8  # in the low half of zlib's first byte (RFC 1950, 2.2)
_GZIP = 0x1F


class HungUp(ConnectionError):
    """The provider disconnected before it answered."""


class CutOff(ConnectionError):
    """The answer broke off."""


class NotHttp(Exception):
    """What the provider sent is no answer by RFC 9112, or one beyond all bounds."""


class NotDecodable(Exception):
    """The body is not in the coding its head names."""


class HttpAnswer:
    """An answer whose head has come.

    Attributes:
        status: of the answer.
        headers: with lower-case names; one sent twice is joined with ", ".
    """

    __slots__ = (
        "_cut", "_ended", "_error", "_pieces", "_resume", "_size", "_waiter", "headers", "status",
    )  # fmt: skip

    def __init__(
        self, status: int, headers: dict[str, str], resume: Callable[[], None], cut: Callable[[], None]
    ) -> None:
        """Take note of the head.

        Args:
            status: of the answer.
            headers: as above.
            resume: lets the provider send again, after `come` has returned True.
            cut: ends the connection; not called once the answer has ended.
        """
        self.status = status
        self.headers = headers
        self._resume = resume
        self._cut = cut
        self._pieces: list[bytes] = []
        self._size = 0
        self._waiter: asyncio.Future[None] | None = None
        self._error: Exception | None = None
        self._ended = False

    @property
    def at_end(self) -> bool:
        """Whether all of the body has been read."""
        return self._ended and self._error is None and not self._pieces

    async def read(self) -> bytes:
        """Return the next bytes of the body as they come; b"" at its end.

        Raises:
            ConnectionError: it broke off.
            NotHttp: it went on as no answer does.
            NotDecodable: it is not in the coding its head names.
        """
        pieces = self._pieces
        while not pieces:
            if self._error is not None:
                raise self._error
            if self._ended:
                return b""
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        data = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        pieces.clear()
        held, self._size = self._size, 0
        if held > MOST_WAITING and not self._ended:
            self._resume()
        return data

    def close(self) -> None:
        """Give the answer up: its connection is cut at once, unless it has gone back to the others.

        A plain close waits until what was written has left, which is never where a provider has stopped reading.
        """
        if not self._ended:
            self._cut()

    def come(self, piece: bytes) -> bool:
        """Take a piece of the body; True where too much of it waits to be read."""
        self._pieces.append(piece)
        self._size += len(piece)
        if self._waiter is not None:
            self._wake(self._waiter)
        return self._size > MOST_WAITING

    def end(self, error: Exception | None = None) -> None:
        """Take note that nothing more comes, and why if that was not its end."""
        if not self._ended:
            self._ended = True
            self._error = error
            if self._waiter is not None:
                self._wake(self._waiter)

    def _wake(self, waiter: "asyncio.Future[None]") -> None:
        self._waiter = None
        if not waiter.done():
            waiter.set_result(None)


class CodedAnswer(HttpAnswer):
    """An answer whose body is compressed; read in small pieces, so that a little never becomes a lot of memory."""

    __slots__ = ("_full", "_inflate", "_left")

    def __init__(
        self, status: int, headers: dict[str, str], resume: Callable[[], None], cut: Callable[[], None]
    ) -> None:
        super().__init__(status, headers, resume, cut)
        self._inflate: zlib._Decompress | None = None
        self._left = b""
        self._full = False  # what was made of the last piece may not be all of it

    @property
    def at_end(self) -> bool:
        """Whether all of the body has been read; never told before `read` has."""
        return False

    async def read(self) -> bytes:
        """Return the next bytes of the body as they were before they were compressed; b"" at its end."""
        while True:
            data = self._left or (b"" if self._full else await super().read())
            if not data and not self._full:
                self._check_end()
                return b""
            if self._inflate is None:
                self._inflate = zlib.decompressobj(_window_of(data))
            if self._inflate.eof:
                continue  # it would be kept, and belongs to nothing
            try:
                piece = self._inflate.decompress(data, _PIECE)
            except zlib.error as error:
                message = "a body that is not in the coding its head names"
                raise NotDecodable(message) from error
            self._left = self._inflate.unconsumed_tail
            self._full = len(piece) == _PIECE and not self._inflate.eof
            if piece:
                return piece

    def _check_end(self) -> None:
        if self._inflate is not None and not self._inflate.eof:
            message = "a compressed body that broke off"
            raise CutOff(message)


def _window_of(data: bytes) -> int:
    """Some call the bare algorithm "deflate", others what zlib makes of it (RFC 9110, 8.4.1.2)."""
    bare = data[0] != _GZIP and data[0] & 0x0F != _DEFLATE
    return -zlib.MAX_WBITS if bare else _GZIP_OR_ZLIB
