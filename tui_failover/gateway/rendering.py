"""From what a provider sends to what the caller gets: the same bytes, an assembled answer, or a translation."""

from collections.abc import Callable, Iterable

from tui_failover.wire.answer import Answer, Wording
from tui_failover.wire.anthropic_answer import read_anthropic_answer, write_anthropic_answer
from tui_failover.wire.assembly import assembler_of
from tui_failover.wire.delivered import Delivered
from tui_failover.wire.delta import NOTHING, Delta
from tui_failover.wire.dialect import READ_DOCUMENT, READ_EVENT, Dialect
from tui_failover.wire.error_body import error_in
from tui_failover.wire.forwarding import Gathering, Rendering
from tui_failover.wire.json_text import json_bytes, json_value
from tui_failover.wire.openai_answer import read_openai_answer, write_openai_answer
from tui_failover.wire.openai_responses_writing import write_responses_answer
from tui_failover.wire.responses_standing import Standing
from tui_failover.wire.sse import ProtocolError, Said, SseEvent, json_object
from tui_failover.wire.stream_parts import parts_of
from tui_failover.wire.stream_translation import (
    MakeId,
    Step,
    StreamRewriter,
    StreamTranslator,
    Writer,
    stream_of,
)
from tui_failover.wire.verdict import Problem

_READ: dict[Dialect, Callable[[object], Answer | Problem]] = {
    Dialect.OPENAI: read_openai_answer,
    Dialect.ANTHROPIC: read_anthropic_answer,
}
_DONE = b"data: [DONE]\n\n"


class Making:
    """What answers of ours are made with.

    Attributes:
        make_id: returns an id beginning with a prefix.
        standing: of the stream a caller of the Responses API reads; None for any other caller.
    """

    __slots__ = ("_created", "_now", "make_id", "standing")

    def __init__(self, make_id: MakeId, now: Callable[[], int]) -> None:
        self.make_id = make_id
        self.standing: Standing | None = None
        self._now = now
        self._created: int | None = None

    @property
    def created(self) -> int:
        """Unix time in seconds, the same for all that is made of one answer."""
        if self._created is None:
            self._created = self._now()
        return self._created


class SameStream:
    """The provider's stream, byte by byte.

    The counts that were asked for on our own account are the one thing left out; OpenAI's dialect sends them as a
    chunk of their own.
    """

    __slots__ = ("_dialect", "_done", "_finished", "_hide_usage", "_making", "_read")

    def __init__(self, dialect: Dialect, making: Making, *, hide_usage: bool) -> None:
        self._dialect = dialect
        self._making = making
        self._hide_usage = hide_usage
        self._read = READ_EVENT[dialect]
        self._done = False
        self._finished = False

    def feed(self, raw: bytes, event: SseEvent | None) -> Step:
        """Return the event as it came, and what it says."""
        if event is None:
            return Step(raw, NOTHING)
        delta = self._read(event)
        # With several choices one may go on after another has finished.
        self._finished = bool(delta.finish) or (self._finished and not delta.content)
        if delta.text and not delta.finish and delta.input_tokens is None:
            return Step(raw, delta, repeats=True)
        if delta.done:
            self._done = True
        if delta.error is not None or (self._hide_usage and delta.input_tokens is not None and _only_usage(event)):
            return Step(b"", delta)
        return Step(raw, delta)

    def whole(self, body: bytes) -> Step:
        """Return an answer that came whole as a stream."""
        document = document_in(body)
        delta = READ_DOCUMENT[self._dialect](document)
        if delta.error is not None:
            return Step(b"", delta)
        wording = Wording(model=delta.model, include_usage=not self._hide_usage)
        answer = _answer(self._dialect, document)
        making = self._making
        return Step(stream_of(self._dialect, answer, wording, making.make_id, making.created), delta)

    def close(self) -> bytes:
        """Return the end mark, where only that is missing."""
        if self._done:
            return b""
        if self._finished and self._dialect is Dialect.OPENAI:
            return _DONE
        message = "a stream that ends before its answer does"
        raise ProtocolError(message)


class SameWhole(Gathering):
    """The provider's answer for a caller who does not stream; put together where the provider does."""

    __slots__ = ("_assembler", "_dialect")

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        self._assembler = assembler_of(dialect)

    def feed(self, events: Iterable[Said]) -> Delta:
        """Add the events to the answer."""
        return self._assembler.feed(events)

    def whole(self, body: bytes) -> Step:
        """Return the answer as it came."""
        delta = READ_DOCUMENT[self._dialect](document_in(body))
        if not delta.finish and delta.error is None:
            message = "a document that is no answer"
            raise ProtocolError(message)
        return Step(body, delta)

    def close(self) -> bytes:
        """Return the answer put together."""
        return json_bytes(self._assembler.document())


