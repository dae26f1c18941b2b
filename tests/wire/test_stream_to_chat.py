"""A Messages provider behind a caller of the Chat Completions dialect: the stream, event by event."""

import json
from typing import Any

import pytest

from tests.support.dialects import (
    CREATED,
    block,
    completion_of,
    counted_ids,
    documents_of,
    events_of,
    message_end,
    message_start,
    sse,
    text_block,
    tool_block,
    translated,
)
from tui_failover.wire.answer import Wording
from tui_failover.wire.dialect import Dialect
from tui_failover.wire.sse import ProtocolError, SseEvent
from tui_failover.wire.stream_translation import StreamTranslator

FROM = Dialect.ANTHROPIC


def output_of(*documents: object, wording: Wording | None = None) -> bytes:
    return translated(FROM, sse(*documents, named=True), wording)


def deltas_of(body: bytes) -> list[dict[str, Any]]:
    return [document["choices"][0]["delta"] for document in documents_of(body) if document["choices"]]


def finish_of(body: bytes) -> str | None:
    return completion_of(body).choices[0].finish_reason


TWO_CALLS = [
    message_start(),
    *text_block(0, "I look ", "both up."),
    *tool_block(1, "toolu_a", "weather", '{"city"', ':"Bonn"}'),
    *tool_block(2, "toolu_b", "time", '{"zone":"CET"}'),
    *message_end("tool_use"),
]


def test_answer_is_put_together_by_the_callers_client() -> None:
    completion = completion_of(output_of(*TWO_CALLS))

    message = completion.choices[0].message
    assert message.content == "I look both up."
    assert [
        (call.id, call.function.name, call.function.arguments)
        for call in message.tool_calls or []
        if call.type == "function"
    ] == [
        ("toolu_a", "weather", '{"city":"Bonn"}'),
        ("toolu_b", "time", '{"zone":"CET"}'),
    ]
    assert completion.choices[0].finish_reason == "tool_calls"


def test_calls_are_counted_apart_from_the_blocks() -> None:
    """BerriAI/litellm#5231: the index of the block was used for the call."""
    pieces = [piece for delta in deltas_of(output_of(*TWO_CALLS)) for piece in delta.get("tool_calls", [])]

    assert [piece["index"] for piece in pieces] == [0, 0, 0, 1, 1]


def test_text_before_calls_is_kept() -> None:
    """mozilla-ai/any-llm#1325: text was dropped when tools follow."""
    assert completion_of(output_of(*TWO_CALLS)).choices[0].message.content == "I look both up."


def test_blocks_that_overlap_keep_their_inputs_apart() -> None:
    first, second = tool_block(0, "toolu_a", "f", '{"a":', "1}"), tool_block(1, "toolu_b", "g", '{"b":', "2}")
    mixed = [document for pair in zip(first, second, strict=True) for document in pair]

    message = completion_of(output_of(message_start(), *mixed, *message_end("tool_use"))).choices[0].message

    assert [call.function.arguments for call in message.tool_calls or [] if call.type == "function"] == [
        '{"a":1}',
        '{"b":2}',
    ]


@pytest.mark.parametrize("inputs", [[], [""]], ids=["no piece", "an empty piece"])
def test_tool_without_input_has_an_empty_object(inputs: list[str]) -> None:
    """simonw/llm#1164: arguments were the empty string, which is no JSON."""
    body = output_of(message_start(), *tool_block(0, "toolu_a", "now", *inputs), *message_end("tool_use"))

    calls = completion_of(body).choices[0].message.tool_calls or []
    assert [call.function.arguments for call in calls if call.type == "function"] == ["{}"]


def test_input_that_comes_whole_in_the_start_is_written() -> None:
    """BerriAI/litellm#25561: an input without pieces was lost."""
    start = {"type": "tool_use", "id": "toolu_a", "name": "f", "input": {"a": 1}}

    calls = (
        completion_of(output_of(message_start(), *block(0, start), *message_end("tool_use")))
        .choices[0]
        .message.tool_calls
        or []
    )

    assert [json.loads(call.function.arguments) for call in calls if call.type == "function"] == [{"a": 1}]


def test_piece_of_a_tool_without_a_block_breaks_the_answer() -> None:
    stray = {
        "type": "content_block_delta",
        "index": 4,
        "delta": {"type": "input_json_delta", "partial_json": "{}"},
    }

    with pytest.raises(ProtocolError):
        output_of(message_start(), stray, *message_end("tool_use"))


