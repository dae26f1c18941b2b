"""An event stream cut into whole events without changing a byte: half an event never reaches a caller."""

import re

from tui_failover.wire.sse import MOST_PENDING, ProtocolError, Said, SseEvent

# A carriage return at the very end may be half of a line end; its line feed then leads the next block, harmlessly.
_END = re.compile(rb"(?:\r\n|\r(?!\n)|\n)(?:\r\n|\r(?!\n)|\n)")
_LONGEST_END = 4
_BLANK = b"\n\n"
_DATA = b"data: "
_BOM = b"\xef\xbb\xbf"


class RawEvents:
    """Reads a stream in pieces of any size; its blocks are the bytes that came, but for an unfinished event."""

    __slots__ = ("_at_start", "_line_feeds", "_pending")

    def __init__(self) -> None:
        self._pending = bytearray()
        self._at_start = True
        self._line_feeds = True

    @property
    def between(self) -> bool:
        """All that came belongs to completed events."""
        return not self._pending

    def feed(self, piece: bytes) -> list[tuple[bytes, SseEvent | None]]:
        """Return each completed block with its event, or None where it holds none but a comment.

        Raises `ProtocolError` where an event grows beyond all bounds.
        """
        blocks = self._completed(piece)
        end = _BLANK if self._line_feeds else b""
        return [(block + end, _event(plain)) for block, plain in zip(blocks, self._plain(blocks), strict=True)]

    def said(self, piece: bytes) -> list[Said]:
        """Return what the events that `piece` completes say, for those who need no block as it came.

        Raises `ProtocolError` where an event grows beyond all bounds.
        """
        lines = _only_data(piece) if self._line_feeds and not self._pending else []
        if lines:
            self._at_start = False
            return [("", data) for data in lines]
        return [said for block in self._plain(self._completed(piece)) if (said := _read(block))]

    def _completed(self, piece: bytes) -> list[bytes]:
        """Return the completed blocks; without their blank lines as long as all lines end with a line feed."""
        self._line_feeds = self._line_feeds and b"\r" not in piece
        blocks = self._split(piece) if self._line_feeds else self._matched(piece)
        if len(self._pending) > MOST_PENDING:
            message = f"an event of more than {MOST_PENDING >> 20} MiB"
            raise ProtocolError(message)
        return blocks

    def _split(self, piece: bytes) -> list[bytes]:
        """Return the completed blocks of a stream whose lines end with a line feed, without their blank lines."""
        if self._pending:
            looked_at = len(self._pending) - 1
            self._pending += piece
            if self._pending.find(_BLANK, looked_at) < 0:
                return []
            piece = bytes(self._pending)
            self._pending.clear()
        *blocks, rest = piece.split(_BLANK)
        if rest:
            self._pending += rest
        return blocks

    def _matched(self, piece: bytes) -> list[bytes]:
        """Return the completed blocks, whatever their lines end with."""
        looked_at = max(0, len(self._pending) - _LONGEST_END)
        self._pending += piece
        blocks: list[bytes] = []
        start = 0
        for match in _END.finditer(self._pending, looked_at):
            blocks.append(bytes(self._pending[start : match.end()]))
            start = match.end()
        del self._pending[:start]
        return blocks

    def _plain(self, blocks: list[bytes]) -> list[bytes]:
        """Return blocks whose lines end with line feeds, the stream's first one without a byte order mark."""
        if not self._line_feeds:
            blocks = [block.replace(b"\r\n", b"\n").replace(b"\r", b"\n") for block in blocks]
        if self._at_start and blocks:
            self._at_start = False
            blocks = [blocks[0].removeprefix(_BOM), *blocks[1:]]
        return blocks


def _only_data(piece: bytes) -> list[bytes]:
    """Return the data of events that are one line of data each; [] where `piece` consists of anything else."""
    if not piece.startswith(_DATA) or not piece.endswith(_BLANK) or b"\r" in piece:
        return []
    lines = piece[6:-2].split(b"\n\ndata: ")
    return lines if piece.count(b"\n") == 2 * len(lines) else []


def _event(block: bytes) -> SseEvent | None:
    if block.startswith(_DATA) and b"\n" not in block:  # as most are
        return SseEvent("", str(block[6:], "utf-8", "replace"))
    said = _read(block)
    return None if said is None else SseEvent(said[0], str(said[1], "utf-8", "replace"))


def _read(block: bytes) -> Said | None:
    """Read a block; None where it is no event."""
    name, _, data = block.partition(b"\n")
    if name.startswith(b"event: ") and data.startswith(_DATA) and b"\n" not in data:
        return str(name[7:], "utf-8", "replace"), data[6:]
    return _read_lines(block)


def _read_lines(block: bytes) -> Said | None:
    """Read any block, as `SseDecoder` would; a block begins anew, so nothing has to be remembered."""
    name = ""
    data: list[bytes] = []
    for line in block.split(b"\n"):
        field, _, value = line.partition(b":")
        if field == b"data":
            data.append(value.removeprefix(b" "))
        elif field == b"event":
            name = str(value.removeprefix(b" "), "utf-8", "replace")
    return (name, b"\n".join(data)) if data else None
