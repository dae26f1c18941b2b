"""OpenAI Responses: the answer, streamed or whole.

Events are told apart by the `type` in their data. What the vendor's own tools report of their work is content, for
something is being made.
"""

from tui_failover.core.copying import replace
from tui_failover.wire.delta import NOTHING, Delta, ErrorShape, as_mapping, as_text, as_tokens
from tui_failover.wire.error_body import error_in
from tui_failover.wire.sse import SseEvent, json_object

_Document = dict[str, object]
ENDS = frozenset({"response.completed", "response.incomplete"})
_FAILED = "response.failed"
_BEGINS = frozenset({"response.created", "response.in_progress", "response.queued"})
_TEXT = frozenset({"response.output_text.delta", "response.refusal.delta"})
_SAYS_ONLY_WITH_WORDS = frozenset({"message", "reasoning"})
_MADE_BY_MODEL = ("content", "summary", "encrypted_content")
# In the words of Chat Completions, which the rules on empty answers know.
_FINISH = {"completed": "stop", "max_output_tokens": "length"}


def read_event(event: SseEvent) -> Delta:
    """Return what `event` adds to the answer; raises `ProtocolError` where it is not a JSON object."""
    if event.data.startswith("[DONE]"):
        return NOTHING  # added by some relays; no mark of this API
    return delta_of(json_object(event), event.name)


def delta_of(document: _Document, name: str = "") -> Delta:
    """Return what one event's data add to the answer; `name` counts only where the data name no type."""
    kind = as_text(document.get("type")) or name
    if kind.endswith(".delta"):
        piece = as_text(document.get("delta"))
        return Delta(text=piece if kind in _TEXT else "", content=bool(piece))
    if kind in ENDS:
        return replace(read_document(document.get("response")), done=True)
    if kind in _BEGINS:
        return Delta(model=as_text(as_mapping(document.get("response")).get("model")))
    if kind == _FAILED:
        response = as_mapping(document.get("response"))
        return Delta(error=error_in({"error": response.get("error")}) or ErrorShape(type="error"))
    return _beside(document, kind)


def _beside(document: _Document, kind: str) -> Delta:
    """Return what an event adds that neither carries words nor begins or ends the answer."""
    if kind == "response.output_item.added":
        made = as_text(as_mapping(document.get("item")).get("type")) not in _SAYS_ONLY_WITH_WORDS
        return Delta(content=made)
    if kind == "response.output_item.done":
        return Delta(content=_says_something(as_mapping(document.get("item"))))
    if "_call." in kind:
        return Delta(content=True)
    error = error_in(document) if kind in {"", "error"} else error_in({"error": document.get("error")})
    return NOTHING if error is None else Delta(error=error)


def read_document(document: object) -> Delta:
    """Return the answer that came whole, as one delta; `finish` is "" where the document is no answer."""
    response = as_mapping(document)
    status = as_text(response.get("status"))
    error = error_in(response)
    if error is not None or status == "failed":
        return Delta(error=error or ErrorShape(type="error"))
    output = response.get("output")
    if not isinstance(output, list) and not status:
        return NOTHING
    items = [as_mapping(item) for item in output] if isinstance(output, list) else []
    reason = as_text(as_mapping(response.get("incomplete_details")).get("reason")) or status or "completed"
    usage = as_mapping(response.get("usage"))
    return Delta(
        # Work in the background has begun and is asked for later; nothing is missing from such an answer.
        content=any(_says_something(item) for item in items) or status in {"queued", "in_progress"},
        model=as_text(response.get("model")),
        finish=_FINISH.get(reason, reason),
        input_tokens=as_tokens(usage.get("input_tokens")),
        output_tokens=as_tokens(usage.get("output_tokens")),
    )


def _says_something(item: _Document) -> bool:
    if item.get("type") not in _SAYS_ONLY_WITH_WORDS:
        return bool(item)
    return any(item.get(field) for field in _MADE_BY_MODEL)
