"""An outage is never amplified."""

import asyncio

import pytest

from tests.support.engine_world import World, a_quiet_world, virtually, with_rules
from tui_failover.core.names import ProviderId
from tui_failover.core.outcome import FailureKind
from tui_failover.core.spec import AttemptRules, BreakerRules
from tui_failover.engine.retry_budget import RetryBudget
from tui_failover.providers.scripted import Break, failing

A, B = ProviderId("A"), ProviderId("B")
REFUSED = Break(failing(FailureKind.CONNECT).failure, after_s=0.0)


def affordable_extras(budget: RetryBudget, provider: ProviderId, now: float) -> int:
    """Charge until nothing fits any more and return how often it did."""
    extras = 0
    while budget.affordable(provider, now):
        budget.charge(provider, now)
        extras += 1
    return extras


@pytest.mark.parametrize(("firsts", "extras"), [(0, 30), (4, 30), (5, 31), (100, 50)])
def test_extra_attempts_are_a_fifth_of_the_first_ones_and_a_small_floor(firsts: int, extras: int) -> None:
    budget = RetryBudget(AttemptRules())
    for _ in range(firsts):
        budget.first(A, 5.0)

    assert affordable_extras(budget, A, 5.0) == extras


def test_the_budget_forgets_after_its_window() -> None:
    budget = RetryBudget(AttemptRules(retry_floor_per_s=0.1))
    assert affordable_extras(budget, A, 0.0) == 1

    assert not budget.affordable(A, 10.0)
    assert budget.affordable(A, 10.1)


def test_each_provider_has_a_budget_of_its_own() -> None:
    budget = RetryBudget(AttemptRules(retry_floor_per_s=0.1))
    affordable_extras(budget, A, 0.0)

    assert budget.affordable(B, 0.0)


async def load(world: World, per_s: float, seconds: float) -> int:
    """Send queries at a steady pace, whether or not the earlier ones are answered; return how many."""
    async with asyncio.TaskGroup() as group:
        count = int(per_s * seconds)
        for _ in range(count):
            group.create_task(world.try_asking())
            await world.passes(1.0 / per_s)
    return count


@virtually
async def test_ten_minutes_of_total_outage_cost_a_handful_of_attempts_a_second() -> None:
    async with a_quiet_world("AB") as world:
        for name in "AB":
            world[name].from_now_on(REFUSED)

        asked = await load(world, per_s=6.0, seconds=600.0)

        sent = sum(len(world[name].queries) for name in "AB")

    assert len(world.failures) == asked == 3_600
    assert sent <= 2.1 * 610.0, f"{sent} attempts in 610 s"


@virtually
async def test_where_no_breaker_opens_the_budget_alone_keeps_an_outage_from_being_amplified() -> None:
    rules = with_rules(breaker=BreakerRules(min_outcomes=1_000_000))
    async with a_quiet_world("AB", rules=rules, max_consecutive_failures=1_000_000) as world:
        for name in "AB":
            world[name].from_now_on(REFUSED)

        asked = await load(world, per_s=60.0, seconds=20.0)

        sent = [len(world[name].queries) for name in "AB"]

    assert max(sent) <= 1.2 * asked + 3.0 * 30.0, f"{sent} attempts for {asked} queries"
    assert max(sent) > asked
