"""Tool calls and their results, on their way from a Chat Completions caller to a Messages provider."""

import json
from typing import Any

import pytest

from tests.support.chat_requests import (
    PNG,
    SONNET_4_5,
    assistant,
    call,
    messages_of,
    result,
    texts,
    translated,
    user,
)

# -- tool calls and their results


def test_results_stand_first_in_one_user_turn_in_the_order_of_the_calls() -> None:
    """agentjido/req_llm#250, open-octo/octo-agent#250: results split over turns, or after words."""
    messages = messages_of(
        user(),
        assistant(call("call_a"), call("call_b")),
        result("call_b", "B"),
        user("And?"),
        result("call_a", "A"),
    )

    assert messages[2] == {
        "role": "user",
        "content": [
            {"type": "tool_result", "tool_use_id": "call_a", "content": texts("A")},
            {"type": "tool_result", "tool_use_id": "call_b", "content": texts("B")},
            *texts("And?"),
        ],
    }


def test_words_before_calls_are_kept_and_empty_ones_are_not() -> None:
    """mozilla-ai/any-llm#1325: assistant text was dropped when tools follow."""
    spoken = messages_of(user(), assistant(call("call_a"), content="I look."), result("call_a"))
    silent = messages_of(user(), assistant(call("call_a"), content=""), result("call_a"))

    assert [block["type"] for block in spoken[1]["content"]] == ["text", "tool_use"]
    assert [block["type"] for block in silent[1]["content"]] == ["tool_use"]


def test_empty_result_is_kept() -> None:
    """lidge-jun/opencodex#620: the filter for empty content removed results as well."""
    messages = messages_of(user(), assistant(call("call_a")), result("call_a", ""))

    assert messages[2]["content"] == [{"type": "tool_result", "tool_use_id": "call_a"}]


def test_result_that_names_no_call_answers_the_oldest_open_one() -> None:
    """vllm-project/vllm#34745: tool_call_id arrived empty."""
    messages = messages_of(user(), assistant(call("call_a"), call("call_b")), result("call_a"), result("", "B"))

    assert messages[2]["content"][1] == {"type": "tool_result", "tool_use_id": "call_b", "content": texts("B")}


def test_foreign_ids_are_rewritten_the_same_in_call_and_result() -> None:
    """maximhq/bifrost#5097, langchain-ai/langchain#37756: ids of another vendor fail the pattern."""
    messages = messages_of(user(), assistant(call("call:a/1|x")), result("call:a/1|x"))

    made = messages[1]["content"][0]["id"]
    assert made.replace("_", "").replace("-", "").isalnum()
    assert messages[2]["content"][0]["tool_use_id"] == made


def test_rewritten_ids_never_collide() -> None:
    """HKUDS/nanobot#4356: two ids became one."""
    messages = messages_of(
        user(),
        assistant(call("a b"), call("a_b"), call("a:b")),
        result("a:b", "3"),
        result("a b", "1"),
        result("a_b", "2"),
    )

    ids = [block["id"] for block in messages[1]["content"]]
    assert len(set(ids)) == 3
    assert [(block["tool_use_id"], block["content"][0]["text"]) for block in messages[2]["content"]] == list(
        zip(ids, "123", strict=True)
    )


def test_id_used_in_two_turns_is_made_unique() -> None:
    """trycua/cua#524: duplicate tool_use ids are refused."""
    turns = [
        assistant(call("call_0")),
        result("call_0", "first"),
        assistant(call("call_0")),
        result("call_0", "second"),
    ]

    messages = messages_of(user(), *turns)

    assert messages[1]["content"][0]["id"] != messages[3]["content"][0]["id"]
    assert messages[3]["content"][0]["id"] == messages[4]["content"][0]["tool_use_id"]


def test_missing_result_is_an_error_result() -> None:
    made = translated({"messages": [user(), assistant(call("call_a")), user("Never mind.")]})

    messages: Any = made.body["messages"]
    assert messages[2]["content"][0]["is_error"] is True
    assert made.warnings == ("tool_result_missing",)


def test_result_without_its_call_is_told_in_words() -> None:
    made = translated({"messages": [user(), result("call_gone", "42")]})

    assert "42" in json.dumps(made.body)
    assert 'tool_result"' not in json.dumps(made.body)
    assert made.warnings == ("tool_result_orphaned",)


