"""Turns for queries when nothing in a chain is available: few, one at a time per provider, in order of arrival."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tui_failover.core.names import AgentId, ProviderId
from tui_failover.core.ports import Clock
from tui_failover.core.spec import PanicRules


class PanicGate:
    """Paces desperate attempts; lives on the engine's loop."""

    def __init__(self, rules: PanicRules, clock: Clock) -> None:
        self._rules = rules
        self._clock = clock
        self._next_turn: dict[AgentId, float] = {}
        self._waiting: dict[AgentId, int] = {}
        self._busy: dict[ProviderId, asyncio.Semaphore] = {}

    async def turn(self, agent: AgentId) -> str:
        """Wait for the agent's next turn; return "" when it has come, or why none is given."""
        now = self._clock.now().mono
        at = max(now, self._next_turn.get(agent, now))
        if at - now > self._rules.wait_s or self._waiting.get(agent, 0) >= self._rules.queue:
            return "nothing is available and too many queries wait already"
        self._next_turn[agent] = at + 1.0 / self._rules.per_s
        self._waiting[agent] = self._waiting.get(agent, 0) + 1
        try:
            if at > now:
                await self._clock.sleep(at - now)
        finally:
            self._waiting[agent] -= 1
        return ""

    @asynccontextmanager
    async def alone(self, provider: ProviderId) -> AsyncIterator[bool]:
        """Enter as the only desperate attempt at the provider; yields False where the wait was too long."""
        semaphore = self._busy.setdefault(provider, asyncio.Semaphore(1))
        try:
            async with asyncio.timeout(self._rules.wait_s):
                await semaphore.acquire()
        except TimeoutError:
            yield False
            return
        try:
            yield True
        finally:
            semaphore.release()
