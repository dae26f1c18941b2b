"""A Chat Completions request on its way to a Messages provider, field by field."""

import json

import pytest

from tests.support.chat_requests import (
    OPUS_5_5,
    SONNET_4_5,
    SONNET_4_6,
    SONNET_5,
    SONNET_5_5,
    TOOL,
    outcome,
    translated,
    user,
)
from tui_failover.wire.capabilities import Capabilities, ThinkingKind, capabilities_of
from tui_failover.wire.dialect import Dialect
from tui_failover.wire.translation import Translated
from tui_failover.wire.verdict import INVALID, UNSUPPORTED, Problem

_URL = "messages[0].content[0].image_url.url"
GRAMMAR = {"type": "custom", "custom": {"name": "sh", "format": {"type": "grammar", "grammar": {}}}}
NO_THINKING = capabilities_of(Dialect.ANTHROPIC, "claude-sonnet-5", override={"thinking": ThinkingKind.NONE})


@pytest.mark.parametrize(
    ("given", "can", "expected"),
    [
        ({}, SONNET_5, {"max_tokens": 128_000}),
        ({"max_tokens": 100}, SONNET_5, {"max_tokens": 100}),
        ({"max_tokens": 100, "max_completion_tokens": 50}, SONNET_5, {"max_tokens": 50}),
        ({"temperature": 0.3}, SONNET_4_5, {"temperature": 0.3}),
        ({"top_p": 0.9}, SONNET_4_5, {"top_p": 0.9}),
        ({"stop": "END"}, SONNET_5, {"stop_sequences": ["END"]}),
        ({"stop": ["a", "b", "c", "d"]}, SONNET_5, {"stop_sequences": ["a", "b", "c", "d"]}),
        ({"user": "u-77"}, SONNET_5, {"metadata": {"user_id": "u-77"}}),
        ({"service_tier": "default"}, SONNET_5, {"service_tier": "standard_only"}),
        (
            {"reasoning_effort": "high"},
            SONNET_5,
            {"output_config": {"effort": "high"}, "thinking": {"type": "adaptive"}},
        ),
        (
            {"reasoning_effort": "minimal"},
            SONNET_5,
            {"output_config": {"effort": "low"}, "thinking": {"type": "adaptive"}},
        ),
        ({"reasoning_effort": "none"}, SONNET_5, {"thinking": {"type": "disabled"}}),
        ({"reasoning_effort": "none"}, SONNET_5_5, {"thinking": {"type": "between_tools"}}),
        ({"reasoning_effort": "none"}, SONNET_4_5, {}),
        ({"reasoning_effort": "high"}, OPUS_5_5, {"output_config": {"effort": "high"}}),
        ({"reasoning_effort": "medium"}, SONNET_4_5, {"thinking": {"type": "enabled", "budget_tokens": 8_192}}),
        (
            {"reasoning_effort": "high", "max_tokens": 2_000},
            SONNET_4_5,
            {"max_tokens": 2_000, "thinking": {"type": "enabled", "budget_tokens": 1_999}},
        ),
        ({"tools": [TOOL], "tool_choice": "auto"}, SONNET_5, {"tool_choice": {"type": "auto"}}),
        ({"tools": [TOOL], "tool_choice": "none"}, SONNET_5, {"tool_choice": {"type": "none"}}),
        ({"tools": [TOOL], "tool_choice": "required"}, SONNET_5, {"tool_choice": {"type": "any"}}),
        (
            {"tools": [TOOL], "tool_choice": {"type": "function", "function": {"name": "f"}}},
            SONNET_5,
            {"tool_choice": {"type": "tool", "name": "f"}},
        ),
        (
            {"tools": [TOOL], "parallel_tool_calls": False},
            SONNET_5,
            {"tool_choice": {"type": "auto", "disable_parallel_tool_use": True}},
        ),
        (
            {"tools": [TOOL], "tool_choice": "none", "parallel_tool_calls": False},
            SONNET_5,
            {"tool_choice": {"type": "none"}},
        ),
        ({"parallel_tool_calls": False}, SONNET_5, {}),
        ({"stream": True, "stream_options": {"include_usage": True}}, SONNET_5, {"stream": True}),
        ({"n": 1, "logprobs": False, "store": False, "seed": None, "frequency_penalty": 0}, SONNET_5, {}),
    ],
    ids=lambda value: json.dumps(value)[:60] if isinstance(value, dict) else "",
)
def test_field_becomes(given: dict[str, object], can: Capabilities, expected: dict[str, object]) -> None:
    made = translated(given, can)

    stated = {name: value for name, value in made.body.items() if name not in ("model", "messages", "tools")}
    assert stated == {"max_tokens": can.max_output, **expected}
    assert made.warnings == ()


