"""A Chat Completions provider behind a caller of the Messages dialect: the stream, event by event."""

import pytest

from tests.support.dialects import (
    CREATED,
    call_piece,
    calls,
    chunk,
    counted_ids,
    documents_of,
    events_of,
    message_of,
    sse,
    translated,
    usage_chunk,
)
from tui_failover.wire.answer import Wording
from tui_failover.wire.dialect import Dialect
from tui_failover.wire.sse import ProtocolError
from tui_failover.wire.stream_translation import StreamTranslator

FROM = Dialect.OPENAI
ROLE = chunk({"role": "assistant", "content": ""})


def output_of(*documents: object, wording: Wording | None = None) -> bytes:
    return translated(FROM, sse(*documents), wording)


def tool_inputs(body: bytes) -> list[tuple[str, object]]:
    return [(part.name, part.input) for part in message_of(body).content if part.type == "tool_use"]


def assert_blocks_are_well_formed(body: bytes) -> None:
    """Indices count from 0, each start has one stop, and no piece comes for a block that is not open."""
    opened, current = 0, None
    for event in documents_of(body):
        kind = event["type"]
        if kind == "content_block_start":
            assert current is None
            assert event["index"] == opened
            opened, current = opened + 1, event["index"]
        elif kind.startswith("content_block_"):
            assert event["index"] == current
            current = None if kind == "content_block_stop" else current
    assert current is None


INTERLEAVED = [
    ROLE,
    calls(call_piece(0, "", "weather", "call_a"), call_piece(1, "", "time", "call_b")),
    calls(call_piece(1, '{"zone"')),
    calls(call_piece(0, '{"city"')),
    calls(call_piece(1, ':"CET"}')),
    calls(call_piece(0, ':"Bonn"}')),
    chunk({}, "tool_calls"),
    usage_chunk(20, 9),
    "[DONE]",
]


def test_pieces_of_parallel_calls_reach_their_own_block() -> None:
    """praxis-proxy/ai#266: pieces of parallel calls went to the wrong block."""
    assert tool_inputs(output_of(*INTERLEAVED)) == [("weather", {"city": "Bonn"}), ("time", {"zone": "CET"})]


def test_no_piece_follows_the_stop_of_its_block() -> None:
    """headroomlabs-ai/headroom#2890: interleaved calls sent pieces after content_block_stop."""
    assert_blocks_are_well_formed(output_of(*INTERLEAVED))


def test_no_piece_comes_for_a_block_never_opened() -> None:
    """Wei-Shaw/sub2api#4294: "Content block not found"."""
    body = output_of(ROLE, calls(call_piece(3, '{"a":1}', "late", "call_x")), chunk({}, "tool_calls"), "[DONE]")

    assert_blocks_are_well_formed(body)
    assert tool_inputs(body) == [("late", {"a": 1})]


def test_indices_are_contiguous_whatever_the_provider_counts() -> None:
    """jundot/omlx#1353: the client's accumulator crashed on a gap."""
    body = output_of(
        ROLE,
        chunk({"content": "Two calls. "}),
        calls(call_piece(2, "{}", "a", "call_a")),
        calls(call_piece(7, "{}", "b", "call_b")),
        chunk({}, "tool_calls"),
        "[DONE]",
    )

    assert [e["index"] for e in documents_of(body) if e["type"] == "content_block_start"] == [0, 1, 2]
    assert len(message_of(body).content) == 3


def test_text_between_pieces_of_a_call_comes_after_the_call() -> None:
    """cloudwego/eino-ext#976: text between tool pieces tore the call."""
    body = output_of(
        ROLE,
        calls(call_piece(0, '{"a"', "f", "call_a")),
        chunk({"content": "Meanwhile"}),
        calls(call_piece(0, ":1}")),
        chunk({}, "tool_calls"),
        "[DONE]",
    )

    assert_blocks_are_well_formed(body)
    message = message_of(body)
    assert [part.type for part in message.content] == ["tool_use", "text"]
    assert tool_inputs(body) == [("f", {"a": 1})]


def test_text_and_call_in_one_chunk_both_arrive() -> None:
    """BerriAI/litellm#18238: the tool's name was lost."""
    both = chunk({"content": "I look.", "tool_calls": [call_piece(0, "{}", "look", "call_a")]})

    message = message_of(output_of(ROLE, both, chunk({}, "tool_calls"), "[DONE]"))

    assert [part.to_dict() for part in message.content] == [
        {"type": "text", "text": "I look."},
        {"type": "tool_use", "id": "call_a", "name": "look", "input": {}},
    ]


