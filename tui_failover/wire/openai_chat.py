"""OpenAI Chat Completions: the answer, streamed or whole.

Compatible servers send chunks without choices, with `delta` or `content` null, and reasoning under several names;
all of that is legal here.
"""

from tui_failover.wire.delta import Delta, ErrorShape, as_mapping, as_text, as_tokens
from tui_failover.wire.error_body import error_in
from tui_failover.wire.sse import SseEvent, json_object

_MADE_BY_MODEL = frozenset(
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


def _read(document: dict[str, object], part: str) -> Delta:
    choices = document.get("choices")
    first = as_mapping(choices[0]) if choices and isinstance(choices, list) else {}
    finish = first.get("finish_reason")
    if not first or finish == "error" or "error" in document:
        error = _error(document, first)
        if error is not None:
            return Delta(error=error)
    message, model, usage = first.get(part), document.get("model"), document.get("usage")
    text, made = _said(message) if message and isinstance(message, dict) else ("", False)
    model, finish = model if isinstance(model, str) else "", finish if isinstance(finish, str) else ""
    if not isinstance(usage, dict):
        return Delta(text, made, model, finish)
    received, produced = as_tokens(usage.get("prompt_tokens")), as_tokens(usage.get("completion_tokens"))
    return Delta(text, made, model, finish, received, produced)


def _said(message: dict[str, object]) -> tuple[str, bool]:
    """Return the text of a message or a piece of one, and whether the model made anything of it."""
    text = message.get("content")
    if text and isinstance(text, str):
        return text, True
    text = as_text(message.get("refusal"))
    made = text or not _MADE_BY_MODEL.isdisjoint([name for name, value in message.items() if value])
    return text, bool(made)


def _error(document: dict[str, object], choice: dict[str, object]) -> ErrorShape | None:
    """Return the error in a document; routers put one beside a choice that finishes with "error"."""
    if not choice:
        return error_in(document)
    beside = error_in({"error": document["error"]}) if document.get("error") is not None else None
    return beside or (ErrorShape(type="error") if choice.get("finish_reason") == "error" else None)