@pytest.mark.parametrize(
    ("arguments", "expected", "warnings"),
    [
        ('{"a": 1}', {"a": 1}, ()),
        ("", {}, ()),
        ("{oops", {"_raw": "{oops"}, ("tool_arguments_wrapped",)),
        ("[1]", {"_raw": "[1]"}, ("tool_arguments_wrapped",)),
    ],
    ids=["object", "nothing", "no JSON", "no object"],
)
def test_arguments_become(arguments: str, expected: object, warnings: tuple[str, ...]) -> None:
    """BerriAI/litellm#5064: empty arguments crashed the translation."""
    made = translated({"messages": [user(), assistant(call("call_a", arguments)), result("call_a")]})

    messages: Any = made.body["messages"]
    assert messages[1]["content"][0]["input"] == expected
    assert made.warnings == warnings


def test_picture_in_a_result_stays_in_it() -> None:
    """router-for-me/CLIProxyAPI#1670: pictures in results were lost."""
    picture = {"type": "image_url", "image_url": {"url": PNG}}

    messages = messages_of(user(), assistant(call("call_a")), result("call_a", [*texts("See:"), picture]))

    assert [block["type"] for block in messages[2]["content"][0]["content"]] == ["text", "image"]


def test_thinking_is_left_out_inside_a_tool_loop_that_has_no_signed_thinking() -> None:
    """anomalyco/opencode#3077, pydantic/pydantic-ai#2040: thinking has to lead the turn that calls tools."""
    loop = {"messages": [user(), assistant(call("call_a")), result("call_a")], "reasoning_effort": "high"}

    made = translated(loop, SONNET_4_5)

    assert "thinking" not in made.body
    assert made.warnings == ("reasoning_dropped",)


def test_old_functions_are_tools_and_their_messages_calls_and_results() -> None:
    made = translated(
        {
            "functions": [{"name": "f", "parameters": {"type": "object", "properties": {}}}],
            "function_call": {"name": "f"},
            "messages": [
                user(),
                {"role": "assistant", "content": None, "function_call": {"name": "f", "arguments": "{}"}},
                {"role": "function", "name": "f", "content": "42"},
            ],
        }
    )

    messages: Any = made.body["messages"]
    assert messages[1]["content"][0]["id"] == messages[2]["content"][0]["tool_use_id"]
    assert made.body["tool_choice"] == {"type": "tool", "name": "f", "disable_parallel_tool_use": True}
    assert made.wording.functions
    assert made.warnings == ()


def test_results_without_ids_answer_the_calls_in_order() -> None:
    messages = messages_of(
        user(),
        assistant(call("call_a"), call("call_b"), call("call_c")),
        result("", "1"),
        result("call_b", "2"),
        result("", "3"),
    )

    assert [block["content"][0]["text"] for block in messages[2]["content"]] == ["1", "2", "3"]


def test_second_result_of_a_call_is_told_in_words() -> None:
    made = translated(
        {"messages": [user(), assistant(call("call_a")), result("call_a", "1"), result("call_a", "2")]}
    )

    messages: Any = made.body["messages"]
    assert [block["type"] for block in messages[2]["content"]] == ["tool_result", "text", "text"]
    assert made.warnings == ("tool_result_orphaned",)


def test_thousands_of_calls_with_one_id_stay_apart_in_little_time() -> None:
    count = 5_000
    messages = [
        user(),
        assistant(*(call("same") for _ in range(count))),
        *(result("same", str(n)) for n in range(count)),
    ]

    blocks = messages_of(*messages)[2]["content"]

    assert len({block["tool_use_id"] for block in blocks}) == count
    assert [block["content"][0]["text"] for block in blocks] == [str(n) for n in range(count)]


def test_calls_come_last_in_a_turn_put_together_from_two_messages() -> None:
    messages = messages_of(user(), assistant(call("call_a")), assistant(content="I look."), result("call_a"))

    assert [block["type"] for block in messages[1]["content"]] == ["text", "tool_use"]
    assert messages[2]["content"][0]["tool_use_id"] == "call_a"
