"""The events of a Messages stream, read into the parts of an answer."""

from collections.abc import Callable, Iterator

from msgspec import Struct

from tui_failover.wire.answer import Stop, stop_from_anthropic
from tui_failover.wire.delta import as_mapping, as_text
from tui_failover.wire.json_text import json_line
from tui_failover.wire.sse import ProtocolError
from tui_failover.wire.stream_parts import (
    ArgumentsPiece,
    CallClosed,
    CallOpened,
    Counted,
    Ended,
    Finished,
    Opened,
    Pinged,
    StreamPart,
    TextPiece,
    ThinkingPiece,
)
from tui_failover.wire.tokens import latest, of_anthropic

_Document = dict[str, object]


class _Call(Struct):
    """An open tool block: `whole` is the input its start already held, `begun` once a piece came."""

    key: int
    whole: str
    begun: bool = False


class MessagesStreamReader:
    """Reads one stream.

    Attributes:
        finished: a stop reason came; in this dialect that alone does not complete an answer.
        ignored: events, blocks and deltas of types nobody has listed here.
    """

    def __init__(self) -> None:
        self.finished = False
        self.ignored = 0
        self._opened = False
        self._calls: dict[int, _Call] = {}
        self._strangers: set[int] = set()
        self._made = 0
        self._usage: _Document = {}
        self._read: dict[str, Callable[[_Document], Iterator[StreamPart]]] = {
            "message_start": self._message_start,
            "content_block_start": self._block_start,
            "content_block_delta": self._block_delta,
            "content_block_stop": self._block_stop,
            "message_delta": self._message_delta,
            "message_stop": self._message_stop,
            "ping": self._ping,
        }

    def read(self, document: _Document, name: str = "") -> Iterator[StreamPart]:
        """Yield the parts of one event; raises `ProtocolError` where a piece of a tool call has no open block."""
        read = self._read.get(as_text(document.get("type")) or name)
        if read is None:
            self.ignored += 1
            return
        yield from read(document)

    def end_mark(self) -> Iterator[StreamPart]:
        """Yield nothing: `[DONE]` is no mark of this dialect."""
        yield from ()

    def _open(self) -> Iterator[StreamPart]:
        if not self._opened:
            self._opened = True
            yield Opened()

    def _message_start(self, document: _Document) -> Iterator[StreamPart]:
        yield from self._open()
        yield from self._counted(as_mapping(document.get("message")).get("usage"))

    def _block_start(self, document: _Document) -> Iterator[StreamPart]:
        yield from self._open()
        block = as_mapping(document.get("content_block"))
        kind = as_text(block.get("type"))
        if kind == "tool_use":
            given = block.get("input")
            call = _Call(self._made, json_line(given) if isinstance(given, dict) and given else "{}")
            self._made += 1
            self._calls[_index(document)] = call
            yield CallOpened(call.key, as_text(block.get("id")), as_text(block.get("name")))
        elif kind in _WORDS:
            yield from _WORDS[kind](block)
        else:
            self._strangers.add(_index(document))
            self.ignored += 1

    def _block_delta(self, document: _Document) -> Iterator[StreamPart]:
        yield from self._open()
        delta = as_mapping(document.get("delta"))
        kind = as_text(delta.get("type"))
        if kind == "input_json_delta":
            yield from self._arguments(_index(document), as_text(delta.get("partial_json")))
        elif kind in _WORDS:
            yield from _WORDS[kind](delta)
        else:
            self.ignored += 1

    def _arguments(self, index: int, piece: str) -> Iterator[StreamPart]:
        call = self._calls.get(index)
        if call is None and piece and index not in self._strangers:
            msg = "a piece of a tool call without an open block"
            raise ProtocolError(msg)
        if call is not None and piece:
            call.begun = True
            yield ArgumentsPiece(call.key, piece)

    def _block_stop(self, document: _Document) -> Iterator[StreamPart]:
        call = self._calls.pop(_index(document), None)
        if call is not None:
            if not call.begun:
                yield ArgumentsPiece(call.key, call.whole)
            yield CallClosed(call.key)

    def _message_delta(self, document: _Document) -> Iterator[StreamPart]:
        yield from self._counted(document.get("usage"))
        delta = as_mapping(document.get("delta"))
        word = as_text(delta.get("stop_reason"))
        if not word:
            return
        stop = stop_from_anthropic(word)
        if stop is Stop.PAUSE:
            msg = "a paused turn, which only its own dialect can resume"
            raise ProtocolError(msg)
        self.finished = True
        sequence = delta.get("stop_sequence")
        explanation = as_text(as_mapping(delta.get("stop_details")).get("explanation"))
        yield Finished(stop, sequence if isinstance(sequence, str) else None, explanation)

    def _message_stop(self, _document: _Document) -> Iterator[StreamPart]:
        if self._calls:
            msg = "an end mark inside a tool call"
            raise ProtocolError(msg)
        yield from self._open()
        yield Ended()

    def _counted(self, usage: object) -> Iterator[StreamPart]:
        self._usage = latest(self._usage, usage)
        tokens = of_anthropic(self._usage)
        if tokens is not None:
            yield Counted(tokens)

    def _ping(self, _document: _Document) -> Iterator[StreamPart]:
        yield Pinged()


def _index(document: _Document) -> int:
    index = document.get("index")
    return index if isinstance(index, int) else -1


def _text(holder: _Document) -> Iterator[StreamPart]:
    text = as_text(holder.get("text"))
    if text:
        yield TextPiece(text)


def _thinking(holder: _Document) -> Iterator[StreamPart]:
    text = as_text(holder.get("thinking"))
    if text:
        yield ThinkingPiece(text)


def _nothing(_holder: _Document) -> Iterator[StreamPart]:
    yield from ()


# Signatures, citations and hidden reasoning mean nothing in another dialect.
_WORDS: dict[str, Callable[[_Document], Iterator[StreamPart]]] = {
    "text": _text,
    "text_delta": _text,
    "thinking": _thinking,
    "thinking_delta": _thinking,
    "signature_delta": _nothing,
    "citations_delta": _nothing,
    "redacted_thinking": _nothing,
}
