"""An answer that broke off and is gone on with elsewhere: one query, booked once, each provider for its part."""

import asyncio

import pytest

from tests.engine.test_carrying import BROKEN, WHOLE, Stub
from tests.support.engine_world import AGENT, a_quiet_world, virtually, with_rules
from tui_failover.core.event import EventKind
from tui_failover.core.health import Status
from tui_failover.core.outcome import Failed, Failure, FailureKind, Outcome
from tui_failover.core.ports import Limits, Upstream
from tui_failover.core.spec import AttemptRules, ProviderSpec
from tui_failover.engine.errand import Open

NOT_A = frozenset({"A"})
SERVER = Failed(Failure(FailureKind.SERVER, "503 server error"), 0.5)
REFUSED = Failed(Failure(FailureKind.CALLER_FAULT, "400 bad request"), 0.5)


@virtually
async def test_it_is_one_query_that_was_saved() -> None:
    async with a_quiet_world() as world:
        async with world.manager.dispatcher.carry(AGENT, Stub([Open()])) as carried:
            carried.ended(BROKEN)
            went_on = await world.manager.dispatcher.go_on(AGENT, carried, Stub([Open()], NOT_A))
            during = world.provider("B").inflight
            carried.ended(WHOLE)

        agent, first, second = world.agent(), world.provider("A"), world.provider("B")
        told = world.told(EventKind.CONTINUED)

    assert (went_on, during, carried.provider) == (True, 1, "B")
    assert [(one.provider, one.kind) for one in carried.attempts] == [("A", FailureKind.STREAM_BROKEN)]
    assert (agent.queries, agent.failed, agent.saved) == (1, 0, 1)
    assert (first.failures, second.failures, second.inflight) == (1, 0, 0)
    assert (first.status, second.status) == (Status.UNHEALTHY, Status.HEALTHY)
    assert [one.cause for one in told] == ["A: was cut off"]


@pytest.mark.parametrize("ends", [[SERVER, SERVER, SERVER], [REFUSED]], ids=["all fail", "it is refused"])
@virtually
async def test_where_nobody_goes_on_the_query_has_failed_with_what_broke_off(ends: list[Outcome | Open]) -> None:
    async with a_quiet_world() as world:
        async with world.manager.dispatcher.carry(AGENT, Stub([Open()])) as carried:
            carried.ended(BROKEN)
            went_on = await world.manager.dispatcher.go_on(AGENT, carried, Stub([*ends], NOT_A))

        agent, told = world.agent(), world.told(EventKind.EXHAUSTED)

    assert (went_on, carried.provider, carried.outcome) == (False, "A", BROKEN)
    assert (agent.queries, agent.failed, agent.saved) == (1, 1, 0)
    assert [one.cause for one in told] == ["A: was cut off"]


@virtually
async def test_the_attempts_of_a_query_are_counted_over_all_its_parts() -> None:
    async with a_quiet_world("AB", rules=with_rules(attempt=AttemptRules(per_query=1))) as world:
        errand = Stub([Open()])
        async with world.manager.dispatcher.carry(AGENT, Stub([BROKEN, Open()])) as carried:
            carried.ended(BROKEN)
            went_on = await world.manager.dispatcher.go_on(AGENT, carried, errand)

    assert (went_on, errand.tried) == (False, [])


@virtually
async def test_an_agent_that_is_gone_is_not_gone_on_for() -> None:
    async with a_quiet_world() as world, world.manager.dispatcher.carry(AGENT, Stub([Open()])) as carried:
        carried.ended(BROKEN)
        await world.manager.remove_agent(AGENT)
        went_on = await world.manager.dispatcher.go_on(AGENT, carried, Stub([Open()]))

    assert (went_on, carried.outcome) == (False, BROKEN)


class Waits(Stub):
    """An errand nobody ever answers."""

    async def attempt(self, upstream: Upstream, spec: ProviderSpec, limits: Limits) -> Outcome | Open:
        self.tried.append(spec.id)
        return await asyncio.Future()


@virtually
async def test_a_caller_who_leaves_while_somebody_is_looked_for_blames_nobody_more() -> None:
    async with a_quiet_world() as world:
        waits = Waits([], NOT_A)

        async def query() -> None:
            async with world.manager.dispatcher.carry(AGENT, Stub([Open()])) as carried:
                carried.ended(BROKEN)
                await world.manager.dispatcher.go_on(AGENT, carried, waits)

        task = asyncio.ensure_future(query())
        await world.until(lambda: bool(waits.tried), 1.0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

        agent, first, second = world.agent(), world.provider("A"), world.provider("B")

    assert (agent.failed, agent.saved) == (0, 0)
    assert (first.failures, second.failures, second.inflight) == (1, 0, 0)
