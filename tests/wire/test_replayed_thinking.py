"""Reasoning that callers send back."""

import pytest

from tui_failover.wire.replayed_thinking import without_thinking

UNSIGNED = {"type": "thinking", "thinking": "Hm.", "signature": ""}
SIGNED = {"type": "thinking", "thinking": "Hm.", "signature": "c2ln"}
HIDDEN = {"type": "redacted_thinking", "data": "x"}
TEXT = {"type": "text", "text": "Yes."}
USER = {"role": "user", "content": "Hi"}


def assistant(*content: object) -> dict[str, object]:
    return {"role": "assistant", "content": list(content)}


def test_unsigned_reasoning_of_another_vendor_is_taken_out() -> None:
    assert without_thinking([USER, assistant(UNSIGNED, SIGNED, HIDDEN, TEXT)]) == [
        USER,
        assistant(SIGNED, HIDDEN, TEXT),
    ]


def test_signed_reasoning_is_taken_out_for_another_model() -> None:
    assert without_thinking([assistant(UNSIGNED, SIGNED, HIDDEN, TEXT)], unsigned_only=False) == [assistant(TEXT)]


def test_turn_of_nothing_else_is_taken_out_whole() -> None:
    assert without_thinking([USER, assistant(UNSIGNED)]) == [USER]


@pytest.mark.parametrize(
    "messages", [None, {}, [], [USER, assistant(SIGNED, TEXT)], [1, {"content": 1}, {"content": [1]}]], ids=repr
)
def test_nothing_to_take_out_is_told(messages: object) -> None:
    assert without_thinking(messages) is None
