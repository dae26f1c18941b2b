"""What goes wrong around a query stays where it went wrong."""

import asyncio
import logging
from collections.abc import Callable

import pytest

from tests.support.engine_world import (
    AGENT,
    World,
    a_config,
    a_quiet_world,
    a_settled_world,
    virtually,
)
from tui_failover.core.command import Order, ResetBreaker, SwitchTo
from tui_failover.core.copying import replace
from tui_failover.core.errors import EngineClosed
from tui_failover.core.health import Status
from tui_failover.core.names import AgentId, ProviderId
from tui_failover.core.outcome import FailureKind, Outcome
from tui_failover.core.ports import Limits, Upstream, UpstreamFactory
from tui_failover.core.query import Query
from tui_failover.core.spec import ProbeKind, ProviderSpec
from tui_failover.core.transition import BreakerState
from tui_failover.providers.scripted import Answer, Break, Hang, ScriptedUpstreams, failing

SERVER = failing(FailureKind.SERVER)
OVERLOADED = failing(FailureKind.OVERLOADED)


@virtually
async def test_a_caller_that_goes_away_takes_its_attempt_along_and_blames_nobody() -> None:
    async with a_settled_world() as world:
        before = world.provider("A")
        world["A"].from_now_on(Hang())
        query = asyncio.ensure_future(world.ask())
        await world.passes(3.0)
        under_way = (world.provider("A").inflight, world["A"].inflight)

        query.cancel()
        await asyncio.wait([query])

        after = world.provider("A")
        assert under_way == (1, 1)
        assert (after.inflight, world["A"].inflight) == (0, 0)
        assert (after.verdict, after.failures, after.breaker) == (before.verdict, 0, before.breaker)
        assert world["B"].queries == []


@virtually
async def test_a_caller_that_goes_away_during_a_pause_leaves_nothing_behind() -> None:
    async with a_quiet_world() as world:
        world["A"].will(SERVER)
        query = asyncio.ensure_future(world.ask())
        await world.passes(0.15)

        query.cancel()
        await asyncio.wait([query])
        await world.passes(5.0)

        assert world.provider("A").inflight == 0
        assert len(world["A"].queries) == 1


@virtually
async def test_a_trial_whose_caller_goes_away_is_free_for_the_next_query() -> None:
    async with a_quiet_world("A") as world:
        await _open(world, "A")
        await world.passes(15.0)
        world["A"].from_now_on(Hang())
        trial = asyncio.ensure_future(world.ask())
        await world.passes(1.0)
        state_under_trial = world.provider("A").breaker.state

        trial.cancel()
        await asyncio.wait([trial])
        world["A"].from_now_on(Answer())
        for _ in range(3):
            await world.ask()

        assert state_under_trial is BreakerState.HALF_OPEN
        assert world.provider("A").breaker.state is BreakerState.CLOSED


async def _open(world: World, name: str) -> None:
    """Let queries find out that a provider fails."""
    world[name].from_now_on(OVERLOADED)
    for _ in range(3):
        await world.try_asking()
    assert world.provider(name).breaker.state is BreakerState.OPEN


class Raising:
    """An adapter with a bug."""

    def __init__(self, inner: Upstream) -> None:
        self._inner = inner

    async def send(self, query: Query, limits: Limits) -> Outcome:
        message = "sk-secret-1234567890"
        raise RuntimeError(message)

    async def probe(self, kind: ProbeKind, query: Query, timeout_s: float) -> Outcome:
        return await self._inner.probe(kind, query, timeout_s)

    async def close(self) -> None:
        await self._inner.close()


def raising(*names: str) -> Callable[[ScriptedUpstreams], UpstreamFactory]:
    """Return a factory whose named upstreams raise."""

    def factory(scripted: ScriptedUpstreams) -> UpstreamFactory:
        def make(spec: ProviderSpec) -> Upstream:
            return Raising(scripted(spec)) if spec.id in names else scripted(spec)

        return make

    return factory


@virtually
async def test_a_bug_in_an_adapter_costs_the_caller_nothing_and_is_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with a_settled_world("AB", factory=raising("A")) as world:
        with caplog.at_level(logging.ERROR):
            served = await world.ask()

        assert served.provider == "B"
        assert [(one.kind, one.reason) for one in served.attempts] == [
            (FailureKind.LOCAL, "internal error in its adapter (RuntimeError)")
        ]
        assert (world.provider("A").inflight, world.provider("A").verdict) == (0, Status.HEALTHY)
    assert "A: its adapter raised" in caplog.text


@virtually
async def test_a_late_success_of_an_older_generation_closes_nothing() -> None:
    async with a_quiet_world("AB") as world:
        world["A"].will(Answer(after_s=8.0))
        late = asyncio.ensure_future(world.ask())
        await world.passes(0.1)
        await _open(world, "A")

        served = await late

        assert served.provider == "A"
        assert world.provider("A").breaker.state is BreakerState.OPEN


@virtually
async def test_a_late_failure_of_an_older_generation_opens_nothing() -> None:
    async with a_quiet_world("AB", max_consecutive_failures=3) as world:
        slow = [Break(OVERLOADED.failure, after_s=11.5)] * 3
        world["A"].will(*slow)
        late = [asyncio.ensure_future(world.ask()) for _ in slow]
        await world.passes(0.1)
        await _open(world, "A")
        await world.manager.submit(ResetBreaker(ProviderId("A")))
        world["A"].from_now_on(Answer())

        await asyncio.gather(*late)

        assert world.provider("A").breaker.state is BreakerState.CLOSED
        assert world.provider("A").available


@virtually
async def test_a_hard_pin_is_tried_first_although_its_breaker_is_open_and_the_others_follow() -> None:
    async with a_settled_world() as world:
        await world.breaks("B", SERVER)
        sent_before = len(world["B"].queries)
        order = Order(force=True)
        await world.manager.submit(SwitchTo(AGENT, ProviderId("B"), hard=True, order=order))

        served = await world.ask()

        assert served.provider == "A"
        assert {one.provider for one in served.attempts} == {"B"}
        assert len(world["B"].queries) > sent_before
        assert world.active() == "B"


@virtually
async def test_agents_share_nothing_but_what_is_known_of_providers() -> None:
    async with a_settled_world("ABC") as world:
        other = "other"
        config = replace(a_config("CB"), agent_id=AgentId(other))
        await world.manager.configure_failover(config)
        await world.manager.switch_provider(AGENT, "B")

        served = await world.manager.execute_query(other, "hello")

        assert served.provider == "C"
        assert world.manager.get_failover_stats(AGENT).queries == 0
        assert world.manager.get_failover_stats(other).queries == 1


@virtually
async def test_with_automatic_failover_off_a_query_stays_where_it_is_and_says_why() -> None:
    async with a_settled_world("AB", auto_failover_enabled=False) as world:
        world["A"].from_now_on(OVERLOADED)

        error = await world.ask_in_vain()

        assert [(one.provider, one.reason) for one in error.attempts] == [
            ("A", "overloaded"),
            ("B", "passed over: automatic failover is off"),
        ]
        assert world["B"].queries == []


@virtually
async def test_a_query_under_way_when_the_engine_stops_is_told_so() -> None:
    async with a_quiet_world("AB") as world:
        world["A"].will(Break(OVERLOADED.failure, after_s=5.0))
        query = asyncio.ensure_future(world.ask())
        await world.passes(1.0)

    with pytest.raises(EngineClosed, match="stopped while the query was under way"):
        await query
