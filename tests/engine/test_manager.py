"""The failover manager as programs know it: every method, every documented error."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.support.engine_world import (
    AGENT,
    RULES,
    Dice,
    World,
    a_config,
    a_quiet_world,
    a_settled_world,
    a_spec,
    a_world,
    virtually,
)
from tests.support.virtual_loop import VirtualClock
from tui_failover.core.command import Accepted, HoldAutomation, Refused, SwitchTo
from tui_failover.core.copying import replace
from tui_failover.core.errors import (
    BadQuery,
    EngineClosed,
    OrderRefused,
    SettingsError,
    UnknownAgent,
    UnknownProvider,
)
from tui_failover.core.event import EventKind
from tui_failover.core.names import AgentId, Moment, ProviderId
from tui_failover.core.outcome import FailureKind, Outcome
from tui_failover.core.ports import Limits, Upstream, UpstreamFactory
from tui_failover.core.query import Query
from tui_failover.core.spec import ProbeKind, ProviderSpec
from tui_failover.engine.manager import FailoverManager
from tui_failover.providers.scripted import Answer, Hang, ScriptedUpstream, ScriptedUpstreams, failing

A, B = ProviderId("A"), ProviderId("B")
Call = Callable[[FailoverManager], Awaitable[Any]]


def calls(*, of_agent: str = AGENT, of_provider: str = "A") -> dict[str, Call]:
    """Return every public method as a call, by its name."""

    def at_once(method: Callable[[FailoverManager], Any]) -> Call:
        async def call(manager: FailoverManager) -> Any:
            return method(manager)

        return call

    return {
        "start": lambda one: one.start([a_spec("A")], [a_config("A")]),
        "register_provider": lambda one: one.register_provider(a_spec("A")),
        "remove_provider": lambda one: one.remove_provider(of_provider),
        "configure_failover": lambda one: one.configure_failover(a_config("A")),
        "remove_agent": lambda one: one.remove_agent(of_agent),
        "execute_query": lambda one: one.execute_query(of_agent, "hello"),
        "check_provider_health": lambda one: one.check_provider_health(of_provider),
        "get_provider_health": at_once(lambda one: one.get_provider_health(of_provider)),
        "get_all_provider_health": at_once(lambda one: one.get_all_provider_health()),
        "get_active_provider": at_once(lambda one: one.get_active_provider(of_agent)),
        "switch_provider": lambda one: one.switch_provider(of_agent, of_provider),
        "get_failover_config": at_once(lambda one: one.get_failover_config(of_agent)),
        "get_failover_stats": at_once(lambda one: one.get_failover_stats(of_agent)),
        "submit": lambda one: one.submit(HoldAutomation(AGENT)),
        "snapshot": at_once(lambda one: one.snapshot()),
        "subscribe": at_once(lambda one: one.subscribe()),
    }


OF_AN_AGENT = ("remove_agent", "execute_query", "get_active_provider", "get_failover_config", "get_failover_stats")
OF_A_PROVIDER = ("remove_provider", "check_provider_health", "get_provider_health")


def a_manager() -> FailoverManager:
    """Return a manager that does not run."""
    clock = VirtualClock()
    return FailoverManager(ScriptedUpstreams(clock), RULES, clock, Dice(), 1)


@pytest.mark.parametrize("name", calls())
@virtually
async def test_nothing_works_before_the_context_is_entered_nor_after_it_is_left(name: str) -> None:
    manager = a_manager()

    with pytest.raises(EngineClosed):
        await calls()[name](manager)
    async with manager:
        await manager.start([a_spec("A")], [a_config("A")])
    with pytest.raises(EngineClosed):
        await calls()[name](manager)


@pytest.mark.parametrize("name", OF_AN_AGENT)
@virtually
async def test_an_agent_nobody_configured_is_unknown(name: str) -> None:
    async with a_quiet_world() as world:
        with pytest.raises(UnknownAgent, match="nobody: no such agent"):
            await calls(of_agent="nobody")[name](world.manager)


@pytest.mark.parametrize("name", OF_A_PROVIDER)
@virtually
async def test_a_provider_nobody_registered_is_unknown_and_the_known_ones_are_named(name: str) -> None:
    async with a_quiet_world("AB") as world:
        with pytest.raises(UnknownProvider, match="X: no such provider; registered are A, B"):
            await calls(of_provider="X")[name](world.manager)


@virtually
async def test_a_start_with_an_unknown_provider_is_refused_whole_with_every_mistake() -> None:
    manager = a_manager()
    async with manager:
        configs = [a_config("AX"), replace(a_config("YA"), agent_id=AgentId("other"))]

        with pytest.raises(SettingsError) as refused:
            await manager.start([a_spec("A")], configs)

        assert refused.value.problems == (
            "my-agent: X is not registered; registered are A",
            "other: Y is not registered; registered are A",
        )
        assert (manager.snapshot().providers, manager.snapshot().agents) == ((), ())


@virtually
async def test_providers_and_agents_can_come_one_by_one() -> None:
    manager = a_manager()
    async with manager:
        await manager.register_provider(a_spec("A"))
        await manager.register_provider(a_spec("B"))
        await manager.configure_failover(a_config("BA"))

        served = await manager.execute_query(AGENT, "hello")

        assert served.provider == "B"
        assert manager.get_failover_config(AGENT) == a_config("BA")


@virtually
async def test_an_upstream_can_be_given_in_person() -> None:
    async with a_quiet_world("A") as world:
        own = ScriptedUpstream(world.clock, Answer("mine"))

        await world.manager.register_provider(a_spec("A"), own)

        assert (await world.ask()).reply.text == "mine"


class Making:
    """An upstream factory that makes a new one each time and keeps them all."""

    def __init__(self) -> None:
        self.made: list[ScriptedUpstream] = []

    def __call__(self, scripted: ScriptedUpstreams) -> UpstreamFactory:
        def make(spec: ProviderSpec) -> ScriptedUpstream:
            made = ScriptedUpstream(VirtualClock(), Answer(f"{spec.id} {len(self.made)}"))
            self.made.append(made)
            return made

        return make


@virtually
async def test_a_provider_registered_anew_keeps_its_history_and_changes_its_connection() -> None:
    making = Making()
    async with a_settled_world("A", factory=making) as world:
        await world.ask()
        before = world.provider("A")
        await world.manager.register_provider(replace(a_spec("A"), model="newer"))

        after = world.provider("A")
        served = await world.ask()

        assert (after.model, after.last_check_at, after.samples) == ("newer", before.last_check_at, 1)
        assert served.reply.text == "A 1"
        assert [one.closed for one in making.made] == [True, False]


@virtually
async def test_a_provider_registered_anew_with_the_same_connection_keeps_it_open() -> None:
    async with a_settled_world("A") as world:
        await world.manager.register_provider(a_spec("A"))

        assert not world["A"].closed


@virtually
async def test_a_second_start_closes_the_connections_it_replaces() -> None:
    making = Making()
    async with a_quiet_world("A", factory=making) as world:
        await world.manager.start([a_spec("A")], [a_config("A")])

        assert [one.closed for one in making.made] == [True, False]


@virtually
async def test_a_provider_in_a_chain_is_not_removed_and_the_agents_are_named() -> None:
    async with a_quiet_world("AB") as world:
        with pytest.raises(OrderRefused, match="B is in the chain of my-agent"):
            await world.manager.remove_provider("B")

        assert world.provider("B").available
        assert not world["B"].closed


@virtually
async def test_a_provider_in_no_chain_is_removed_and_its_connection_closed() -> None:
    async with a_quiet_world("AB") as world:
        await world.manager.configure_failover(a_config("A", health_check_enabled=False))

        await world.manager.remove_provider("B")

        assert world["B"].closed
        assert list(world.manager.get_all_provider_health()) == ["A"]
        assert [one.text for one in world.told(EventKind.CONFIG)][-1] == "removed"


@virtually
async def test_a_chain_with_an_unknown_provider_is_refused_and_the_old_one_stays() -> None:
    async with a_quiet_world("AB") as world:
        with pytest.raises(SettingsError, match="my-agent: X is not registered; registered are A, B"):
            await world.manager.configure_failover(a_config("AX"))

        assert world.agent().chain == ("A", "B")


@virtually
async def test_a_new_configuration_keeps_the_active_provider_where_it_is_still_in_the_chain() -> None:
    async with a_quiet_world("ABC") as world:
        await world.manager.switch_provider(AGENT, "B")

        await world.manager.configure_failover(a_config("CB", health_check_enabled=False))
        kept = world.active()
        await world.manager.configure_failover(a_config("CA", health_check_enabled=False))

        assert (kept, world.active()) == ("B", "C")


@virtually
async def test_a_removed_agent_is_unknown_afterwards() -> None:
    async with a_quiet_world() as world:
        await world.manager.remove_agent(AGENT)

        with pytest.raises(UnknownAgent, match="configured are none"):
            world.manager.get_active_provider(AGENT)


@virtually
async def test_a_query_that_cannot_be_used_is_refused_before_anybody_is_asked() -> None:
    async with a_quiet_world() as world:
        with pytest.raises(BadQuery) as refused:
            await world.manager.execute_query(AGENT, "", {"max_tokens": 0})

        assert len(refused.value.problems) == 2
        assert world.agent().queries == 0


@virtually
async def test_health_is_told_in_the_eight_fields_users_know() -> None:
    async with a_quiet_world("AB") as world:
        fresh = world.manager.get_provider_health("A")
        await world.passes(10.0)
        world["A"].will(Answer(after_s=0.25), failing(FailureKind.SERVER, "503 down"))
        first = await world.manager.check_provider_health("A")
        second = await world.manager.check_provider_health("A")

    at = datetime.fromtimestamp(1_700_000_000.0 + 1_010.25, UTC)
    later = datetime.fromtimestamp(1_700_000_000.0 + 1_010.35, UTC)
    assert (fresh.status, fresh.last_check, fresh.response_time_ms, fresh.error_message) == (
        "unknown",
        None,
        None,
        None,
    )
    assert (first.provider_id, first.status, first.last_check, first.last_success) == ("A", "healthy", at, at)
    assert (first.response_time_ms, first.last_failure, first.error_message) == (250.0, None, None)
    assert (second.status, second.consecutive_failures, second.error_message) == ("unhealthy", 1, "503 down")
    assert (second.last_failure, second.last_success) == (later, at)


@virtually
async def test_stats_tell_where_an_agent_stands() -> None:
    async with a_settled_world("ABC") as world:
        await world.breaks("A", failing(FailureKind.SERVER))
        await world.ask()

        stats = world.manager.get_failover_stats(AGENT)

    assert (stats.agent_id, stats.primary_provider, stats.backup_providers) == (AGENT, "A", ("B", "C"))
    assert (stats.active_provider, stats.provider_chain) == ("B", ("A", "B", "C"))
    assert (stats.health_check_enabled, stats.auto_failover_enabled) == (True, True)
    assert {name: health.status for name, health in stats.provider_health.items()} == {
        "A": "unhealthy",
        "B": "healthy",
        "C": "healthy",
    }
    assert (stats.queries, stats.failed, stats.failovers, stats.saved_by_failover) == (1, 0, 1, 0)


@virtually
async def test_a_switch_says_what_is_so_now_and_holds() -> None:
    async with a_quiet_world("AB") as world:
        text = await world.manager.switch_provider(AGENT, "B", by="ana")

        assert text == "my-agent is on B for 30 min"
        assert (world.active(), (await world.ask()).provider) == ("B", "B")
        assert [one.actor for one in world.told(EventKind.SWITCHED)] == ["ana"]


@pytest.mark.parametrize(
    ("agent", "provider", "why"),
    [("nobody", "A", "nobody: no such agent"), (AGENT, "X", "X is not in the chain of my-agent: A > B")],
)
@virtually
async def test_a_switch_that_cannot_be_is_refused(agent: str, provider: str, why: str) -> None:
    async with a_quiet_world("AB") as world:
        with pytest.raises(OrderRefused, match=why):
            await world.manager.switch_provider(agent, provider, force=True)


@virtually
async def test_a_switch_to_an_unavailable_provider_goes_through_with_force_only() -> None:
    async with a_settled_world("AB") as world:
        await world.breaks("B", failing(FailureKind.SERVER))

        with pytest.raises(OrderRefused, match="B is not available: breaker open"):
            await world.manager.switch_provider(AGENT, "B")
        await world.manager.switch_provider(AGENT, "B", force=True)

        assert world.active() == "B"


@virtually
async def test_a_refused_order_is_a_value_and_an_accepted_one_names_the_snapshot_that_shows_it() -> None:
    async with a_quiet_world("AB") as world:
        accepted = await world.manager.submit(SwitchTo(AGENT, B))
        refused = await world.manager.submit(SwitchTo(AGENT, ProviderId("X")))

        assert isinstance(accepted, Accepted)
        assert accepted.revision == world.manager.snapshot().revision
        assert isinstance(refused, Refused)


@virtually
async def test_a_preview_tells_the_verdict_and_changes_nothing() -> None:
    async with a_quiet_world("AB") as world:
        before = world.manager.snapshot()

        verdict = world.manager.preview(SwitchTo(AGENT, B))

        assert isinstance(verdict, Accepted)
        assert world.manager.snapshot() == before


@virtually
async def test_a_notice_is_told_scrubbed() -> None:
    async with a_quiet_world("AB") as world:
        world.manager.notice("settings\x1b read again", "a\nsignal")

        told = world.told()[-1]

        assert (told.text, told.cause) == ("settings read again", "a signal")


@virtually
async def test_leaving_the_context_leaves_no_task_and_closes_every_connection() -> None:
    async with a_world("ABC") as world:
        for name in "ABC":
            world[name].from_now_on(Hang())
        await world.passes(3.0)
        running = {task.get_name() for task in asyncio.all_tasks()}

    assert {"checks of A", "checks of B", "checks of C", "tick", "reference"} <= running
    assert asyncio.all_tasks() == {asyncio.current_task()}
    assert all(world[name].closed for name in "ABC")
    assert all(world[name].inflight == 0 for name in "ABC")


class Stuck:
    """A connection that cannot be closed."""

    async def send(self, query: Query, limits: Limits) -> Outcome:
        raise NotImplementedError

    async def probe(self, kind: ProbeKind, query: Query, timeout_s: float) -> Outcome:
        raise NotImplementedError

    async def close(self) -> None:
        message = "stuck"
        raise OSError(message)


def stuck_a(scripted: ScriptedUpstreams) -> UpstreamFactory:
    def make(spec: ProviderSpec) -> Upstream:
        return Stuck() if spec.id == "A" else scripted(spec)

    return make


@virtually
async def test_a_connection_that_cannot_be_closed_keeps_no_other_open(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        async with a_quiet_world("AB", factory=stuck_a) as world:
            pass

    assert world["B"].closed
    assert "could not be closed" in caplog.text


@virtually
async def test_what_raises_inside_the_context_comes_out_and_everything_is_closed_all_the_same() -> None:
    worlds: list[World] = []

    async def program() -> None:
        async with a_world("AB") as world:
            worlds.append(world)
            await world.passes(1.0)
            raise LookupError

    with pytest.raises(LookupError):
        await program()

    assert worlds[0]["A"].closed
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_without_a_clock_or_chance_of_its_own_the_manager_takes_the_real_ones() -> None:
    def none_needed(spec: ProviderSpec) -> Upstream:
        raise NotImplementedError

    async with FailoverManager(none_needed) as manager:
        moment = manager.snapshot().moment

    assert abs(moment.utc - datetime.now(UTC).timestamp()) < 60.0


class StumblingClock(VirtualClock):
    """A clock that fails a few times, as a fault of ours in a tick would."""

    def __init__(self) -> None:
        super().__init__()
        self.failures = 0

    def now(self) -> Moment:
        if self.failures:
            self.failures -= 1
            message = "no time at all"
            raise RuntimeError(message)
        return super().now()


@virtually
async def test_a_fault_in_a_tick_is_logged_and_ends_nothing(caplog: pytest.LogCaptureFixture) -> None:
    clock = StumblingClock()
    upstreams = ScriptedUpstreams(clock)

    async with FailoverManager(upstreams, clock=clock, rng=Dice(), seed=1) as manager:
        await manager.start([a_spec("A")], [replace(a_config("A"), health_check_enabled=False)])
        await clock.sleep(0.7)
        clock.failures = 1
        await clock.sleep(2.0)
        served = await manager.execute_query(AGENT, "hello")

    assert served.provider == A
    assert "a tick failed" in caplog.text
