"""The head of a request while it comes, and whether it stays within its bounds."""

from multidict import CIMultiDict

from tui_failover.serving.bounds import Bounds

_END = len("\r\n\r\n")


class Head:
    """What has been read of one head; used again for the next one.

    Attributes:
        coming: it has begun and is not complete.
        more_target: takes a piece of the request target.
        came: bytes of all the pieces that hold some of it, with whatever else they hold.
    """

    __slots__ = ("_bounds", "_fields", "_short", "_target", "_trickled", "came", "coming", "more_target")

    def __init__(self, bounds: Bounds) -> None:
        self._bounds = bounds
        # Not the whole bound: a header may come without the space that is counted for it.
        self._short = min(bounds.line_bytes, bounds.header_bytes // 2)
        self.came = 0
        self._target: list[bytes] = []
        self.more_target = self._target.append
        self.begin()
        self.coming = False

    def begin(self) -> None:
        """Read the next one."""
        self.coming = True
        self._target.clear()
        self._fields: list[tuple[bytes, bytes]] = []
        self._trickled = 0

    def add(self, name: bytes, value: bytes) -> None:
        """Take a header; what follows a body is left out."""
        if self.coming:
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
        return b"".join(self._target).decode("utf-8", "surrogateescape")

    def short(self) -> bool:
        """Tell whether it is within its bounds so far for the little that came."""
        return self.came <= self._short and len(self._fields) <= self._bounds.headers

    def too_long(self, method: str = "") -> bool:
        """Tell whether all of it together is longer than is taken, its first line included."""
        size = sum(map(_length, self._fields)) + len(": \r\n") * len(self._fields) + sum(map(len, self._target))
        size += len(method) + len("  HTTP/1.1") if method else 0
        return max(size, self._trickled - _END) > self._bounds.header_bytes

    def overgrown(self) -> bool:
        """Tell whether one of its lines is too long, or they are too many."""
        bounds = self._bounds
        longest = max(sum(map(len, self._target)), *map(_length, self._fields), 0)
        return longest > bounds.line_bytes or len(self._fields) > bounds.headers


def _length(field: tuple[bytes, bytes]) -> int:
    return len(field[0]) + len(field[1])
