"""A stream put together into the answer its provider would have sent whole, in the same dialect.

Nothing is translated here, so signatures, citations, log probabilities and fields nobody has heard of survive.
"""

from collections.abc import Callable, Iterable
from typing import Protocol

from tui_failover.wire import anthropic_messages, openai_chat
from tui_failover.wire.call_slots import CallSlots
from tui_failover.wire.delta import NOTHING, Delta, ErrorShape, as_mapping, as_text, together
from tui_failover.wire.dialect import Dialect
from tui_failover.wire.json_text import read_arguments
from tui_failover.wire.sse import ProtocolError, Said, object_in
from tui_failover.wire.tokens import latest, without_nulls

_Document = dict[str, object]
_DONE = b"[DONE]"
_HALF = "a stream that ends before its answer does"
RAW_INPUT = "_raw"  # holds arguments that are no JSON object, such as those of a call cut by the token limit


class Assembler(Protocol):
    """Puts one streamed answer together."""

    @property
    def complete(self) -> bool:
        """The answer is whole: its end mark came, or what its dialect lets stand for one."""

    def feed(self, events: Iterable[Said]) -> Delta:
        """Add events and return what they say together; those after an end or a fault are left out."""

    def document(self) -> _Document:
        """Return the whole answer; raises `ProtocolError` where it is not complete."""


def assembler_of(dialect: Dialect) -> Assembler:
    """Return a fresh assembler for streams of `dialect`."""
    return ChatAssembler() if dialect is Dialect.OPENAI else MessagesAssembler()


class ChatAssembler:
    """Puts a Chat Completions stream together, every choice of it."""

    __slots__ = ("_beside", "_choices", "_done", "_error", "_finish", "_head", "_input", "_model", "_output")

    def __init__(self) -> None:
        self._head: _Document = {}
        self._beside: _Document = {}
        self._choices: dict[int, _Choice] = {}
        self._model = ""
        self._finish = ""
        self._input: int | None = None
        self._output: int | None = None
        self._done = False
        self._error: ErrorShape | None = None

    @property
    def complete(self) -> bool:
        """`[DONE]` came, or every choice has its finish reason."""
        choices = self._choices.values()
        ended = self._done or all(choice.finish for choice in choices)
        return bool(choices) and self._error is None and ended

    def feed(self, events: Iterable[Said]) -> Delta:
        """Add chunks and return what they say together, with the names and counts of all that came before."""
        texts: list[str] = []
        made = False
        broken: ProtocolError | None = None
        try:
            for _, data in events:
                if data.startswith(_DONE):
                    self._done = True
                    break
                made = self._add(object_in(data), texts) or made
                if self._error is not None:
                    break
        except ProtocolError as error:
            broken = error
        text = "".join(texts)
        content, model, finish, done = made or text != "", self._model, self._finish, self._done
        return Delta(text, content, model, finish, self._input, self._output, done, self._error, broken)

    def document(self) -> _Document:
        """Return the answer as a `chat.completion`; raises `ProtocolError` where it is not complete."""
        if not self.complete:
            raise ProtocolError(_HALF)
        choices = [self._choices[index].document(index) for index in sorted(self._choices)]
        document = self._head | {"object": "chat.completion", "choices": choices}
        document.pop("obfuscation", None)
        return document

    def _add(self, chunk: _Document, texts: list[str]) -> bool:
        """Add a chunk, and its text to `texts`; return whether the model made anything else of it."""
        choices = chunk.get("choices")
        if not choices or "error" in chunk:
            self._error = openai_chat.error_of(chunk, openai_chat.first_choice(chunk))
            if self._error is not None:
                return False
        chunk.pop("choices", None)
        if chunk != self._beside:  # as a rule all chunks say the same beside their choices
            self._add_beside(chunk)
        made = False
        for stated in choices if isinstance(choices, list) else ():
            if isinstance(stated, dict) and self._take(stated, texts):
                made = True
        return made

    def _add_beside(self, members: _Document) -> None:
        self._beside = members
        self._head |= without_nulls(members)
        model, usage = members.get("model"), members.get("usage")
        if model and isinstance(model, str):
            self._model = model
        if isinstance(usage, dict):
            received, produced = openai_chat.counts_of(usage)
            self._input = self._input if received is None else received
            self._output = self._output if produced is None else produced

    def _take(self, stated: _Document, texts: list[str]) -> bool:
        index, finish = stated.get("index"), stated.get("finish_reason")
        place = index if isinstance(index, int) else 0
        choice = self._choices.get(place)
        if choice is None:
            choice = self._choices[place] = _Choice()
        if finish and isinstance(finish, str):
            self._finish = choice.finish = finish
            if finish == "error":
                self._error = openai_chat.error_of({}, stated)
                return False
        logprobs, delta = stated.get("logprobs"), stated.get("delta")
        if logprobs:
            choice.take_logprobs(as_mapping(logprobs))
        return isinstance(delta, dict) and choice.take(delta, texts)


