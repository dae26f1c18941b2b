"""Tool calls and their results, put where both vendors want them.

Every call is answered right after the turn that made it, once, in the order of the calls, before anything else
that was said there. Neither vendor accepts a call without its result, or a result without its call.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from tui_failover.wire.aliases import Aliases
from tui_failover.wire.conversation import Block, Speaker, Text, ToolCall, ToolResult, Turn
from tui_failover.wire.verdict import Notes

MISSING = "The result of this tool call is missing from the conversation."
_ORPHAN = "[Result of a tool call that is not in this conversation]"


@dataclass(slots=True)
class _Exchange:
    """One assistant turn and all that follows up to the next one."""

    assistant: Turn | None
    replies: list[Turn] = field(default_factory=list)


def paired(turns: tuple[Turn, ...], ids: Aliases, notes: Notes) -> list[Turn]:
    """Return `turns` with neighbours of one speaker joined, calls and results paired, and ids made to fit."""
    result: list[Turn] = []
    for exchange in _exchanges(turns):
        calls, assistant = _renamed(exchange.assistant, ids)
        results, others = _sorted_out(exchange.replies, calls, notes)
        if assistant is not None:
            result.append(assistant)
        if results:
            result.append(Turn(Speaker.USER, tuple(results), _field(exchange)))
        for turn in others:
            _append(result, turn)
    return result


def _exchanges(turns: tuple[Turn, ...]) -> list[_Exchange]:
    exchanges = [_Exchange(None)]
    for turn in turns:
        last = exchanges[-1]
        if turn.speaker is not Speaker.ASSISTANT:
            last.replies.append(turn)
        elif last.assistant is not None and not last.replies:
            last.assistant = replace(last.assistant, blocks=last.assistant.blocks + turn.blocks)
        else:
            exchanges.append(_Exchange(turn))
    return exchanges


def _renamed(turn: Turn | None, ids: Aliases) -> tuple[list[tuple[str, str]], Turn | None]:
    """Return the calls of `turn` as (old id, new id), and the turn with the new ones, each used only once."""
    calls: list[tuple[str, str]] = []
    blocks: list[Block] = []
    for block in turn.blocks if turn is not None else ():
        if isinstance(block, ToolCall):
            fresh = ids.fresh(block.id or f"call_{len(calls)}")
            calls.append((block.id, fresh))
            blocks.append(replace(block, id=fresh))
        else:
            blocks.append(block)
    return calls, None if turn is None else replace(turn, blocks=tuple(blocks))


def _sorted_out(
    replies: list[Turn], calls: list[tuple[str, str]], notes: Notes
) -> tuple[list[ToolResult], list[Turn]]:
    """Return one result per call, in order, and the turns without them."""
    answers: dict[str, ToolResult] = {}
    others: list[Turn] = []
    for turn in replies:
        rest: list[Block] = []
        for block in turn.blocks:
            if not isinstance(block, ToolResult):
                rest.append(block)
                continue
            fresh = _call_for(block, calls, answers)
            if fresh is None:
                notes.warn("tool_result_orphaned", turn.field)
                rest.extend(_as_text(block))
            else:
                answers[fresh] = replace(block, call_id=fresh)
        if rest or not turn.blocks:
            others.append(replace(turn, blocks=tuple(rest)))
    return [_answer(fresh, answers, notes) for _, fresh in calls], others


def _call_for(result: ToolResult, calls: list[tuple[str, str]], answers: dict[str, ToolResult]) -> str | None:
    open_calls = [(old, fresh) for old, fresh in calls if fresh not in answers]
    # A result that names no call answers the oldest call that nobody has answered.
    return next((fresh for old, fresh in open_calls if old == result.call_id or not result.call_id), None)


def _answer(fresh: str, answers: dict[str, ToolResult], notes: Notes) -> ToolResult:
    if fresh not in answers:
        notes.warn("tool_result_missing", "messages")
        return ToolResult(fresh, (Text(MISSING),), failed=True)
    return answers[fresh]


def _as_text(result: ToolResult) -> Iterator[Block]:
    yield Text(_ORPHAN)
    yield from result.content


def _append(turns: list[Turn], turn: Turn) -> None:
    last = turns[-1] if turns else None
    if last is not None and last.speaker is turn.speaker:
        turns[-1] = replace(last, blocks=last.blocks + turn.blocks)
    else:
        turns.append(turn)


def _field(exchange: _Exchange) -> str:
    fields = [turn.field for turn in exchange.replies] or [exchange.assistant.field if exchange.assistant else ""]
    return fields[0]
