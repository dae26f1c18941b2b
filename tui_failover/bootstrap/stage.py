"""The demo put together: rehearsal upstreams on loopback, the real SDKs talking to them, and some traffic."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass

from tui_failover.core.errors import FailoverError
from tui_failover.core.names import AgentId, ProviderId
from tui_failover.core.ports import Clock, Rng
from tui_failover.core.spec import (
    Dialect,
    FailbackRules,
    FailoverConfig,
    Price,
    ProviderSpec,
    Rules,
)
from tui_failover.engine.clock import LoopClock
from tui_failover.engine.manager import FailoverManager
from tui_failover.providers.connection import AuthHeader, Connection
from tui_failover.providers.factory import SdkUpstreams
from tui_failover.rehearsal import Rehearsal
from tui_failover.rehearsal.demo import CAST, CHAINS, Demo, Part, cast, traffic

# An hour of incidents in a few minutes needs more switches than an hour would be granted.
_RULES = Rules(failback=FailbackRules(switches_max=30, suspend_after=30))
_INTERVAL_S = 10.0
_MOST_AT_ONCE = 32  # questions under way; beyond it the demo asks no more until some are answered
_PRICES = {  # micro-dollars per million tokens
    "openai-main": Price(2_000_000, 8_000_000),
    "claude-backup": Price(3_000_000, 15_000_000),
    "openai-small": Price(250_000, 1_000_000),
}


@dataclass(frozen=True, slots=True)
class SeededRng:
    """Chance that a seed repeats."""

    source: random.Random

    def uniform(self, low: float, high: float) -> float:
        """Return a number between `low` and `high`."""
        return self.source.uniform(low, high)


class Stage:
    """One demo, from its rehearsal upstreams to its callers."""

    def __init__(self, seed: int) -> None:
        self._rng = SeededRng(random.Random(seed))  # noqa: S311 - a repeatable show, not secrets
        self._seed = seed
        self._demo: Demo | None = None

    @property
    def caption(self) -> str:
        """What is being shown at this moment; callable from any thread."""
        return "" if self._demo is None else self._demo.caption

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[FailoverManager]:
        """Run the demo's manager, its upstreams, its traffic and its script."""
        clock = LoopClock(asyncio.get_running_loop())
        async with Rehearsal(clock, self._rng) as rehearsal:
            await cast(rehearsal)
            connections = {
                ProviderId(part.name): Connection(rehearsal[part.name].base_url, auth=AuthHeader.NONE)
                for part in CAST
            }
            upstreams = SdkUpstreams(connections, clock)
            async with FailoverManager(upstreams, _RULES, clock, self._rng, self._seed) as manager:
                specs = [_spec(part, connections[ProviderId(part.name)]) for part in CAST]
                await manager.start(specs, _agents())
                self._demo = Demo(rehearsal, clock)
                async with asyncio.TaskGroup() as group:
                    show = [
                        group.create_task(self._demo.play(), name="demo script"),
                        group.create_task(_ask(manager, clock, self._rng), name="demo traffic"),
                    ]
                    yield manager
                    for task in show:
                        task.cancel()


def _spec(part: Part, connection: Connection) -> ProviderSpec:
    return ProviderSpec(
        id=ProviderId(part.name),
        dialect=Dialect(part.dialect),
        model=part.model,
        endpoint=connection.base_url.removesuffix("/v1"),
        host="127.0.0.1",
        credential=f"rehearsed:{part.name}",
        price=_PRICES[part.name],
    )


def _agents() -> list[FailoverConfig]:
    return [
        FailoverConfig(
            AgentId(agent),
            ProviderId(chain[0]),
            tuple(ProviderId(one) for one in chain[1:]),
            health_check_interval=_INTERVAL_S,
        )
        for agent, chain in CHAINS.items()
    ]


async def _ask(manager: FailoverManager, clock: Clock, rng: Rng) -> None:
    """Feed the demo's questions to the manager, each in a task of its own, as callers would."""
    places = asyncio.Semaphore(_MOST_AT_ONCE)
    began_at = clock.now().mono
    async with asyncio.TaskGroup() as callers:
        for asked in traffic(rng):
            await clock.sleep(began_at + asked.at_s - clock.now().mono)
            await places.acquire()
            callers.create_task(_one(manager, asked.agent, asked.text, places))


async def _one(manager: FailoverManager, agent: str, text: str, places: asyncio.Semaphore) -> None:
    try:
        with contextlib.suppress(FailoverError):  # the screen tells what happened to it
            await manager.execute_query(agent, text)
    finally:
        places.release()
