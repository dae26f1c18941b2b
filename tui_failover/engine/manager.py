"""The failover manager: the one object through which programs, the console and the API reach the engine.

Asynchronous and bound to the loop it was started on; `engine.thread` gives it a thread and a blocking face.
"""

import asyncio
import logging
from collections.abc import Iterable, Mapping
from typing import Self

from tui_failover.core import orders
from tui_failover.core.agent_state import AgentState
from tui_failover.core.command import Command, Order, Refused, SwitchTo, Verdict
from tui_failover.core.copying import replace
from tui_failover.core.errors import EngineClosed, OrderRefused, SettingsError, UnknownAgent, UnknownProvider
from tui_failover.core.fact import (
    AgentConfigured,
    AgentRemoved,
    Fact,
    Noticed,
    ProviderRegistered,
    ProviderRemoved,
    Restored,
    Started,
    Ticked,
)
from tui_failover.core.fleet import Fleet
from tui_failover.core.names import AgentId, ProviderId
from tui_failover.core.ports import Breathe, Clock, Keeper, Rng, Upstream, UpstreamFactory, at_once
from tui_failover.core.report import FailoverStats, ProviderHealth, health_of, stats_of
from tui_failover.core.snapshot import ProviderView, Snapshot
from tui_failover.core.spec import FailoverConfig, ProviderSpec, Rules
from tui_failover.core.text import scrub
from tui_failover.engine.bus import Bus, Subscription
from tui_failover.engine.clock import LoopClock, SystemRng
from tui_failover.engine.context import Context, query_from
from tui_failover.engine.dispatcher import Dispatcher
from tui_failover.engine.errand import Served
from tui_failover.engine.keeping import Keeping
from tui_failover.engine.prober import Prober
from tui_failover.engine.reference import host_and_port, watch_reference
from tui_failover.engine.state import Cell

_log = logging.getLogger(__name__)
TICK_S = 0.5


