"""Fields of a caller's body, checked for their type as they are read; null counts as absent."""

import sys
from collections.abc import Mapping
from typing import NoReturn

from tui_failover.core.text import scrub
from tui_failover.wire.conversation import Leftover, Verdict
from tui_failover.wire.verdict import invalid

_MOST = sys.float_info.max  # a whole number may lie beyond it, and is nothing anybody can reckon with
_LONGEST_NAME = 60  # characters shown of a name the caller made up
Document = Mapping[str, object]
# Per field: what its loss means, and the values that say nothing anyway.
Losses = Mapping[str, tuple[Verdict, tuple[object, ...]]]


def text_field(body: Document, name: str, path: str = "") -> str | None:
    """Return a string field."""
    value = body.get(name)
    if value is not None and not isinstance(value, str):
        _wrong(name, path, "a string")
    return value


def needed_text(body: Document, name: str, path: str = "") -> str:
    """Return a string field that must be there and say something."""
    value = text_field(body, name, path)
    if not value:
        invalid(at(path, name), f"{at(path, name)} is missing.")
    return value


def count_field(body: Document, name: str, path: str = "") -> int | None:
    """Return a field that counts something."""
    value = body.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        _wrong(name, path, "a whole number of at least 0")
    return value


def number_field(body: Document, name: str, path: str = "") -> float | None:
    """Return a numeric field; a whole number stays one."""
    value = body.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not -_MOST <= value <= _MOST:
        _wrong(name, path, "a number")
    return value


def flag_field(body: Document, name: str, path: str = "") -> bool | None:
    """Return a field that is true or false."""
    value = body.get(name)
    if value is not None and not isinstance(value, bool):
        _wrong(name, path, "true or false")
    return value


def object_field(body: Document, name: str, path: str = "") -> dict[str, object]:
    """Return an object field, empty where it is absent."""
    value = body.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        _wrong(name, path, "an object")
    return value


def listed_objects(body: Document, name: str, path: str = "") -> list[tuple[str, dict[str, object]]]:
    """Return the objects of a list field, each with its path."""
    value = body.get(name)
    if value is None:
        return []
    if not isinstance(value, list):
        _wrong(name, path, "a list")
    paths = [f"{at(path, name)}[{place}]" for place in range(len(value))]
    for inner, one in zip(paths, value, strict=True):
        if not isinstance(one, dict):
            invalid(inner, f"{inner} is not an object.")
    return list(zip(paths, value, strict=True))


def listed_texts(body: Document, name: str, path: str = "") -> tuple[str, ...]:
    """Return the strings of a list field; a single string is a list of one."""
    value = body.get(name)
    if value is None:
        return ()
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        _wrong(name, path, "a string or a list of strings")
    return tuple(texts)


def leftovers(body: Document, known: frozenset[str], losses: Losses, path: str = "") -> list[Leftover]:
    """Return the fields of `body` that are neither `known` nor absent nor say nothing, each with its verdict."""
    found: list[Leftover] = []
    for name, value in body.items():
        if name in known or value is None:
            continue
        if name not in losses:
            found.append(Leftover(at(path, scrub(name, _LONGEST_NAME)), Verdict.DROP, "unknown_field_dropped"))
            continue
        verdict, neutral = losses[name]
        if value not in neutral:
            found.append(Leftover(at(path, name), verdict, f"{name}_dropped"))
    return found


def at(path: str, name: str) -> str:
    """Return the path of the field `name` inside `path`."""
    return f"{path}.{name}" if path else name


def _wrong(name: str, path: str, wanted: str) -> NoReturn:
    invalid(at(path, name), f"{at(path, name)} is not {wanted}.")
