"""What a streamed answer is made of, in no vendor's dialect: read off one dialect, written as the other."""

from collections.abc import Iterator

from msgspec import Struct

from tui_failover.wire.answer import Answer, Cited, Stop
from tui_failover.wire.conversation import Opaque, Refusal, Text, Thinking, ToolCall
from tui_failover.wire.tokens import Tokens


class Opened(Struct, frozen=True):
    """The answer begins; nothing was said yet."""


class TextPiece(Struct, frozen=True):
    """More text of the answer."""

    text: str


class ThinkingPiece(Struct, frozen=True):
    """More reasoning."""

    text: str


class RefusalPiece(Struct, frozen=True):
    """More of the words with which the model will not answer."""

    text: str


class CallOpened(Struct, frozen=True):
    """A tool call begins; `key` tells it from the other calls of the answer, `id` is "" where none was given."""

    key: int
    id: str
    name: str


class ArgumentsPiece(Struct, frozen=True):
    """More of the arguments of the call `key`."""

    key: int
    text: str


class CallClosed(Struct, frozen=True):
    """The arguments of the call `key` are complete."""

    key: int


class Finished(Struct, frozen=True):
    """The model stopped; usage and the end mark may still follow."""

    stop: Stop
    stop_sequence: str | None = None
    explanation: str = ""


class Counted(Struct, frozen=True):
    """Tokens so far; a later count replaces this one."""

    tokens: Tokens


class Pinged(Struct, frozen=True):
    """The provider is still there."""


class Ended(Struct, frozen=True):
    """The provider's end mark, or what its dialect lets stand for one."""


StreamPart = (
    Opened
    | TextPiece
    | ThinkingPiece
    | RefusalPiece
    | CallOpened
    | ArgumentsPiece
    | CallClosed
    | Finished
    | Counted
    | Pinged
    | Ended
)


class Seam(Struct, frozen=True):
    """Where a stream broke off, for the writer that goes on with it.

    Attributes:
        id, model, created: as the caller has seen them.
        blocks: begun so far, in the dialect that counts them.
        text_open: the last of them is a text block, and still open.
    """

    id: str = ""
    model: str = ""
    created: int = 0
    blocks: int = 0
    text_open: bool = False


def parts_of(answer: Answer) -> Iterator[StreamPart]:
    """Yield a complete answer as the parts of a stream, for a caller who streams where the provider did not."""
    yield Opened()
    for key, part in enumerate(answer.parts):
        match part:
            case Text(text) | Cited(text):
                yield TextPiece(text)
            case Thinking(text):
                yield ThinkingPiece(text)
            case Refusal(text):
                yield RefusalPiece(text)
            case ToolCall(id=call_id, name=name, arguments=arguments):
                yield CallOpened(key, call_id, name)
                yield ArgumentsPiece(key, arguments)
                yield CallClosed(key)
            case Opaque():
                pass  # no other dialect knows it
    if answer.tokens is not None:
        yield Counted(answer.tokens)
    yield Finished(answer.stop, answer.stop_sequence, answer.explanation)
    yield Ended()
