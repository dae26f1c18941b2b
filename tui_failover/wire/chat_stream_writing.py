"""The parts of an answer, written as the chunks of a Chat Completions stream."""

from collections.abc import Callable
from typing import Any

from tui_failover.wire.aliases import kept_or_made
from tui_failover.wire.answer import Stop, Wording, settled, stop_to_openai
from tui_failover.wire.delta import as_text
from tui_failover.wire.json_text import read_arguments, sse_bytes
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
from tui_failover.wire.tokens import Tokens, estimate, to_openai

DONE = b"data: [DONE]\n\n"
PING = b": ping\n\n"


class ChatStreamWriter:
    """Writes one stream; `ended` once the end mark is written, after which nothing follows."""

    def __init__(self, wording: Wording, make_id: Callable[[str], str], created: int) -> None:
        self.ended = False
        self._wording = wording
        self._make_id = make_id
        self._head = {
            "id": make_id("chatcmpl-"),
            "object": "chat.completion.chunk",
            "created": created,
            "model": wording.model,
        }
        self._tool_index: dict[int, int] = {}
        self._enveloped: set[int] = set()
        self._held: dict[int, tuple[str, str, list[str]]] = {}
        self._finished = Finished(Stop.END)
        self._tokens: Tokens | None = None
        self._characters = 0
        self._write: dict[type, Callable[[Any], bytes]] = {
            Opened: lambda _part: self._chunk({"role": "assistant", "content": ""}),
            TextPiece: lambda part: self._words("content", part.text),
            ThinkingPiece: self._thinking,
            RefusalPiece: lambda part: self._words("refusal", part.text),
            CallOpened: self._call_opened,
            ArgumentsPiece: self._arguments,
            CallClosed: self._call_closed,
            Finished: self._keep_finished,
            Counted: self._keep_count,
            Pinged: lambda _part: PING,
            Ended: self._end,
        }

    def go_on(self, seam: Seam) -> None:
        """Write the rest of a stream that was begun by somebody else."""
        self._head |= {"id": seam.id, "created": seam.created, "model": seam.model}

    def write(self, part: StreamPart) -> bytes:
        """Return what `part` adds to the stream; b"" for what shows only later, and for all after the end."""
        return b"" if self.ended else self._write[type(part)](part)

    def _words(self, field: str, text: str) -> bytes:
        self._characters += len(text)
        return self._chunk({field: text})

    def _thinking(self, part: ThinkingPiece) -> bytes:
        return self._words("reasoning_content", part.text) if self._wording.reasoning else b""

    def _call_opened(self, part: CallOpened) -> bytes:
        if part.name == self._wording.envelope:
            self._enveloped.add(part.key)
            return b""
        identity, name = kept_or_made(part.id, "call_", self._make_id), self._wording.name_of(part.name)
        self._tool_index[part.key] = len(self._tool_index)
        if name in self._wording.custom_tools:
            self._held[part.key] = (identity, name, [])
            return b""
        return self._piece(part.key, {"name": name, "arguments": ""}, {"id": identity, "type": "function"})

    def _arguments(self, part: ArgumentsPiece) -> bytes:
        if part.key in self._enveloped:
            return self._words("content", part.text)
        if part.key in self._held:
            self._held[part.key][2].append(part.text)
            return b""
        self._characters += len(part.text)
        return self._piece(part.key, {"arguments": part.text}, {})

    def _call_closed(self, part: CallClosed) -> bytes:
        held = self._held.pop(part.key, None)
        if held is None:
            return b""
        identity, name, pieces = held
        text = "".join(pieces)
        custom = {"name": name, "input": plain_input(text)}
        call = {"index": self._tool_index[part.key], "id": identity, "type": "custom", "custom": custom}
        return self._chunk({"tool_calls": [call]})

    def _piece(self, key: int, function: dict[str, str], more: dict[str, str]) -> bytes:
        index = self._tool_index[key]
        if self._wording.functions:
            # The old field holds one call; a second one has no place in it.
            return self._chunk({"function_call": function}) if index == 0 else b""
        return self._chunk({"tool_calls": [{"index": index, **more, "function": function}]})

    def _keep_finished(self, part: Finished) -> bytes:
        self._finished = part
        return b""

    def _keep_count(self, part: Counted) -> bytes:
        self._tokens = part.tokens
        return b""

    def _end(self, _part: Ended) -> bytes:
        self.ended = True
        stop = settled(self._finished.stop, called=bool(self._tool_index))
        refused = stop is Stop.REFUSAL and self._finished.explanation
        word = "function_call" if stop is Stop.TOOL and self._wording.functions else stop_to_openai(stop)
        return b"".join(
            [
                self._words("refusal", self._finished.explanation) if refused else b"",
                self._chunk({}, word),
                self._usage() if self._wording.include_usage else b"",
                DONE,
            ]
        )

    def _usage(self) -> bytes:
        tokens = self._tokens or estimate(self._wording.input_tokens, self._characters)
        return sse_bytes({**self._head, "choices": [], "usage": to_openai(tokens)})

    def _chunk(self, delta: dict[str, object], finish: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        usage = {"usage": None} if self._wording.include_usage else {}
        return sse_bytes({**self._head, "choices": [choice], **usage})


def plain_input(arguments: str) -> str:
    """Return the plain text that a custom tool's arguments wrap; the arguments themselves where they wrap none."""
    wrapped = read_arguments(arguments)
    return as_text(wrapped["input"]) if wrapped and isinstance(wrapped.get("input"), str) else arguments
