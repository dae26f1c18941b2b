"""How soon an outage is noticed with the default settings, and what happens to queries meanwhile."""

import pytest

from tests.support.world import AGENT, a_failure, a_settled_world, a_world, an_answer, strike
from tui_failover.core.event import EventKind
from tui_failover.core.health import Status
from tui_failover.core.outcome import FailureKind, Outcome

REFUSED = a_failure(FailureKind.CONNECT, elapsed_s=0.0)
SILENT = a_failure(FailureKind.SILENT, elapsed_s=5.0)


@pytest.mark.parametrize("outcome", [REFUSED, SILENT], ids=["refused", "hanging"])
@pytest.mark.parametrize("died_after_s", [0.5, 7.5, 20.0, 41.0, 55.5])
def test_an_idle_outage_is_noticed_within_80_seconds(outcome: Outcome, died_after_s: float) -> None:
    world = a_settled_world()
    world.passes(died_after_s)

    world.does("A", outcome)
    died = world.now
    while world.active() == "A" and world.now - died < 200.0:
        world.passes(0.5)

    assert world.now - died <= 80.0


@pytest.mark.parametrize("kind", [FailureKind.CONNECT, FailureKind.SERVER, FailureKind.SILENT])
def test_under_traffic_the_route_leaves_within_three_queries_and_each_is_answered(kind: FailureKind) -> None:
    world = a_settled_world()
    world.fails("A", kind)

    served = [world.asks().served_by for _ in range(3)]

    assert (served, world.active()) == (["B", "B", "B"], "B")


def test_a_standby_that_dies_is_noticed_although_nobody_asks_it() -> None:
    world = a_settled_world()
    world.fails("C", FailureKind.CONNECT)

    world.passes(80.0)

    assert not world.available("C")
    assert world.active() == "A"


def test_one_bad_sample_moves_the_word_and_nothing_else() -> None:
    world = a_settled_world()

    world.checks("A", a_failure())

    assert world.provider("A").health.verdict is Status.UNHEALTHY
    assert world.available("A")
    assert world.active() == "A"


def test_a_success_makes_the_word_healthy_and_the_count_zero() -> None:
    world = a_settled_world()
    world.checks("A", a_failure(), a_failure())

    world.asks()

    assert world.provider("A").health.verdict is Status.HEALTHY
    assert world.provider("A").health.consecutive_failures == 0


def test_without_news_for_three_intervals_the_word_becomes_unknown_and_the_provider_stays_available() -> None:
    world = a_settled_world()
    last = world.provider("A").health.evidence_at or 0.0

    world.checks_of("A", a_failure(FailureKind.CALLER_FAULT))
    world.passes(last + 180.0 - world.now)
    before = world.provider("A").health.verdict
    world.passes(0.5)

    assert (before, world.provider("A").health.verdict) == (Status.HEALTHY, Status.UNKNOWN)
    assert world.available("A")
    assert world.texts(EventKind.STALE) == ["healthy -> unknown"]


def test_unknown_ranks_after_healthy_among_the_backups() -> None:
    world = a_settled_world()
    world.checks_of("B", a_failure(FailureKind.CALLER_FAULT))
    world.passes(200.0)

    assert world.order_of() == "ACB"


def test_checking_does_not_erase_the_last_word() -> None:
    world = a_settled_world()
    world.hangs("A")

    while not world.provider("A").checking:
        world.passes(0.5)

    view = world.view("A")
    assert (view.status, view.verdict, view.available) == (Status.CHECKING, Status.HEALTHY, True)


def test_a_flapping_provider_moves_the_route_at_most_36_times_in_an_hour() -> None:
    world = a_settled_world()

    for _ in range(60):
        world.fails("A")
        world.passes(30.0, asking_every_s=1.0)
        world.answers("A")
        world.passes(30.0, asking_every_s=1.0)

    assert len(world.events(EventKind.FAILOVER, EventKind.FAILBACK)) <= 36
    assert world.fleet.agents[AGENT].failed == 0


def test_a_provider_that_passes_checks_and_fails_queries_is_left_alone_for_longer_each_time() -> None:
    world = a_settled_world()
    world.attempts("A", *strike())
    cooldowns = []

    for _ in range(4):
        breaker = world.provider("A").breaker
        cooldowns.append(round((breaker.until_at or 0.0) - breaker.since_at, -1))
        world.now = breaker.until_at or 0.0
        world.checks("A", *[an_answer()] * 3)
        world.attempts("A", *strike())

    assert cooldowns == [10.0, 20.0, 40.0, 60.0]


def test_the_first_checks_are_spread_over_two_seconds() -> None:
    world = a_world("ABCDEFGH")
    offsets = [world.due_in_s(name) or 0.0 for name in "ABCDEFGH"]

    assert all(0.0 <= one <= 2.0 for one in offsets)
    assert len(set(offsets)) == 8
