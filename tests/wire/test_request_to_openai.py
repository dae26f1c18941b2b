"""A Messages request on its way to a Chat Completions provider, field by field."""

import json
from typing import Any

import pytest

from tests.support.messages_requests import (
    FUNCTION,
    GPT_4O,
    GPT_5,
    GPT_6,
    LOCAL,
    O3,
    PDF,
    PNG,
    SCHEMA,
    TOOL,
    effort,
    outcome,
    translated,
    user,
)
from tui_failover.wire.capabilities import Capabilities, capabilities_of
from tui_failover.wire.dialect import Dialect
from tui_failover.wire.verdict import INVALID, UNSUPPORTED, Problem


@pytest.mark.parametrize(
    ("given", "can", "expected"),
    [
        ({}, GPT_4O, {"max_completion_tokens": 100}),
        ({}, LOCAL, {"max_tokens": 100}),
        (
            {"temperature": 0.3, "top_p": 0.9},
            GPT_4O,
            {"max_completion_tokens": 100, "temperature": 0.3, "top_p": 0.9},
        ),
        ({"stop_sequences": ["a", "b"]}, LOCAL, {"max_tokens": 100, "stop": ["a", "b"]}),
        ({"service_tier": "standard_only"}, LOCAL, {"max_tokens": 100, "service_tier": "default"}),
        (effort("high"), GPT_5, {"max_completion_tokens": 100, "reasoning_effort": "high"}),
        (
            effort(type="enabled", budget_tokens=4_096),
            GPT_5,
            {"max_completion_tokens": 100, "reasoning_effort": "low"},
        ),
        (
            effort(type="enabled", budget_tokens=16_000),
            GPT_5,
            {"max_completion_tokens": 100, "reasoning_effort": "medium"},
        ),
        (
            effort(type="enabled", budget_tokens=32_000),
            GPT_5,
            {"max_completion_tokens": 100, "reasoning_effort": "high"},
        ),
        (
            effort("low", type="enabled", budget_tokens=32_000),
            GPT_5,
            {"max_completion_tokens": 100, "reasoning_effort": "low"},
        ),
        (effort(type="disabled"), GPT_6, {"max_completion_tokens": 100, "reasoning_effort": "none"}),
        (effort(type="disabled"), GPT_4O, {"max_completion_tokens": 100}),
        (effort(type="adaptive"), GPT_6, {"max_completion_tokens": 100}),
        ({"tool_choice": {"type": "auto"}}, LOCAL, {"max_tokens": 100}),
        ({"stream": True}, LOCAL, {"max_tokens": 100, "stream": True, "stream_options": {"include_usage": True}}),
        (
            {"output_config": {"format": {"type": "json_schema", "schema": SCHEMA}}},
            LOCAL,
            {
                "max_tokens": 100,
                "response_format": {
                    "type": "json_schema",
                    "json_schema": {"name": "answer", "schema": SCHEMA, "strict": True},
                },
            },
        ),
        ({"cache_control": {"type": "ephemeral"}, "speed": "standard"}, LOCAL, {"max_tokens": 100}),
    ],
    ids=lambda value: json.dumps(value)[:60] if isinstance(value, dict) else "",
)
def test_field_becomes(given: dict[str, object], can: Capabilities, expected: dict[str, object]) -> None:
    made = translated(given, can)

    assert {name: value for name, value in made.body.items() if name not in ("model", "messages")} == expected
    assert made.warnings == ()


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ({"type": "any"}, {"tool_choice": "required"}),
        ({"type": "auto"}, {"tool_choice": "auto"}),
        ({"type": "none"}, {"tool_choice": "none"}),
        ({"type": "tool", "name": "f"}, {"tool_choice": {"type": "function", "function": {"name": "f"}}}),
        (
            {"type": "auto", "disable_parallel_tool_use": True},
            {"tool_choice": "auto", "parallel_tool_calls": False},
        ),
    ],
    ids=lambda value: json.dumps(value)[:50],
)
def test_tool_choice_becomes(choice: dict[str, object], expected: dict[str, object]) -> None:
    body = translated({"tools": [TOOL], "tool_choice": choice}).body

    assert body["tools"] == [{"type": "function", "function": FUNCTION}]
    assert {name: body[name] for name in ("tool_choice", "parallel_tool_calls") if name in body} == expected


