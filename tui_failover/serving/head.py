"""The head of a request while it comes, and whether it stays within its bounds."""

from multidict import CIMultiDict

from tui_failover.serving.bounds import Bounds

_END = len("\r\n\r\n")


class Head:
    """What has been read of one head; used again for the next one.

    Attributes:
        coming: it has begun and is not complete.
    """

    __slots__ = ("_bounds", "_fields", "_longest", "_size", "_target", "_trickled", "coming")

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        self.begin()
        self.coming = False

    def begin(self) -> None:
        """Read the next one."""
        self.coming = True
        self._target = b""
        self._fields: list[tuple[bytes, bytes]] = []
        self._size = self._longest = self._trickled = 0

    def more_target(self, piece: bytes) -> None:
        """Take a piece of the request target."""
        self._target += piece

    def add(self, name: bytes, value: bytes) -> None:
        """Take a header, up to one too many; what follows a body is left out."""
        if self.coming:
            length = len(name) + len(value)
            self._size += length + len(": \r\n")
            if length > self._longest:
                self._longest = length
            if len(self._fields) <= self._bounds.headers:
                self._fields.append((name, value))

    def trickle(self, size: int) -> None:
        """Count bytes that came after its beginning, whatever the parser made of them."""
        self._trickled += size

    def headers(self) -> CIMultiDict[str]:
        """Return its headers."""
        fields = self._fields
        return CIMultiDict([(name.decode(), value.decode("utf-8", "surrogateescape")) for name, value in fields])

    def path(self) -> str:
        """Return the request target, with surrogates for what is no UTF-8."""
        return self._target.decode("utf-8", "surrogateescape")

    def too_long(self, method: str = "") -> bool:
        """Tell whether all of it together is longer than is taken, its first line included."""
        size = self._size + len(self._target) + (len(method) + len("  HTTP/1.1") if method else 0)
        return max(size, self._trickled - _END) > self._bounds.header_bytes

    def overgrown(self) -> bool:
        """Tell whether one of its lines is too long, or they are too many."""
        bounds = self._bounds
        return max(self._longest, len(self._target)) > bounds.line_bytes or len(self._fields) > bounds.headers
