"""Input tokens guessed without a tokenizer."""

from typing import Any

import pytest

from tui_failover.wire.anthropic_request_reading import read_anthropic_request
from tui_failover.wire.conversation import Request
from tui_failover.wire.counting import estimated_tokens

PNG = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "aGk="}}
PDF = {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": "aGk="}}


def counted(*content: object, **more: object) -> int:
    messages = [{"role": "user", "content": [{"type": "text", "text": "Hi"}, *content]}]
    request = read_anthropic_request({"model": "m", "max_tokens": 1, "messages": messages, **more})
    assert isinstance(request, Request)
    return estimated_tokens(request)


@pytest.mark.parametrize(
    ("content", "more"),
    [
        ([{"type": "text", "text": "x" * 400}], {}),
        ([PNG], {}),
        ([PDF], {}),
        ([{"type": "document", "source": {"type": "url", "url": "https://x"}}], {}),
        ([{"type": "tool_use", "id": "a", "name": "f", "input": {"x": "y" * 400}}], {}),
        ([{"type": "tool_result", "tool_use_id": "a", "content": [PNG]}], {}),
        ([{"type": "thinking", "thinking": "x" * 400, "signature": ""}], {}),
        ([{"type": "search_result", "content": [{"type": "text", "text": "x" * 400}]}], {}),
        ([], {"system": "x" * 400}),
        ([], {"tools": [{"name": "f", "description": "x" * 400, "input_schema": {"type": "object"}}]}),
        ([], {"tools": [{"name": "f", "input_schema": {"description": "x" * 400}}]}),
    ],
    ids=[
        "text",
        "picture",
        "file",
        "linked file",
        "call",
        "result",
        "thinking",
        "other",
        "system",
        "tool",
        "schema",
    ],
)
def test_everything_that_is_sent_counts(content: list[Any], more: dict[str, object]) -> None:
    """BerriAI/litellm#13252, router-for-me/CLIProxyAPI#679: tools and pictures were not counted."""
    assert counted(*content, **more) >= counted() + 100


def test_schema_nested_without_end_does_not_break_the_count() -> None:
    deep: Any = {}
    for _ in range(5_000):
        deep = {"x": deep}

    assert counted(tools=[{"name": "f", "input_schema": deep}]) > 0
