"""A caller's `context` made a query: what may be in it, and a clear word on what may not."""

from collections.abc import Mapping, Sequence
from typing import Any

from tui_failover.core.errors import BadQuery
from tui_failover.core.query import Query, Role, Turn

_KNOWN = ("system_prompt", "messages", "max_tokens")
Context = Mapping[str, Any]


def query_from(text: object, context: object) -> Query:
    """Return the query.

    Args:
        text: the question.
        context: may hold `system_prompt` (str), `messages` (earlier turns as {"role": "user" or "assistant",
            "content": str}, oldest first) and `max_tokens` (int, at least 1).

    Raises:
        BadQuery: with every mistake.
    """
    problems: list[str] = []
    words = text if isinstance(text, str) else ""
    if not words.strip():
        problems.append("query: must be text that is not empty")
    if context is not None and not isinstance(context, Mapping):
        raise BadQuery([*problems, "context: must be a mapping of names to values"])
    context = context or {}
    problems += [f"context.{key}: unknown; known are {', '.join(_KNOWN)}" for key in context if key not in _KNOWN]
    system = context.get("system_prompt")
    if system is not None and not isinstance(system, str):
        problems.append("context.system_prompt: must be text")
    most = context.get("max_tokens")
    if most is not None and (not isinstance(most, int) or isinstance(most, bool) or most < 1):
        problems.append("context.max_tokens: must be a whole number of at least 1")
    turns = _turns(context.get("messages", ()), problems)
    if problems:
        raise BadQuery(problems)
    return Query(words, system or None, turns, most)


def _turns(messages: object, problems: list[str]) -> tuple[Turn, ...]:
    if not isinstance(messages, Sequence) or isinstance(messages, str | bytes):
        problems.append("context.messages: must be a list of {role, content}")
        return ()
    turns: list[Turn] = []
    for place, message in enumerate(messages):
        role = message.get("role") if isinstance(message, Mapping) else None
        content = message.get("content") if isinstance(message, Mapping) else None
        if role not in tuple(Role) or not isinstance(content, str):
            problems.append(
                f'context.messages[{place}]: must be {{"role": "user" or "assistant", "content": text}}'
            )
            continue
        turns.append(Turn(Role(role), content))
    return tuple(turns)
