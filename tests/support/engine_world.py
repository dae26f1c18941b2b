"""A running failover manager in virtual time, its providers scripted: what tests of the engine are written in."""

import asyncio
import functools
import random
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, ParamSpec

from tests.support.virtual_loop import VirtualClock, run_virtually
from tui_failover.core.copying import replace
from tui_failover.core.errors import AllProvidersFailed
from tui_failover.core.event import Event, EventKind
from tui_failover.core.names import AgentId, ProviderId
from tui_failover.core.outcome import Outcome
from tui_failover.core.ports import Clock, Limits, Rng, Upstream, UpstreamFactory
from tui_failover.core.query import Query
from tui_failover.core.snapshot import AgentView, ProviderView
from tui_failover.core.spec import (
    Dialect,
    FailoverConfig,
    LocalFaultRules,
    ProbeKind,
    ProbeSpec,
    ProviderSpec,
    Rules,
)
from tui_failover.engine.errand import Served
from tui_failover.engine.manager import FailoverManager
from tui_failover.providers.scripted import ScriptedUpstream, ScriptedUpstreams, Step

AGENT = AgentId("my-agent")
# Our own network is never suspected, so no test ever leaves this machine to ask a reference.
RULES = Rules(local_fault=LocalFaultRules(hosts=1_000, references=()))

_Given = ParamSpec("_Given")


def virtually(test: Callable[_Given, Coroutine[Any, Any, None]]) -> Callable[_Given, None]:
    """Run an asynchronous test in virtual time."""

    @functools.wraps(test)
    def run(*args: _Given.args, **kwargs: _Given.kwargs) -> None:
        run_virtually(test(*args, **kwargs))

    return run


class Dice:
    """Chance from a seed; remembers the bounds it was asked for."""

    def __init__(self, seed: int = 1) -> None:
        self.asked: list[tuple[float, float]] = []
        self._random = random.Random(seed)  # noqa: S311 - a test's jitter

    def uniform(self, low: float, high: float) -> float:
        self.asked.append((low, high))
        return self._random.uniform(low, high)


def a_spec(name: str) -> ProviderSpec:
    """Return a provider with endpoint, host, model and key of its own."""
    host = f"{name.lower()}.example"
    return ProviderSpec(ProviderId(name), Dialect.OPENAI, f"model-{name}", f"https://{host}", host, f"env:{name}")


def a_config(names: Sequence[str], **settings: Any) -> FailoverConfig:
    """Return the agent's failover along a chain; `settings` are fields of `FailoverConfig`."""
    first, *others = (ProviderId(name) for name in names)
    return FailoverConfig(AGENT, first, tuple(others), **settings)


@dataclass
class World:
    """A manager under test with what surrounds it."""

    manager: FailoverManager
    upstreams: ScriptedUpstreams
    clock: Clock
    dice: Dice
    started_at: float
    failures: list[AllProvidersFailed] = field(default_factory=list)

    def __getitem__(self, name: str) -> ScriptedUpstream:
        return self.upstreams[ProviderId(name)]

    @property
    def now(self) -> float:
        """Seconds since the start."""
        return self.clock.now().mono - self.started_at

    async def ask(self, text: str = "hello") -> Served:
        """Send a query along the agent's chain."""
        return await self.manager.execute_query(AGENT, text)

    async def ask_in_vain(self) -> AllProvidersFailed:
        """Send a query nobody answers and return the error."""
        try:
            served = await self.ask()
        except AllProvidersFailed as error:
            return error
        message = f"{served.provider} answered"
        raise AssertionError(message)

    async def try_asking(self) -> Served | None:
        """Send a query; one that fails is kept in `failures`."""
        try:
            return await self.ask()
        except AllProvidersFailed as error:
            self.failures.append(error)
            return None

    async def passes(self, seconds: float) -> None:
        """Let time pass."""
        await self.clock.sleep(seconds)

    async def until(self, condition: Callable[[], bool], at_most_s: float, step_s: float = 0.25) -> float:
        """Let time pass until the condition holds and return the seconds it took; infinity where it never did."""
        began = self.now
        while not condition():
            if self.now - began > at_most_s:
                return float("inf")
            await self.passes(step_s)
        return self.now - began

    async def breaks(self, name: str, step: Step, *, others: Step | None = None) -> None:
        """Let a provider fail for ever, and let its checks find out until its breaker is open."""
        self[name].from_now_on(step)
        took = await self.until(lambda: not self.provider(name).available, 200.0)
        assert took < 200.0, f"{name} is still available"

    def active(self) -> str:
        """Where the agent's queries go first."""
        return str(self.manager.get_active_provider(AGENT))

    def agent(self) -> AgentView:
        """The agent as shown."""
        view = self.manager.snapshot().agent(AGENT)
        assert view is not None
        return view

    def provider(self, name: str) -> ProviderView:
        """A provider as shown."""
        view = self.manager.snapshot().provider(ProviderId(name))
        assert view is not None
        return view

    def told(self, *kinds: EventKind) -> list[Event]:
        """What has happened so far, as far as a snapshot remembers; all kinds where none is given."""
        return [one for one in self.manager.snapshot().events if not kinds or one.kind in kinds]


