"""Schemas made to fit each vendor."""

import pytest

from tui_failover.wire.schema import answer_schema, is_strict, tool_schema

CLOSED = {
    "type": "object",
    "properties": {"a": {"type": "string"}},
    "required": ["a"],
    "additionalProperties": False,
}


@pytest.mark.parametrize(
    ("schema", "kept", "lost"),
    [
        (None, {"type": "object", "properties": {}}, False),
        ({"type": "object", "properties": {"a": {}}}, {"type": "object", "properties": {"a": {}}}, False),
        ({"anyOf": [{"type": "object"}]}, {"type": "object", "properties": {}}, True),
        ({"type": "string"}, {"type": "object", "properties": {}}, True),
        ({"properties": 1}, {"type": "object", "properties": {}}, False),
        (
            {"$defs": {"x": {"anyOf": []}}},
            {"$defs": {"x": {"anyOf": []}}, "type": "object", "properties": {}},
            False,
        ),
    ],
    ids=["none", "object", "combiner", "other type", "nonsense", "combiner deeper down"],
)
def test_schema_of_a_tool_is_plainly_an_object(schema: dict[str, object] | None, kept: object, lost: bool) -> None:
    made, rest = tool_schema(schema)

    assert made == kept
    assert bool(rest) is lost


@pytest.mark.parametrize(
    ("schema", "made", "lossy"),
    [
        (CLOSED, CLOSED, False),
        (
            {"type": "object", "properties": {}},
            {"type": "object", "properties": {}, "additionalProperties": False},
            False,
        ),
        (
            {"type": "object", "additionalProperties": True},
            {"type": "object", "additionalProperties": False},
            True,
        ),
        (
            {"type": "array", "items": {"type": "integer", "minimum": 1}},
            {"type": "array", "items": {"type": "integer"}},
            True,
        ),
        ({"type": "array", "minItems": 1}, {"type": "array", "minItems": 1}, False),
        ({"type": "array", "minItems": 2}, {"type": "array"}, True),
        ({"anyOf": [{"maxLength": 3}, True]}, {"anyOf": [{}, True]}, True),
        ({"enum": [{"minimum": 1}]}, {"enum": [{"minimum": 1}]}, False),
        ({"$defs": {"minimum": {"type": "string"}}}, {"$defs": {"minimum": {"type": "string"}}}, False),
        ({"description": "x", "items": False}, {"description": "x", "items": False}, False),
    ],
    ids=[
        "closed",
        "open",
        "free properties",
        "nested keyword",
        "one item",
        "two items",
        "any of",
        "literal",
        "a property of that name",
        "plain values",
    ],
)
def test_schema_of_an_answer_becomes(schema: dict[str, object], made: object, lossy: bool) -> None:
    assert answer_schema(schema) == (made, lossy)


@pytest.mark.parametrize(
    ("schema", "strict"),
    [
        (CLOSED, True),
        ({"type": "string"}, True),
        ({**CLOSED, "required": []}, False),
        ({**CLOSED, "required": [1]}, False),
        ({**CLOSED, "additionalProperties": True}, False),
        ({**CLOSED, "properties": {"a": {"type": "object"}}}, False),
        ({"type": "array", "items": {"type": "object"}}, False),
        ({"$defs": {"x": {"type": "object"}}}, False),
        ({"anyOf": [CLOSED, {"type": "object"}]}, False),
        ({"enum": [{"type": "object"}]}, True),
    ],
    ids=[
        "closed",
        "no object",
        "optional",
        "nonsense",
        "open",
        "open inside",
        "open items",
        "open definition",
        "open branch",
        "literal",
    ],
)
def test_strict_mode_accepts(schema: dict[str, object], strict: bool) -> None:
    assert is_strict(schema) is strict
