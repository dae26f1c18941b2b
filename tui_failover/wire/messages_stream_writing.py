"""The parts of an answer, written as the events of a Messages stream.

This dialect knows one open block at a time. So the first open tool call is written as it comes; what arrives for
other calls meanwhile, and all text, waits until that call is complete.
"""

from collections.abc import Callable
from typing import Any

from msgspec import Struct, field

from tui_failover.wire.aliases import kept_or_made
from tui_failover.wire.answer import Stop, Wording, settled, stop_to_anthropic
from tui_failover.wire.json_text import sse_bytes
from tui_failover.wire.stream_parts import (
    ArgumentsPiece,
    CallClosed,
    CallOpened,
    Counted,
    Ended,
    Finished,
    Opened,
    Pinged,
    RefusalPiece,
    Seam,
    StreamPart,
    TextPiece,
    ThinkingPiece,
)
from tui_failover.wire.tokens import Tokens, estimate, to_anthropic

PING = sse_bytes({"type": "ping"}, "ping")
_BLOCK: dict[str, dict[str, object]] = {
    "text": {"type": "text", "text": ""},
    # A signature belongs to the model that made it. There is none: the empty one marks what is not to be replayed.
    "thinking": {"type": "thinking", "thinking": "", "signature": ""},
}


class _Call(Struct):
    """A tool call and what of its arguments waits to be written."""

    id: str
    name: str
    waiting: list[str] = field(default_factory=list)
    closed: bool = False


class MessagesStreamWriter:
    """Writes one stream; `ended` once `message_stop` is written, after which nothing follows."""

    def __init__(self, wording: Wording, make_id: Callable[[str], str]) -> None:
        self.ended = False
        self._wording = wording
        self._make_id = make_id
        self._blocks = 0  # started so far; the open one has the index below
        self._open = ""  # the kind of the open block, "" while none is
        self._live: int | None = None
        self._live_began = False
        self._calls: dict[int, _Call] = {}  # not yet complete, oldest first
        self._later: list[tuple[str, str]] = []
        self._called = False
        self._refused = False
        self._finished = Finished(Stop.END)
        self._tokens: Tokens | None = None
        self._characters = 0
        self._write: dict[type, Callable[[Any], bytes]] = {
            Opened: self._message_start,
            TextPiece: lambda part: self._words("text", part.text),
            ThinkingPiece: lambda part: self._words("thinking", part.text),
            RefusalPiece: self._refusal,
            CallOpened: self._call_opened,
            ArgumentsPiece: self._arguments,
            CallClosed: self._call_closed,
            Finished: self._finish,
            Counted: self._keep_count,
            Pinged: lambda _part: PING,
            Ended: self._end,
        }

    def go_on(self, seam: Seam) -> None:
        """Write the rest of a stream that was begun by somebody else."""
        self._blocks, self._open = seam.blocks, "text" if seam.text_open else ""

    def write(self, part: StreamPart) -> bytes:
        """Return what `part` adds to the stream; b"" for what shows only later, and for all after the end."""
        return b"" if self.ended else self._write[type(part)](part)

    def _message_start(self, _part: Opened) -> bytes:
        usage = {"input_tokens": self._wording.input_tokens or 0, "output_tokens": 0}
        message: dict[str, object] = {
            "id": self._make_id("msg_"),
            "type": "message",
            "role": "assistant",
            "model": self._wording.model,
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": usage,
        }
        return _event("message_start", message=message)

    def _words(self, kind: str, text: str) -> bytes:
        if self._live is not None:
            self._later.append((kind, text))
            return b""
        self._characters += len(text)
        start = b"" if self._open == kind else self._close() + self._start(kind, _BLOCK[kind])
        return start + self._delta({"type": f"{kind}_delta", kind: text})

    def _refusal(self, part: RefusalPiece) -> bytes:
        self._refused = True
        return self._words("text", part.text)

    def _call_opened(self, part: CallOpened) -> bytes:
        self._called = True
        name = self._wording.name_of(part.name)
        self._calls[part.key] = _Call(kept_or_made(part.id, "toolu_", self._make_id), name)
        return self._next_call() if self._live is None else b""

    def _arguments(self, part: ArgumentsPiece) -> bytes:
        call = self._calls[part.key]
        self._characters += len(part.text)
        call.waiting.append(part.text)
        return self._pour(call) if self._live == part.key else b""

    def _call_closed(self, part: CallClosed) -> bytes:
        self._calls[part.key].closed = True
        output = b""
        while self._live is not None and self._calls[self._live].closed:
            output += self._finish_call() + self._next_call()
        return output + (b"" if self._live is not None else self._flush())

    def _finish_call(self) -> bytes:
        """Close the live call's block; readers that join the pieces must not end up with no JSON at all."""
        empty = b"" if self._live_began else self._delta({"type": "input_json_delta", "partial_json": "{}"})
        if self._live is not None:
            del self._calls[self._live]
        self._live = None
        return empty + self._close()

    def _next_call(self) -> bytes:
        """Make the oldest waiting call the live one, with all that has come for it."""
        waiting = next(iter(self._calls.items()), None)
        if waiting is None:
            return b""
        self._live, call = waiting
        self._live_began = False
        block: dict[str, object] = {"type": "tool_use", "id": call.id, "name": call.name, "input": {}}
        return self._close() + self._start("tool_use", block) + self._pour(call)

    def _pour(self, call: _Call) -> bytes:
        text = "".join(call.waiting)
        call.waiting.clear()
        self._live_began = self._live_began or bool(text)
        return self._delta({"type": "input_json_delta", "partial_json": text}) if text else b""

    def _flush(self) -> bytes:
        later, self._later = self._later, []
        return b"".join(self._words(kind, text) for kind, text in later)

    def _finish(self, part: Finished) -> bytes:
        self._finished = part
        return self._close() if self._live is None else b""

    def _keep_count(self, part: Counted) -> bytes:
        self._tokens = part.tokens
        return b""

    def _end(self, _part: Ended) -> bytes:
        closed = self._close()
        self.ended = True
        stop = Stop.REFUSAL if self._refused else settled(self._finished.stop, called=self._called)
        delta: dict[str, object] = {
            "stop_reason": stop_to_anthropic(stop),
            "stop_sequence": self._finished.stop_sequence,
        }
        if stop is Stop.REFUSAL:
            explanation = self._finished.explanation or None
            delta["stop_details"] = {"type": "refusal", "category": None, "explanation": explanation}
        tokens = self._tokens or estimate(self._wording.input_tokens, self._characters)
        return closed + _event("message_delta", delta=delta, usage=to_anthropic(tokens)) + _event("message_stop")

    def _start(self, kind: str, block: dict[str, object]) -> bytes:
        self._open = kind
        self._blocks += 1
        return _event("content_block_start", index=self._blocks - 1, content_block=block)

    def _delta(self, delta: dict[str, object]) -> bytes:
        return _event("content_block_delta", index=self._blocks - 1, delta=delta)

    def _close(self) -> bytes:
        if not self._open:
            return b""
        self._open = ""
        return _event("content_block_stop", index=self._blocks - 1)


def _event(kind: str, **content: object) -> bytes:
    return sse_bytes({"type": kind, **content}, kind)