@asynccontextmanager
async def a_world(
    names: Sequence[str] = "ABC",
    *,
    rules: Rules = RULES,
    seed: int = 3,
    specs: Sequence[ProviderSpec] | None = None,
    factory: Callable[[ScriptedUpstreams], UpstreamFactory] | None = None,
    **settings: Any,
) -> AsyncIterator[World]:
    """Run a manager with one agent whose chain is `names`.

    Args:
        names: the chain.
        rules: the numbers.
        seed: of the fleet's jitter and the dispatcher's chance.
        specs: the providers; plain ones of the chain's names where None.
        factory: makes upstreams out of the scripted ones; they themselves where None.
        settings: fields of `FailoverConfig`.
    """
    clock = VirtualClock()
    upstreams = ScriptedUpstreams(clock)
    dice = Dice(seed)
    rng: Rng = dice
    make = upstreams if factory is None else factory(upstreams)
    async with FailoverManager(make, rules, clock, rng, seed) as manager:
        world = World(manager, upstreams, clock, dice, clock.now().mono)
        await manager.start(specs or [a_spec(name) for name in names], [a_config(names, **settings)])
        yield world


@asynccontextmanager
async def a_quiet_world(names: Sequence[str] = "ABC", **given: Any) -> AsyncIterator[World]:
    """Run a manager without health checks: only queries tell anything."""
    async with a_world(names, health_check_enabled=False, **given) as world:
        yield world


@asynccontextmanager
async def a_settled_world(names: Sequence[str] = "ABC", **given: Any) -> AsyncIterator[World]:
    """Run a manager whose first checks are done."""
    async with a_world(names, **given) as world:
        await world.passes(5.0)
        yield world


@dataclass(frozen=True)
class Check:
    """One check that was sent: at which second since the loop's start of time, how, and with what patience."""

    at: float
    kind: ProbeKind
    query: Query
    timeout_s: float


@dataclass
class Checks:
    """Watches the checks of every provider; give `Checks().factory` to a world."""

    sent: dict[str, list[Check]] = field(default_factory=lambda: defaultdict(list))
    under_way: Counter[str] = field(default_factory=Counter)
    most_together: int = 0
    most_of_one: int = 0

    def factory(self, scripted: ScriptedUpstreams) -> UpstreamFactory:
        """Return the scripted providers with their checks watched."""

        def make(spec: ProviderSpec) -> Upstream:
            return _Watched(spec.id, scripted(spec), self)

        return make

    def times(self, name: str, since: float = 0.0) -> list[float]:
        """When a provider was checked, from `since` on."""
        return [one.at for one in self.sent[name] if one.at >= since]

    def gaps(self, name: str, since: float = 0.0) -> list[float]:
        """Seconds from the start of one check to the start of the next."""
        return [later - earlier for earlier, later in pairwise(self.times(name, since))]


@dataclass
class _Watched:
    name: str
    inner: Upstream
    checks: Checks

    async def send(self, query: Query, limits: Limits) -> Outcome:
        return await self.inner.send(query, limits)

    async def probe(self, kind: ProbeKind, query: Query, timeout_s: float) -> Outcome:
        checks = self.checks
        checks.sent[self.name].append(Check(asyncio.get_running_loop().time(), kind, query, timeout_s))
        checks.under_way[self.name] += 1
        checks.most_together = max(checks.most_together, checks.under_way.total())
        checks.most_of_one = max(checks.most_of_one, checks.under_way[self.name])
        try:
            return await self.inner.probe(kind, query, timeout_s)
        finally:
            checks.under_way[self.name] -= 1

    async def close(self) -> None:
        await self.inner.close()


def with_rules(**parts: Any) -> Rules:
    """Return the tests' rules with some parts replaced (`attempt`, `panic`, ...)."""
    return replace(RULES, **parts)


async def at_once(*work: Coroutine[Any, Any, Any]) -> list[Any]:
    """Run several things side by side and return results and errors in order."""
    return await asyncio.gather(*work, return_exceptions=True)


def probed(spec: ProviderSpec, **probe: Any) -> ProviderSpec:
    """Return the provider with another way of being checked (fields of `ProbeSpec`)."""
    return replace(spec, probe=replace(ProbeSpec(), **probe))
