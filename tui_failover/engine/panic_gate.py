"""Turns for queries when nothing in a chain is available: few, one at a time per provider, in order of arrival."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tui_failover.core.names import AgentId, ProviderId
from tui_failover.core.ports import Clock
from tui_failover.core.spec import PanicRules

_FULL = "not reached: nothing is available and too many queries wait already"
_BUSY = "not reached: nothing is available and other queries are trying it"


class PanicGate:
    """Paces desperate attempts; lives on the engine's loop."""

    def __init__(self, rules: PanicRules, clock: Clock) -> None:
        self._rules = rules
        self._clock = clock
        self._next_turn: dict[AgentId, float] = {}
        self._waiting: dict[AgentId, int] = {}
        self._busy: dict[ProviderId, asyncio.Lock] = {}

    def taken(self, provider: ProviderId) -> bool:
        """Tell whether somebody tries the provider now, so that whoever comes would have to wait."""
        return provider in self._busy and self._busy[provider].locked()

    @asynccontextmanager
    async def turn(self, agent: AgentId, provider: ProviderId, patience_s: float) -> AsyncIterator[str]:
        """Enter as the only desperate attempt at the provider, at the agent's pace.

        Args:
            agent: for whom.
            provider: whom to try.
            patience_s: how long to wait for the turn; 0 takes it only if it is free.

        Yields:
            "" when the turn has come, or why none is given.
        """
        if self._waiting.get(agent, 0) >= self._rules.queue:
            yield _FULL
            return
        alone = self._busy.setdefault(provider, asyncio.Lock())
        until = self._clock.now().mono + max(0.0, patience_s)
        self._waiting[agent] = self._waiting.get(agent, 0) + 1
        try:
            mine = await _acquired(alone, max(0.0, patience_s))
            given = mine and await self._paced(agent, alone, until)
        finally:
            self._waiting[agent] -= 1
        if not given:
            yield _BUSY
            return
        try:
            yield ""
        finally:
            alone.release()

    async def _paced(self, agent: AgentId, alone: asyncio.Lock, until: float) -> bool:
        """Wait for the agent's next turn with the provider kept; it is let go where none comes in time."""
        now = self._clock.now().mono
        at = max(now, self._next_turn.get(agent, now))
        given = False
        try:
            if at <= until:
                self._next_turn[agent] = at + 1.0 / self._rules.per_s
                await self._clock.sleep(at - now)
                given = True
        finally:
            if not given:
                alone.release()
        return given


async def _acquired(lock: asyncio.Lock, patience_s: float) -> bool:
    try:
        async with asyncio.timeout(patience_s):
            await lock.acquire()
    except TimeoutError:
        return False
    return True
