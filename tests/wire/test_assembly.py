"""Streams put together for callers who do not stream: the provider's own dialect, nothing lost."""

from typing import Any

import pytest
from anthropic.types import Message
from openai.types.chat import ChatCompletion

from tests.support.dialects import (
    block,
    call_piece,
    calls,
    chunk,
    message_end,
    message_start,
    said_in,
    sse,
    text_block,
    tool_block,
    usage_chunk,
)
from tui_failover.wire.assembly import assembler_of
from tui_failover.wire.dialect import Dialect
from tui_failover.wire.sse import ProtocolError

ROLE = chunk({"role": "assistant", "content": ""})
STOP = chunk({}, "stop")


def assembled(dialect: Dialect, *documents: object) -> Any:
    assembler = assembler_of(dialect)
    for said in said_in(sse(*documents)):
        broken = assembler.feed([said]).broken
        if broken is not None:
            raise broken
    return assembler.document()


def completion(*documents: object) -> Any:
    document = assembled(Dialect.OPENAI, *documents)
    ChatCompletion.model_validate(document)
    return document


def message(*documents: object) -> Any:
    document = assembled(Dialect.ANTHROPIC, *documents)
    Message.model_validate(document)
    return document


def test_chat_stream_becomes_its_completion() -> None:
    made = completion(
        ROLE,
        chunk({"content": "Hel"}, system_fingerprint="fp"),
        chunk({"content": "lo"}),
        calls(call_piece(0, '{"a"', "f", "call_a"), call_piece(1, "{}", "g", "call_b")),
        calls(call_piece(0, ":1}")),
        chunk({}, "tool_calls"),
        usage_chunk(5, 2),
        "[DONE]",
    )

    choice = made["choices"][0]
    assert choice["message"] == {
        "role": "assistant",
        "content": "Hello",
        "refusal": None,
        "tool_calls": [
            {"id": "call_a", "type": "function", "function": {"name": "f", "arguments": '{"a":1}'}},
            {"id": "call_b", "type": "function", "function": {"name": "g", "arguments": "{}"}},
        ],
    }
    assert choice["finish_reason"] == "tool_calls"
    assert (made["object"], made["system_fingerprint"], made["usage"]["total_tokens"]) == (
        "chat.completion",
        "fp",
        7,
    )


def test_every_choice_and_its_log_probabilities_are_kept() -> None:
    def one(index: int, content: str, finish: str | None = None) -> dict[str, object]:
        logprobs = {"content": [{"token": content, "logprob": -1.0, "top_logprobs": []}], "refusal": None}
        return {"index": index, "delta": {"content": content}, "logprobs": logprobs, "finish_reason": finish}

    both = [
        {**chunk({}), "choices": [one(1, "b1"), one(0, "a1")]},
        {**chunk({}), "choices": [one(0, "a2", "stop"), one(1, "b2", "length")]},
    ]

    choices = completion(*both, "[DONE]")["choices"]

    assert [(choice["message"]["content"], choice["finish_reason"]) for choice in choices] == [
        ("a1a2", "stop"),
        ("b1b2", "length"),
    ]
    assert [entry["token"] for entry in choices[0]["logprobs"]["content"]] == ["a1", "a2"]


def test_fields_nobody_listed_are_kept() -> None:
    made = completion(
        ROLE, chunk({"reasoning_content": "H"}), chunk({"reasoning_content": "m", "odd": 1}), STOP, "[DONE]"
    )

    assert made["choices"][0]["message"]["reasoning_content"] == "Hm"
    assert made["choices"][0]["message"]["odd"] == 1


def test_custom_call_stays_one() -> None:
    piece = {"index": 0, "id": "call_a", "type": "custom", "custom": {"name": "sh", "input": "l"}}

    made = completion(ROLE, calls(piece), calls({"index": 0, "custom": {"input": "s"}}), chunk({}, "tool_calls"))

    assert made["choices"][0]["message"]["tool_calls"] == [
        {"id": "call_a", "type": "custom", "custom": {"name": "sh", "input": "ls"}}
    ]


