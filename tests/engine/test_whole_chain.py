"""Whom automation keeps out of a chain: left alone while somebody answers, tried before a query is given up."""

import asyncio

import pytest

from tests.engine.test_carrying import Stub
from tests.support.engine_world import AGENT, World, a_quiet_world, a_settled_world, at_once, virtually
from tui_failover.core.command import Impose, Imposed, Order
from tui_failover.core.errors import AllProvidersFailed
from tui_failover.core.names import ProviderId
from tui_failover.core.outcome import Cancelled, FailureKind
from tui_failover.providers.scripted import Answer, Hang, failing
from tui_failover.providers.scripted import Step as Script

PASTS: dict[str, Script | None] = {
    "nothing known": None,
    "well": Answer(),
    "breaker open": failing(FailureKind.CONNECT),
    "rate limited": failing(FailureKind.RATE_LIMITED, retry_after_s=600.0),
    "key refused": failing(FailureKind.AUTH),
}


async def remembered(world: World, pasts: dict[str, str]) -> None:
    """Bring about what is thought of each provider: only those that are to be well answer meanwhile."""
    for name, past in pasts.items():
        world[name].from_now_on(PASTS[past] or Answer())
    for name, past in pasts.items():
        tries = {"nothing known": 0, "breaker open": 3}.get(past, 1)
        await world.manager.switch_provider(AGENT, name, force=True)
        for _ in range(tries):
            await world.try_asking()
    await world.manager.switch_provider(AGENT, next(iter(pasts)), force=True)
    for name in pasts:
        world[name].queries.clear()


@pytest.mark.parametrize("past", ["breaker open", "rate limited", "key refused"])
@virtually
async def test_whom_automation_keeps_out_is_tried_once_everybody_available_has_failed(past: str) -> None:
    async with a_quiet_world("AB", max_retries=0) as world:
        await remembered(world, {"A": "well", "B": past})
        world["A"].from_now_on(failing(FailureKind.SERVER))
        world["B"].from_now_on(Answer())

        served = await world.ask()

    assert (served.provider, [one.provider for one in served.attempts]) == ("B", ["A"])


@virtually
async def test_whom_a_breaker_keeps_out_gets_no_query_while_somebody_available_answers() -> None:
    async with a_quiet_world("AB") as world:
        await remembered(world, {"A": "well", "B": "breaker open"})
        world["A"].from_now_on(Answer())

        for _ in range(50):
            await world.ask()

        tries = len(world["B"].queries)

    assert tries == 0


@virtually
async def test_the_last_one_available_may_take_long_and_leaves_time_for_those_kept_out() -> None:
    async with a_quiet_world("AB", max_retries=0) as world:
        await remembered(world, {"A": "nothing known", "B": "breaker open"})
        world["A"].from_now_on(Answer(after_s=47.0))
        slow = await world.ask()
        world["A"].from_now_on(Hang())
        world["B"].from_now_on(Answer())

        other = await world.ask()

    assert (slow.provider, other.provider) == ("A", "B")


@pytest.mark.parametrize("order", [Imposed.DRAIN, Imposed.MAINTENANCE], ids=str)
@virtually
async def test_whom_a_person_has_taken_out_stays_out_while_somebody_is_available(order: Imposed) -> None:
    async with a_quiet_world("AB", max_retries=0) as world:
        await world.manager.submit(Impose(ProviderId("B"), order, Order(force=True, by="ana")))
        world["A"].from_now_on(failing(FailureKind.SERVER))

        error = await world.ask_in_vain()

        tries = len(world["B"].queries)

    assert tries == 0
    assert [one.provider for one in error.attempts] == ["A", "B"]


@virtually
async def test_queries_that_are_themselves_at_fault_do_not_burden_those_kept_out() -> None:
    async with a_quiet_world("AB") as world:
        await remembered(world, {"A": "well", "B": "breaker open"})
        world["A"].from_now_on(failing(FailureKind.CONTEXT_LENGTH))

        await world.ask_in_vain()

        tries = len(world["B"].queries)

    assert tries == 0


@virtually
async def test_an_outage_of_the_last_one_available_reaches_those_kept_out_at_their_pace_only() -> None:
    async with a_settled_world("AB", max_retries=0, health_check_enabled=False) as world:
        await remembered(world, {"A": "well", "B": "breaker open"})
        world["A"].from_now_on(failing(FailureKind.RATE_LIMITED, retry_after_s=0.0))
        world["B"].from_now_on(failing(FailureKind.SERVER))
        began = world.now

        await at_once(*(world.try_asking() for _ in range(60)))

        tries, took_s = len(world["B"].queries), world.now - began

    assert 1 <= tries <= 2 * took_s + 1
    assert took_s <= 11.0
    assert not asyncio.all_tasks() - {asyncio.current_task()}


@virtually
async def test_an_attempt_that_was_broken_off_is_not_followed_by_one_at_whom_automation_keeps_out() -> None:
    async with a_quiet_world("AB") as world:
        await remembered(world, {"A": "well", "B": "breaker open"})
        errand = Stub([Cancelled(0.0)])

        with pytest.raises(AllProvidersFailed):
            async with world.manager.dispatcher.carry(AGENT, errand):
                pass

    assert errand.tried == ["A"]
