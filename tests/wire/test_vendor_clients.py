"""The vendors' own clients, fed with what a translated provider makes of a stream."""

from typing import Any

import anthropic
import httpx2
import openai
import pytest

from tests.support.dialects import (
    CREATED,
    call_piece,
    calls,
    chunk,
    counted_ids,
    events_of,
    message_end,
    message_start,
    sse,
    text_block,
    tool_block,
    translated,
    usage_chunk,
)
from tui_failover.core.outcome import FailureKind
from tui_failover.wire.answer import Wording
from tui_failover.wire.dialect import Dialect, is_content
from tui_failover.wire.error_writing import write_stream_error
from tui_failover.wire.stream_translation import PING, StreamTranslator

SAID: Any = [{"role": "user", "content": "Hi"}]
CHAT: list[object] = [
    chunk({"role": "assistant", "content": ""}),
    chunk({"content": "I look."}),
    calls(call_piece(0, '{"a"', "f", "call_a")),
    calls(call_piece(0, ":1}")),
    chunk({}, "tool_calls"),
    usage_chunk(5, 2),
    "[DONE]",
]
MESSAGES: list[object] = [
    message_start(),
    *text_block(0, "I look."),
    *tool_block(1, "toolu_a", "f", '{"a"', ":1}"),
    *message_end("tool_use"),
]


def http(body: bytes) -> httpx2.Client:
    headers = {"content-type": "text/event-stream"}
    return httpx2.Client(
        transport=httpx2.MockTransport(lambda _request: httpx2.Response(200, headers=headers, content=body))
    )


def from_anthropic_client(body: bytes) -> anthropic.types.Message:
    with http(body) as transport:
        client = anthropic.Anthropic(
            api_key="made-up", base_url="http://x.test", http_client=transport, max_retries=0
        )
        with client.messages.stream(model="m", max_tokens=5, messages=SAID) as stream:
            return stream.get_final_message()


def from_openai_client(body: bytes) -> Any:
    with http(body) as transport:
        client = openai.OpenAI(api_key="made-up", base_url="http://x.test", http_client=transport, max_retries=0)
        with client.chat.completions.stream(model="m", messages=SAID) as stream:
            return stream.get_final_completion()


def test_anthropic_client_reads_a_chat_provider() -> None:
    message = from_anthropic_client(translated(Dialect.OPENAI, sse(*CHAT)))

    assert [block.to_dict() for block in message.content] == [
        {"type": "text", "text": "I look."},
        {"type": "tool_use", "id": "call_a", "name": "f", "input": {"a": 1}},
    ]
    assert (message.stop_reason, message.usage.output_tokens) == ("tool_use", 2)


def test_openai_client_reads_a_messages_provider() -> None:
    completion = from_openai_client(
        translated(Dialect.ANTHROPIC, sse(*MESSAGES), Wording("m", include_usage=True))
    )

    choice = completion.choices[0]
    assert (choice.message.content, choice.finish_reason) == ("I look.", "tool_calls")
    assert choice.message.tool_calls[0].function.arguments == '{"a":1}'
    assert completion.usage.total_tokens == 15


def half(source: Dialect, documents: list[object], count: int) -> bytes:
    """What has been written when the provider breaks off after `count` events."""
    machine = StreamTranslator(source, Wording("m"), counted_ids(), CREATED)
    return b"".join(machine.feed(event).output for event in events_of(sse(*documents[:count])))


def test_error_inside_an_open_tool_call_raises_and_leaves_the_call_open() -> None:
    """danielalves96/claude-code-provider-gateway#2: half a call must not look finished."""
    body = half(Dialect.OPENAI, CHAT, 3) + write_stream_error(
        Dialect.ANTHROPIC, FailureKind.STREAM_BROKEN, "It broke off."
    )

    assert b"tool_use" in body
    assert body.count(b"event: content_block_stop") == 1  # the text's
    with pytest.raises(anthropic.APIStatusError, match="broke off"):
        from_anthropic_client(body)


def test_error_after_content_raises_in_the_other_dialect_too() -> None:
    body = half(Dialect.ANTHROPIC, MESSAGES, 6) + write_stream_error(
        Dialect.OPENAI, FailureKind.STREAM_BROKEN, "It broke off."
    )

    assert b"[DONE]" not in body
    with pytest.raises(openai.APIError, match="broke off"):
        from_openai_client(body)


@pytest.mark.parametrize("dialect", list(Dialect))
def test_pings_change_nothing(dialect: Dialect) -> None:
    source, documents = (Dialect.ANTHROPIC, MESSAGES) if dialect is Dialect.OPENAI else (Dialect.OPENAI, CHAT)
    read: Any = from_openai_client if dialect is Dialect.OPENAI else from_anthropic_client

    body = translated(source, sse(*documents))

    assert read(PING[dialect] + body.replace(b"\n\n", b"\n\n" + PING[dialect])) == read(body)


@pytest.mark.parametrize(
    ("dialect", "document", "expected"),
    [
        (Dialect.OPENAI, chunk({"role": "assistant", "content": ""}), False),
        (Dialect.OPENAI, chunk({"content": "x"}), True),
        (Dialect.OPENAI, chunk({"reasoning_content": "x"}), True),
        (Dialect.OPENAI, calls(call_piece(0, "", "f", "call_a")), True),
        (Dialect.OPENAI, usage_chunk(1, 1), False),
        (Dialect.ANTHROPIC, message_start(), False),
        (Dialect.ANTHROPIC, {"type": "ping"}, False),
        (Dialect.ANTHROPIC, text_block(0, "x")[0], False),
        (Dialect.ANTHROPIC, text_block(0, "x")[1], True),
        (Dialect.ANTHROPIC, tool_block(0, "toolu_a", "f")[0], True),
        (Dialect.ANTHROPIC, message_end("end_turn")[0], False),
    ],
    ids=["role", "text", "reasoning", "call", "usage", "start", "ping", "open text", "words", "open tool", "stop"],
)
def test_commit_gate_opens_at(dialect: Dialect, document: object, expected: bool) -> None:
    (event,) = events_of(sse(document))

    assert is_content(dialect, event) is expected
