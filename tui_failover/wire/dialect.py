"""The two languages callers and providers speak, and what one event of either adds to an answer."""

from collections.abc import Callable

from tui_failover.core.spec import Dialect
from tui_failover.wire import anthropic_messages, openai_chat
from tui_failover.wire.delta import Delta
from tui_failover.wire.sse import SseEvent

__all__ = ["READ_DOCUMENT", "READ_EVENT", "Dialect", "is_content"]

READ_EVENT: dict[Dialect, Callable[[SseEvent], Delta]] = {
    Dialect.OPENAI: openai_chat.read_event,
    Dialect.ANTHROPIC: anthropic_messages.read_event,
}
READ_DOCUMENT: dict[Dialect, Callable[[object], Delta]] = {
    Dialect.OPENAI: openai_chat.read_document,
    Dialect.ANTHROPIC: anthropic_messages.read_document,
}


def is_content(dialect: Dialect, event: SseEvent) -> bool:
    """Return whether the model made something in `event`; raises `ProtocolError` where it is not a JSON object.

    Text, reasoning, a refusal and pieces of a tool call are content. Role-only pieces, `message_start`, pings and
    usage are not: a stream that holds only those has answered nothing.
    """
    return READ_EVENT[dialect](event).content
