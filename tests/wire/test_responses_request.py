"""A Responses request for providers without that API: what is carried, what is changed, and what is refused."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.dialects import assert_vendor_accepts
from tui_failover.wire.anthropic_request_writing import write_anthropic_request
from tui_failover.wire.capabilities import Capabilities, capabilities_of
from tui_failover.wire.conversation import Request
from tui_failover.wire.dialect import Dialect
from tui_failover.wire.openai_request_writing import write_openai_request
from tui_failover.wire.openai_responses_reading import read_responses_request
from tui_failover.wire.translation import Target, Translated
from tui_failover.wire.verdict import INVALID, UNSUPPORTED, Problem

CLAUDE = capabilities_of(Dialect.ANTHROPIC, "claude-sonnet-5")
GPT = capabilities_of(Dialect.OPENAI, "gpt-5.6")
WRITE = {Dialect.OPENAI: write_openai_request, Dialect.ANTHROPIC: write_anthropic_request}
CAN = {Dialect.OPENAI: GPT, Dialect.ANTHROPIC: CLAUDE}
PNG = "data:image/png;base64,aGk="
LOOK = {
    "type": "function",
    "name": "look",
    "description": "Looks.",
    "parameters": {"type": "object"},
    "strict": None,
}


def read(**body: Any) -> Request:
    request = read_responses_request({"model": "m", "input": "Hi", **body})
    assert isinstance(request, Request), request
    return request


def problem_with(**body: Any) -> Problem:
    problem = read_responses_request({"model": "m", "input": "Hi", **body})
    assert isinstance(problem, Problem)
    return problem


def translated(dialect: Dialect, can: Capabilities | None = None, **body: Any) -> Translated:
    made = WRITE[dialect](read(**body), Target("model", can or CAN[dialect]))
    assert isinstance(made, Translated), made
    assert_vendor_accepts(dialect, made.body)
    return made


def chat(**body: Any) -> dict[str, Any]:
    return translated(Dialect.OPENAI, **body).body


def messages(**body: Any) -> dict[str, Any]:
    return translated(Dialect.ANTHROPIC, **body).body


TURNS: list[Any] = [
    {"role": "developer", "content": "Be exact."},
    {"role": "user", "content": [{"type": "input_text", "text": "Weather?"}]},
    {
        "type": "reasoning",
        "id": "rs_1",
        "summary": [{"type": "summary_text", "text": "Hm."}],
        "encrypted_content": "x",
    },
    {
        "type": "message",
        "id": "msg_1",
        "role": "assistant",
        "status": "completed",
        "content": [{"type": "output_text", "text": "I look.", "annotations": []}],
    },
    {"type": "function_call", "id": "fc_1", "call_id": "call_a", "name": "look", "arguments": '{"at":"Bonn"}'},
    {"type": "function_call", "id": "fc_2", "call_id": "call_b", "name": "look", "arguments": '{"at":"Rome"}'},
    {"type": "function_call_output", "call_id": "call_b", "output": "sun"},
    {"type": "function_call_output", "call_id": "call_a", "output": [{"type": "input_text", "text": "rain"}]},
]


def test_a_conversation_with_parallel_calls_becomes_chat_messages() -> None:
    body = chat(input=TURNS, instructions="You are helpful.", tools=[LOOK])

    system, user, assistant, first, second = body["messages"]
    assert system == {"role": "developer", "content": "You are helpful.\n\nBe exact."}
    assert user == {"role": "user", "content": "Weather?"}
    assert assistant["content"] == "I look."
    assert [call["id"] for call in assistant["tool_calls"]] == ["call_a", "call_b"]
    assert [(one["tool_call_id"], one["content"]) for one in (first, second)] == [
        ("call_a", "rain"),
        ("call_b", "sun"),
    ]


def test_a_conversation_with_parallel_calls_becomes_messages_of_the_other_vendor() -> None:
    body = messages(input=TURNS, instructions="You are helpful.", tools=[LOOK])

    assert [block["text"] for block in body["system"]] == ["You are helpful.", "Be exact."]
    assert [message["role"] for message in body["messages"]] == ["user", "assistant", "user"]
    _, assistant, results = body["messages"]
    assert [block["type"] for block in assistant["content"]] == ["text", "tool_use", "tool_use"]
    assert [block["tool_use_id"] for block in results["content"]] == ["call_a", "call_b"]


@pytest.mark.parametrize("dialect", Dialect, ids=str)
def test_reasoning_of_another_vendor_is_left_out_with_a_note_and_no_warning(dialect: Dialect) -> None:
    made = translated(dialect, input=TURNS, tools=[LOOK], include=["reasoning.encrypted_content"], store=False)

    assert "Hm." not in made.encoded.decode()
    assert "reasoning_history_dropped" in [note.code for note in made.notes]
    assert made.warnings == ()


PARTS = [
    {"type": "input_text", "text": "What is it?"},
    {"type": "input_image", "image_url": PNG, "detail": "auto"},
    {"type": "input_file", "filename": "a.pdf", "file_data": "data:application/pdf;base64,aGk="},
]


def test_pictures_and_files_are_carried() -> None:
    said = [{"role": "user", "content": PARTS}]

    assert [part["type"] for part in chat(input=said)["messages"][0]["content"]] == ["text", "image_url", "file"]
    assert [block["type"] for block in messages(input=said)["messages"][0]["content"]] == [
        "text",
        "image",
        "document",
    ]


def test_a_picture_in_a_result_stays_there_where_it_can() -> None:
    turns = [*TURNS[:-1], {"type": "function_call_output", "call_id": "call_a", "output": PARTS[:2]}]

    blocks = messages(input=turns, tools=[LOOK])["messages"][-1]["content"]

    assert [part["type"] for part in blocks[0]["content"]] == ["text", "image"]


PATCH = {"type": "custom", "name": "patch", "description": "Patches.", "format": {"type": "text"}}
CUSTOM = [
    {"role": "user", "content": "Do."},
    {"type": "custom_tool_call", "call_id": "call_p", "name": "patch", "input": "*** Begin"},
    {"type": "custom_tool_call_output", "call_id": "call_p", "output": "done"},
]


def test_plain_text_tools_are_offered_as_functions_of_one_argument() -> None:
    made = translated(Dialect.OPENAI, input=CUSTOM, tools=[PATCH])

    body: Any = made.body
    assert [tool["function"]["parameters"]["required"] for tool in body["tools"]] == [["input"]]
    assert body["messages"][1]["tool_calls"][0]["function"]["arguments"] == '{"input":"*** Begin"}'
    assert made.wording.custom_tools == frozenset({"patch"})


def test_plain_text_tools_reach_the_other_vendor_as_well() -> None:
    body = messages(input=CUSTOM, tools=[PATCH])

    assert body["tools"][0]["input_schema"]["required"] == ["input"]
    assert body["messages"][1]["content"][0]["input"] == {"input": "*** Begin"}


@pytest.mark.parametrize(
    ("choice", "in_chat", "in_messages"),
    [
        ("auto", "auto", {"type": "auto"}),
        ("none", "none", {"type": "none"}),
        ("required", "required", {"type": "any"}),
        (
            {"type": "function", "name": "look"},
            {"type": "function", "function": {"name": "look"}},
            {"type": "tool", "name": "look"},
        ),
        ({"type": "allowed_tools", "mode": "required", "tools": [LOOK]}, "required", {"type": "any"}),
    ],
    ids=["auto", "none", "required", "named", "allowed"],
)
def test_choices_of_tools_are_mapped(choice: Any, in_chat: Any, in_messages: Any) -> None:
    tools = [LOOK, {**LOOK, "name": "other"}]
    one, other = chat(tools=tools, tool_choice=choice), messages(tools=tools, tool_choice=choice)

    assert (one["tool_choice"], other["tool_choice"]) == (in_chat, in_messages)
    limited = isinstance(choice, dict) and choice["type"] == "allowed_tools"
    assert len(one["tools"]) == len(other["tools"]) == (1 if limited else 2)


def test_parallel_calls_can_be_switched_off() -> None:
    assert chat(tools=[LOOK], parallel_tool_calls=False)["parallel_tool_calls"] is False
    assert messages(tools=[LOOK], parallel_tool_calls=False)["tool_choice"]["disable_parallel_tool_use"] is True


def test_parameters_are_carried() -> None:
    body = chat(
        max_output_tokens=9, reasoning={"effort": "high", "summary": "auto"}, service_tier="flex", user="u"
    )

    assert body["max_completion_tokens"] == 9
    assert (body["reasoning_effort"], body["service_tier"]) == ("high", "flex")
    other = messages(max_output_tokens=9, reasoning={"effort": "high"})
    assert (other["max_tokens"], other["output_config"]["effort"]) == (9, "high")


def test_sampling_is_carried_where_the_model_takes_it() -> None:
    body = translated(Dialect.OPENAI, Capabilities(), temperature=0.5, top_p=0.9).body

    assert (body["temperature"], body["top_p"]) == (0.5, 0.9)


SCHEMA = {
    "type": "object",
    "properties": {"a": {"type": "string"}},
    "required": ["a"],
    "additionalProperties": False,
}
FORMAT = {"format": {"type": "json_schema", "name": "thing", "schema": SCHEMA, "strict": True}}


def test_answers_are_held_to_a_schema() -> None:
    wanted = chat(text=FORMAT)["response_format"]

    assert wanted == {"type": "json_schema", "json_schema": {"name": "thing", "schema": SCHEMA, "strict": True}}
    assert messages(text=FORMAT)["output_config"]["format"]["schema"] == SCHEMA


def test_answers_are_held_to_be_an_object() -> None:
    assert chat(text={"format": {"type": "json_object"}})["response_format"] == {"type": "json_object"}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"store": True}, "store_dropped"),
        ({"metadata": {"a": "b"}}, "metadata_dropped"),
        ({"truncation": "auto"}, "truncation_dropped"),
        ({"text": {"verbosity": "low"}}, "verbosity_dropped"),
        ({"reasoning": {"mode": "pro"}}, "mode_dropped"),
        ({"prompt_cache_key": "k"}, "prompt_cache_key_dropped"),
        ({"brand_new": 1}, "unknown_field_dropped"),
        ({"tools": [{**PATCH, "format": {"type": "grammar"}}]}, "tool_grammar_dropped"),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_what_has_no_equal_is_dropped_with_a_warning(body: dict[str, Any], code: str) -> None:
    assert translated(Dialect.ANTHROPIC, **body).warnings == (code,)


@pytest.mark.parametrize(
    ("dialect", "body", "field"),
    [
        (
            Dialect.OPENAI,
            {"text": {**FORMAT, "format": {**FORMAT["format"], "schema": {"type": "object"}}}},
            "text.format",
        ),
        (Dialect.ANTHROPIC, {"text": {"format": {"type": "json_object"}}}, "text.format"),
        (Dialect.ANTHROPIC, {"max_output_tokens": 10**8}, "max_output_tokens"),
        (Dialect.OPENAI, {"reasoning": {"effort": "minimal"}}, "reasoning.effort"),
    ],
)
def test_a_strict_caller_is_told_of_losses_by_its_own_names(
    dialect: Dialect, body: dict[str, Any], field: str
) -> None:
    problem = WRITE[dialect](read(**body), Target("model", CAN[dialect], strict=True))

    assert isinstance(problem, Problem)
    assert problem.field == field


CODEX: dict[str, Any] = {
    "instructions": "You are a coding agent.",
    "input": [
        {"type": "message", "role": "developer", "content": [{"type": "input_text", "text": "<permissions>"}]},
        {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "<environment>"}]},
        {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Fix the test."}]},
        {"type": "reasoning", "summary": [], "content": None, "encrypted_content": "sealed"},
        {"type": "function_call", "name": "shell", "arguments": '{"command":["ls"]}', "call_id": "call_1"},
        {"type": "function_call_output", "call_id": "call_1", "output": "test.py"},
        {"type": "custom_tool_call", "status": "completed", "call_id": "call_2", "name": "patch", "input": "***"},
        {"type": "custom_tool_call_output", "call_id": "call_2", "output": "Done."},
    ],
    "tools": [
        {**LOOK, "name": "shell", "strict": False},
        {**PATCH, "format": {"type": "grammar", "syntax": "lark", "definition": "start: x"}},
    ],
    "tool_choice": "auto",
    "parallel_tool_calls": True,
    "reasoning": {"effort": "medium", "summary": "auto"},
    "store": False,
    "stream": True,
    "include": ["reasoning.encrypted_content"],
    "prompt_cache_key": "a-conversation",
    "text": {"verbosity": "medium"},
}


@pytest.mark.parametrize("dialect", Dialect, ids=str)
def test_a_request_as_coding_agents_send_it_is_carried(dialect: Dialect) -> None:
    made = translated(dialect, **CODEX)

    assert made.warnings == ("prompt_cache_key_dropped", "tool_grammar_dropped")
    assert made.wording.custom_tools == frozenset({"patch"})


NEUTRAL: dict[str, Any] = {
    "store": False,
    "stream": True,
    "include": ["reasoning.encrypted_content"],
    "parallel_tool_calls": True,
    "truncation": "disabled",
    "background": False,
    "metadata": {},
    "max_tool_calls": 3,
    "top_logprobs": 0,
    "stream_options": {"include_obfuscation": False},
    "previous_response_id": None,
    "text": {"format": {"type": "text"}, "verbosity": "medium"},
    "reasoning": {"summary": "auto"},
}


@pytest.mark.parametrize("dialect", Dialect, ids=str)
def test_what_changes_nothing_warns_of_nothing(dialect: Dialect) -> None:
    assert translated(dialect, **NEUTRAL).warnings == ()


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"previous_response_id": "resp_1"}, "previous_response_id"),
        ({"conversation": {"id": "conv_1"}, "input": None}, "conversation"),
        ({"prompt": {"id": "pmpt_1"}, "input": None}, "prompt"),
        ({"background": True}, "background"),
        ({"top_logprobs": 3}, "top_logprobs"),
        ({"include": ["message.output_text.logprobs"]}, "include[0]"),
        ({"tools": [LOOK, {"type": "web_search"}]}, "tools[1]"),
        ({"tools": [{"type": "mcp", "server_label": "x"}]}, "tools[0]"),
        ({"tool_choice": {"type": "file_search"}}, "tool_choice"),
        ({"input": [{"type": "item_reference", "id": "msg_1"}]}, "input[0]"),
        ({"input": [{"id": "msg_1"}]}, "input[0]"),
        ({"input": [{"type": "web_search_call", "id": "ws_1"}]}, "input[0]"),
        ({"input": [{"type": "compaction", "encrypted_content": "x"}]}, "input[0]"),
        ({"input": [{"role": "user", "content": [{"type": "input_audio"}]}]}, "input[0].content[0]"),
    ],
    ids=lambda one: one if isinstance(one, str) else "",
)
def test_what_only_the_vendor_has_is_refused(body: dict[str, Any], field: str) -> None:
    problem = problem_with(**body)

    assert (problem.code, problem.field) == (UNSUPPORTED, field)


@pytest.mark.parametrize("source", [{"file_id": "file-1"}, {"image_url": "https://x.test/a.png"}])
def test_pictures_that_would_have_to_be_fetched_are_refused(source: dict[str, str]) -> None:
    request = read(input=[{"role": "user", "content": [{"type": "input_image", **source}]}])

    problem = write_openai_request(request, Target("model", Capabilities(fetches_urls=False)))

    assert isinstance(problem, Problem)
    assert problem.code == UNSUPPORTED


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"input": None}, "input"),
        ({"input": []}, "input"),
        ({"input": ""}, "input"),
        ({"model": ""}, "model"),
        ({"input": [{"role": "tool", "content": "x"}]}, "input[0].role"),
        ({"input": [{"role": "user", "content": [{"type": "text"}]}]}, "input[0].content[0].type"),
        ({"input": [{"type": "function_call", "call_id": "c"}]}, "input[0].name"),
        ({"reasoning": {"effort": "huge"}}, "reasoning.effort"),
        ({"text": {"format": {"type": "xml"}}}, "text.format.type"),
        ({"tools": [{"name": "x"}]}, "tools[0].type"),
        ({"tool_choice": "maybe"}, "tool_choice"),
        ({"tool_choice": {"type": "allowed_tools", "mode": "x", "tools": []}}, "tool_choice.mode"),
        ({"max_output_tokens": -1}, "max_output_tokens"),
    ],
)
def test_a_request_against_its_own_api_is_told_where(body: dict[str, Any], field: str) -> None:
    problem = problem_with(**body)

    assert (problem.code, problem.field) == (INVALID, field)


_NAMES = st.sampled_from(
    [
        "type",
        "role",
        "content",
        "input",
        "text",
        "call_id",
        "name",
        "tools",
        "output",
        "summary",
        "format",
        "id",
        "x",
    ]
)
_WORDS = st.sampled_from(
    ["user", "message", "function_call", "function", "custom", "input_text", "reasoning", "json_schema", "", "y"]
)
_ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | _WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES, inner, max_size=4),
    max_leaves=12,
)


@settings(deadline=None, max_examples=150)
@given(
    st.dictionaries(st.sampled_from(["input", "tools", "tool_choice", "text", "reasoning", "include"]), _ANYTHING)
)
def test_whatever_is_sent_there_is_a_value_that_says_what_became_of_it(body: dict[str, Any]) -> None:
    request = read_responses_request({"model": "m", "input": "Hi", **body})

    if isinstance(request, Request):
        for dialect, write in WRITE.items():
            assert isinstance(write(request, Target("model", CAN[dialect])), (Translated, Problem))
    else:
        assert isinstance(request, Problem)
