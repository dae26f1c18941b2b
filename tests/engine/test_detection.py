"""How soon an outage is left and a recovery used, with the default settings, and what calm costs."""

import random
import time

import pytest

from tests.support.engine_world import AGENT, World, a_settled_world, a_world, virtually
from tui_failover.core.event import EventKind
from tui_failover.core.outcome import FailureKind
from tui_failover.engine.errand import Served
from tui_failover.providers.scripted import Answer, Break, Hang, Step, failing

REFUSED = Break(failing(FailureKind.CONNECT).failure, after_s=0.0)
SERVER = failing(FailureKind.SERVER)
SEEDS = range(200)


async def seconds_to_failover(seed: int, step: Step) -> float:
    """Let an idle primary die at a random instant and return how long its agent stays on it."""
    async with a_world("AB", seed=seed) as world:
        await world.passes(3.0 + random.Random(seed).uniform(0.0, 60.0))  # noqa: S311 - an instant, no secret
        world["A"].from_now_on(step)
        died = world.now
        await world.until(lambda: bool(world.told(EventKind.FAILOVER)), 200.0, step_s=2.0)
        return world.told(EventKind.FAILOVER)[0].at - world.started_at - died


@pytest.mark.parametrize("step", [REFUSED, Hang()], ids=["refused", "hanging"])
@virtually
async def test_an_idle_outage_is_left_within_80_seconds(step: Step) -> None:
    took = [await seconds_to_failover(seed, step) for seed in SEEDS]

    assert min(took) > 10.0
    assert max(took) <= 80.0, f"the slowest of {len(took)} took {max(took):.1f} s"


@pytest.mark.parametrize(
    "step",
    [REFUSED, SERVER, failing(FailureKind.OVERLOADED), Hang()],
    ids=["refused", "server error", "overloaded", "hanging"],
)
@pytest.mark.parametrize("every_s", [0.2, 1.0, 7.0])
@virtually
async def test_under_traffic_an_outage_costs_at_most_three_failed_attempts_and_no_query(
    step: Step, every_s: float
) -> None:
    async with a_settled_world() as world:
        for _ in range(20):
            await world.ask()
        world["A"].from_now_on(step)

        failed = 0
        while world.active() == "A":
            failed += len((await world.ask()).attempts)
            await world.passes(every_s)

    assert failed <= 3
    assert world.failures == []


async def traffic_until(world: World, provider: str, every_s: float) -> float:
    """Send queries until the agent is back on the provider and return how long that took."""
    began = world.now
    while world.active() != provider:
        assert world.now - began < 300.0, f"never back on {provider}"
        if every_s:
            await world.ask()
        await world.passes(every_s or 0.25)
    return world.now - began


@pytest.mark.parametrize("step", [REFUSED, Hang()], ids=["refused", "hanging"])
@pytest.mark.parametrize(
    ("every_s", "at_most_s"), [(0.0, 36.0), (1.0, 32.0), (0.2, 25.0)], ids=["idle", "a query a second", "busy"]
)
@virtually
async def test_the_primary_is_used_again_soon_after_its_recovery(
    step: Step, every_s: float, at_most_s: float
) -> None:
    """Ten seconds until a check sees it, ten of proof, then the ramp: as fast as queries prove it, else 15 s."""
    took = []
    for seed in range(20):
        async with a_settled_world(seed=seed) as world:
            await world.breaks("A", step)
            await world.passes(120.0 + seed)
            world["A"].from_now_on(Answer())
            took.append(await traffic_until(world, "A", every_s))

    assert max(took) <= at_most_s, f"the slowest of {len(took)} took {max(took):.1f} s"


@virtually
async def test_a_day_with_one_percent_of_random_server_errors_moves_no_route() -> None:
    chance = random.Random(7)  # noqa: S311 - a made-up provider's mood

    began = time.process_time()
    async with a_world("ABCDE") as world:
        for name in "ABCDE":
            world[name].will(*(SERVER if chance.random() < 0.01 else Answer() for _ in range(4_000)))
        while world.now < 86_400.0:
            await world.ask()
            await world.passes(60.0)
        strikes = len(world.told(EventKind.UNHEALTHY))
        failovers = world.agent().failovers
    spent = time.process_time() - began

    assert strikes >= 50
    assert failovers == 0
    assert world.failures == []
    assert spent < 40.0, f"a day took {spent:.1f} s, {86_400 / spent:.0f} simulated seconds a second"


@pytest.mark.parametrize("both", [False, True], ids=["the primary flaps", "whoever is active dies"])
@virtually
async def test_a_flapping_hour_moves_the_route_at_most_three_times_in_five_minutes(both: bool) -> None:
    switched: list[float] = []
    async with a_settled_world("AB") as world:
        active = world.active()
        while world.now < 3_600.0:
            dying, living = ("A", "B") if active == "A" else ("B", "A")
            if both or dying == "A":
                world[dying].from_now_on(REFUSED)
            world[living].from_now_on(Answer())
            await world.try_asking()
            await world.passes(1.0)
            if world.active() != active:
                active = world.active()
                switched.append(world.now)

    assert 2 <= len(switched) <= 36, f"{len(switched)} switches in an hour"
    for first, fourth in zip(switched, switched[3:], strict=False):
        assert fourth - first >= 298.0


@pytest.mark.parametrize("step", [REFUSED, Hang()], ids=["refused", "hanging"])
@pytest.mark.parametrize("busy", [False, True], ids=["idle", "busy"])
@virtually
async def test_a_dead_provider_is_left_alone_but_for_its_checks(step: Step, busy: bool) -> None:
    async with a_settled_world("AB") as world:
        world["A"].from_now_on(step)
        while world.now < 3_605.0:
            if busy:
                await world.ask()
            await world.passes(1.0)

        queries, probes = len(world["A"].queries), len(world["A"].probes)

    assert queries <= 4
    assert probes <= 3_600 / 9.0 + 10


@virtually
async def test_every_query_is_answered_while_the_primary_dies_and_comes_back() -> None:
    served: list[Served | None] = []
    async with a_settled_world() as world:
        for second in range(600):
            if second == 100:
                world["A"].from_now_on(Hang())
            if second == 300:
                world["A"].from_now_on(Answer())
            served.append(await world.try_asking())
            await world.passes(1.0)
        kinds = [one.kind for one in world.told(EventKind.FAILOVER, EventKind.FAILBACK)]
        stats = world.manager.get_failover_stats(AGENT)

    assert None not in served
    assert kinds == [EventKind.FAILOVER, EventKind.FAILBACK]
    assert (stats.queries, stats.failed, stats.failovers) == (600, 0, 1)
    assert stats.saved_by_failover <= 3
