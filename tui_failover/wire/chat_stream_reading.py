"""The chunks of a Chat Completions stream, read into the parts of an answer."""

from collections.abc import Iterator

from tui_failover.wire.answer import stop_from_openai
from tui_failover.wire.call_slots import CallSlots, Slot
from tui_failover.wire.delta import as_mapping, as_text
from tui_failover.wire.sse import ProtocolError
from tui_failover.wire.stream_parts import (
    ArgumentsPiece,
    CallClosed,
    CallOpened,
    Counted,
    Ended,
    Finished,
    Opened,
    RefusalPiece,
    StreamPart,
    TextPiece,
    ThinkingPiece,
)
from tui_failover.wire.tokens import latest, of_openai

_REASONING = ("reasoning_content", "reasoning")
_OLD_CALL = -1  # the place of the one call that the old `function_call` can hold


class ChatStreamReader:
    """Reads one stream; of several choices only the first counts, since translated requests ask for one.

    Attributes:
        finished: a finish reason came, with which an answer of this dialect is complete even without `[DONE]`.
        ignored: chunks that hold nothing known.
    """

    def __init__(self) -> None:
        self.finished = False
        self.ignored = 0
        self._opened = False
        self._calls = CallSlots()
        self._usage: dict[str, object] = {}

    def read(self, document: dict[str, object], _name: str = "") -> Iterator[StreamPart]:
        """Yield the parts one chunk holds; raises `ProtocolError` for a tool call that never gets a name."""
        if not self._opened:
            self._opened = True
            yield Opened()
        choice = _first_choice(document.get("choices"))
        usage = as_mapping(document.get("usage"))
        self.ignored += not choice and not usage
        yield from self._delta(as_mapping(choice.get("delta")))
        yield from self._usage_of(usage)
        word = as_text(choice.get("finish_reason"))
        if word and not self.finished:
            yield from self._finish(word)
        elif self.finished and usage and not choice:
            yield Ended()  # the finish reason completes the answer, and nothing follows its usage but the mark

    def end_mark(self) -> Iterator[StreamPart]:
        """Yield what `[DONE]` means; without a finish reason before it the answer just ends."""
        if self._opened:
            if not self.finished:
                yield from self._finish("")
            yield Ended()

    def _delta(self, delta: dict[str, object]) -> Iterator[StreamPart]:
        reasoning = next((text for name in _REASONING if (text := as_text(delta.get(name)))), "")
        if reasoning:
            yield ThinkingPiece(reasoning)
        text = _text(delta.get("content"))
        if text:
            yield TextPiece(text)
        refusal = as_text(delta.get("refusal"))
        if refusal:
            yield RefusalPiece(refusal)
        yield from self._pieces(delta.get("tool_calls"))
        if isinstance(delta.get("function_call"), dict):
            yield from self._pieces([{"index": _OLD_CALL, "function": delta["function_call"]}])

    def _pieces(self, pieces: object) -> Iterator[StreamPart]:
        for slot in self._calls.take(pieces):
            if self.finished:
                msg = "a piece of a tool call after the answer's end"
                raise ProtocolError(msg)
            # A name may come in pieces, so a call opens with its first arguments or when a later call begins.
            for earlier in self._calls.slots[: slot.key]:
                yield from _flushed(earlier)
            if slot.begun:
                yield from _flushed(slot)

    def _usage_of(self, usage: dict[str, object]) -> Iterator[StreamPart]:
        if usage:
            self._usage = latest(self._usage, usage)
            tokens = of_openai(self._usage)
            if tokens is not None:
                yield Counted(tokens)

    def _finish(self, word: str) -> Iterator[StreamPart]:
        self.finished = True
        for slot in self._calls.slots:
            yield from _flushed(slot)
            if not slot.open:
                msg = "a tool call without a name"
                raise ProtocolError(msg)
            yield CallClosed(slot.key)
        yield Finished(stop_from_openai(word or "stop"))


def _flushed(slot: Slot) -> Iterator[StreamPart]:
    if not slot.open and slot.name:
        slot.open = True
        yield CallOpened(slot.key, slot.id, slot.name)
    if slot.open and slot.pending:
        yield ArgumentsPiece(slot.key, slot.taken())


def _first_choice(choices: object) -> dict[str, object]:
    listed = [as_mapping(choice) for choice in choices] if isinstance(choices, list) else []
    return next((choice for choice in listed if choice.get("index") in (0, None)), {})


def _text(content: object) -> str:
    if isinstance(content, list):
        return "".join(as_text(as_mapping(part).get("text")) for part in content)
    return as_text(content)