class FailoverManager:
    """Keeps agents answered while their providers fail.

    Use as an asynchronous context manager; inside it, health-check workers run and queries are carried:

        async with FailoverManager(upstreams) as manager:
            await manager.register_provider(spec)
            await manager.configure_failover(config)
            served = await manager.execute_query("my-agent", "Hello")
    """

    def __init__(
        self,
        upstreams: UpstreamFactory,
        rules: Rules | None = None,
        clock: Clock | None = None,
        rng: Rng | None = None,
        seed: int | None = None,
        keeper: Keeper | None = None,
    ) -> None:
        """Prepare; nothing runs before the context is entered.

        Args:
            upstreams: makes the upstream of each registered provider.
            rules: the numbers; defaults where None.
            clock: time; the running loop's where None.
            rng: chance for jitter; the system's where None.
            seed: of the fleet's own jitter; random where None.
            keeper: remembers what has to outlive the process; nothing does where None.

        Raises:
            SettingsError: a rule cannot be used.
        """
        self._make_upstream = upstreams
        self._rules = rules or Rules()
        for reference in self._rules.local_fault.references:
            host_and_port(reference)
        self._given_clock = clock
        self._rng = rng or SystemRng()
        self._seed = SystemRng().seed() if seed is None else seed
        self._keeper = keeper
        self._upstreams: dict[ProviderId, Upstream] = {}
        self._bus = Bus()
        self._parts: _Parts | None = None

    async def __aenter__(self) -> Self:
        clock = self._given_clock or LoopClock(asyncio.get_running_loop())
        group = asyncio.TaskGroup()
        await group.__aenter__()
        cell = Cell(self._rules, clock, self._bus, self._seed)
        keeping = Keeping(cell, clock, self._keeper)
        self._parts = _Parts(cell, keeping, self._upstreams, clock, self._rng, group)
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop the workers, end the listeners, give back every connection."""
        parts = self._running
        self._parts = None
        try:
            await parts.stop()
        finally:
            self._bus.close()
            upstreams = tuple(self._upstreams.values())
            self._upstreams.clear()
            for upstream in upstreams:
                await _closed(upstream)

    async def start(
        self,
        providers: Iterable[ProviderSpec],
        agents: Iterable[FailoverConfig],
        restored: Restored | None = None,
    ) -> None:
        """Take over a whole configuration at once, as at the start of a process.

        Args:
            providers: as configured.
            agents: as configured.
            restored: what an earlier process had kept.

        Raises:
            SettingsError: an agent names a provider that is not among them; nothing is taken over.
        """
        parts = self._running
        providers, agents = tuple(providers), tuple(agents)
        known = {spec.id for spec in providers}
        problems = [text for config in agents for text in _unknown(config, known)]
        if problems:
            raise SettingsError(problems)
        kept = {} if restored is None else restored.kept.providers
        specs = {spec.id: spec for spec in providers} | dict(kept)
        made = {one: self._make_upstream(spec) for one, spec in specs.items()}
        unused = [old for one, old in self._upstreams.items() if one in made and old is not made[one]]
        self._upstreams |= made
        parts.cell.apply(Started(providers, agents, restored))
        for provider in parts.cell.fleet.providers:
            parts.prober.hire(provider)
        unused += [self._upstreams.pop(one) for one in made if one not in parts.cell.fleet.providers]
        for old in unused:
            await _closed(old)

    async def register_provider(self, spec: ProviderSpec, upstream: Upstream | None = None) -> None:
        """Add a provider, or replace its specification and connection while its history is kept.

        Args:
            spec: what it is.
            upstream: how it is asked; made by the factory where None.
        """
        parts = self._running
        old = self._upstreams.get(spec.id)
        new = upstream or self._make_upstream(spec)
        self._upstreams[spec.id] = new
        parts.cell.apply(ProviderRegistered(spec))
        parts.prober.hire(spec.id)
        if old is not None and old is not new:
            await _closed(old)
        await parts.keeping.acknowledged()

    async def remove_provider(self, provider: str) -> None:
        """Take a provider away; attempts under way at it fail over.

        Raises:
            UnknownProvider: it is not registered.
            OrderRefused: an agent's chain still names it.
        """
        parts = self._running
        view = self._provider(provider)
        if view.agents:
            message = f"{provider} is in the chain of {', '.join(view.agents)}: configure them without it first"
            raise OrderRefused(message)
        parts.prober.dismiss(view.id)
        parts.cell.apply(ProviderRemoved(view.id))
        await _closed(self._upstreams.pop(view.id))
        await parts.keeping.acknowledged()

    async def configure_failover(self, config: FailoverConfig) -> None:
        """Add an agent or replace its failover; its active provider is kept where it is still in the chain.

        Raises:
            SettingsError: the chain names a provider that is not registered.
        """
        problems = _unknown(config, set(self._fleet.providers))
        if problems:
            raise SettingsError(problems)
        self._tell(AgentConfigured(config))
        await self._running.keeping.acknowledged()

    async def remove_agent(self, agent: str) -> None:
        """Take an agent away.

        Raises:
            UnknownAgent: there is none of that name.
        """
        self._tell(AgentRemoved(self._agent(agent).id))
        await self._running.keeping.acknowledged()

    async def execute_query(self, agent: str, query: str, context: Context | None = None) -> Served:
        """Answer a query through the agent's chain: retries, then failover, until somebody answers.

        Args:
            agent: whose chain.
            query: the question.
            context: see `engine.context.query_from`.

        Raises:
            BadQuery: query or context cannot be used.
            UnknownAgent: there is no such agent.
            QueryRefused: the provider refused the query itself.
            AllProvidersFailed: nobody answered; it holds every attempt.
        """
        return await self._running.dispatcher.execute(AgentId(agent), query_from(query, context))

    async def check_provider_health(self, provider: str) -> ProviderHealth:
        """Check a provider now and return its health; joins a check that is under way.

        Raises:
            UnknownProvider: it is not registered.
        """
        view = self._provider(provider)
        if view.missing_key is None:
            await self._running.prober.check(view.id)
        return self.get_provider_health(provider)

    def get_provider_health(self, provider: str) -> ProviderHealth:
        """Return a provider's health as last known; raises `UnknownProvider`."""
        return health_of(self._provider(provider), self._running.clock.now())

    def get_all_provider_health(self) -> dict[ProviderId, ProviderHealth]:
        """Return the health of every registered provider."""
        snapshot = self.snapshot()
        return {view.id: health_of(view, snapshot.moment) for view in snapshot.providers}

    def get_active_provider(self, agent: str) -> ProviderId:
        """Return where the agent's new queries go first; raises `UnknownAgent`."""
        return self._agent(agent).active

    async def switch_provider(self, agent: str, provider: str, *, force: bool = False, by: str = "library") -> str:
        """Move an agent to a provider of its chain and keep it there for the configured time.

        Returns:
            What is so now, in one sentence.

        Raises:
            OrderRefused: it is unknown or not available (the latter goes through with `force`).
        """
        order = Order(by=by, force=force)
        verdict = await self.submit(SwitchTo(AgentId(agent), ProviderId(provider), order=order))
        if isinstance(verdict, Refused):
            raise OrderRefused(verdict.why)
        return verdict.text

    def get_failover_config(self, agent: str) -> FailoverConfig:
        """Return an agent's configuration; raises `UnknownAgent`."""
        return self._agent(agent).config

    def get_failover_stats(self, agent: str) -> FailoverStats:
        """Return where an agent stands; raises `UnknownAgent`."""
        snapshot = self.snapshot()
        view = snapshot.agent(AgentId(agent))
        if view is None:
            raise self._no_agent(agent)
        return stats_of(view, snapshot)

    async def submit(self, command: Command) -> Verdict:
        """Give an order; a refusal is a value.

        An order that was carried out is answered once it would survive a crash; where that is not possible it
        counts all the same, and the verdict says so.
        """
        parts = self._running
        verdict = parts.cell.decide(command)
        if isinstance(verdict, Refused):
            return verdict
        problem = await parts.keeping.acknowledged()
        return replace(verdict, text=f"{verdict.text}; {problem}") if problem else verdict

    def notice(self, text: str, cause: str = "") -> None:
        """Have an event tell what concerns the process as a whole; both are scrubbed."""
        self._tell(Noticed(scrub(text), scrub(cause)))

    def preview(self, command: Command) -> Verdict:
        """Return what would become of an order that is given now; nothing changes."""
        _, _, verdict = orders.decide(self._fleet, command, self._running.clock.now())
        return verdict

    def snapshot(self, breathe: Breathe = at_once) -> Snapshot:
        """Return the read model of this instant, `breathe` between its pieces; callable from any thread."""
        return self._running.cell.snapshot(breathe)

    def subscribe(self) -> Subscription:
        """Return an asynchronous iterator over events from now on; close it when done."""
        return self._running.cell.bus.subscribe()

    @property
    def dispatcher(self) -> Dispatcher:
        """Carries queries of any kind, for whoever serves callers on the manager's own loop."""
        return self._running.dispatcher

    @property
    def _running(self) -> "_Parts":
        if self._parts is None:
            message = "the failover manager is not running: enter its context first"
            raise EngineClosed(message)
        return self._parts

    @property
    def _fleet(self) -> Fleet:
        return self._running.cell.fleet

    def _tell(self, fact: Fact) -> None:
        self._running.cell.apply(fact)

    def _provider(self, provider: str) -> ProviderView:
        view = self.snapshot().provider(ProviderId(provider))
        if view is None:
            message = f"{provider}: no such provider; registered are {', '.join(self._fleet.providers) or 'none'}"
            raise UnknownProvider(message)
        return view

    def _agent(self, agent: str) -> AgentState:
        state = self._fleet.agents.get(AgentId(agent))
        if state is None:
            raise self._no_agent(agent)
        return state

    def _no_agent(self, agent: str) -> UnknownAgent:
        return UnknownAgent(f"{agent}: no such agent; configured are {', '.join(self._fleet.agents) or 'none'}")


