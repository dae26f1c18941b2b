"""OpenAI Chat Completions: the answer, streamed or whole.

Compatible servers send chunks without choices, with `delta` or `content` null, and reasoning under several names;
all of that is legal here.
"""

from tui_failover.wire.delta import Delta, ErrorShape, as_mapping, as_text, as_tokens
from tui_failover.wire.error_body import error_in
from tui_failover.wire.sse import SseEvent, json_object

MADE_BY_MODEL = frozenset(
    {"content", "refusal", "reasoning_content", "reasoning", "tool_calls", "function_call", "audio"}
)


def read_event(event: SseEvent) -> Delta:
    """Return what `event` adds to the answer; raises `ProtocolError` where it is not a JSON object."""
    if event.data.startswith("[DONE]"):
        return Delta(done=True)
    return delta_of(json_object(event))


def delta_of(document: dict[str, object]) -> Delta:
    """Return what one chunk adds to the answer."""
    return _read(document, "delta")


def read_document(document: object) -> Delta:
    """Return the answer that came whole, as one delta; `finish` is "" where the document is no answer."""
    return _read(as_mapping(document), "message")


def first_choice(document: dict[str, object]) -> dict[str, object]:
    """Return the choice of an answer, or of a chunk of one, that its text and its end are taken from."""
    choices = document.get("choices")
    return as_mapping(choices[0]) if choices and isinstance(choices, list) else {}


def error_of(document: dict[str, object], first: dict[str, object]) -> ErrorShape | None:
    """Return the error in a document; routers put one beside a choice that finishes with "error"."""
    if not first:
        return error_in(document)
    beside = error_in({"error": document["error"]}) if document.get("error") is not None else None
    return beside or (ErrorShape(type="error") if first.get("finish_reason") == "error" else None)


def counts_of(usage: dict[str, object]) -> tuple[int | None, int | None]:
    """Return the tokens received and produced, as far as they are stated."""
    return as_tokens(usage.get("prompt_tokens")), as_tokens(usage.get("completion_tokens"))


def _read(document: dict[str, object], part: str) -> Delta:
    first = first_choice(document)
    finish = first.get("finish_reason")
    if not first or finish == "error" or "error" in document:
        error = error_of(document, first)
        if error is not None:
            return Delta(error=error)
    message, model, usage = first.get(part), document.get("model"), document.get("usage")
    text, made = said_in(message) if message and isinstance(message, dict) else ("", False)
    model, finish = model if isinstance(model, str) else "", finish if isinstance(finish, str) else ""
    if not isinstance(usage, dict):
        return Delta(text, made, model, finish)
    return Delta(text, made, model, finish, *counts_of(usage))


def said_in(message: dict[str, object]) -> tuple[str, bool]:
    """Return the text of a message or a piece of one, and whether the model made anything of it."""
    text = message.get("content")
    if text and isinstance(text, str):
        return text, True
    text = as_text(message.get("refusal"))
    made = text or not MADE_BY_MODEL.isdisjoint([name for name, value in message.items() if value])
    return text, bool(made)
