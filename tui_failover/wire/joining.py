"""A second provider's answer, written as the rest of a stream that the first one began."""

from collections.abc import Callable

from msgspec import Struct, field

from tui_failover.core.text import scrub
from tui_failover.wire.answer import Wording
from tui_failover.wire.chat_stream_writing import ChatStreamWriter
from tui_failover.wire.continuation import NotTakenUp, Splice
from tui_failover.wire.dialect import Dialect
from tui_failover.wire.messages_stream_writing import MessagesStreamWriter
from tui_failover.wire.stream_parts import (
    Counted,
    Ended,
    Opened,
    Pinged,
    Seam,
    StreamPart,
    TextPiece,
    ThinkingPiece,
)
from tui_failover.wire.tokens import Tokens, estimate, together


class Joint(Struct, frozen=True):
    """Where and how two parts of one stream are joined.

    Attributes:
        dialect: the caller's.
        seam: where the first part broke off.
        wording: how the rest is worded.
        make_id: makes ids of tool calls.
        spent: what the first part took.
        by: who goes on.
    """

    dialect: Dialect
    seam: Seam
    wording: Wording
    make_id: Callable[[str], str]
    spent: Tokens = field(default_factory=Tokens)
    by: str = ""


class JoiningWriter:
    """Writes one stream's rest; raises `NotTakenUp` where the new part says something else.

    `ended` once the end mark is written, after which nothing follows.
    """

    def __init__(self, joint: Joint, splice: Splice) -> None:
        self._writer = _writer(joint)
        self._joint = joint
        self._splice = splice
        self._tokens: Tokens | None = None
        self._characters = 0
        self._told = False

    @property
    def ended(self) -> bool:
        """The end mark has been written."""
        return self._writer.ended

    def write(self, part: StreamPart) -> bytes:
        """Return what `part` adds to the stream; a comment before the first of it marks the seam."""
        output = self._written(part)
        if not output or self._told:
            return output
        self._told = True
        return f": continued by {scrub(self._joint.by)}\n".encode() + output

    def _written(self, part: StreamPart) -> bytes:
        match part:
            case TextPiece(text):
                return self._text(text)
            case Counted(tokens):
                self._tokens = tokens
                return b""
            case Opened() | ThinkingPiece():
                return b""  # the stream has begun, and thoughts belong before its text
            case Pinged() if not self._splice.settled:
                return b""
            case Ended():
                count = self._writer.write(Counted(self._sum()))
                return count + self._writer.write(part)
            case _:
                if not self._splice.settled:
                    raise NotTakenUp
                return self._writer.write(part)

    def _text(self, text: str) -> bytes:
        self._characters += len(text)
        rest = self._splice.feed(text)
        if self._splice.lost:
            raise NotTakenUp
        return self._writer.write(TextPiece(rest)) if rest else b""

    def _sum(self) -> Tokens:
        own = self._tokens or estimate(self._joint.wording.input_tokens, self._characters)
        return together(self._joint.spent, own)


def _writer(joint: Joint) -> ChatStreamWriter | MessagesStreamWriter:
    writer: ChatStreamWriter | MessagesStreamWriter
    if joint.dialect is Dialect.OPENAI:
        writer = ChatStreamWriter(joint.wording, joint.make_id, joint.seam.created)
    else:
        writer = MessagesStreamWriter(joint.wording, joint.make_id)
    writer.go_on(joint.seam)
    return writer
