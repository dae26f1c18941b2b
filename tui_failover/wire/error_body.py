"""The error bodies of both dialects and their imitators, read into one shape."""

import json

from tui_failover.wire.delta import ErrorShape, as_mapping, as_text

_NO_ERROR = ("choices", "content", "delta", "data")
_MOST_READ = 1 << 20  # characters of an error body that are looked at


def read_error_body(body: str) -> ErrorShape:
    """Return what an error answer's body says; any text is accepted, nothing is raised."""
    text = body[:_MOST_READ].strip()
    if text.startswith("<"):
        return ErrorShape(html=True)
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return ErrorShape(message=text)
    return error_in(document) or ErrorShape(message=as_text(document) or text)


def error_in(document: object) -> ErrorShape | None:
    """Return the error a JSON document holds, or None where it holds none.

    Known shapes: `{"error": {"type", "code", "message", "details"}}` (both dialects, with and without a type
    around it), `{"error": "..."}`, `{"object": "error", "message", "type", "code"}` and `{"detail": "..."}`, which
    OpenAI-compatible servers use.
    """
    outer = as_mapping(document)
    inner = outer.get("error")
    if isinstance(inner, dict):
        return _shape(inner)
    if isinstance(inner, str) and inner:
        return ErrorShape(type=as_text(outer.get("type")), message=inner)
    if outer.get("object") == "error" or outer.get("type") == "error":
        return _shape(outer)
    if "detail" in outer and "choices" not in outer:
        return ErrorShape(message=_sentence(outer["detail"]))
    if ("message" in outer or "msg" in outer) and outer.keys().isdisjoint(_NO_ERROR):
        return _shape(outer)
    return None


def _shape(error: dict[str, object]) -> ErrorShape:
    details = as_mapping(error.get("details"))
    inner = as_mapping(error.get("innererror"))
    return ErrorShape(
        type=as_text(error.get("type")),
        code=_code(error.get("code")),
        detail=_code(details.get("error_code")) or _code(inner.get("code")),
        message=_sentence(error.get("message") or error.get("msg")),
    )


def _code(value: object) -> str:
    return str(value) if isinstance(value, (str, int)) and not isinstance(value, bool) else ""


def _sentence(value: object) -> str:
    return value if isinstance(value, str) else "" if value is None else json.dumps(value, ensure_ascii=False)
