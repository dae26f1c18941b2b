"""The rest of a stream, written by somebody else: read by the official clients, two parts are one answer."""

from collections.abc import Iterable, Mapping
from typing import Any

import pytest

from tests.support.dialects import (
    block,
    call_piece,
    calls,
    chunk,
    completion_of,
    counted_ids,
    events_of,
    message_end,
    message_of,
    message_start,
    sse,
    text_block,
    tool_block,
    usage_chunk,
)
from tui_failover.wire.answer import Wording
from tui_failover.wire.continuation import NotTakenUp, Splice, anchor_of
from tui_failover.wire.delivered import MOST_TEXT, Delivered
from tui_failover.wire.dialect import Dialect
from tui_failover.wire.joining import JoiningWriter, Joint
from tui_failover.wire.sse import ProtocolError
from tui_failover.wire.stream_parts import Seam
from tui_failover.wire.stream_translation import StreamRewriter
from tui_failover.wire.tokens import Tokens

OPENAI, ANTHROPIC = Dialect.OPENAI, Dialect.ANTHROPIC
ROLE = chunk({"role": "assistant", "content": ""})
BEGUN = {
    OPENAI: sse(ROLE, chunk({"content": "One two "}), chunk({"content": "three"})),
    ANTHROPIC: sse(message_start(), *text_block(0, "One two ", "three")[:-1], named=True),
}
THINKING = block(0, {"type": "thinking", "thinking": ""}, {"type": "thinking_delta", "thinking": "Hm."})
REST: dict[Dialect, tuple[Mapping[str, object], ...]] = {
    OPENAI: (
        ROLE,
        chunk({"reasoning_content": "Where was I?"}),
        chunk({"content": "One two three"}),
        chunk({"content": " four"}),
    ),
    ANTHROPIC: (message_start(input_tokens=20), *THINKING, *text_block(1, "One two", " three four")),
}
END = {
    OPENAI: (chunk({}, "stop"), usage_chunk(20, 7), "[DONE]"),
    ANTHROPIC: tuple(message_end("end_turn", 7)),
}
SPENT = Tokens(input=10, output=3, estimated=True)


def delivered(dialect: Dialect, body: bytes) -> Delivered:
    reader = Delivered(dialect)
    reader.take(body)
    return reader


def rest(dialect: Dialect, source: Dialect, documents: Iterable[object], begun: bytes | None = None) -> bytes:
    """What the caller gets after `begun`, of what another provider says."""
    before = delivered(dialect, BEGUN[dialect] if begun is None else begun)
    joint = Joint(dialect, before.seam, Wording("m", include_usage=True), counted_ids(), SPENT, "backup")
    writer = JoiningWriter(joint, Splice(before.text, anchor_of(before.text)))
    machine = StreamRewriter(source, writer)
    output = b"".join(machine.feed(event).output for event in events_of(sse(*documents)))
    return output + machine.close()


@pytest.mark.parametrize("source", Dialect, ids=lambda one: f"then-{one}")
def test_a_chat_client_reads_one_completion(source: Dialect) -> None:
    body = BEGUN[OPENAI] + rest(OPENAI, source, [*REST[source], *END[source]])

    answer = completion_of(body)

    assert (answer.id, answer.model) == ("chatcmpl-up", "served")
    assert answer.choices[0].message.content == "One two three four"
    assert answer.choices[0].finish_reason == "stop"
    assert answer.usage is not None
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (30, 10)


@pytest.mark.parametrize("source", Dialect, ids=lambda one: f"then-{one}")
def test_a_messages_client_reads_one_message(source: Dialect) -> None:
    body = BEGUN[ANTHROPIC] + rest(ANTHROPIC, source, [*REST[source], *END[source]])

    answer = message_of(body)

    assert (answer.id, answer.model, answer.stop_reason) == ("msg_up", "served", "end_turn")
    assert [one.text for one in answer.content if one.type == "text"] == ["One two three four"]
    assert (answer.usage.input_tokens, answer.usage.output_tokens) == (30, 10)


def test_a_block_that_was_closed_is_followed_by_the_next_one() -> None:
    begun = sse(message_start(), *text_block(0, "One two three"), named=True)

    answer = message_of(begun + rest(ANTHROPIC, OPENAI, [*REST[OPENAI], *END[OPENAI]], begun))

    assert [one.text for one in answer.content if one.type == "text"] == ["One two three", " four"]


def test_a_comment_marks_the_seam_before_the_first_event_of_the_rest() -> None:
    output = rest(OPENAI, OPENAI, [*REST[OPENAI], *END[OPENAI]])

    assert output.startswith(b": continued by backup\ndata: {")
    assert output.count(b"continued by") == 1


