"""A provider without the Responses API behind a caller of it: the stream, event by event."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openai.types.responses import Response

from tests.support.dialects import (
    CREATED,
    block,
    call_piece,
    calls,
    chunk,
    counted_ids,
    message_end,
    message_start,
    said_in,
    sse,
    text_block,
    tool_block,
    usage_chunk,
)
from tests.support.responses import as_responses, kinds, response_of, told, worded
from tui_failover.wire.answer import Answer, Cited, Stop
from tui_failover.wire.anthropic_answer import read_anthropic_answer
from tui_failover.wire.assembly import assembler_of
from tui_failover.wire.conversation import Refusal, Text, Thinking, ToolCall
from tui_failover.wire.dialect import Dialect
from tui_failover.wire.openai_answer import read_openai_answer
from tui_failover.wire.openai_responses_writing import write_responses_answer
from tui_failover.wire.sse import ProtocolError
from tui_failover.wire.stream_translation import stream_of

CHAT, MESSAGES = Dialect.OPENAI, Dialect.ANTHROPIC
ROLE = chunk({"role": "assistant", "content": ""})
FROM_CHAT = sse(
    ROLE,
    chunk({"reasoning_content": "Hm."}),
    chunk({"content": "I look "}),
    chunk({"content": "both up."}),
    calls(call_piece(0, '{"city"', "weather", "call_a"), call_piece(1, "", "time", "call_b")),
    calls(call_piece(0, ':"Bonn"}'), call_piece(1, '{"zone":"CET"}')),
    chunk({}, "tool_calls"),
    usage_chunk(7, 5, prompt_tokens_details={"cached_tokens": 2}),
    "[DONE]",
)
FROM_MESSAGES = sse(
    message_start(),
    *block(0, {"type": "thinking", "thinking": ""}, {"type": "thinking_delta", "thinking": "Hm."}),
    *text_block(1, "I look ", "both up."),
    *tool_block(2, "call_a", "weather", '{"city"', ':"Bonn"}'),
    *tool_block(3, "call_b", "time", '{"zone":"CET"}'),
    *message_end("tool_use"),
    named=True,
)
BOTH = [(CHAT, FROM_CHAT), (MESSAGES, FROM_MESSAGES)]


def calls_in(response: Response) -> list[tuple[str, str, str]]:
    return [(item.call_id, item.name, item.arguments) for item in response.output if item.type == "function_call"]


@pytest.mark.parametrize(("source", "body"), BOTH, ids=["chat", "messages"])
def test_an_answer_is_put_together_by_the_callers_client(source: Dialect, body: bytes) -> None:
    response = response_of(as_responses(source, body))

    assert [item.type for item in response.output] == ["reasoning", "message", "function_call", "function_call"]
    assert (response.status, response.model, response.output_text) == ("completed", "asked", "I look both up.")
    assert calls_in(response) == [
        ("call_a", "weather", '{"city":"Bonn"}'),
        ("call_b", "time", '{"zone":"CET"}'),
    ]
    assert response.usage is not None
    assert response.usage.total_tokens == response.usage.input_tokens + response.usage.output_tokens


def test_text_comes_in_the_events_the_vendor_sends_and_in_their_order() -> None:
    body = as_responses(
        MESSAGES, sse(message_start(), *text_block(0, "a", "b"), *message_end("end_turn"), named=True)
    )

    assert kinds(body) == [
        "created",
        "in_progress",
        "output_item.added",
        "content_part.added",
        "output_text.delta",
        "output_text.delta",
        "output_text.done",
        "content_part.done",
        "output_item.done",
        "completed",
    ]


def test_calls_and_reasoning_come_in_the_events_the_vendor_sends() -> None:
    body = as_responses(MESSAGES, FROM_MESSAGES)

    assert [kind for kind in kinds(body) if "text" not in kind and "content_part" not in kind] == [
        "created",
        "in_progress",
        "output_item.added",
        "reasoning_summary_part.added",
        "reasoning_summary_part.done",
        "output_item.done",
        "output_item.added",
        "output_item.done",
        *(
            "output_item.added",
            "function_call_arguments.delta",
            "function_call_arguments.delta",
            "function_call_arguments.done",
            "output_item.done",
        ),
        *(
            "output_item.added",
            "function_call_arguments.delta",
            "function_call_arguments.done",
            "output_item.done",
        ),
        "completed",
    ]


def test_cached_tokens_are_counted_inside_the_input() -> None:
    response = response_of(as_responses(CHAT, FROM_CHAT))

    assert response.usage is not None
    assert (response.usage.input_tokens, response.usage.input_tokens_details.cached_tokens) == (7, 2)


def test_a_call_without_arguments_has_an_empty_object() -> None:
    """BerriAI/litellm#5064: an empty string is no JSON."""
    body = as_responses(
        CHAT, sse(ROLE, calls(call_piece(0, "", "now", "call_a")), chunk({}, "tool_calls"), "[DONE]")
    )

    assert calls_in(response_of(body)) == [("call_a", "now", "{}")]
    assert "function_call_arguments.delta" in kinds(body)


