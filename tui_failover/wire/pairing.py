"""Tool calls and their results, put where both vendors want them.

Every call is answered right after the turn that made it, once, in the order of the calls, before anything else
that was said there. Neither vendor accepts a call without its result, or a result without its call.
"""

from collections import deque

from msgspec import Struct, field

from tui_failover.core.copying import replace
from tui_failover.wire.aliases import Aliases
from tui_failover.wire.conversation import Block, Speaker, Text, ToolCall, ToolResult, Turn
from tui_failover.wire.verdict import Notes

MISSING = "The result of this tool call is missing from the conversation."
_ORPHAN = "[Result of a tool call that is not in this conversation]"


class _Joined(Struct):
    """Neighbouring turns of one speaker; `field` is the path of the first."""

    speaker: Speaker
    field: str
    blocks: list[Block]


class _Exchange(Struct):
    """One assistant turn and all that follows up to the next one."""

    assistant: _Joined | None
    replies: list[Turn] = field(default_factory=list)


class _Unanswered:
    """The calls of one turn that still wait for their result, and the results found."""

    def __init__(self, calls: list[tuple[str, str]]) -> None:
        self.answers: dict[str, ToolResult] = {}
        self._order = deque(fresh for _, fresh in calls)
        self._by_id: dict[str, deque[str]] = {}
        for old, fresh in calls:
            self._by_id.setdefault(old, deque()).append(fresh)

    def take(self, result: ToolResult) -> bool:
        """Keep `result` for its call; False where no call waits for it.

        A result that names no call answers the oldest call that nobody has answered.
        """
        waiting = self._by_id.get(result.call_id) if result.call_id else self._order
        while waiting and waiting[0] in self.answers:
            waiting.popleft()
        if not waiting:
            return False
        fresh = waiting.popleft()
        self.answers[fresh] = replace(result, call_id=fresh)
        return True


def paired(turns: tuple[Turn, ...], ids: Aliases, notes: Notes) -> list[Turn]:
    """Return `turns` with neighbours of one speaker joined, calls and results paired, and ids made to fit."""
    joined: list[_Joined] = []
    for exchange in _exchanges(turns):
        calls = _renamed(exchange.assistant, ids)
        results, others = _sorted_out(exchange.replies, calls, notes)
        if exchange.assistant is not None:
            joined.append(exchange.assistant)
        if results:
            first = exchange.replies[0].field if exchange.replies else "messages"
            joined.append(_Joined(Speaker.USER, first, [*results]))
        for turn in others:
            _append(joined, turn)
    return [Turn(one.speaker, tuple(one.blocks), one.field) for one in joined]


def _exchanges(turns: tuple[Turn, ...]) -> list[_Exchange]:
    exchanges = [_Exchange(None)]
    for turn in turns:
        last = exchanges[-1]
        if turn.speaker is not Speaker.ASSISTANT:
            last.replies.append(turn)
        elif last.assistant is not None and not last.replies:
            last.assistant.blocks.extend(turn.blocks)
        else:
            exchanges.append(_Exchange(_Joined(turn.speaker, turn.field, [*turn.blocks])))
    return exchanges


def _renamed(turn: _Joined | None, ids: Aliases) -> list[tuple[str, str]]:
    """Give each call of `turn` an id of its own; return the calls as (old id, new id)."""
    calls: list[tuple[str, str]] = []
    for place, block in enumerate(turn.blocks if turn is not None else ()):
        if turn is not None and isinstance(block, ToolCall):
            fresh = ids.fresh(block.id or f"call_{len(calls)}")
            calls.append((block.id, fresh))
            turn.blocks[place] = replace(block, id=fresh)
    return calls


def _sorted_out(
    replies: list[Turn], calls: list[tuple[str, str]], notes: Notes
) -> tuple[list[ToolResult], list[Turn]]:
    """Return one result per call, in order, and the turns without them."""
    unanswered = _Unanswered(calls)
    others: list[Turn] = []
    for turn in replies:
        rest: list[Block] = []
        for block in turn.blocks:
            if not isinstance(block, ToolResult):
                rest.append(block)
            elif not unanswered.take(block):
                notes.warn("tool_result_orphaned", turn.field)
                rest.extend((Text(_ORPHAN), *block.content))
        if rest or not turn.blocks:
            others.append(replace(turn, blocks=tuple(rest)))
    return [_answer(fresh, unanswered.answers, notes) for _, fresh in calls], others


def _answer(fresh: str, answers: dict[str, ToolResult], notes: Notes) -> ToolResult:
    if fresh not in answers:
        notes.warn("tool_result_missing", "messages")
        return ToolResult(fresh, (Text(MISSING),), failed=True)
    return answers[fresh]


def _append(joined: list[_Joined], turn: Turn) -> None:
    if joined and joined[-1].speaker is turn.speaker:
        joined[-1].blocks.extend(turn.blocks)
    else:
        joined.append(_Joined(turn.speaker, turn.field, [*turn.blocks]))
