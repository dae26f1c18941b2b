"""A stream of one dialect, turned event by event into a stream of another API.

The end mark is written only where the provider sent its own, or what its dialect lets stand for one. Whoever feeds
the machine must call `close` when the provider's body is at its end, and gets the truth about it.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

from msgspec import Struct

from tui_failover.wire import anthropic_messages, chat_stream_writing, messages_stream_writing, openai_chat
from tui_failover.wire.answer import Answer, Wording
from tui_failover.wire.chat_stream_reading import ChatStreamReader
from tui_failover.wire.chat_stream_writing import ChatStreamWriter
from tui_failover.wire.delta import Delta
from tui_failover.wire.dialect import Dialect
from tui_failover.wire.messages_stream_reading import MessagesStreamReader
from tui_failover.wire.messages_stream_writing import MessagesStreamWriter
from tui_failover.wire.responses_standing import Standing
from tui_failover.wire.responses_stream_writing import ResponsesStreamWriter
from tui_failover.wire.sse import ProtocolError, SseEvent, json_object
from tui_failover.wire.stream_parts import Ended, StreamPart, parts_of

MakeId = Callable[[str], str]
"""Makes a fresh id that begins with the prefix it is given ("msg_")."""

PING = {Dialect.OPENAI: chat_stream_writing.PING, Dialect.ANTHROPIC: messages_stream_writing.PING}
"""What keeps a waiting caller's connection alive without saying anything."""


class Step(Struct, frozen=True):
    """What one event led to.

    Attributes:
        output: bytes for the caller; b"" where nothing shows yet.
        delta: what the event says, for the commit gate, the limits and the books.
        repeats: events that differ from this one in nothing but their text, and come next, lead to their own bytes
            and to nothing else; whoever recognises them need not feed them.
    """

    output: bytes
    delta: Delta
    repeats: bool = False


class _Reader(Protocol):
    finished: bool
    ignored: int

    def read(self, document: dict[str, object], name: str = ..., /) -> Iterator[StreamPart]: ...

    def end_mark(self) -> Iterator[StreamPart]: ...


class Writer(Protocol):
    """Writes the parts of one answer in the caller's dialect."""

    @property
    def ended(self) -> bool:
        """The end mark has been written."""
        ...

    def write(self, part: StreamPart) -> bytes:
        """Return what `part` adds to the stream."""
        ...


class StreamRewriter:
    """Hands one answer to a writer. Fed in order, once; after an error event nothing more comes out of it."""

    def __init__(self, source: Dialect, writer: Writer) -> None:
        self._source = source
        self._read: _Reader = ChatStreamReader() if source is Dialect.OPENAI else MessagesStreamReader()
        self._writer = writer
        self._failed = False

    @property
    def ended(self) -> bool:
        """The end mark has been written."""
        return self._writer.ended

    @property
    def ignored(self) -> int:
        """How many events, blocks and deltas were of no known type."""
        return self._read.ignored

    def feed(self, event: SseEvent) -> Step:
        """Return what `event` leads to; raises `ProtocolError` where the provider broke its dialect.

        The provider's error event is in `delta.error` and writes nothing: whether the caller sees an error or
        another provider's answer is not decided here.
        """
        if event.data.startswith("[DONE]"):
            # Some relays add it to the Messages dialect, where it means nothing.
            output = b"" if self._failed else self._written(self._read.end_mark())
            return Step(output, Delta(done=self._source is Dialect.OPENAI))
        document = json_object(event)
        delta = _DELTA[self._source](document, event.name)
        if delta.error is not None:
            self._failed = True
        if self._failed:
            return Step(b"", delta)
        return Step(self._written(self._read.read(document, event.name)), delta)

    def close(self, *, lenient: bool = False) -> bytes:
        """Return what is still due at the end of the provider's body; raises `ProtocolError` for half an answer.

        Args:
            lenient: take a stop reason of the Messages dialect for the end, where a provider is known to forget
                `message_stop`. A finish reason of the Chat dialect always completes the answer.
        """
        if self.ended:
            return b""
        enough = self._read.finished and (lenient or self._source is Dialect.OPENAI)
        if self._failed or not enough:
            msg = "a stream that ends before its answer does"
            raise ProtocolError(msg)
        return self._written([Ended()])

    def _written(self, parts: Iterable[StreamPart]) -> bytes:
        return b"".join([self._writer.write(part) for part in parts])


class StreamTranslator(StreamRewriter):
    """Translates one answer for a caller of another API."""

    def __init__(
        self,
        source: Dialect,
        wording: Wording,
        make_id: MakeId,
        created: int,
        standing: Standing | None = None,
    ) -> None:
        super().__init__(source, _writer(_OTHER[source], wording, make_id, created, standing))


def stream_of(
    dialect: Dialect,
    answer: Answer,
    wording: Wording,
    make_id: MakeId,
    created: int,
    standing: Standing | None = None,
) -> bytes:
    """Return a complete answer as a whole stream of `dialect`, for a caller who asked for one."""
    writer = _writer(dialect, wording, make_id, created, standing)
    return b"".join([writer.write(part) for part in parts_of(answer)])


def _writer(
    dialect: Dialect, wording: Wording, make_id: MakeId, created: int, standing: Standing | None
) -> Writer:
    if wording.echo is not None:
        return ResponsesStreamWriter(wording, make_id, created, standing or Standing())
    if dialect is Dialect.OPENAI:
        return ChatStreamWriter(wording, make_id, created)
    return MessagesStreamWriter(wording, make_id)


_OTHER = {Dialect.OPENAI: Dialect.ANTHROPIC, Dialect.ANTHROPIC: Dialect.OPENAI}
_DELTA: dict[Dialect, Callable[[dict[str, object], str], Delta]] = {
    Dialect.OPENAI: lambda document, _name: openai_chat.delta_of(document),
    Dialect.ANTHROPIC: anthropic_messages.delta_of,
}