def test_end_inside_a_tool_call_breaks_the_answer() -> None:
    with pytest.raises(ProtocolError):
        output_of(message_start(), *tool_block(0, "toolu_a", "f", '{"a')[:-1], *message_end("tool_use"))


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("max_tokens", "length"),
        ("model_context_window_exceeded", "length"),
        ("refusal", "content_filter"),
        ("tool_use", "stop"),
        ("something_new", "stop"),
    ],
)
def test_stop_reason_becomes(reason: str, expected: str) -> None:
    """turnstonelabs/turnstone#1162, laravel/ai#881: newer stop reasons fell through."""
    assert finish_of(output_of(message_start(), *text_block(0, "x"), *message_end(reason))) == expected


def test_paused_turn_is_not_taken_as_finished() -> None:
    """tetsuo-ai/agenc-core#2111: pause_turn was shown as a normal end."""
    with pytest.raises(ProtocolError):
        output_of(message_start(), *text_block(0, "x"), *message_end("pause_turn"))


def test_explanation_of_a_refusal_is_shown() -> None:
    details = {"type": "refusal", "category": None, "explanation": "Not that."}

    choice = completion_of(output_of(message_start(), *message_end("refusal", stop_details=details))).choices[0]

    assert (choice.message.refusal, choice.finish_reason) == ("Not that.", "content_filter")


def test_thinking_is_reasoning_content_and_its_signature_stays_behind() -> None:
    thinking = block(
        0,
        {"type": "thinking", "thinking": "", "signature": ""},
        {"type": "thinking_delta", "thinking": "Hm."},
        {"type": "signature_delta", "signature": "c2lnbmVk"},
    )

    body = output_of(message_start(), *thinking, *text_block(1, "Yes."), *message_end("end_turn"))

    assert [delta["reasoning_content"] for delta in deltas_of(body) if "reasoning_content" in delta] == ["Hm."]
    assert b"c2lnbmVk" not in body


def test_thinking_is_left_out_where_it_is_not_wanted() -> None:
    thinking = block(0, {"type": "thinking", "thinking": "Hm.", "signature": ""})

    body = output_of(message_start(), *thinking, *message_end("end_turn"), wording=Wording("m", reasoning=False))

    assert b"Hm." not in body


def test_usage_is_a_chunk_of_its_own_without_choices() -> None:
    """BerriAI/litellm#28735: the usage came with choices."""
    body = output_of(
        message_start(), *text_block(0, "x"), *message_end("end_turn"), wording=Wording("m", include_usage=True)
    )

    *others, last = documents_of(body)
    assert last["choices"] == []
    assert last["usage"]["total_tokens"] == 15
    assert all(document["usage"] is None and document["choices"] for document in others)


def test_usage_comes_only_where_asked_for() -> None:
    body = output_of(*TWO_CALLS)

    assert all(document["choices"] and "usage" not in document for document in documents_of(body))


def test_cache_tokens_are_counted_once() -> None:
    """langchain-ai/langchainjs#10250: start and end both state them, and they were added up."""
    counts = {"cache_read_input_tokens": 20, "cache_creation_input_tokens": 4}
    end = {
        "type": "message_delta",
        "delta": {"stop_reason": "end_turn"},
        "usage": {"output_tokens": 7, "input_tokens": 10, **counts},
    }

    body = output_of(
        message_start(**counts),
        *text_block(0, "x"),
        end,
        {"type": "message_stop"},
        wording=Wording("m", include_usage=True),
    )

    usage = completion_of(body).usage
    assert usage is not None
    assert (usage.prompt_tokens, usage.completion_tokens) == (34, 7)
    assert usage.prompt_tokens_details is not None
    assert usage.prompt_tokens_details.cached_tokens == 20


def test_usage_missing_at_the_end_keeps_what_the_start_said() -> None:
    """farion1231/cc-switch#2485: message_delta without usage."""
    body = output_of(
        message_start(),
        *text_block(0, "x"),
        *message_end("end_turn", None),
        wording=Wording("m", include_usage=True),
    )

    usage = completion_of(body).usage
    assert usage is not None
    assert (usage.prompt_tokens, usage.completion_tokens) == (10, 1)


def test_end_mark_comes_once_and_last() -> None:
    body = output_of(*TWO_CALLS)

    assert body.endswith(b"data: [DONE]\n\n")
    assert body.count(b"[DONE]") == 1


def test_answer_without_its_end_is_never_given_one() -> None:
    """Portkey-AI/gateway#1797: a stream without message_stop looked fine."""
    machine = StreamTranslator(FROM, Wording("m"), counted_ids(), CREATED)
    cut = sse(message_start(), *text_block(0, "Half an"), named=True)
    written = b"".join(machine.feed(event).output for event in events_of(cut))

    with pytest.raises(ProtocolError):
        machine.close()

    assert b"[DONE]" not in written
    assert all(document["choices"][0]["finish_reason"] is None for document in documents_of(written))


