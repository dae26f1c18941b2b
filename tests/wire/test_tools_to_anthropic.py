"""Tools and structured output, on their way from a Chat Completions caller to a Messages provider."""

from typing import Any

import pytest

from tests.support.chat_requests import ASK, SONNET_5, TOOL, assistant, body_of, call, result, translated, user
from tui_failover.wire.anthropic_request_writing import write_anthropic_request
from tui_failover.wire.capabilities import capabilities_of
from tui_failover.wire.conversation import Request
from tui_failover.wire.dialect import Dialect
from tui_failover.wire.openai_request_reading import read_openai_request
from tui_failover.wire.translation import Target, Translated

# -- tools


def tools_of(*functions: dict[str, object], **more: object) -> Translated:
    return translated({"tools": [{"type": "function", "function": function} for function in functions], **more})


def test_tool_without_parameters_takes_an_empty_object() -> None:
    assert tools_of({"name": "f"}).body["tools"] == [
        {"name": "f", "input_schema": {"type": "object", "properties": {}}}
    ]


@pytest.mark.parametrize("combiner", ["oneOf", "anyOf", "allOf"])
def test_combiner_at_the_top_of_a_schema_moves_into_the_description(combiner: str) -> None:
    """MoonshotAI/kimi-code#2328, anomalyco/opencode#35516: one such tool killed every request."""
    branches = [{"required": ["a"]}, {"required": ["b"]}]

    made = tools_of({"name": "f", "description": "Does f.", "parameters": {"type": "object", combiner: branches}})

    tools: Any = made.body["tools"]
    assert tools[0]["input_schema"] == {"type": "object", "properties": {}}
    assert combiner in tools[0]["description"]
    assert made.warnings == ("tool_schema_simplified",)


def test_strict_is_carried() -> None:
    tools: Any = tools_of({"name": "f", "strict": True, "parameters": {"type": "object", "properties": {}}}).body[
        "tools"
    ]

    assert tools[0]["strict"] is True


def test_name_that_does_not_fit_is_changed_everywhere_and_known_on_the_way_back() -> None:
    made = tools_of(
        {"name": "my.tool"},
        tool_choice={"type": "function", "function": {"name": "my.tool"}},
        messages=[user(), assistant(call("call_a", name="my.tool")), result("call_a")],
    )

    tools: Any = made.body["tools"]
    alias = tools[0]["name"]
    messages: Any = made.body["messages"]
    assert made.body["tool_choice"] == {"type": "tool", "name": alias}
    assert messages[1]["content"][0]["name"] == alias
    assert made.wording.name_of(alias) == "my.tool"


def test_custom_tool_takes_its_text_in_an_object() -> None:
    custom = {"type": "custom", "custom": {"name": "sh", "description": "Runs."}}
    earlier = {"id": "call_a", "type": "custom", "custom": {"name": "sh", "input": "ls"}}

    made = translated({"tools": [custom], "messages": [user(), assistant(earlier), result("call_a")]})

    messages: Any = made.body["messages"]
    assert messages[1]["content"][0]["input"] == {"input": "ls"}
    assert made.wording.custom_tools == {"sh"}


def test_allowed_tools_filter_the_list() -> None:
    allowed = {"mode": "required", "tools": [{"type": "function", "function": {"name": "g"}}]}

    made = tools_of({"name": "f"}, {"name": "g"}, tool_choice={"type": "allowed_tools", "allowed_tools": allowed})

    tools: Any = made.body["tools"]
    assert [tool["name"] for tool in tools] == ["g"]
    assert made.body["tool_choice"] == {"type": "any"}


# -- structured output

SCHEMA = {"type": "object", "properties": {"n": {"type": "integer", "minimum": 1}}, "required": ["n"]}
FORMAT = {"type": "json_schema", "json_schema": {"name": "number", "schema": SCHEMA}}
CLOSED = {
    "type": "object",
    "properties": {"n": {"type": "integer"}},
    "required": ["n"],
    "additionalProperties": False,
}
NO_FORMAT = capabilities_of(Dialect.ANTHROPIC, "claude-sonnet-5", override={"structured_output": False})


def test_schema_of_the_answer_is_closed_and_freed_of_what_is_refused() -> None:
    made = translated({"response_format": FORMAT})

    assert made.body["output_config"] == {"format": {"type": "json_schema", "schema": CLOSED}}
    assert made.warnings == ("answer_schema_simplified",)


def test_schema_of_the_answer_survives_a_choice_of_no_tools() -> None:
    """BerriAI/litellm#16061: structured output was lost with tool_choice none."""
    body = body_of({"response_format": FORMAT, "tools": [TOOL], "tool_choice": "none"})

    assert "format" in body["output_config"]
    assert body["tool_choice"] == {"type": "none"}


def test_model_without_structured_output_answers_through_a_tool_of_ours() -> None:
    made = translated({"response_format": FORMAT}, NO_FORMAT)

    assert made.body["tool_choice"] == {"type": "tool", "name": made.wording.envelope}
    assert "json_schema_emulated" in made.warnings


def test_model_without_structured_output_is_instructed_where_tools_are_in_use() -> None:
    made = translated({"response_format": FORMAT, "tools": [TOOL], "tool_choice": "none"}, NO_FORMAT)

    system: Any = made.body["system"]
    assert '"n"' in system[-1]["text"]
    assert made.wording.expects_json
    assert made.wording.envelope == ""


def test_user_that_could_be_a_person_is_replaced_by_a_digest() -> None:
    for telling in ("ann@example.org", "+49 170 1234567"):
        user_id = body_of({"user": telling})["metadata"]["user_id"]
        assert telling not in user_id
        assert user_id == body_of({"user": telling})["metadata"]["user_id"]


def test_provider_is_asked_to_stream_where_we_want_it_to() -> None:
    request = read_openai_request({"model": "m", "messages": ASK})
    assert isinstance(request, Request)

    made = write_anthropic_request(request, Target("claude-x", SONNET_5, stream=True))

    assert isinstance(made, Translated)
    assert made.body["stream"] is True