def test_whole_call_in_one_piece_arrives() -> None:
    """BerriAI/litellm#25836: no piece of the arguments was written."""
    body = output_of(ROLE, calls(call_piece(0, '{"q":"x"}', "find", "call_a")), chunk({}, "tool_calls"), "[DONE]")

    assert tool_inputs(body) == [("find", {"q": "x"})]


def test_call_without_arguments_has_an_empty_object() -> None:
    """BerriAI/litellm#5064, vercel/ai#10747: joined pieces were no JSON."""
    body = output_of(ROLE, calls(call_piece(0, "", "now", "call_a")), chunk({}, "tool_calls"), "[DONE]")

    deltas = [event["delta"] for event in documents_of(body) if event["type"] == "content_block_delta"]
    assert deltas == [{"type": "input_json_delta", "partial_json": "{}"}]
    assert tool_inputs(body) == [("now", {})]


@pytest.mark.parametrize("finish", ["tool_calls", "stop", "function_call", "something new"])
def test_answer_with_calls_stops_for_its_tools(finish: str) -> None:
    """pgEdge/pgedge-postgres-mcp#217, leookun/cursor-byok#391: end_turn in place of tool_use."""
    body = output_of(ROLE, calls(call_piece(0, "{}", "f", "call_a")), chunk({}, finish), "[DONE]")

    assert message_of(body).stop_reason == "tool_use"


@pytest.mark.parametrize(
    ("finish", "expected"),
    [
        ("stop", "end_turn"),
        ("length", "max_tokens"),
        ("content_filter", "refusal"),
        ("tool_calls", "end_turn"),
        ("something new", "end_turn"),
    ],
)
def test_finish_reason_without_calls_becomes(finish: str, expected: str) -> None:
    assert (
        message_of(output_of(ROLE, chunk({"content": "x"}), chunk({}, finish), "[DONE]")).stop_reason == expected
    )


def test_cut_call_stops_for_its_length() -> None:
    body = output_of(ROLE, calls(call_piece(0, '{"a', "f", "call_a")), chunk({}, "length"), "[DONE]")

    assert documents_of(body)[-2]["delta"]["stop_reason"] == "max_tokens"


def test_refusal_is_text_and_stops_as_one() -> None:
    """mozilla-ai/any-llm#1306: refusals fell through as a plain end."""
    message = message_of(
        output_of(ROLE, chunk({"refusal": "I will "}), chunk({"refusal": "not."}), chunk({}, "stop"), "[DONE]")
    )

    assert [part.to_dict() for part in message.content] == [{"type": "text", "text": "I will not."}]
    assert message.stop_reason == "refusal"


def test_reasoning_becomes_unsigned_thinking() -> None:
    message = message_of(
        output_of(
            ROLE, chunk({"reasoning_content": "Hm."}), chunk({"content": "Yes."}), chunk({}, "stop"), "[DONE]"
        )
    )

    assert [part.to_dict() for part in message.content] == [
        {"type": "thinking", "thinking": "Hm.", "signature": ""},
        {"type": "text", "text": "Yes."},
    ]


def test_usage_after_the_finish_is_waited_for() -> None:
    """envoyproxy/ai-gateway#2350: usage missing in message_delta."""
    message = message_of(output_of(ROLE, chunk({"content": "x"}), chunk({}, "stop"), usage_chunk(30, 7), "[DONE]"))

    assert (message.usage.input_tokens, message.usage.output_tokens) == (30, 7)


def test_input_tokens_leave_out_what_came_from_the_cache() -> None:
    """chenyme/grok2api#751: cached tokens were counted twice."""
    usage = usage_chunk(30, 7, prompt_tokens_details={"cached_tokens": 20, "cache_write_tokens": 4})

    message = message_of(output_of(ROLE, chunk({"content": "x"}), chunk({}, "stop"), usage, "[DONE]"))

    assert message.usage.input_tokens == 6
    assert message.usage.cache_read_input_tokens == 20
    assert message.usage.cache_creation_input_tokens == 4


def test_usage_on_every_chunk_is_a_running_total() -> None:
    """envoyproxy/ai-gateway#2236: running totals were added up."""
    totals = [{"prompt_tokens": 5, "completion_tokens": made} for made in (1, 2, 3)]

    body = output_of(*(chunk({"content": "x"}, usage=total) for total in totals), chunk({}, "stop"), "[DONE]")

    assert message_of(body).usage.output_tokens == 3