@pytest.mark.parametrize("lenient", [False, True], ids=["by default", "lenient"])
def test_stop_reason_without_the_end_mark_completes_only_where_that_is_allowed(lenient: bool) -> None:
    machine = StreamTranslator(FROM, Wording("m"), counted_ids(), CREATED)
    for event in events_of(sse(message_start(), *text_block(0, "x"), message_end("end_turn")[0], named=True)):
        machine.feed(event)

    if lenient:
        assert machine.close(lenient=True).endswith(b"data: [DONE]\n\n")
    else:
        with pytest.raises(ProtocolError):
            machine.close()


@pytest.mark.parametrize("name", ["error", ""], ids=["named", "named in its data only"])
def test_error_event_writes_nothing_and_is_reported(name: str) -> None:
    """Pasta-Devs/Marinara-Engine#2659: an overload inside the stream was swallowed."""
    machine = StreamTranslator(FROM, Wording("m"), counted_ids(), CREATED)
    error = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}

    step = machine.feed(SseEvent(name, json.dumps(error)))

    assert step.output == b""
    assert step.delta.error is not None
    assert step.delta.error.type == "overloaded_error"
    assert machine.feed(SseEvent("", '{"type":"message_stop"}')).output == b""


def test_ping_is_a_comment() -> None:
    machine = StreamTranslator(FROM, Wording("m"), counted_ids(), CREATED)

    assert machine.feed(SseEvent("ping", '{"type": "ping"}')).output == b": ping\n\n"


def test_unknown_events_blocks_and_deltas_are_counted_and_left_out() -> None:
    machine = StreamTranslator(FROM, Wording("m"), counted_ids(), CREATED)
    strange = [
        {"type": "news"},
        *block(0, {"type": "hologram"}, {"type": "input_json_delta", "partial_json": "{}"}),
    ]

    output = b"".join(
        machine.feed(event).output for event in events_of(sse(message_start(), *strange, named=True))
    )

    assert machine.ignored == 2
    assert b"hologram" not in output


def test_events_without_names_are_read_all_the_same() -> None:
    assert completion_of(translated(FROM, sse(*TWO_CALLS))).choices[0].message.content == "I look both up."


def test_envelope_of_a_structured_answer_is_text() -> None:
    """BerriAI/litellm#35677: the tool that carried a structured answer leaked."""
    call = tool_block(0, "toolu_a", "give_answer", '{"n"', ":1}")

    choice = completion_of(
        output_of(message_start(), *call, *message_end("tool_use"), wording=Wording("m", envelope="give_answer"))
    ).choices[0]

    assert (choice.message.content, choice.message.tool_calls, choice.finish_reason) == ('{"n":1}', None, "stop")


def test_custom_tool_gets_its_plain_text() -> None:
    call = tool_block(0, "toolu_a", "shell", '{"inp', 'ut": "ls -l"}')

    body = output_of(
        message_start(), *call, *message_end("tool_use"), wording=Wording("m", custom_tools=frozenset({"shell"}))
    )

    pieces = [piece for delta in deltas_of(body) for piece in delta.get("tool_calls", [])]
    assert pieces == [
        {"index": 0, "id": "toolu_a", "type": "custom", "custom": {"name": "shell", "input": "ls -l"}}
    ]


def test_caller_of_the_old_functions_gets_a_function_call() -> None:
    body = output_of(
        message_start(),
        *tool_block(0, "toolu_a", "f", "{}"),
        *message_end("tool_use"),
        wording=Wording("m", functions=True),
    )

    assert [delta["function_call"] for delta in deltas_of(body) if "function_call" in delta] == [
        {"name": "f", "arguments": ""},
        {"arguments": "{}"},
    ]
    assert documents_of(body)[-1]["choices"][0]["finish_reason"] == "function_call"


def test_mark_of_the_other_dialect_means_nothing() -> None:
    machine = StreamTranslator(FROM, Wording("m"), counted_ids(), CREATED)

    step = machine.feed(SseEvent("", "[DONE]"))

    assert (step.output, step.delta.done, machine.ended) == (b"", False, False)


def test_usage_alone_is_not_the_end() -> None:
    partial = {"type": "message_delta", "delta": {}, "usage": {"output_tokens": 3}}
    strange = block(0, {"type": "text", "text": ""}, {"type": "smell_delta"})

    body = output_of(message_start(), partial, *strange, *text_block(1, "x"), *message_end("end_turn"))

    assert completion_of(body).choices[0].message.content == "x"