def test_two_calls_never_share_an_id() -> None:
    """trycua/cua#524: a conversation that holds one twice is refused."""
    twice = [*tool_block(0, "same", "f", "{}"), *tool_block(1, "same", "g", "{}")]
    response = response_of(
        as_responses(MESSAGES, sse(message_start(), *twice, *message_end("tool_use"), named=True))
    )

    assert len({identity for identity, _, _ in calls_in(response)}) == 2


def test_text_between_calls_is_an_item_of_its_own() -> None:
    body = as_responses(
        CHAT,
        sse(
            ROLE,
            calls(call_piece(0, "{}", "f", "call_a")),
            chunk({"content": "then"}),
            calls(call_piece(1, "{}", "g", "call_b")),
            chunk({}, "tool_calls"),
            "[DONE]",
        ),
    )

    assert [item.type for item in response_of(body).output] == ["function_call", "message", "function_call"]


def test_an_answer_cut_by_the_limit_is_incomplete_and_so_is_its_half_call() -> None:
    cut = sse(ROLE, calls(call_piece(0, '{"a', "f", "call_a")), chunk({}, "length"), "[DONE]")
    response = response_of(as_responses(CHAT, cut))

    assert response.status == "incomplete"
    assert response.incomplete_details is not None
    assert response.incomplete_details.reason == "max_output_tokens"
    assert [item.status for item in response.output if item.type == "function_call"] == ["incomplete"]


def test_a_refusal_in_words_completes_the_answer() -> None:
    response = response_of(as_responses(CHAT, sse(ROLE, chunk({"refusal": "No."}), chunk({}, "stop"), "[DONE]")))

    (item,) = response.output
    assert item.type == "message"
    assert [part.refusal for part in item.content if part.type == "refusal"] == ["No."]
    assert response.status == "completed"


def test_a_stop_by_the_filter_says_so_with_its_explanation() -> None:
    end = message_end("refusal", stop_details={"type": "refusal", "explanation": "Not that."})
    response = response_of(as_responses(MESSAGES, sse(message_start(), *text_block(0, "I "), *end, named=True)))

    assert response.incomplete_details is not None
    assert response.incomplete_details.reason == "content_filter"
    assert "Not that." in response.model_dump_json()


def test_a_plain_text_tool_is_called_with_plain_text() -> None:
    body = sse(
        message_start(),
        *tool_block(0, "call_a", "patch", '{"input": "*** Begin', ' Patch"}'),
        *message_end("tool_use"),
        named=True,
    )
    stream = as_responses(MESSAGES, body, worded(custom_tools=frozenset({"patch"})))

    (item,) = response_of(stream).output
    assert item.type == "custom_tool_call"
    assert (item.name, item.input, item.call_id) == ("patch", "*** Begin Patch", "call_a")
    assert "custom_tool_call_input.delta" in kinds(stream)