class TranslatedStream:
    """The stream of a provider of the other dialect."""

    def __init__(self, source: Dialect, wording: Wording, making: Making) -> None:
        self._source = source
        self._wording = wording
        self._making = making
        self._translator = StreamTranslator(source, wording, making.make_id, making.created, making.standing)

    def feed(self, raw: bytes, event: SseEvent | None) -> Step:  # noqa: ARG002 - its bytes are no use here
        """Return the event in the caller's dialect."""
        return Step(b"", NOTHING) if event is None else self._translator.feed(event)

    def whole(self, body: bytes) -> Step:
        """Return an answer that came whole as a stream."""
        document = document_in(body)
        delta = READ_DOCUMENT[self._source](document)
        if delta.error is not None:
            return Step(b"", delta)
        answer, making = _answer(self._source, document), self._making
        stream = stream_of(
            _OTHER[self._source], answer, self._wording, making.make_id, making.created, making.standing
        )
        return Step(stream, delta)

    def close(self) -> bytes:
        """Return what is still due."""
        return self._translator.close()


class JoinedStream:
    """The answer of a provider that goes on with another one's stream."""

    def __init__(self, source: Dialect, writer: Writer) -> None:
        self._source = source
        self._writer = writer
        self._rewriter = StreamRewriter(source, writer)

    def feed(self, raw: bytes, event: SseEvent | None) -> Step:  # noqa: ARG002 - its bytes are no use here
        """Return what the event adds to the stream."""
        return Step(b"", NOTHING) if event is None else self._rewriter.feed(event)

    def whole(self, body: bytes) -> Step:
        """Return what an answer that came whole adds to the stream."""
        document = document_in(body)
        delta = READ_DOCUMENT[self._source](document)
        if delta.error is not None:
            return Step(b"", delta)
        parts = parts_of(_answer(self._source, document))
        return Step(b"".join([self._writer.write(part) for part in parts]), delta)

    def close(self) -> bytes:
        """Return what is still due."""
        return self._rewriter.close()


class Remembered:
    """A rendering whose output is read along, so that somebody else can go on with it."""

    def __init__(self, rendering: Rendering, delivered: Delivered) -> None:
        self._rendering = rendering
        self._delivered = delivered

    def feed(self, raw: bytes, event: SseEvent | None) -> Step:
        """Return what the rendering makes of the event."""
        return self._read(self._rendering.feed(raw, event))

    def whole(self, body: bytes) -> Step:
        """Return what the rendering makes of an answer that came whole."""
        return self._read(self._rendering.whole(body))

    def close(self) -> bytes:
        """Return what the rendering has left; a stream that came to its end needs nobody to go on."""
        return self._rendering.close()

    def _read(self, step: Step) -> Step:
        if step.output:
            self._delivered.take(step.output)
        return Step(step.output, step.delta)


class TranslatedWhole(Gathering):
    """The answer of a provider of the other dialect for a caller who does not stream."""

    def __init__(self, source: Dialect, wording: Wording, making: Making) -> None:
        self._source = source
        self._wording = wording
        self._making = making
        self._assembler = assembler_of(source)

    def feed(self, events: Iterable[Said]) -> Delta:
        """Add the events to the answer."""
        return self._assembler.feed(events)

    def whole(self, body: bytes) -> Step:
        """Return the answer in the caller's dialect."""
        document = document_in(body)
        delta = READ_DOCUMENT[self._source](document)
        return Step(b"" if delta.error is not None else self._written(document), delta)

    def close(self) -> bytes:
        """Return the answer put together, in the caller's dialect."""
        return self._written(self._assembler.document())

    def _written(self, document: object) -> bytes:
        answer, making = _answer(self._source, document), self._making
        if self._wording.echo is not None:
            return json_bytes(write_responses_answer(answer, self._wording, making.make_id, making.created))
        if self._source is Dialect.ANTHROPIC:
            return json_bytes(write_openai_answer(answer, self._wording, making.make_id, making.created))
        return json_bytes(write_anthropic_answer(answer, self._wording, making.make_id))


class Untouched(Gathering):
    """The answer to a call that is no conversation; all that is known of it is whether it is an error."""

    def feed(self, events: Iterable[Said]) -> Delta:
        """Refuse: no call is known that streams, nor how such a stream would end."""
        return Delta(broken=ProtocolError("a stream where none was asked for")) if any(events) else NOTHING

    def whole(self, body: bytes) -> Step:
        """Return the answer as it came."""
        try:
            error = error_in(json_value(body))
        except ValueError:
            error = None
        return Step(b"", Delta(error=error)) if error else Step(body, Delta(content=True, finish="whole"))

    def close(self) -> bytes:
        """Return nothing: it came whole."""
        return b""


_OTHER = {Dialect.OPENAI: Dialect.ANTHROPIC, Dialect.ANTHROPIC: Dialect.OPENAI}


def _only_usage(event: SseEvent) -> bool:
    return json_object(event).get("choices") == []


def document_in(body: bytes) -> object:
    """Return what an answer that came whole holds; raises `ProtocolError` where it is no JSON."""
    try:
        return json_value(body)
    except ValueError as error:
        message = "an answer that is no JSON"
        raise ProtocolError(message) from error


def _answer(dialect: Dialect, document: object) -> Answer:
    answer = _READ[dialect](document)
    if isinstance(answer, Problem):
        raise ProtocolError(answer.text)
    return answer