@pytest.mark.parametrize("source", Dialect, ids=str)
def test_a_tool_may_be_called_after_the_place_was_found(source: Dialect) -> None:
    called = {
        OPENAI: (calls(call_piece(0, "{}", "look", "call_a")), chunk({}, "tool_calls"), "[DONE]"),
        ANTHROPIC: (*tool_block(2, "toolu_a", "look", "{}"), *message_end("tool_use")),
    }

    answer = message_of(BEGUN[ANTHROPIC] + rest(ANTHROPIC, source, [*REST[source], *called[source]]))

    assert [one.type for one in answer.content] == ["text", "tool_use"]
    assert answer.stop_reason == "tool_use"


@pytest.mark.parametrize(
    "documents",
    [
        [ROLE, chunk({"content": "Something else."}), *END[OPENAI]],
        [ROLE, calls(call_piece(0, "{}", "look", "call_a"))],
        [ROLE, chunk({"refusal": "I would rather not."})],
        [ROLE, chunk({"content": "x" * 500})],
    ],
    ids=["ends", "calls a tool", "refuses", "goes on and on"],
)
def test_whoever_does_not_come_to_the_place_does_not_take_the_answer_up(documents: list[object]) -> None:
    with pytest.raises(NotTakenUp):
        rest(OPENAI, OPENAI, documents)


def test_half_a_rest_is_no_whole_answer() -> None:
    with pytest.raises(ProtocolError):
        rest(OPENAI, ANTHROPIC, REST[ANTHROPIC])


@pytest.mark.parametrize("dialect", Dialect, ids=str)
def test_what_a_caller_has_is_known(dialect: Dialect) -> None:
    known = delivered(dialect, BEGUN[dialect])

    assert known.text == "One two three"
    assert known.continuable
    assert (
        known.seam
        == {
            OPENAI: Seam("chatcmpl-up", "served", 1),
            ANTHROPIC: Seam("msg_up", "served", blocks=1, text_open=True),
        }[dialect]
    )


def test_what_may_not_come_to_be_handed_out_is_read_apart() -> None:
    known = delivered(OPENAI, BEGUN[OPENAI])

    copy = known.fork()
    copy.take(sse(chunk({"content": " four"})))

    assert (known.text, copy.text) == ("One two three", "One two three four")
    assert copy.seam == known.seam


def messages(*documents: Mapping[str, Any]) -> bytes:
    return sse(message_start(), *documents, named=True)


@pytest.mark.parametrize(
    ("dialect", "body", "may"),
    [
        (OPENAI, sse(ROLE), False),
        (OPENAI, sse(ROLE, chunk({"reasoning_content": "Hm."})), False),
        (OPENAI, sse(ROLE, chunk({"reasoning_content": "Hm."}), chunk({"content": "One"})), True),
        (OPENAI, sse(chunk({"content": "One"}), chunk({"reasoning": "Hm."})), False),
        (OPENAI, sse(chunk({"content": "One"}), calls(call_piece(0, "{", "f", "call_a"))), False),
        (OPENAI, sse(chunk({"content": "One"}), chunk({"refusal": "No."})), False),
        (OPENAI, sse(chunk({"content": "One"}), chunk({}, "stop")), False),
        (OPENAI, sse(chunk({"content": "x" * (MOST_TEXT + 1)})), False),
        (OPENAI, sse({**chunk({}), "choices": [{"index": 1, "delta": {"content": "One"}}]}), False),
        (ANTHROPIC, messages(), False),
        (ANTHROPIC, messages(*THINKING[:-1]), False),
        (ANTHROPIC, messages(*THINKING, *text_block(1, "One")[:-1]), True),
        (ANTHROPIC, messages(*text_block(0, "One"), *tool_block(1, "toolu_a", "f", "{")[:-1]), False),
        (ANTHROPIC, messages(*block(0, {"type": "text", "text": ""}, {"type": "citations_delta"})), False),
        (ANTHROPIC, messages(*text_block(0, "One"), message_end("end_turn")[0]), False),
    ],
    ids=[
        "nothing yet", "in thought", "after thought", "in thought again", "a call", "a refusal", "at its end",
        "too long", "two choices", "no block", "in a thought", "after a thought", "in a call", "a citation",
        "at the end",
    ],
)  # fmt: skip
def test_only_text_that_stands_open_is_continued(dialect: Dialect, body: bytes, may: bool) -> None:
    assert delivered(dialect, body).continuable is may