@pytest.mark.parametrize(
    ("given", "can", "code"),
    [
        ({"temperature": 0.3}, SONNET_5, "sampling_dropped"),
        ({"temperature": 0.3, "top_p": 0.9}, SONNET_4_5, "sampling_dropped"),
        ({"temperature": 0.3, "reasoning_effort": "low"}, SONNET_4_6, "sampling_dropped"),
        ({"temperature": 1.8}, SONNET_4_5, "temperature_capped"),
        ({"max_tokens": 10**6}, SONNET_5, "max_tokens_capped"),
        ({"stop": ["\n", "END"]}, SONNET_5, "stop_dropped"),
        ({"seed": 7}, SONNET_5, "seed_dropped"),
        ({"logit_bias": {"5": 1}}, SONNET_5, "logit_bias_dropped"),
        ({"frequency_penalty": 0.5}, SONNET_5, "frequency_penalty_dropped"),
        ({"presence_penalty": 0.5}, SONNET_5, "presence_penalty_dropped"),
        ({"prediction": {"type": "content"}}, SONNET_5, "prediction_dropped"),
        ({"store": True}, SONNET_5, "store_dropped"),
        ({"verbosity": "low"}, SONNET_5, "verbosity_dropped"),
        ({"moderation": {"model": "m"}}, SONNET_5, "moderation_dropped"),
        ({"metadata": {"a": "b"}}, SONNET_5, "metadata_dropped"),
        ({"prompt_cache_key": "k"}, SONNET_5, "prompt_cache_key_dropped"),
        ({"service_tier": "flex"}, SONNET_5, "service_tier_dropped"),
        ({"reasoning_effort": "max"}, SONNET_4_6, ""),
        ({"reasoning_effort": "xhigh"}, SONNET_4_6, "effort_changed"),
        ({"reasoning_effort": "none"}, OPUS_5_5, "effort_changed"),
        ({"reasoning_effort": "low"}, NO_THINKING, "reasoning_dropped"),
        ({"tools": [GRAMMAR]}, SONNET_5, "tool_grammar_dropped"),
        ({"reasoning_effort": "high", "max_tokens": 500}, SONNET_4_5, "reasoning_dropped"),
        ({"reasoning_effort": "high", "tools": [TOOL], "tool_choice": "required"}, SONNET_5, "reasoning_dropped"),
        ({"tools": [TOOL], "tool_choice": "required"}, SONNET_5_5, "forced_tool_emulated"),
        ({"response_format": {"type": "json_object"}}, SONNET_5, "json_object_emulated"),
        ({"messages": [{"role": "user", "content": "x", "name": "ann"}]}, SONNET_5, "name_dropped"),
        ({"brand_new_field": 1}, SONNET_5, "unknown_field_dropped"),
    ],
    ids=lambda value: json.dumps(value)[:50] if isinstance(value, dict) else "",
)
def test_loss_is_told_and_refused_where_strictness_is_asked_for(
    given: dict[str, object], can: Capabilities, code: str
) -> None:
    warnings = translated(given, can).warnings

    assert warnings == ((code,) if code else ())
    strict = outcome(given, can, strict=True)
    assert isinstance(strict, Problem if code else Translated)


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"n": 2}, "n"),
        ({"logprobs": True}, "logprobs"),
        ({"top_logprobs": 3}, "top_logprobs"),
        ({"web_search_options": {}}, "web_search_options"),
        ({"audio": {"voice": "x"}}, "audio"),
        ({"modalities": ["text", "audio"]}, "modalities"),
        ({"messages": [user([{"type": "input_audio", "input_audio": {}}])]}, "messages[0].content[0]"),
        ({"messages": [user([{"type": "file", "file": {"file_id": "file-1"}}])]}, "messages[0]"),
        (
            {"messages": [user([{"type": "file", "file": {"file_data": "data:text/csv;base64,aGk="}}])]},
            "messages[0]",
        ),
        (
            {"messages": [user([{"type": "image_url", "image_url": {"url": "data:image/tiff;base64,aGk="}}])]},
            "messages[0]",
        ),
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
        ({"messages": "x"}, "messages"),
        ({"messages": [1]}, "messages[0]"),
        ({"messages": [{"role": "wizard"}]}, "messages[0].role"),
        ({"messages": [user([{"type": "smell"}])]}, "messages[0].content[0].type"),
        (
            {"messages": [user([{"type": "image_url", "image_url": {"url": "ftp://x"}}])]},
            "messages[0].content[0].image_url.url",
        ),
        ({"model": None}, "model"),
        ({"temperature": "hot"}, "temperature"),
        ({"temperature": float("nan")}, "temperature"),
        ({"max_tokens": -1}, "max_tokens"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"stream": "yes"}, "stream"),
        ({"user": 7}, "user"),
        ({"stream_options": 7}, "stream_options"),
        ({"messages": [user([{"type": "image_url", "image_url": {"url": "data:image/png;base64,*"}}])]}, _URL),
        (
            {"tool_choice": {"type": "allowed_tools", "allowed_tools": {"mode": "all"}}},
            "tool_choice.allowed_tools.mode",
        ),
        ({"stop": [1]}, "stop"),
        ({"reasoning_effort": "extreme"}, "reasoning_effort"),
        ({"tools": [{"type": "robot"}]}, "tools[0].type"),
        ({"tools": [{"type": "function", "function": {}}]}, "tools[0].function.name"),
        ({"tool_choice": "maybe"}, "tool_choice"),
        ({"response_format": {"type": "poem"}}, "response_format.type"),
    ],
    ids=lambda value: json.dumps(value)[:50] if isinstance(value, dict) else "",
)
def test_broken_request_is_the_callers_fault(given: dict[str, object], field: str) -> None:
    problem = outcome(given)

    assert isinstance(problem, Problem)
    assert (problem.field, problem.code) == (field, INVALID)


def test_stop_sequences_that_stop_nothing_are_left_out() -> None:
    """BerriAI/litellm#3286, MegaGrindStone/mcp-web-ui#5: white space alone, or nothing, is refused."""
    made = translated({"stop": ["", " \n", "END"]})

    assert made.body["stop_sequences"] == ["END"]
    assert made.warnings == ("stop_dropped",)


def test_name_the_caller_made_up_is_harmless_in_the_notes() -> None:
    made = translated({"\x1b[31mred" + "x" * 500: 1})

    (note,) = made.notes
    assert "\x1b" not in note.field
    assert len(note.field) <= 60


def test_encoded_body_is_the_body() -> None:
    made = translated({"messages": [user("Schön")]})

    assert json.loads(made.encoded) == made.body
