"""Chat Completions requests as callers send them, translated for a Messages provider."""

from collections.abc import Mapping
from typing import Any

from tests.support.dialects import assert_vendor_accepts
from tui_failover.wire.anthropic_request_writing import write_anthropic_request
from tui_failover.wire.capabilities import Capabilities, capabilities_of
from tui_failover.wire.dialect import Dialect
from tui_failover.wire.openai_request_reading import read_openai_request
from tui_failover.wire.translation import Target, Translated
from tui_failover.wire.verdict import Problem

OLD_VERSION = "2023-06-01"
SONNET_4_5 = capabilities_of(Dialect.ANTHROPIC, "claude-sonnet-4-5", version=OLD_VERSION)
SONNET_4_6 = capabilities_of(Dialect.ANTHROPIC, "claude-sonnet-4-6", version=OLD_VERSION)
SONNET_5 = capabilities_of(Dialect.ANTHROPIC, "claude-sonnet-5")
SONNET_5_5 = capabilities_of(Dialect.ANTHROPIC, "claude-sonnet-5-5")
OPUS_5_5 = capabilities_of(Dialect.ANTHROPIC, "claude-opus-5-5")
ASK = [{"role": "user", "content": "Hi"}]
TOOL = {
    "type": "function",
    "function": {"name": "f", "description": "Does f.", "parameters": {"type": "object", "properties": {}}},
}
PNG = "data:image/png;base64,aGk="


def outcome(
    given: Mapping[str, object], can: Capabilities = SONNET_5, *, strict: bool = False
) -> Translated | Problem:
    request = read_openai_request({"model": "gpt-x", "messages": ASK, **given})
    if isinstance(request, Problem):
        return request
    return write_anthropic_request(request, Target("claude-x", can, strict=strict))


def translated(given: Mapping[str, object], can: Capabilities = SONNET_5) -> Translated:
    result = outcome(given, can)
    assert isinstance(result, Translated), result
    assert_vendor_accepts(Dialect.ANTHROPIC, result.body)
    return result


def body_of(given: Mapping[str, object], can: Capabilities = SONNET_5) -> dict[str, Any]:
    return translated(given, can).body


def messages_of(*messages: object, can: Capabilities = SONNET_5) -> list[Any]:
    given: list[Any] = body_of({"messages": list(messages)}, can)["messages"]
    return given


def user(content: object = "Hi") -> dict[str, object]:
    return {"role": "user", "content": content}


def assistant(*calls: Mapping[str, object], content: object = None) -> dict[str, object]:
    return {"role": "assistant", "content": content, **({"tool_calls": list(calls)} if calls else {})}


def call(identity: str, arguments: str = "{}", name: str = "f") -> dict[str, object]:
    return {"id": identity, "type": "function", "function": {"name": name, "arguments": arguments}}


def result(identity: str, content: object = "done") -> dict[str, object]:
    return {"role": "tool", "tool_call_id": identity, "content": content}


def texts(*words: str) -> list[dict[str, str]]:
    return [{"type": "text", "text": word} for word in words]