def test_messages_stream_becomes_its_message() -> None:
    thinking = block(
        0,
        {"type": "thinking", "thinking": "", "signature": ""},
        {"type": "thinking_delta", "thinking": "Hm."},
        {"type": "signature_delta", "signature": "c2ln"},
    )
    citation = {
        "type": "char_location",
        "cited_text": "c",
        "document_index": 0,
        "start_char_index": 0,
        "end_char_index": 1,
    }
    cited = block(
        1,
        {"type": "text", "text": ""},
        {"type": "text_delta", "text": "Hi"},
        {"type": "citations_delta", "citation": citation},
    )

    made = message(
        message_start(cache_read_input_tokens=3),
        {"type": "ping"},
        *thinking,
        *cited,
        *tool_block(2, "toolu_a", "f", '{"a"', ":1}"),
        *block(3, {"type": "redacted_thinking", "data": "x"}),
        *message_end("tool_use"),
    )

    assert made["content"] == [
        {"type": "thinking", "thinking": "Hm.", "signature": "c2ln"},
        {"type": "text", "text": "Hi", "citations": [citation]},
        {"type": "tool_use", "id": "toolu_a", "name": "f", "input": {"a": 1}},
        {"type": "redacted_thinking", "data": "x"},
    ]
    assert made["usage"] == {"input_tokens": 10, "output_tokens": 5, "cache_read_input_tokens": 3}
    assert made["stop_reason"] == "tool_use"


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [([], {}), (["", "{}"], {}), (['{"a":', "1}"], {"a": 1}), (['{"a":'], {"_raw": '{"a":'})],
    ids=["none", "empty", "whole", "cut"],
)
def test_input_of_a_tool_is(inputs: list[str], expected: object) -> None:
    made = message(message_start(), *tool_block(0, "toolu_a", "f", *inputs), *message_end("max_tokens"))

    assert made["content"][0]["input"] == expected


@pytest.mark.parametrize(
    ("dialect", "documents"),
    [
        (Dialect.OPENAI, []),
        (Dialect.OPENAI, ["[DONE]"]),
        (Dialect.OPENAI, [ROLE, chunk({"content": "Half"})]),
        (Dialect.OPENAI, [ROLE, {"error": {"message": "no"}}, STOP, "[DONE]"]),
        (
            Dialect.OPENAI,
            [
                ROLE,
                chunk({}, choices=[{"index": 0, "finish_reason": "stop"}, {"index": 1, "finish_reason": "error"}]),
            ],
        ),
        (Dialect.OPENAI, [chunk({}, choices=[None]), "[DONE]"]),
        (Dialect.ANTHROPIC, []),
        (Dialect.ANTHROPIC, [message_start(), *text_block(0, "Half")]),
        (Dialect.ANTHROPIC, [message_start(), *text_block(0, "x"), message_end("end_turn")[0]]),
        (
            Dialect.ANTHROPIC,
            [message_start(), {"type": "error", "error": {"type": "api_error"}}, *message_end("end_turn")],
        ),
    ],
    ids=[
        "chat: nothing",
        "chat: mark alone",
        "chat: cut",
        "chat: error",
        "chat: error in one of two choices",
        "chat: a choice that is none",
        "messages: nothing",
        "messages: cut",
        "messages: no mark",
        "messages: error",
    ],
)
def test_half_an_answer_is_none(dialect: Dialect, documents: list[object]) -> None:
    with pytest.raises(ProtocolError):
        assembled(dialect, *documents)


def test_piece_of_a_block_never_opened_breaks_the_answer() -> None:
    stray = {"type": "content_block_delta", "index": 3, "delta": {"type": "text_delta", "text": "x"}}

    with pytest.raises(ProtocolError):
        assembled(Dialect.ANTHROPIC, message_start(), stray, *message_end("end_turn"))


def test_finish_reason_alone_completes_a_chat_answer() -> None:
    assert completion(ROLE, chunk({"content": "x"}), STOP)["choices"][0]["message"]["content"] == "x"


def test_old_function_call_is_kept() -> None:
    pieces = [{"function_call": {"name": "f", "arguments": ""}}, {"function_call": {"arguments": "{}"}}]

    made = completion(ROLE, *map(chunk, pieces), chunk({}, "function_call"))

    assert made["choices"][0]["message"]["function_call"] == {"name": "f", "arguments": "{}"}


def test_lists_are_continued() -> None:
    def note(url: str) -> dict[str, object]:
        citation = {"url": url, "title": "", "start_index": 0, "end_index": 0}
        return {"annotations": [{"type": "url_citation", "url_citation": citation}]}

    made = completion(ROLE, chunk(note("https://a")), chunk(note("https://b")), STOP)

    notes = made["choices"][0]["message"]["annotations"]
    assert [one["url_citation"]["url"] for one in notes] == ["https://a", "https://b"]


def test_input_that_comes_whole_in_the_start_is_kept() -> None:
    start = {"type": "tool_use", "id": "toolu_a", "name": "f", "input": {"a": 1}}

    made = message(
        message_start(),
        *block(0, start, {"type": "input_json_delta", "partial_json": ""}),
        *message_end("tool_use"),
    )

    assert made["content"][0]["input"] == {"a": 1}


def test_mark_of_the_other_dialect_means_nothing() -> None:
    with pytest.raises(ProtocolError):
        assembled(Dialect.ANTHROPIC, message_start(), *text_block(0, "x"), "[DONE]")
