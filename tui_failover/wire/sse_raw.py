"""An event stream cut into whole events without changing a byte: half an event never reaches a caller."""

import re
from collections.abc import Iterator

from tui_failover.wire.sse import MOST_PENDING, ProtocolError, SseEvent

# A carriage return at the very end may be half of a line end; its line feed then leads the next block, harmlessly.
_END = re.compile(rb"(?:\r\n|\r(?!\n)|\n)(?:\r\n|\r(?!\n)|\n)")
_LONGEST_END = 4


class RawEvents:
    """Reads a stream in pieces of any size; its blocks are the bytes that came, but for an unfinished event."""

    def __init__(self) -> None:
        self._pending = bytearray()
        self._at_start = True

    def feed(self, piece: bytes) -> Iterator[tuple[bytes, SseEvent | None]]:
        """Yield each completed block with its event, or None where it holds none but a comment.

        Raises `ProtocolError` where an event grows beyond all bounds.
        """
        looked_at = max(0, len(self._pending) - _LONGEST_END)
        begun = bool(self._pending)
        if begun:
            self._pending += piece
        source = self._pending if begun else piece
        start = 0
        for match in _END.finditer(source, looked_at):
            block = bytes(source[start : match.end()])
            start = match.end()
            yield block, self._event(block)
        if begun:
            del self._pending[:start]
        else:
            self._pending += piece[start:]
        if len(self._pending) > MOST_PENDING:
            message = f"an event of more than {MOST_PENDING >> 20} MiB"
            raise ProtocolError(message)

    def _event(self, block: bytes) -> SseEvent | None:
        """Read one block, as `SseDecoder` would; a block begins anew, so nothing has to be remembered."""
        if block.startswith(b"data: ") and block.find(b"\n") == len(block) - 2 and b"\r" not in block:
            self._at_start = False
            return SseEvent("", block[6:-2].decode("utf-8", "replace"))  # as nearly all are
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