class _Choice:
    """One choice of a Chat answer: strings are joined, lists continued, anything else replaced."""

    __slots__ = ("_calls", "_logprobs", "_other", "_strings", "_texts", "finish")

    def __init__(self) -> None:
        self.finish = ""
        self._texts: dict[str, list[str]] = {"content": [], "refusal": []}
        self._strings: dict[str, list[str]] = {}
        self._other: _Document = {}
        self._logprobs: dict[str, list[object]] = {}
        self._calls: dict[str, CallSlots] = {}

    def take(self, delta: _Document, texts: list[str]) -> bool:
        """Add a piece, and its text to `texts`; return whether the model made anything else of it."""
        made = False
        for name, value in delta.items():
            begun = self._texts.get(name)
            if begun is not None and isinstance(value, str):  # as nearly all are
                begun.append(value)
                texts.append(value)
            else:
                self._take_field(name, value)
                if value and name in openai_chat.MADE_BY_MODEL:
                    made = True
        return made

    def take_logprobs(self, logprobs: _Document) -> None:
        """Add the log probabilities of a piece."""
        for name, value in logprobs.items():
            if isinstance(value, list):
                self._logprobs.setdefault(name, []).extend(value)

    def _take_field(self, name: str, value: object) -> None:
        if name == "tool_calls":
            self._take_calls(name, value)
        elif name == "function_call" and isinstance(value, dict):
            self._take_calls(name, [{"index": 0, "function": value}])
        elif name != "role" and isinstance(value, str):
            self._strings.setdefault(name, []).append(value)
        elif isinstance(value, list):
            before = self._other.get(name)
            self._other[name] = [*(before if isinstance(before, list) else ()), *value]
        elif name != "role" and value is not None:
            self._other[name] = value

    def _take_calls(self, name: str, pieces: object) -> None:
        list(self._calls.setdefault(name, CallSlots()).take(pieces))

    def document(self, index: int) -> _Document:
        message: _Document = {"role": "assistant", "content": None, "refusal": None, **self._other}
        for name, pieces in (self._texts | self._strings).items():
            if pieces:
                message[name] = "".join(pieces) or None
        for name, calls in self._calls.items():
            listed = [slot.document() for slot in calls.slots]
            if listed:
                message[name] = listed if name == "tool_calls" else listed[0]["function"]
        finish = self.finish or "stop"
        return {"index": index, "message": message, "logprobs": self._logprobs or None, "finish_reason": finish}


class MessagesAssembler:
    """Puts a Messages stream together."""

    def __init__(self) -> None:
        self._message: _Document = {}
        self._usage: _Document = {}
        self._blocks: dict[int, _Block] = {}
        self._ended = False
        self._failed = False
        self._take: dict[str, Callable[[_Document], None]] = {
            "message_start": self._message_start,
            "content_block_start": self._block_start,
            "content_block_delta": self._block_delta,
            "message_delta": self._message_delta,
        }

    @property
    def complete(self) -> bool:
        """`message_stop` came."""
        return self._ended and not self._failed

    def feed(self, events: Iterable[Said]) -> Delta:
        """Add events and return what they say together."""
        return together(self._add, events)

    def _add(self, name: str, data: bytes) -> Delta:
        if data.startswith(_DONE):
            return NOTHING  # added by some relays; no mark of this dialect
        document = object_in(data)
        delta = anthropic_messages.delta_of(document, name)
        self._failed = self._failed or delta.error is not None
        self._ended = self._ended or delta.done
        take = self._take.get(as_text(document.get("type")) or name)
        if take is not None:
            take(document)
        return delta

    def document(self) -> _Document:
        """Return the answer as a `message`; raises `ProtocolError` where it is not complete."""
        if not self.complete:
            raise ProtocolError(_HALF)
        content = [block.document() for _, block in sorted(self._blocks.items())]
        return {**self._message, "content": content, "usage": self._usage}

    def _message_start(self, document: _Document) -> None:
        self._message = dict(as_mapping(document.get("message")))
        self._usage = latest(self._usage, self._message.get("usage"))

    def _block_start(self, document: _Document) -> None:
        block = as_mapping(document.get("content_block"))
        self._blocks[_index(document)] = _Block(block)

    def _block_delta(self, document: _Document) -> None:
        block = self._blocks.get(_index(document))
        if block is None:
            msg = "a piece of a block that was never opened"
            raise ProtocolError(msg)
        block.take(as_mapping(document.get("delta")))

    def _message_delta(self, document: _Document) -> None:
        self._message = {**self._message, **as_mapping(document.get("delta"))}
        self._usage = latest(self._usage, document.get("usage"))


class _Block:
    """One content block, its pieces joined at the end."""

    def __init__(self, block: _Document) -> None:
        self._block = block
        self._pieces: dict[str, list[str]] = {}
        self._citations: list[object] = []

    def take(self, delta: _Document) -> None:
        kind = as_text(delta.get("type"))
        if kind == "citations_delta":
            self._citations.append(delta.get("citation"))
        elif kind in _PIECES:
            delta_field, block_field = _PIECES[kind]
            self._pieces.setdefault(block_field, []).append(as_text(delta.get(delta_field)))

    def document(self) -> _Document:
        block = dict(self._block)
        for name, pieces in self._pieces.items():
            text = "".join(pieces)
            block[name] = _input(text, block.get("input")) if name == "input" else as_text(block.get(name)) + text
        if self._citations:
            block["citations"] = self._citations
        return block


_PIECES = {
    "text_delta": ("text", "text"),
    "thinking_delta": ("thinking", "thinking"),
    "signature_delta": ("signature", "signature"),
    "input_json_delta": ("partial_json", "input"),
}


def _input(text: str, given: object) -> object:
    if not text and isinstance(given, dict):
        return given
    arguments = read_arguments(text)
    return {RAW_INPUT: text} if arguments is None else arguments


def _index(document: _Document) -> int:
    index = document.get("index")
    return index if isinstance(index, int) else -1