def test_unstated_usage_is_a_marked_estimate() -> None:
    body = output_of(
        ROLE, chunk({"content": "x" * 40}), chunk({}, "stop"), "[DONE]", wording=Wording("m", input_tokens=12)
    )

    usage = documents_of(body)[-2]["usage"]
    assert usage["estimated"] is True
    assert (usage["input_tokens"], usage["output_tokens"]) == (12, 10)


def test_chunk_without_choices_is_no_trouble() -> None:
    """BerriAI/litellm#36553, Portkey-AI/gateway#1629: `choices: []` crashed the translation."""
    nothing = {**chunk({}), "choices": [], "prompt_filter_results": []}

    body = output_of(
        nothing, ROLE, chunk({"content": "x"}), chunk(None), chunk({"content": None}), chunk({}, "stop"), "[DONE]"
    )

    assert [part.to_dict() for part in message_of(body).content] == [{"type": "text", "text": "x"}]


def test_every_event_has_its_name() -> None:
    """earendil-works/pi#1983: events without an `event:` line are skipped by the client without a word."""
    body = output_of(*INTERLEAVED)

    assert [event.name for event in events_of(body)] == [document["type"] for document in documents_of(body)]


def test_answer_without_its_end_is_never_given_one() -> None:
    """BerriAI/litellm#32159: a cut stream got a message_stop and looked complete."""
    machine = StreamTranslator(FROM, Wording("m"), counted_ids(), CREATED)
    written = b"".join(machine.feed(event).output for event in events_of(sse(ROLE, chunk({"content": "Half an"}))))

    with pytest.raises(ProtocolError):
        machine.close()

    assert b"message_stop" not in written
    assert b"content_block_stop" not in written
    assert not machine.ended


def test_finish_reason_alone_completes_the_answer() -> None:
    body = output_of(ROLE, chunk({"content": "x"}), chunk({}, "stop"))

    assert documents_of(body)[-1] == {"type": "message_stop"}


def test_end_mark_alone_is_no_answer() -> None:
    with pytest.raises(ProtocolError):
        output_of("[DONE]")


def test_nothing_follows_the_end() -> None:
    body = output_of(
        ROLE, chunk({"content": "x"}), chunk({}, "stop"), "[DONE]", chunk({"content": "more"}), "[DONE]"
    )

    assert [document["type"] for document in documents_of(body)].count("message_stop") == 1
    assert documents_of(body)[-1] == {"type": "message_stop"}


def test_error_event_writes_nothing_and_is_reported() -> None:
    """farzaa/clicky#132: an error inside the stream was swallowed."""
    machine = StreamTranslator(FROM, Wording("m"), counted_ids(), CREATED)
    broken = sse(ROLE, chunk({"content": "Half"}), {"error": {"message": "no", "type": "server_error"}}, "[DONE]")

    steps = [machine.feed(event) for event in events_of(broken)]

    assert steps[2].delta.error is not None
    assert steps[2].output == b""
    assert not machine.ended
    with pytest.raises(ProtocolError):
        machine.close()


def test_malformed_chunk_is_not_skipped() -> None:
    """praxis-proxy/ai#935: a line that was no JSON was skipped, and with it a part of the answer."""
    with pytest.raises(ProtocolError):
        output_of(ROLE, "{oops", chunk({}, "stop"), "[DONE]")


def test_asked_model_and_our_id_are_shown() -> None:
    message = message_of(
        output_of(ROLE, chunk({"content": "x"}), chunk({}, "stop"), "[DONE]", wording=Wording("claude-x"))
    )

    assert (message.model, message.id) == ("claude-x", "msg_1")


def test_end_mark_without_a_finish_reason_ends_the_answer() -> None:
    assert message_of(output_of(ROLE, chunk({"content": "x"}), "[DONE]")).stop_reason == "end_turn"


def test_words_in_parts_are_joined() -> None:
    parts = [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]

    message = message_of(output_of(ROLE, chunk({"content": parts}), chunk({}, "stop"), "[DONE]"))

    assert [part.to_dict() for part in message.content] == [{"type": "text", "text": "ab"}]


@pytest.mark.parametrize(
    "more", [{"error": {"code": 502, "message": "Provider returned error"}}, {}], ids=["beside it", "in a word"]
)
def test_error_beside_a_choice_does_not_finish_the_answer(more: dict[str, object]) -> None:
    machine = StreamTranslator(FROM, Wording("m"), counted_ids(), CREATED)
    broken = sse(ROLE, chunk({"content": "Half"}), chunk({"content": ""}, "error", **more), "[DONE]")

    steps = [machine.feed(event) for event in events_of(broken)]

    assert steps[2].delta.error is not None
    assert not machine.ended
