"""What the events of an answer add to it together."""

import json
from typing import Any

import pytest

from tui_failover.wire.assembly import assembler_of
from tui_failover.wire.delta import Delta, ErrorShape
from tui_failover.wire.dialect import Dialect
from tui_failover.wire.sse import Said

CHAT: list[dict[str, Any]] = [
    {"model": "m", "choices": [{"index": 0, "delta": {"role": "assistant", "content": ""}}]},
    {"model": "m", "choices": [{"index": 0, "delta": {"content": "Yes,"}}]},
    {"model": "m-2", "choices": [{"index": 0, "delta": {"content": " it"}, "finish_reason": "stop"}]},
    {"model": "m-2", "choices": [], "usage": {"prompt_tokens": 9}},
    {"model": "m-2", "choices": [], "usage": {"completion_tokens": 3}},
]
MESSAGES: list[dict[str, Any]] = [
    {"type": "message_start", "message": {"model": "m-2", "usage": {"input_tokens": 9, "output_tokens": 1}}},
    {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Yes,"}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": " it"}},
    {"type": "message_delta", "delta": {"stop_reason": "stop"}, "usage": {"output_tokens": 3}},
]
SPOKEN = {Dialect.OPENAI: CHAT, Dialect.ANTHROPIC: MESSAGES}
END: dict[Dialect, Said] = {
    Dialect.OPENAI: ("", b"[DONE]"),
    Dialect.ANTHROPIC: ("message_stop", b'{"type": "message_stop"}'),
}
LOST: Said = ("", b'{"choices": [{"delta": {"content": "lost"}}]}')


def events(dialect: Dialect) -> list[Said]:
    return [("", json.dumps(document).encode()) for document in SPOKEN[dialect]]


@pytest.mark.parametrize("dialect", Dialect)
def test_texts_are_joined_and_the_last_of_everything_else_counts(dialect: Dialect) -> None:
    said = assembler_of(dialect).feed([*events(dialect), END[dialect], LOST])

    assert said == Delta("Yes, it", True, "m-2", "stop", 9, 3, True)


@pytest.mark.parametrize("dialect", Dialect)
def test_an_error_ends_what_is_read(dialect: Dialect) -> None:
    error: Said = ("error", b'{"type": "error", "error": {"message": "No."}}')

    said = assembler_of(dialect).feed([*events(dialect), error, LOST])

    assert (said.text, said.error, said.done) == ("Yes, it", ErrorShape(message="No."), False)


@pytest.mark.parametrize("dialect", Dialect)
def test_what_breaks_the_dialect_ends_what_is_read(dialect: Dialect) -> None:
    said = assembler_of(dialect).feed([*events(dialect), ("", b"{"), LOST])

    assert said.text == "Yes, it"
    assert said.broken is not None


@pytest.mark.parametrize("dialect", Dialect)
def test_nothing_adds_nothing(dialect: Dialect) -> None:
    assert assembler_of(dialect).feed([]) == Delta()
