"""The demo put together: rehearsal upstreams, the gateway before them, and applications that ask it."""

import asyncio
import contextlib
import importlib
import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

from msgspec import Struct

from tui_failover.bootstrap.callers import Callers
from tui_failover.config.settings import ListenAt
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
from tui_failover.rehearsal.demo import CAST, CHAINS, Asked, Demo, Part, cast, traffic
from tui_failover.wire.needs import carried_by

# An hour of incidents in a few minutes needs more switches than an hour would be granted.
_RULES = Rules(failback=FailbackRules(switches_max=30, suspend_after=30))
_INTERVAL_S = 10.0
_MOST_AT_ONCE = 32  # questions under way; beyond it the demo asks no more until some are answered
_PRICES = {  # micro-dollars per million tokens
    "openai-main": Price(2_000_000, 8_000_000),
    "claude-backup": Price(3_000_000, 15_000_000),
    "openai-small": Price(250_000, 1_000_000),
}


class SeededRng(Struct, frozen=True):
    """Chance that a seed repeats."""

    source: random.Random

    def uniform(self, low: float, high: float) -> float:
        """Return a number between `low` and `high`."""
        return self.source.uniform(low, high)


class Stage:
    """One demo, from its rehearsal upstreams to its callers."""

    def __init__(self, seed: int, listen: ListenAt | None = None) -> None:
        """Prepare.

        Args:
            seed: makes the show repeatable.
            listen: where gateway and control API are opened; a free port of loopback where that is refused.
        """
        self._listen = listen or ListenAt()
        self._address = ""
        self._rng = SeededRng(random.Random(seed))  # noqa: S311 - a repeatable show, not secrets
        self._seed = seed
        self._demo: Demo | None = None

    @property
    def caption(self) -> str:
        """What is being shown at this moment; callable from any thread."""
        return "" if self._demo is None else self._demo.caption

    @property
    def address(self) -> str:
        """Where gateway and control API are, "http://host:port"; "" until they are; callable from any thread."""
        return self._address

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
                        group.create_task(self._ask(manager, upstreams, clock), name="demo traffic"),
                    ]
                    yield manager
                    for task in show:
                        task.cancel()

    async def _ask(self, manager: FailoverManager, upstreams: SdkUpstreams, clock: Clock) -> None:
        """Open the gateway and have the applications ask; what both need is loaded in threads."""
        await asyncio.to_thread(importlib.import_module, "tui_failover.bootstrap.demo_gateway")
        from tui_failover.bootstrap.demo_gateway import opened

        async with AsyncExitStack() as stack:
            self._address = await opened(stack, manager, clock, self._listen)
            await upstreams.warm(tuple(Dialect))
            callers = await asyncio.to_thread(Callers, self._address)
            await _asking(await stack.enter_async_context(callers), clock, self._rng)


def _spec(part: Part, connection: Connection) -> ProviderSpec:
    return ProviderSpec(
        id=ProviderId(part.name),
        dialect=Dialect(part.dialect),
        model=part.model,
        endpoint=connection.base_url.removesuffix("/v1"),
        host="127.0.0.1",
        credential=f"rehearsed:{part.name}",
        price=_PRICES[part.name],
        carries=carried_by(part.dialect, part.model),
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


async def _asking(callers: Callers, clock: Clock, rng: Rng) -> None:
    """Have the applications ask the demo's questions, each in a task of its own."""
    places = asyncio.Semaphore(_MOST_AT_ONCE)
    began_at = clock.now().mono
    async with asyncio.TaskGroup() as group:
        for asked in traffic(rng):
            await clock.sleep(began_at + asked.at_s - clock.now().mono)
            await places.acquire()
            group.create_task(_one(callers, asked, places))


async def _one(callers: Callers, asked: Asked, places: asyncio.Semaphore) -> None:
    try:
        await callers.ask(asked)
    finally:
        places.release()
