"""The parts of an answer, written as the events of a Responses stream.

Every item has a place of its own in the output, so tool calls may come interleaved; words that follow a call begin
a new item.
"""

from collections.abc import Callable
from typing import Any

from msgspec import Struct, field

from tui_failover.wire.answer import Stop, Wording, settled
from tui_failover.wire.json_text import sse_bytes
from tui_failover.wire.responses_output import (
    REFUSAL,
    TEXT,
    THINKING,
    CallItems,
    Form,
    MakeId,
    begun,
    called,
    ended,
    reason_for,
)
from tui_failover.wire.responses_standing import Standing
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
    StreamPart,
    TextPiece,
    ThinkingPiece,
)
from tui_failover.wire.tokens import Tokens, estimate

_Document = dict[str, object]
PING = b": ping\n\n"


class _Open(Struct):
    """An item that is being written: its place in the output, how it began, and what has come for it."""

    place: int
    item: _Document
    form: Form | None = None
    pieces: list[str] = field(default_factory=list)

    @property
    def where(self) -> _Document:
        """What every event on the item says about it."""
        return {"item_id": self.item["id"], "output_index": self.place}


class ResponsesStreamWriter:
    """Writes one stream; `ended` once its last event is written, after which nothing follows."""

    def __init__(self, wording: Wording, make_id: MakeId, created: int, standing: Standing) -> None:
        self.ended = False
        self._wording = wording
        self._make_id = make_id
        self._standing = standing
        standing.response = begun(wording, make_id("resp_"), created)
        self._output: list[_Document] = []
        self._words: _Open | None = None
        self._calls: dict[int, _Open] = {}
        self._items = CallItems(wording, make_id)
        self._enveloped: set[int] = set()
        self._called = False
        self._refused = False
        self._finished = Finished(Stop.END)
        self._tokens: Tokens | None = None
        self._characters = 0
        self._write: dict[type, Callable[[Any], bytes]] = {
            Opened: self._open,
            TextPiece: lambda part: self._say(TEXT, part.text),
            ThinkingPiece: self._think,
            RefusalPiece: self._refuse,
            CallOpened: self._call_opened,
            ArgumentsPiece: self._arguments,
            CallClosed: self._call_closed,
            Finished: self._keep_finished,
            Counted: self._keep_count,
            Pinged: lambda _part: PING,
            Ended: self._end,
        }

    def write(self, part: StreamPart) -> bytes:
        """Return what `part` adds to the stream; b"" for what shows only later, and for all after the end."""
        return b"" if self.ended else self._write[type(part)](part)

    def _open(self, _part: Opened) -> bytes:
        response = self._standing.response
        return self._event("response.created", response=response) + self._event(
            "response.in_progress", response=response
        )

    def _think(self, part: ThinkingPiece) -> bytes:
        return self._say(THINKING, part.text) if self._wording.reasoning else b""

    def _refuse(self, part: RefusalPiece) -> bytes:
        self._refused = True
        return self._say(REFUSAL, part.text)

    def _say(self, form: Form, text: str) -> bytes:
        self._characters += len(text)
        output = b""
        words = self._words
        if words is None or words.form is not form:
            output = self._close_words()
            words = self._words = self._begin(form.item_of(self._make_id(form.prefix), [], whole=False), form)
            output += self._added(words)
            output += self._event(
                f"{form.part_event}.added", **words.where, **{form.index: 0}, part=form.part_of("")
            )
        words.pieces.append(text)
        return output + self._word(words, form, "delta", delta=text)

    def _close_words(self) -> bytes:
        words, self._words = self._words, None
        if words is None or words.form is None:
            return b""
        form, text = words.form, "".join(words.pieces)
        part = form.part_of(text)
        return (
            self._word(words, form, "done", **{form.field: text})
            + self._event(f"{form.part_event}.done", **words.where, **{form.index: 0}, part=part)
            + self._done(words, form.item_of(str(words.item["id"]), [part], whole=True))
        )

    def _word(self, words: _Open, form: Form, ending: str, **content: object) -> bytes:
        odds: _Document = {"logprobs": []} if form is TEXT else {}
        return self._event(f"{form.word_event}.{ending}", **words.where, **{form.index: 0}, **content, **odds)

    def _call_opened(self, part: CallOpened) -> bytes:
        if part.name == self._wording.envelope:
            self._enveloped.add(part.key)
            return b""
        self._called = True
        closed = self._close_words()
        call = self._begin(self._items.begun(part.id, part.name))
        self._calls[part.key] = call
        return closed + self._added(call)

    def _arguments(self, part: ArgumentsPiece) -> bytes:
        if part.key in self._enveloped:
            return self._say(TEXT, part.text)
        call = self._calls[part.key]
        self._characters += len(part.text)
        call.pieces.append(part.text)
        # The plain text of a custom tool is wrapped, and can be unwrapped only as a whole.
        return b"" if "input" in call.item or not part.text else self._argued(call, "delta", delta=part.text)

    def _call_closed(self, part: CallClosed) -> bytes:
        call = self._calls.pop(part.key, None)
        if call is None:
            return b""
        text = "".join(call.pieces)
        item = called(call.item, text)
        member = "input" if "input" in item else "arguments"
        pending = b"" if text and member == "arguments" else self._argued(call, "delta", delta=item[member])
        done = self._argued(call, "done", **{member: item[member]})
        return pending + done + self._done(call, item)

    def _argued(self, call: _Open, ending: str, **content: object) -> bytes:
        kind = "custom_tool_call_input" if "input" in call.item else "function_call_arguments"
        return self._event(f"response.{kind}.{ending}", **call.where, **content)

    def _keep_finished(self, part: Finished) -> bytes:
        self._finished = part
        return b""

    def _keep_count(self, part: Counted) -> bytes:
        self._tokens = part.tokens
        return b""

    def _end(self, _part: Ended) -> bytes:
        stop = settled(self._finished.stop, called=self._called)
        reason = reason_for(stop, refused=self._refused)
        explained = self._finished.explanation if stop is Stop.REFUSAL and not self._refused else ""
        words = (self._say(REFUSAL, explained) if explained else b"") + self._close_words()
        tokens = self._tokens or estimate(self._wording.input_tokens, self._characters)
        response = ended(self._standing.response, self._output, reason, tokens)
        self.ended = True
        return words + self._event(f"response.{response['status']}", response=response)

    def _begin(self, item: _Document, form: Form | None = None) -> _Open:
        self._output.append(item)
        return _Open(len(self._output) - 1, item, form)

    def _added(self, opened: _Open) -> bytes:
        return self._event("response.output_item.added", output_index=opened.place, item=opened.item)

    def _done(self, opened: _Open, item: _Document) -> bytes:
        self._output[opened.place] = item
        return self._event("response.output_item.done", output_index=opened.place, item=item)

    def _event(self, kind: str, **content: object) -> bytes:
        event = {"type": kind, "sequence_number": self._standing.number, **content}
        self._standing.number += 1
        return sse_bytes(event, kind)