@pytest.mark.parametrize(
    ("given", "can", "code"),
    [
        ({"temperature": 0.3}, GPT_5, "sampling_dropped"),
        ({"top_k": 5}, GPT_4O, "top_k_dropped"),
        ({"stop_sequences": ["a", "b", "c", "d", "e"]}, GPT_4O, "stop_dropped"),
        ({"stop_sequences": ["a"]}, O3, "stop_dropped"),
        ({"max_tokens": 10**6}, GPT_4O, "max_tokens_capped"),
        ({"speed": "fast"}, GPT_4O, "speed_dropped"),
        ({"service_tier": "gold"}, GPT_4O, "service_tier_dropped"),
        ({"container": "c"}, GPT_4O, "container_dropped"),
        ({"context_management": {"edits": []}}, GPT_4O, "context_management_dropped"),
        ({"diagnostics": {"previous_message_id": "m"}}, GPT_4O, "diagnostics_dropped"),
        ({"fallbacks": ["m"]}, GPT_4O, "fallbacks_dropped"),
        ({"user_profile_id": "u"}, GPT_4O, "user_profile_id_dropped"),
        (effort("high"), GPT_4O, "reasoning_dropped"),
        (effort("max"), GPT_5, "effort_changed"),
        (effort(type="disabled"), GPT_5, "effort_changed"),
        ({"tools": [{**TOOL, "defer_loading": True}]}, GPT_4O, "defer_loading_dropped"),
        ({"tools": [{**TOOL, "input_examples": [{}]}]}, GPT_4O, "input_examples_dropped"),
        (
            {"tools": [{**TOOL, "strict": True, "input_schema": {"type": "object", "properties": {"a": {}}}}]},
            GPT_4O,
            "strict_dropped",
        ),
        (
            {"tools": [TOOL], "tool_choice": {"type": "auto", "disable_parallel_tool_use": True}},
            O3,
            "parallel_flag_dropped",
        ),
        ({"brand_new_field": 1}, GPT_4O, "unknown_field_dropped"),
    ],
    ids=lambda value: json.dumps(value)[:50] if isinstance(value, dict) else "",
)
def test_loss_is_told_and_refused_where_strictness_is_asked_for(
    given: dict[str, object], can: Capabilities, code: str
) -> None:
    """anthropics/claude-code#21612, #31033: newer fields were refused as extra inputs."""
    assert translated(given, can).warnings == (code,)

    refused = outcome(given, can, strict=True)
    assert isinstance(refused, Problem)
    assert refused.code == UNSUPPORTED


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"inference_geo": "eu"}, "inference_geo"),
        ({"mcp_servers": [{"type": "url"}]}, "mcp_servers"),
        ({"tools": [{"type": "web_search_20260318", "name": "web_search"}]}, "tools[0]"),
        ({"tools": [TOOL, {"type": "computer_toolset_20260801"}]}, "tools[1]"),
        ({"messages": [user({"type": "image", "source": {"type": "file", "file_id": "f"}})]}, "messages[0]"),
        ({"messages": [user({"type": "document", "source": {"type": "url", "url": "https://x"}})]}, "messages[0]"),
        ({"messages": [user({"type": "container_upload", "file_id": "f"})]}, "messages[0]"),
    ],
    ids=lambda value: json.dumps(value)[:50] if isinstance(value, dict) else "",
)
def test_what_cannot_be_carried_is_refused(given: dict[str, object], field: str) -> None:
    refused = outcome(given)

    assert isinstance(refused, Problem)
    assert (refused.field, refused.code) == (field, UNSUPPORTED)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"messages": []}, "messages"),
        ({"max_tokens": None}, "max_tokens"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"messages": [{"role": "tool", "content": "x"}]}, "messages[0].role"),
        ({"messages": [{"role": "user"}]}, "messages[0].content"),
        ({"messages": [user({"text": "x"})]}, "messages[0].content[0].type"),
        (
            {"messages": [user({"type": "image", "source": {"type": "smell"}})]},
            "messages[0].content[0].source.type",
        ),
        ({"system": [{"type": "image"}]}, "system[0].type"),
        ({"tool_choice": {"type": "maybe"}}, "tool_choice.type"),
        ({"thinking": {"type": "hard"}}, "thinking.type"),
        ({"output_config": {"effort": "extreme"}}, "output_config.effort"),
        ({"output_config": {"format": {"type": "poem"}}}, "output_config.format.type"),
    ],
    ids=lambda value: json.dumps(value)[:50] if isinstance(value, dict) else "",
)
def test_broken_request_is_the_callers_fault(given: dict[str, object], field: str) -> None:
    problem = outcome(given)

    assert isinstance(problem, Problem)
    assert (problem.field, problem.code) == (field, INVALID)


