"""Complete answers of either dialect, worded for a caller of the other."""

import json
from typing import Any

import pytest
from anthropic.types import Message
from openai.types.chat import ChatCompletion

from tests.support.dialects import CREATED, counted_ids
from tui_failover.wire.answer import Answer, Stop, Wording
from tui_failover.wire.anthropic_answer import read_anthropic_answer, write_anthropic_answer
from tui_failover.wire.conversation import Opaque, Refusal, Text, Thinking, ToolCall
from tui_failover.wire.dialect import Dialect
from tui_failover.wire.openai_answer import read_openai_answer, write_openai_answer
from tui_failover.wire.stream_translation import stream_of
from tui_failover.wire.tokens import Tokens
from tui_failover.wire.verdict import Problem

ASKED = Wording("asked")


def completion(finish: str = "stop", **message: object) -> dict[str, object]:
    choice = {"index": 0, "message": {"role": "assistant", "content": None, **message}, "finish_reason": finish}
    usage = {"prompt_tokens": 30, "completion_tokens": 7, "total_tokens": 37}
    return {
        "id": "chatcmpl-up",
        "object": "chat.completion",
        "model": "served",
        "choices": [choice],
        "usage": usage,
    }


def message(*content: object, reason: str = "end_turn", **more: object) -> dict[str, object]:
    usage = {"input_tokens": 10, "output_tokens": 7}
    head = {"id": "msg_up", "type": "message", "role": "assistant", "model": "served", "content": list(content)}
    return {**head, "stop_reason": reason, "stop_sequence": None, "usage": usage, **more}


def to_message(document: object, wording: Wording = ASKED) -> Message:
    answer = read_openai_answer(document)
    assert isinstance(answer, Answer), answer
    return Message.model_validate(write_anthropic_answer(answer, wording, counted_ids()))


def to_completion(document: object, wording: Wording = ASKED) -> ChatCompletion:
    answer = read_anthropic_answer(document)
    assert isinstance(answer, Answer), answer
    return ChatCompletion.model_validate(write_openai_answer(answer, wording, counted_ids(), CREATED))


def call(identity: str, name: str, arguments: str) -> dict[str, object]:
    return {"id": identity, "type": "function", "function": {"name": name, "arguments": arguments}}


def use(identity: str, name: str, **given: object) -> dict[str, object]:
    return {"type": "tool_use", "id": identity, "name": name, "input": given}


def text(words: str, **more: object) -> dict[str, object]:
    return {"type": "text", "text": words, **more}


# -- towards Messages


def test_completion_becomes_a_message() -> None:
    made = to_message(
        completion(content="Hi", tool_calls=[call("call_a", "f", '{"a":1}'), call("call_b", "g", "")])
    )

    assert [block.to_dict() for block in made.content] == [text("Hi"), use("call_a", "f", a=1), use("call_b", "g")]
    assert (made.id, made.model, made.stop_reason) == ("msg_1", "asked", "tool_use")
    assert (made.usage.input_tokens, made.usage.output_tokens) == (30, 7)


@pytest.mark.parametrize(
    ("finish", "expected"),
    [
        ("stop", "end_turn"),
        ("length", "max_tokens"),
        ("content_filter", "refusal"),
        ("", "end_turn"),
        ("new", "end_turn"),
    ],
)
def test_finish_reason_becomes(finish: str, expected: str) -> None:
    assert to_message(completion(finish, content="x")).stop_reason == expected


def test_refused_completion_is_a_refusal_in_words() -> None:
    made = to_message(completion(refusal="No."))

    assert [block.to_dict() for block in made.content] == [text("No.")]
    assert made.stop_reason == "refusal"
    assert made.stop_details is not None


def test_reasoning_content_is_unsigned_thinking() -> None:
    made = to_message(completion(content="Yes.", reasoning_content="Hm."))

    assert made.content[0].to_dict() == {"type": "thinking", "thinking": "Hm.", "signature": ""}


def test_arguments_that_are_no_object_are_wrapped() -> None:
    made: Any = to_message(completion(tool_calls=[call("call_a", "f", "{oops")]))

    assert made.content[0].input == {"_raw": "{oops"}


def test_unstated_usage_is_a_marked_estimate() -> None:
    answer = read_openai_answer({**completion(content="x" * 40), "usage": None})
    assert isinstance(answer, Answer)

    usage: Any = write_anthropic_answer(answer, Wording("m", input_tokens=12), counted_ids())["usage"]

    assert (usage["input_tokens"], usage["output_tokens"], usage["estimated"]) == (12, 10, True)


# -- towards Chat Completions


def test_message_becomes_a_completion() -> None:
    made = to_completion(message(text("I look. "), use("toolu_a", "f", a=1), text("Wait."), reason="tool_use"))

    choice = made.choices[0]
    assert choice.message.content == "I look. Wait."
    assert [one.to_dict() for one in choice.message.tool_calls or []] == [call("toolu_a", "f", '{"a":1}')]
    assert (made.id, made.model, made.created, choice.finish_reason) == (
        "chatcmpl-1",
        "asked",
        CREATED,
        "tool_calls",
    )


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("max_tokens", "length"),
        ("model_context_window_exceeded", "length"),
        ("refusal", "content_filter"),
        ("something_new", "stop"),
    ],
)
def test_stop_reason_becomes(reason: str, expected: str) -> None:
    assert to_completion(message(text("x"), reason=reason)).choices[0].finish_reason == expected


def test_paused_turn_is_no_answer() -> None:
    assert isinstance(read_anthropic_answer(message(text("x"), reason="pause_turn")), Problem)


def test_explanation_of_a_refusal_is_shown() -> None:
    details = {"type": "refusal", "category": None, "explanation": "Not that."}

    assert to_completion(message(reason="refusal", stop_details=details)).choices[0].message.refusal == "Not that."