class _Parts:
    """What exists only while the manager runs."""

    def __init__(
        self,
        cell: Cell,
        keeping: Keeping,
        upstreams: Mapping[ProviderId, Upstream],
        clock: Clock,
        rng: Rng,
        group: asyncio.TaskGroup,
    ) -> None:
        self.clock = clock
        self.cell = cell
        self.keeping = keeping
        self.dispatcher = Dispatcher(cell, upstreams, clock, rng)
        self.prober = Prober(cell, upstreams, clock, group)
        self._group = group
        self._news = asyncio.Event()
        self.cell.listen(self._changed)
        self._own = [
            group.create_task(self._tick(), name="tick"),
            group.create_task(watch_reference(self.cell, clock, self._news), name="reference"),
        ]

    async def stop(self) -> None:
        """Cancel every task and wait for their end."""
        for task in self._own:
            task.cancel()
        for provider in tuple(self.cell.fleet.providers):
            self.prober.dismiss(provider)
        await self._group.__aexit__(None, None, None)

    async def _tick(self) -> None:
        while True:
            await self.clock.sleep(TICK_S)
            try:
                self.cell.apply(Ticked())
            except Exception:  # noqa: BLE001 - logged, and the next tick comes
                # A fault of ours in one tick must not end the engine and every query with it.
                _log.exception("a tick failed; time is told again at the next one")

    def _changed(self, before: Fleet, after: Fleet) -> None:
        if before.local is not after.local:
            self._news.set()


async def _closed(upstream: Upstream) -> None:
    """Give an upstream's connections back; one that cannot must not keep the others open."""
    try:
        await upstream.close()
    except Exception:  # noqa: BLE001 - a bug in an adapter is told and survived
        _log.exception("an upstream could not be closed")


def _unknown(config: FailoverConfig, known: set[ProviderId]) -> list[str]:
    return [
        f"{config.agent_id}: {provider} is not registered; registered are {', '.join(sorted(known)) or 'none'}"
        for provider in config.chain
        if provider not in known
    ]