def test_a_structured_answer_in_a_tool_of_ours_comes_as_text() -> None:
    body = sse(
        message_start(), *tool_block(0, "t", "give_answer", '{"a":', "1}"), *message_end("tool_use"), named=True
    )

    response = response_of(as_responses(MESSAGES, body, worded(envelope="give_answer")))

    assert (response.output_text, len(response.output)) == ('{"a":1}', 1)


def test_an_answer_repeats_what_was_asked() -> None:
    echo = {"instructions": "Be brief.", "temperature": 0.5, "tool_choice": "required", "metadata": {"a": "b"}}

    response = response_of(as_responses(CHAT, FROM_CHAT, worded(echo=echo)))

    assert (response.instructions, response.temperature, response.tool_choice) == ("Be brief.", 0.5, "required")
    assert response.metadata == {"a": "b"}


@pytest.mark.parametrize(("source", "body"), BOTH, ids=["chat", "messages"])
def test_half_an_answer_gets_no_end(source: Dialect, body: bytes) -> None:
    half = b"\n\n".join(body.split(b"\n\n")[:6]) + b"\n\n"

    with pytest.raises(ProtocolError):
        as_responses(source, half)


def without_ids(value: Any) -> Any:
    """What an answer says, whatever ids it was given for it."""
    if isinstance(value, dict):
        return {name: without_ids(one) for name, one in value.items() if name not in ("id", "call_id")}
    return [without_ids(one) for one in value] if isinstance(value, list) else value


@pytest.mark.parametrize(("source", "body"), BOTH, ids=["chat", "messages"])
def test_streamed_and_whole_answers_say_the_same(source: Dialect, body: bytes) -> None:
    read = read_openai_answer if source is CHAT else read_anthropic_answer
    assembler = assembler_of(source)
    assembler.feed(said_in(body))
    answer = read(assembler.document())
    assert isinstance(answer, Answer)

    whole = write_responses_answer(answer, worded(), counted_ids(), CREATED)

    assert without_ids(whole) == without_ids(told(as_responses(source, body))[-1]["response"])
    Response.model_validate(whole)


_WORDS = st.text(min_size=1, max_size=5)
_ARGUMENTS = st.dictionaries(_WORDS, st.integers(), max_size=2).map(json.dumps)
_PARTS = st.one_of(
    st.builds(Text, _WORDS),
    st.builds(Refusal, _WORDS),
    st.builds(Thinking, _WORDS, st.just(""), st.just(CHAT)),
    st.builds(ToolCall, st.just("call_x"), st.just("f"), _ARGUMENTS),
    st.builds(ToolCall, st.just("call_y"), st.just("patch"), _ARGUMENTS, st.just(True)),
)
_STOPS = st.sampled_from([Stop.END, Stop.LENGTH, Stop.REFUSAL, Stop.TOOL, Stop.CONTEXT_WINDOW])


@settings(deadline=None, max_examples=50)
@given(st.lists(_PARTS, max_size=5).map(tuple), _STOPS, st.sampled_from(["", "Because."]))
def test_whatever_an_answer_holds_its_stream_adds_up_to_it(parts: tuple[Any, ...], stop: Stop, why: str) -> None:
    answer = Answer(parts, stop, explanation=why)
    wording = worded(custom_tools=frozenset({"patch"}))

    stream = stream_of(CHAT, answer, wording, counted_ids(), CREATED)
    whole = write_responses_answer(answer, wording, counted_ids(), CREATED)

    response_of(stream)
    Response.model_validate(whole)
    assert without_ids(told(stream)[-1]["response"]) == without_ids(whole)


def test_pages_quoted_are_told_with_the_span_that_quotes_them() -> None:
    answer = Answer((Text("So: "), Cited("it rains", (("Weather", "https://w.example"),))), Stop.END)

    response = Response.model_validate(write_responses_answer(answer, worded(), counted_ids(), CREATED))

    (item,) = response.output
    assert item.type == "message"
    (part,) = item.content
    assert part.type == "output_text"
    (annotation,) = part.annotations
    assert annotation.type == "url_citation"
    assert part.text[annotation.start_index : annotation.end_index] == "it rains"
