"""Reasoning a caller sends back, taken out where its provider would refuse it.

Answers of other vendors carry unsigned thinking blocks, and a signature means something only to the model that
made it. Either one, forwarded as it is, refuses the whole request.
"""

from tui_failover.wire.delta import as_mapping, as_text
from tui_failover.wire.responses_output import MADE_HERE

_KINDS = frozenset({"thinking", "redacted_thinking"})


def without_thinking(messages: object, *, unsigned_only: bool = True) -> list[object] | None:
    """Return the `messages` of a body without thinking blocks, or None where there is nothing to take out.

    Args:
        messages: as the caller sent them; what is no list of objects is left as it is.
        unsigned_only: keep signed blocks, as for the provider that made them; False for any other.
    """
    if not isinstance(messages, list):
        return None
    kept = [_cleaned(message, unsigned_only=unsigned_only) for message in messages]
    return None if kept == messages else [message for message in kept if as_mapping(message).get("content") != []]


def _cleaned(message: object, *, unsigned_only: bool) -> object:
    content = as_mapping(message).get("content")
    if not isinstance(content, list):
        return message
    kept = [block for block in content if not _goes(as_mapping(block), unsigned_only=unsigned_only)]
    return message if len(kept) == len(content) else {**as_mapping(message), "content": kept}


def _goes(block: dict[str, object], *, unsigned_only: bool) -> bool:
    unsigned = block.get("type") == "thinking" and not block.get("signature")
    return unsigned or (not unsigned_only and block.get("type") in tuple(_KINDS))


def without_unsigned(items: object) -> list[object] | None:
    """Return the `input` of a Responses body without reasoning made elsewhere, or None where it holds none.

    Its vendor looks reasoning up by its id, and has never heard of ours.
    """
    if not isinstance(items, list):
        return None
    kept = [item for item in items if not as_text(as_mapping(item).get("id")).startswith(MADE_HERE)]
    return None if len(kept) == len(items) else kept
