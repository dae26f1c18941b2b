"""JSON as both dialects write it: compact, UTF-8, and never a number that JSON does not have."""

import json

import orjson

_WRITE = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_WRITE_ASCII = json.JSONEncoder(separators=(",", ":")).encode


def json_bytes(value: object) -> bytes:
    """Return `value` as UTF-8; half a surrogate pair, which UTF-8 cannot hold, makes the whole text ASCII."""
    try:
        return orjson.dumps(value)
    except TypeError:
        return _WRITE_ASCII(value).encode()


def json_value(text: str | bytes) -> object:
    """Return what a provider's text holds; raises `ValueError` where it is no JSON.

    A whole number beyond 64 bits comes as the nearest float, as JSON's other readers take it (RFC 8259, 6).
    """
    try:
        value: object = orjson.loads(text)
    except orjson.JSONDecodeError:
        try:  # it is stricter than providers are: half a surrogate pair, NaN
            value = json.loads(text)
        except RecursionError as error:
            message = "nested too deep"
            raise ValueError(message) from error
    return value


def json_line(value: object) -> str:
    """Return `value` as compact JSON text, for the places where a dialect carries JSON inside a string."""
    return _WRITE(value)


def read_arguments(text: str) -> dict[str, object] | None:
    """Return the object a tool call's arguments hold: the empty one for "", None where they are no object."""
    if not text.strip():
        return {}
    try:
        value = json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def sse_bytes(data: object, name: str = "") -> bytes:
    """Return one server-sent event with `data` as JSON, named where the dialect names its events."""
    head = b"event: " + name.encode() + b"\ndata: " if name else b"data: "
    return head + json_bytes(data) + b"\n\n"


def _no_number(word: str) -> object:
    msg = f"{word} is not JSON"
    raise ValueError(msg)
