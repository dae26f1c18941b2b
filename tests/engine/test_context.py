"""What may stand in a query's context, and a word on everything that may not."""

from typing import Any

import pytest

from tui_failover.core.errors import BadQuery
from tui_failover.core.query import Query, Role, Turn
from tui_failover.engine.context import query_from


@pytest.mark.parametrize(
    ("context", "query"),
    [
        (None, Query("hi")),
        ({}, Query("hi")),
        ({"system_prompt": "be brief"}, Query("hi", system="be brief")),
        ({"system_prompt": ""}, Query("hi")),
        ({"system_prompt": None, "max_tokens": None, "messages": []}, Query("hi")),
        ({"max_tokens": 1}, Query("hi", max_tokens=1)),
        (
            {"messages": ({"role": "user", "content": "a"}, {"role": "assistant", "content": ""})},
            Query("hi", turns=(Turn(Role.USER, "a"), Turn(Role.ASSISTANT, ""))),
        ),
    ],
)
def test_context_becomes_a_query(context: dict[str, Any] | None, query: Query) -> None:
    assert query_from("hi", context) == query


@pytest.mark.parametrize(
    ("context", "problem"),
    [
        ({"systemprompt": "x"}, "context.systemprompt: unknown; known are system_prompt, messages, max_tokens"),
        ({1: 2}, "context.1: unknown; known are system_prompt, messages, max_tokens"),
        ({"system_prompt": 3}, "context.system_prompt: must be text"),
        ({"max_tokens": 0}, "context.max_tokens: must be a whole number of at least 1"),
        ({"max_tokens": True}, "context.max_tokens: must be a whole number of at least 1"),
        ({"max_tokens": 1.5}, "context.max_tokens: must be a whole number of at least 1"),
        ({"messages": "hello"}, "context.messages: must be a list of {role, content}"),
        ({"messages": {"role": "user"}}, "context.messages: must be a list of {role, content}"),
        (
            {"messages": [{"role": "system", "content": "x"}]},
            'context.messages[0]: must be {"role": "user" or "assistant", "content": text}',
        ),
        (
            {"messages": [{"role": "user", "content": "x"}, "y"]},
            'context.messages[1]: must be {"role": "user" or "assistant", "content": text}',
        ),
        (
            {"messages": [{"role": [], "content": "x"}]},
            'context.messages[0]: must be {"role": "user" or "assistant", "content": text}',
        ),
        ([1], "context: must be a mapping of names to values"),
    ],
)
def test_a_mistake_in_the_context_is_named(context: object, problem: str) -> None:
    with pytest.raises(BadQuery) as refused:
        query_from("hi", context)

    assert refused.value.problems == (problem,)


@pytest.mark.parametrize("text", ["", " \n\t", None, 7, b"bytes"])
def test_a_query_is_text_that_says_something(text: object) -> None:
    with pytest.raises(BadQuery, match="query: must be text that is not empty"):
        query_from(text, None)


def test_every_mistake_is_told_at_once_and_is_a_value_error_too() -> None:
    context = {"x": 1, "system_prompt": 2, "max_tokens": -3, "messages": [4, {"role": "user", "content": 5}]}

    with pytest.raises(ValueError, match="query") as refused:
        query_from("", context)

    assert isinstance(refused.value, BadQuery)
    assert [problem.split(":")[0] for problem in refused.value.problems] == [
        "query",
        "context.x",
        "context.system_prompt",
        "context.max_tokens",
        "context.messages[0]",
        "context.messages[1]",
    ]
