"""Which requests belong to the same conversation: those that begin alike, or that their caller calls alike."""

from collections.abc import Mapping
from hashlib import blake2b

from tui_failover.engine.errand import Conversation
from tui_failover.gateway.asked import Asked, Call
from tui_failover.wire.delta import as_mapping, as_text

_KEY_BYTES = 16
_INSTRUCTIONS = ("system", "developer")


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
    contents = [instructions]
    for message in messages:
        said = as_mapping(message)
        contents.append(said.get("content"))
        if said.get("role") not in _INSTRUCTIONS:
            break
    text = "\0".join([_words(content) for content in contents])
    key = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=_KEY_BYTES).hexdigest()
    return Conversation(key, begins=len(contents) > len(messages))


def _words(content: object) -> str:
    if isinstance(content, list):
        return "\0".join([as_text(as_mapping(part).get("text")) for part in content])
    return as_text(content)
