"""JSON schemas, made to fit what each vendor accepts of them."""

from collections.abc import Mapping

from tui_failover.wire.delta import as_mapping
from tui_failover.wire.json_text import json_line

_COMBINERS = ("oneOf", "anyOf", "allOf", "not", "enum", "const", "$ref")
# Anthropic's structured output refuses these keywords (its page on structured outputs, "JSON Schema limitations").
_REFUSED = frozenset(
    {
        "minimum",
        "maximum",
        "exclusiveMinimum",
        "exclusiveMaximum",
        "multipleOf",
        "minLength",
        "maxLength",
        "pattern",
        "maxItems",
        "uniqueItems",
        "contains",
        "minProperties",
        "maxProperties",
        "patternProperties",
        "propertyNames",
    }
)
_OF_NAMED_SCHEMAS = frozenset({"properties", "$defs", "definitions"})
_LITERAL = frozenset({"enum", "const", "default", "examples", "required"})
_Schema = dict[str, object]
PLAIN_INPUT: _Schema = {"type": "object", "properties": {"input": {"type": "string"}}, "required": ["input"]}
"""What stands in for plain text where a tool takes nothing but JSON."""
ONE_OBJECT = "Answer with one JSON object and nothing else: no words around it, no code fence."
"""What stands in for a setting that holds answers to be JSON objects."""


def tool_schema(schema: Mapping[str, object] | None) -> tuple[_Schema, str]:
    """Return an input schema that is plainly an object, and what had to be left out, as JSON ("" where nothing).

    Anthropic refuses the whole request for one tool with a combiner at the top of its schema.
    """
    kept = {name: value for name, value in (schema or {}).items() if name not in _COMBINERS}
    lost = {name: value for name, value in (schema or {}).items() if name in _COMBINERS}
    if kept.get("type", "object") != "object":
        lost["type"] = kept["type"]
    properties = kept.get("properties")
    kept["type"] = "object"
    kept["properties"] = properties if isinstance(properties, dict) else {}
    return kept, json_line(lost) if lost else ""


def answer_schema(schema: Mapping[str, object]) -> tuple[_Schema, bool]:
    """Return a schema Anthropic's structured output accepts, and whether that holds answers to less than asked."""
    lost: set[str] = set()
    closed = _closed(schema, lost)
    return closed, bool(lost)


def _closed(schema: Mapping[str, object], lost: set[str]) -> _Schema:
    lost |= schema.keys() & _REFUSED
    made = {name: _under(name, value, lost) for name, value in schema.items() if name not in _REFUSED}
    items = made.get("minItems")
    if isinstance(items, int) and items > 1:
        lost.add("minItems")
        del made["minItems"]
    if made.get("type") == "object" or "properties" in made:
        if made.get("additionalProperties", False) is not False:
            lost.add("additionalProperties")
        made["additionalProperties"] = False
    return made


def _under(name: str, value: object, lost: set[str]) -> object:
    if name in _LITERAL:
        return value
    if isinstance(value, list):
        return [_closed(one, lost) if isinstance(one, dict) else one for one in value]
    if not isinstance(value, dict):
        return value
    if name in _OF_NAMED_SCHEMAS:
        return {key: _closed(one, lost) if isinstance(one, dict) else one for key, one in value.items()}
    return _closed(value, lost)


def is_strict(schema: object) -> bool:
    """Return whether OpenAI's strict mode accepts `schema`: objects closed, all their properties required."""
    if isinstance(schema, list):
        return all(is_strict(one) for one in schema)
    if not isinstance(schema, dict):
        return True
    properties = as_mapping(schema.get("properties"))
    if schema.get("type") == "object" or properties:
        required = schema.get("required")
        listed = (
            set(required) if isinstance(required, list) and all(isinstance(r, str) for r in required) else set()
        )
        if schema.get("additionalProperties") is not False or listed != set(properties):
            return False
    inner = {name: value for name, value in schema.items() if name not in _LITERAL | _OF_NAMED_SCHEMAS}
    named = [one for name in _OF_NAMED_SCHEMAS for one in as_mapping(schema.get(name)).values()]
    return is_strict([*inner.values(), *named])
