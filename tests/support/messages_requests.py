"""Messages requests as callers send them, translated for a Chat Completions provider."""

from collections.abc import Mapping
from typing import Any

from tests.support.dialects import assert_vendor_accepts
from tui_failover.wire.anthropic_request_reading import read_anthropic_request
from tui_failover.wire.capabilities import Capabilities, capabilities_of
from tui_failover.wire.dialect import Dialect
from tui_failover.wire.openai_request_writing import write_openai_request
from tui_failover.wire.translation import Target, Translated
from tui_failover.wire.verdict import Problem

GPT_4O = capabilities_of(Dialect.OPENAI, "gpt-4o")
GPT_5 = capabilities_of(Dialect.OPENAI, "gpt-5")
GPT_6 = capabilities_of(Dialect.OPENAI, "gpt-6-sol")
O3 = capabilities_of(Dialect.OPENAI, "o3")
LOCAL = capabilities_of(Dialect.OPENAI, "some-local-model")
ASK = [{"role": "user", "content": "Hi"}]
TOOL = {"name": "f", "description": "Does f.", "input_schema": {"type": "object", "properties": {}}}
FUNCTION = {"name": "f", "parameters": {"type": "object", "properties": {}}, "description": "Does f."}
PNG = {"type": "base64", "media_type": "image/png", "data": "aGk="}
PDF = {"type": "base64", "media_type": "application/pdf", "data": "aGk="}
SCHEMA = {
    "type": "object",
    "properties": {"n": {"type": "integer"}},
    "required": ["n"],
    "additionalProperties": False,
}


def outcome(
    given: Mapping[str, object], can: Capabilities = GPT_4O, *, strict: bool = False
) -> Translated | Problem:
    request = read_anthropic_request({"model": "claude-x", "max_tokens": 100, "messages": ASK, **given})
    if isinstance(request, Problem):
        return request
    return write_openai_request(request, Target("gpt-x", can, strict=strict))


def translated(given: Mapping[str, object], can: Capabilities = GPT_4O) -> Translated:
    result = outcome(given, can)
    assert isinstance(result, Translated), result
    assert_vendor_accepts(Dialect.OPENAI, result.body)
    return result


def messages_of(*messages: object, can: Capabilities = GPT_4O) -> list[Any]:
    given: Any = translated({"messages": list(messages)}, can).body["messages"]
    return list(given)


def user(*content: object) -> dict[str, object]:
    return {"role": "user", "content": list(content) or "Hi"}


def assistant(*content: object) -> dict[str, object]:
    return {"role": "assistant", "content": list(content)}


def text(words: str) -> dict[str, object]:
    return {"type": "text", "text": words}


def use(identity: str, name: str = "f", **given: object) -> dict[str, object]:
    return {"type": "tool_use", "id": identity, "name": name, "input": given}


def result(identity: str, content: object = "done", **more: object) -> dict[str, object]:
    return {"type": "tool_result", "tool_use_id": identity, "content": content, **more}


def effort(level: str | None = None, **thinking: object) -> dict[str, object]:
    return ({"output_config": {"effort": level}} if level else {}) | ({"thinking": thinking} if thinking else {})
