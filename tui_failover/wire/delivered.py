"""What a caller has been given of a stream that may have to be continued, read off the very events it got."""

from collections.abc import Callable

from tui_failover.core.copying import replace
from tui_failover.wire.delta import as_mapping, as_text
from tui_failover.wire.dialect import Dialect
from tui_failover.wire.sse import SseDecoder, json_object
from tui_failover.wire.stream_parts import Seam

MOST_TEXT = 256 << 10  # characters; a longer text is not continued
_TEXT, _THINKING = "text", "thinking"
_BEYOND_TEXT = ("tool_calls", "function_call", "refusal", "audio", "annotations")
_REASONING = ("reasoning_content", "reasoning")


class Delivered:
    """Reads one caller's stream.

    Attributes:
        seam: where it stands.
    """

    def __init__(self, dialect: Dialect) -> None:
        self.seam = Seam()
        self._dialect = dialect
        self._read: Callable[[dict[str, object]], None] = (
            self._chat if dialect is Dialect.OPENAI else self._message
        )
        self._events = SseDecoder()
        self._pieces: list[str] = []
        self._size = 0
        self._last = ""
        self._plain = True

    @property
    def text(self) -> str:
        """All text so far."""
        return "".join(self._pieces)

    @property
    def continuable(self) -> bool:
        """It is nothing but text, which is not too long, has begun, has not ended, and is what came last."""
        return self._plain and self._last == _TEXT and self._size <= MOST_TEXT

    def fork(self) -> "Delivered":
        """Return a copy, to be fed with what may yet turn out not to be handed out."""
        copy = Delivered(self._dialect)
        copy.seam = self.seam
        copy._pieces = list(self._pieces)
        copy._size, copy._last, copy._plain = self._size, self._last, self._plain
        return copy

    def take(self, output: bytes) -> None:
        """Add whole events in the caller's dialect."""
        for event in self._events.feed(output):
            if self._plain and not event.data.startswith("[DONE]"):
                self._read(json_object(event))

    def _say(self, text: str) -> None:
        if text:
            self._last = _TEXT
            self._size += len(text)
            self._pieces.append(text)
            if self._size > MOST_TEXT:
                self._spoil()

    def _spoil(self) -> None:
        self._plain = False
        self._pieces.clear()

    def _chat(self, chunk: dict[str, object]) -> None:
        if not self.seam.id:
            created = chunk.get("created")
            self.seam = Seam(
                as_text(chunk.get("id")), as_text(chunk.get("model")), created if isinstance(created, int) else 0
            )
        choices = chunk.get("choices")
        for choice in map(as_mapping, choices if isinstance(choices, list) else []):
            delta = as_mapping(choice.get("delta"))
            content = delta.get("content")
            odd = choice.get("index") not in {0, None} or not isinstance(content, str | None)
            if odd or choice.get("logprobs") or choice.get("finish_reason") or any(map(delta.get, _BEYOND_TEXT)):
                self._spoil()
                return
            if any(map(delta.get, _REASONING)):
                self._last = _THINKING
            self._say(as_text(content))

    def _message(self, event: dict[str, object]) -> None:
        match event.get("type"):
            case "message_start":
                message = as_mapping(event.get("message"))
                self.seam = Seam(as_text(message.get("id")), as_text(message.get("model")))
            case "content_block_start":
                self._block_start(as_mapping(event.get("content_block")))
            case "content_block_delta":
                self._block_delta(as_mapping(event.get("delta")))
            case "content_block_stop":
                self.seam = replace(self.seam, text_open=False)
            case "message_delta":
                self._spoil()  # it says why the answer ended
            case _:
                pass

    def _block_start(self, block: dict[str, object]) -> None:
        kind = as_text(block.get("type"))
        self.seam = replace(self.seam, blocks=self.seam.blocks + 1, text_open=kind == _TEXT)
        if kind == _TEXT and not block.get("citations"):
            self._say(as_text(block.get("text")))
        elif kind in {_THINKING, "redacted_thinking"}:
            self._last = _THINKING
        else:
            self._spoil()

    def _block_delta(self, delta: dict[str, object]) -> None:
        match delta.get("type"):
            case "text_delta":
                self._say(as_text(delta.get("text")))
            case "thinking_delta" | "signature_delta":
                self._last = _THINKING
            case _:
                self._spoil()