def test_model_without_room_for_pictures_or_files_refuses_them() -> None:
    can = capabilities_of(Dialect.OPENAI, "x", override={"vision": False, "pdf": False})

    for kind, source in (("image", PNG), ("document", PDF)):
        assert isinstance(outcome({"messages": [user({"type": kind, "source": source})]}, can), Problem)


def test_only_as_many_stop_sequences_go_as_are_taken() -> None:
    """langchain-ai/langchain#20234: more than four are refused."""
    made = translated({"stop_sequences": ["a", "b", "c", "d", "e"]})

    assert made.body["stop"] == ["a", "b", "c", "d"]
    assert made.warnings == ("stop_dropped",)


def test_tool_schema_with_a_combiner_at_its_top_is_simplified() -> None:
    tool = {"name": "f", "input_schema": {"anyOf": [{"required": ["a"]}]}}

    made = translated({"tools": [tool]})

    tools: Any = made.body["tools"]
    assert tools[0]["function"]["parameters"] == {"type": "object", "properties": {}}
    assert made.warnings == ("tool_schema_simplified",)


def test_choice_a_server_cannot_force_is_put_into_words() -> None:
    can = capabilities_of(Dialect.OPENAI, "x", override={"forced_tool_choice": False})

    made = translated({"tools": [TOOL], "tool_choice": {"type": "tool", "name": "f"}}, can)

    messages: Any = made.body["messages"]
    assert made.body["tool_choice"] == "auto"
    assert "the tool f" in messages[0]["content"]
    assert made.warnings == ("forced_tool_emulated",)


def test_usage_is_not_asked_for_where_that_is_refused() -> None:
    can = capabilities_of(Dialect.OPENAI, "x", override={"usage_in_stream": False})

    assert "stream_options" not in translated({"stream": True}, can).body


def test_single_call_is_asked_for_without_a_choice() -> None:
    can = capabilities_of(Dialect.OPENAI, "o3")

    made = translated({"tools": [TOOL], "tool_choice": {"type": "any", "disable_parallel_tool_use": False}}, can)

    assert "parallel_tool_calls" not in made.body
    assert made.warnings == ()


def test_citations_asked_for_are_told_to_be_missing() -> None:
    document = {"type": "document", "source": {"type": "text", "data": "x"}, "citations": {"enabled": True}}

    assert translated({"messages": [{"role": "user", "content": [document]}]}).warnings == ("citations_dropped",)


def test_marks_that_mean_nothing_elsewhere_are_noted_quietly() -> None:
    mark = {"cache_control": {"type": "ephemeral"}}
    use = {"type": "tool_use", "id": "toolu_a", "name": "f", "input": {}, "caller": {"type": "direct"}}
    result = {"type": "tool_result", "tool_use_id": "toolu_a", "content": [{"type": "text", "text": "x", **mark}]}
    messages = [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": [use]},
        {"role": "user", "content": [result]},
    ]

    made = translated({"messages": messages})

    assert made.warnings == ()
    assert [note.code for note in made.notes] == ["caller_dropped", "cache_control_dropped"]


def test_any_tool_that_cannot_be_forced_is_put_into_words() -> None:
    can = capabilities_of(Dialect.OPENAI, "x", override={"forced_tool_choice": False, "parallel_flag": False})
    choice = {"type": "any", "disable_parallel_tool_use": False}

    made = translated({"tools": [TOOL], "tool_choice": choice}, can)

    messages: Any = made.body["messages"]
    assert "at least one of the tools" in messages[0]["content"]


def test_tools_without_a_choice_are_left_to_the_model() -> None:
    assert "tool_choice" not in translated({"tools": [TOOL]}).body


def test_strict_tool_stays_strict_where_its_schema_allows_it() -> None:
    tools: Any = translated({"tools": [{"name": "f", "strict": True, "input_schema": SCHEMA}]}).body["tools"]

    assert tools[0]["function"] == {"name": "f", "parameters": SCHEMA, "strict": True}