def test_cached_tokens_are_part_of_the_prompt() -> None:
    usage = {
        "input_tokens": 6,
        "cache_read_input_tokens": 20,
        "cache_creation_input_tokens": 4,
        "output_tokens": 7,
        "output_tokens_details": {"thinking_tokens": 3},
    }

    made = to_completion(message(text("x"), usage=usage)).usage

    assert made is not None
    assert (made.prompt_tokens, made.completion_tokens, made.total_tokens) == (30, 7, 37)
    assert made.prompt_tokens_details is not None
    assert made.prompt_tokens_details.cached_tokens == 20
    assert made.completion_tokens_details is not None
    assert made.completion_tokens_details.reasoning_tokens == 3


def test_quoted_web_pages_are_annotations_with_the_span_that_quotes_them() -> None:
    cited = {
        "type": "web_search_result_location",
        "url": "https://x",
        "title": "X",
        "cited_text": "c",
        "encrypted_index": "e",
    }

    made = to_completion(message(text("As is known, "), text("it rains.", citations=[cited])))

    annotations = made.choices[0].message.annotations or []
    assert [one.url_citation.to_dict() for one in annotations] == [
        {"start_index": 13, "end_index": 22, "title": "X", "url": "https://x"}
    ]


def test_thinking_is_reasoning_content_without_its_signature() -> None:
    made = to_completion(
        message({"type": "thinking", "thinking": "Hm.", "signature": "c2ln"}, text("Yes."))
    ).to_dict()

    assert "Hm." in json.dumps(made)
    assert "c2ln" not in json.dumps(made)


def test_envelope_of_a_structured_answer_is_its_content() -> None:
    """BerriAI/litellm#35677: the tool that carried a structured answer leaked."""
    choice = to_completion(
        message(use("toolu_a", "give_answer", n=1), reason="tool_use"), Wording("m", envelope="give_answer")
    ).choices[0]

    assert (choice.message.content, choice.message.tool_calls, choice.finish_reason) == ('{"n":1}', None, "stop")


def test_custom_tool_gets_its_plain_text() -> None:
    made = to_completion(
        message(use("toolu_a", "sh", input="ls"), reason="tool_use"), Wording("m", custom_tools=frozenset({"sh"}))
    )

    calls = made.choices[0].message.tool_calls or []
    assert [one.to_dict() for one in calls] == [
        {"id": "toolu_a", "type": "custom", "custom": {"name": "sh", "input": "ls"}}
    ]


def test_caller_of_the_old_functions_gets_a_function_call() -> None:
    choice = to_completion(message(use("toolu_a", "f"), reason="tool_use"), Wording("m", functions=True)).choices[
        0
    ]

    assert choice.message.function_call is not None
    assert (choice.message.function_call.name, choice.message.function_call.arguments) == ("f", "{}")
    assert choice.finish_reason == "function_call"


def test_renamed_tool_gets_its_name_back() -> None:
    wording = Wording("m", tool_names={"my_tool_1a": "my.tool"})

    made: Any = to_completion(message(use("toolu_a", "my_tool_1a"), reason="tool_use"), wording)

    assert made.choices[0].message.tool_calls[0].function.name == "my.tool"


def test_completion_that_ends_in_an_error_is_no_answer() -> None:
    assert isinstance(read_openai_answer(completion("error", content="Half")), Problem)


@pytest.mark.parametrize("read", [read_openai_answer, read_anthropic_answer])
@pytest.mark.parametrize(
    "document", [None, [], {}, {"choices": []}, {"choices": [{}]}, {"content": "x"}, {"error": {}}], ids=repr
)
def test_what_is_no_answer_is_a_problem(read: Any, document: object) -> None:
    assert isinstance(read(document), Problem)


def test_old_function_call_is_a_tool_use() -> None:
    made = to_message(completion("function_call", function_call={"name": "f", "arguments": '{"a":1}'}))

    assert [block.to_dict() for block in made.content] == [use("toolu_2", "f", a=1)]
    assert made.stop_reason == "tool_use"


def test_blocks_only_their_vendor_knows_are_left_out() -> None:
    ran = {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {}}

    assert to_completion(message(ran, text("Found."))).choices[0].message.content == "Found."


@pytest.mark.parametrize(
    ("read", "document"),
    [
        (read_openai_answer, completion(tool_calls=[call("call_a", "", "{}")])),
        (read_anthropic_answer, message(use("toolu_a", ""))),
    ],
    ids=["chat", "messages"],
)
def test_call_without_a_name_is_no_answer(read: Any, document: object) -> None:
    assert isinstance(read(document), Problem)


def test_reasoning_tokens_are_stated() -> None:
    usage = {"prompt_tokens": 1, "completion_tokens": 9, "completion_tokens_details": {"reasoning_tokens": 5}}

    made = to_message({**completion(content="x"), "usage": usage}).usage

    assert made.output_tokens_details is not None
    assert made.output_tokens_details.thinking_tokens == 5


@pytest.mark.parametrize("dialect", list(Dialect))
def test_every_part_of_a_whole_answer_streams(dialect: Dialect) -> None:
    parts = (
        Thinking("Hm.", "", Dialect.OPENAI),
        Text("Yes."),
        Opaque("news", {}, Dialect.ANTHROPIC),
        ToolCall("call_a", "f", "{}"),
        Refusal("No."),
    )

    body = stream_of(dialect, Answer(parts, Stop.END, tokens=Tokens(3, output=4)), ASKED, counted_ids(), CREATED)

    for words in (b"Hm.", b"Yes.", b"call_a", b"No."):
        assert words in body
    assert b"news" not in body
