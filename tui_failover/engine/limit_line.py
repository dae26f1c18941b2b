"""Where queries wait while every available provider of their agent is at its limit: first come, first served."""

import asyncio
from collections import deque
from collections.abc import Callable

from tui_failover.core.chain import Plan
from tui_failover.core.copying import replace
from tui_failover.core.names import AgentId
from tui_failover.core.ports import Clock
from tui_failover.core.spec import LimitRules

_SHORTEST_S = 0.05
_LOOKS_S = 0.5  # whatever else may give room (a breaker closes, a person orders something) is seen this soon


class LimitLine:
    """One line per agent, bounded in length; lives on the engine's loop."""

    def __init__(self, rules: LimitRules, clock: Clock) -> None:
        self._rules = rules
        self._clock = clock
        self._lines: dict[AgentId, deque[asyncio.Event]] = {}

    def waiting(self, agent: AgentId) -> int:
        """Return how many queries of the agent wait."""
        return len(self._lines.get(agent, ()))

    def moved(self) -> None:
        """Have whoever is first in line look again: an attempt has ended."""
        for line in self._lines.values():
            line[0].set()

    async def wait(self, agent: AgentId, look: Callable[[], Plan], patience_s: float) -> Plan:
        """Wait for one's turn and for room.

        Args:
            agent: whose line.
            look: makes the query's plan as of now.
            patience_s: how long to wait at most.

        Returns:
            The newest plan. Its candidates may be admitted until the next await; it has none where the line is too
            long or patience has ended.
        """
        if self.waiting(agent) >= self._rules.queue:
            return _turned_away(look())
        line = self._lines.setdefault(agent, deque())
        until = self._clock.now().mono + patience_s
        mine = asyncio.Event()
        line.append(mine)
        try:
            while True:
                plan = look()
                now = self._clock.now().mono
                if not plan.full and line[0] is mine:
                    return plan
                if now >= until:
                    return _turned_away(plan)
                mine.clear()
                looks_at = _looks_at(plan, now) if line[0] is mine else until
                await _set_within(mine, min(until, looks_at) - now)
        finally:
            line.remove(mine)
            if line:
                line[0].set()
            else:
                del self._lines[agent]


def _looks_at(plan: Plan, now: float) -> float:
    """When there may be room although no attempt ends: a window slides, or something else happens."""
    frees = [why.until_at for why in plan.passed_over if why.until_at is not None]
    return min([max(now + _SHORTEST_S, at) for at in frees] + [now + _LOOKS_S])


def _turned_away(plan: Plan) -> Plan:
    return replace(plan, candidates=(), full=True)


async def _set_within(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return
