"""Tool calls of a Chat Completions provider, however it streams them, behind a Messages caller."""

import json

import pytest

from tests.support.dialects import (
    CREATED,
    call_piece,
    calls,
    chunk,
    counted_ids,
    events_of,
    message_of,
    sse,
    translated,
)
from tui_failover.wire.answer import Wording
from tui_failover.wire.call_slots import MOST_CALLS
from tui_failover.wire.dialect import Dialect
from tui_failover.wire.sse import ProtocolError
from tui_failover.wire.stream_translation import StreamTranslator

FROM = Dialect.OPENAI
ROLE = chunk({"role": "assistant", "content": ""})


def output_of(*documents: object, wording: Wording | None = None) -> bytes:
    return translated(FROM, sse(*documents), wording)


def tool_inputs(body: bytes) -> list[tuple[str, object]]:
    return [(part.name, part.input) for part in message_of(body).content if part.type == "tool_use"]


CARELESS = {
    "without index": [call_piece(None, '{"a"', "f", "call_a"), call_piece(None, ":1}")],
    "without id": [call_piece(0, '{"a"', "f"), call_piece(0, ":1}")],
    "empty id on later pieces": [call_piece(0, '{"a"', "f", "call_a"), call_piece(0, ":1}", None, "")],
    "id on each piece": [call_piece(0, '{"a"', "f", "call_a"), call_piece(0, ":1}", None, "call_a")],
    "a new id on each piece": [call_piece(0, '{"a"', "f", "call_a"), call_piece(0, ":1}", None, "call_b")],
    "name repeated": [call_piece(0, '{"a"', "f", "call_a"), call_piece(0, ":1}", "f")],
    "arguments before the name": [call_piece(0, '{"a"', None, "call_a"), call_piece(0, ":1}", "f")],
    "null arguments": [
        {"index": 0, "id": "call_a", "function": {"name": "f", "arguments": None}},
        call_piece(0, '{"a":1}'),
    ],
}


@pytest.mark.parametrize("pieces", CARELESS.values(), ids=CARELESS.keys())
def test_call_is_one_call_however_carelessly_it_is_numbered(pieces: list[object]) -> None:
    body = output_of(ROLE, *(calls(piece) for piece in pieces), chunk({}, "tool_calls"), "[DONE]")

    assert tool_inputs(body) == [("f", {"a": 1})]


def test_name_in_pieces_is_joined() -> None:
    pieces = [call_piece(0, "", "get_", "call_a"), call_piece(0, "", "weather"), call_piece(0, "{}")]

    body = output_of(ROLE, *(calls(piece) for piece in pieces), chunk({}, "tool_calls"), "[DONE]")

    assert tool_inputs(body) == [("get_weather", {})]


@pytest.mark.parametrize("index", [0, None], ids=["all index 0", "no index"])
def test_calls_that_share_their_index_are_told_apart_by_id_and_name(index: int | None) -> None:
    """mozilla-ai/any-llm#970: every call had index 0."""
    pieces = [call_piece(index, '{"a":1}', "f", "call_a"), call_piece(index, '{"b":2}', "g", "call_b")]

    body = output_of(ROLE, *(calls(piece) for piece in pieces), chunk({}, "tool_calls"), "[DONE]")

    assert tool_inputs(body) == [("f", {"a": 1}), ("g", {"b": 2})]


def test_call_without_an_id_gets_one_of_ours() -> None:
    body = output_of(ROLE, calls(call_piece(0, "{}", "f")), chunk({}, "tool_calls"), "[DONE]")

    assert [part.id for part in message_of(body).content if part.type == "tool_use"] == ["toolu_2"]


def test_call_without_a_name_breaks_the_answer() -> None:
    with pytest.raises(ProtocolError):
        output_of(ROLE, calls(call_piece(0, "{}", None, "call_a")), chunk({}, "tool_calls"), "[DONE]")


def test_piece_of_a_call_after_the_finish_breaks_the_answer() -> None:
    whole = calls(call_piece(0, "{}", "f", "call_a"))

    with pytest.raises(ProtocolError):
        output_of(ROLE, whole, chunk({}, "tool_calls"), calls(call_piece(0, "x")), "[DONE]")


def test_old_function_call_is_a_tool_call() -> None:
    pieces = [{"function_call": {"name": "f", "arguments": ""}}, {"function_call": {"arguments": '{"a":1}'}}]

    body = output_of(ROLE, *map(chunk, pieces), chunk({}, "function_call"), "[DONE]")

    assert tool_inputs(body) == [("f", {"a": 1})]
    assert message_of(body).stop_reason == "tool_use"


def test_more_calls_than_any_model_makes_break_the_answer() -> None:
    many = calls(*(call_piece(index, "{}", "f", f"call_{index}") for index in range(MOST_CALLS + 1)))

    with pytest.raises(ProtocolError):
        output_of(ROLE, many, chunk({}, "tool_calls"), "[DONE]")


def test_id_that_no_other_provider_takes_back_is_replaced() -> None:
    """BerriAI/litellm#21964: an id with dots and colons failed the pattern after a failover."""
    body = output_of(ROLE, calls(call_piece(0, "{}", "f", "functions.f:0")), chunk({}, "tool_calls"), "[DONE]")

    assert [part.id for part in message_of(body).content if part.type == "tool_use"] == ["toolu_2"]


def test_first_call_streams_live() -> None:
    machine = StreamTranslator(FROM, Wording("m"), counted_ids(), CREATED)
    first = sse(ROLE, calls(call_piece(0, '{"a"', "f", "call_a")))

    written = b"".join(machine.feed(event).output for event in events_of(first))

    assert json.dumps('{"a"')[1:-1].encode() in written


def test_renamed_tool_gets_its_name_back() -> None:
    """anthropics/claude-code#2485: names over 64 characters have to be shortened for this provider."""
    wording = Wording("m", tool_names={"short": "a_very_long_name"})

    body = output_of(
        ROLE, calls(call_piece(0, "{}", "short", "call_a")), chunk({}, "tool_calls"), "[DONE]", wording=wording
    )

    assert tool_inputs(body) == [("a_very_long_name", {})]
