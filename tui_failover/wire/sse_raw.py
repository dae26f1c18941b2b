"""An event stream cut into whole events without changing a byte: half an event never reaches a caller."""

import re

from tui_failover.wire.sse import MOST_PENDING, ProtocolError, SseEvent

# A carriage return at the very end may be half of a line end; its line feed then leads the next block, harmlessly.
_END = re.compile(rb"(?:\r\n|\r(?!\n)|\n)(?:\r\n|\r(?!\n)|\n)")
_LONGEST_END = 4
_BLANK = b"\n\n"
_DATA = b"data: "


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
        if self._line_feeds and b"\r" not in piece:
            events = [(block + _BLANK, self._event(block)) for block in self._split(piece)]
        else:
            self._line_feeds = False
            events = [(block, self._read(block)) for block in self._matched(piece)]
        if len(self._pending) > MOST_PENDING:
            message = f"an event of more than {MOST_PENDING >> 20} MiB"
            raise ProtocolError(message)
        return events

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

    def _event(self, block: bytes) -> SseEvent | None:
        """Read a block without its blank line: as a rule one line of data, perhaps with its name in one before."""
        if block.startswith(_DATA) and b"\n" not in block:
            self._at_start = False
            return SseEvent("", str(block[6:], "utf-8", "replace"))
        name, _, data = block.partition(b"\n")
        if not name.startswith(b"event: ") or not data.startswith(_DATA) or b"\n" in data:
            return self._read(block)
        self._at_start = False
        return SseEvent(str(name[7:], "utf-8", "replace"), str(data[6:], "utf-8", "replace"))

    def _read(self, block: bytes) -> SseEvent | None:
        """Read any block, as `SseDecoder` would; a block begins anew, so nothing has to be remembered."""
        text = block.decode("utf-8", "replace")
        if self._at_start:
            self._at_start = False
            text = text.removeprefix("\ufeff")
        if "\r" in text:
            text = text.replace("\r\n", "\n").replace("\r", "\n")
        name = ""
        data: list[str] = []
        for line in text.split("\n"):
            field, _, value = line.partition(":")
            if field == "data":
                data.append(value.removeprefix(" "))
            elif field == "event":
                name = value.removeprefix(" ")
        return SseEvent(name, "\n".join(data)) if data else None
