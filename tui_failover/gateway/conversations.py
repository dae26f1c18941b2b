"""Which requests belong to the same conversation: those that begin alike, or that their caller calls alike."""

from collections.abc import Iterator, Mapping
from hashlib import blake2b

from tui_failover.engine.errand import Conversation
from tui_failover.gateway.asked import Asked, Call
from tui_failover.wire.delta import as_mapping, as_text

_KEY_BYTES = 16
_INSTRUCTIONS = frozenset({"system", "developer"})


def conversation_of(asked: Asked) -> Conversation | None:
    """Return the conversation a request is part of; None for a call that is no conversation.

    Both dialects send all that was said so far with every request, so a conversation is known by its beginning:
    the instructions and what the user said first. One that goes on holds more than that. Only words count, for
    marks such as those for a prompt cache move from request to request.
    """
    if asked.conversation:
        return Conversation(f"named {asked.conversation}", begins=False)
    if asked.call is Call.RESPONSES:
        return _of_responses(asked.body.values)
    return _beginning(asked.body.values.get("system"), asked.body.values.get("messages"))


def _of_responses(body: Mapping[str, object]) -> Conversation | None:
    """Return the conversation the vendor keeps, or the one that all that was said so far tells."""
    kept = body.get("conversation")
    named = as_text(kept) or as_text(as_mapping(kept).get("id"))
    if named:
        return Conversation(f"kept {named}", begins=False)
    if body.get("previous_response_id"):
        return None  # what was said before is not in the request
    said = body.get("input")
    return _beginning(body.get("instructions"), [{"content": said}] if isinstance(said, str) else said)


def _beginning(instructions: object, messages: object) -> Conversation | None:
    if not isinstance(messages, list) or not messages:
        return None
    said = [as_mapping(one) for one in messages]
    roles = enumerate(as_text(one.get("role")) for one in said)
    first = next((at for at, role in roles if role not in _INSTRUCTIONS), len(said) - 1)
    key = blake2b(digest_size=_KEY_BYTES)
    for text in _words([instructions, *(one.get("content") for one in said[: first + 1])]):
        key.update(text.encode("utf-8", "surrogatepass") + b"\0")
    return Conversation(key.hexdigest(), begins=first + 1 == len(said))


def _words(contents: list[object]) -> Iterator[str]:
    for content in contents:
        if isinstance(content, list):
            yield from (as_text(as_mapping(part).get("text")) for part in content)
        else:
            yield as_text(content)
