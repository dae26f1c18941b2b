"""An event stream cut into whole events without changing a byte: half an event never reaches a caller."""

import re
from collections.abc import Iterator

from tui_failover.wire.sse import MOST_PENDING, ProtocolError, SseDecoder, SseEvent

# A carriage return at the very end may be half of a line end; its line feed then leads the next block, harmlessly.
_END = re.compile(rb"(?:\r\n|\r(?!\n)|\n)(?:\r\n|\r(?!\n)|\n)")
_LONGEST_END = 4


class RawEvents:
    """Reads a stream in pieces of any size; its blocks are the bytes that came, but for an unfinished event."""

    def __init__(self) -> None:
        self._pending = bytearray()
        self._decoder = SseDecoder()

    def feed(self, piece: bytes) -> Iterator[tuple[bytes, SseEvent | None]]:
        """Yield each completed block with its event, or None where it holds none but a comment.

        Raises `ProtocolError` where an event grows beyond all bounds.
        """
        looked_at = max(0, len(self._pending) - _LONGEST_END)
        self._pending += piece
        start = 0
        for match in _END.finditer(self._pending, looked_at):
            block = bytes(self._pending[start : match.end()])
            start = match.end()
            yield block, next(iter(list(self._decoder.feed(block))), None)
        del self._pending[:start]
        if len(self._pending) > MOST_PENDING:
            message = f"an event of more than {MOST_PENDING >> 20} MiB"
            raise ProtocolError(message)
