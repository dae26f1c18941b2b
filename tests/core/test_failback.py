"""Back to an earlier provider: proof, minimum stay, ramp, relapse, suspension."""

import pytest

from tests.support.world import (
    AGENT,
    World,
    a_chain,
    a_failure,
    a_settled_world,
    a_spec,
    a_world,
    an_answer,
    by_hand,
    strike,
    unchecked,
)
from tui_failover.core.command import (
    BreakerHand,
    HoldAutomation,
    HoldBreaker,
    ReleaseAutomation,
    ReleasePin,
    SwitchTo,
)
from tui_failover.core.copying import replace
from tui_failover.core.event import EventKind
from tui_failover.core.fact import ProviderRemoved, QueryAsked
from tui_failover.core.outcome import FailureKind
from tui_failover.core.route import min_stay_s
from tui_failover.core.spec import ProbeKind, ProbeSpec, Rules
from tui_failover.core.transition import BreakerState, Mode

STAGES = EventKind.FAILBACK_STAGE


def on_the_backup(chain: str = "AB") -> World:
    """Return a world whose primary has just failed three queries, and recovers from now on."""
    world = a_settled_world(chain)
    world.attempts("A", *strike())
    world.answers("A")
    assert world.active() == "B"
    return world


def stage_of(world: World) -> int:
    """Return the stage of the return under way; -1 without one."""
    ramp = world.fleet.agents[AGENT].ramp
    return -1 if ramp is None else ramp.stage


def returning(stage: int) -> World:
    """Return a world in the given stage of its return, without traffic so far."""
    world = on_the_backup()
    world.passes_until(lambda: stage_of(world) >= stage)
    return world


def relapses(world: World) -> None:
    """Let the primary recover, return, and fail again until the route leaves it."""
    world.answers("A")
    world.passes_until(lambda: world.active() == "A")
    world.fails("A")
    world.passes_until(lambda: world.active() == "B", asking_every_s=0.5)


def test_it_is_back_within_30_seconds_of_recovery_under_traffic() -> None:
    world = a_settled_world()
    world.fails("A")
    world.passes(60.0, asking_every_s=0.5)
    assert world.active() == "B"

    world.answers("A")
    recovered = world.now
    world.passes_until(lambda: world.active() == "A", asking_every_s=0.5)

    assert world.now - recovered <= 30.0


def test_it_comes_back_step_by_step() -> None:
    world = on_the_backup()

    world.passes(60.0, asking_every_s=0.5)

    assert world.texts(STAGES, EventKind.FAILBACK) == [
        "returning to A: one canary query",
        "returning to A: 25% of the queries",
        "returning to A: 50% of the queries",
        "B -> A",
    ]
    (back,) = world.events(EventKind.FAILBACK)
    assert (back.left, back.provider) == ("B", "A")


def test_the_route_stays_on_the_backup_for_at_least_30_seconds() -> None:
    world = on_the_backup()
    switched = world.now

    world.passes(60.0)

    assert world.events(STAGES)[0].at - switched >= 30.0


def test_three_passes_over_ten_seconds_are_the_proof() -> None:
    world = on_the_backup()
    world.fails("A")
    world.passes(60.0)
    world.answers("A")
    world.now = world.provider("A").breaker.until_at or 0.0

    world.checks("A", an_answer(), an_answer())
    after_two = world.agent_view().failback_note
    world.checks("A", an_answer())
    at_once = world.agent_view().failback_note

    assert after_two == ""  # its breaker is half-open: not available yet
    assert at_once == "A: available, returns when proven: healthy for 0 of 10 s"


def test_a_failure_begins_the_proof_anew() -> None:
    world = on_the_backup()
    world.passes_until(lambda: world.available("A"))

    world.checks("A", a_failure())
    world.checks("A", an_answer())

    assert "1 of 3 checks passed" in world.agent_view().failback_note


def test_a_provider_that_answers_slower_than_it_used_to_is_not_returned_to() -> None:
    world = on_the_backup()
    world.answers("A", in_s=3.0)

    world.passes(120.0)

    assert world.active() == "B"
    assert "slower than it used to" in world.agent_view().failback_note


def test_the_canary_is_one_query() -> None:
    world = returning(0)

    first = world.order_of()
    world.happens(QueryAsked(AGENT))
    world.admits("A")
    second = world.order_of()

    assert (first, second) == ("AB", "BA")


@pytest.mark.parametrize(("stage", "expected"), [(1, 25), (2, 50)], ids=["a quarter", "a half"])
def test_shares_of_the_ramp_are_exact(stage: int, expected: int) -> None:
    world = returning(stage)

    firsts = []
    for _ in range(100):
        world.happens(QueryAsked(AGENT))
        firsts.append(world.order_of()[0])

    assert firsts.count("A") == expected


def test_five_answered_queries_are_enough_for_a_stage() -> None:
    world = returning(1)

    world.asks(times=5)

    ramp = world.fleet.agents[AGENT].ramp
    assert ramp is not None
    assert ramp.stage == 2


def test_a_failed_canary_breaks_the_return_off_and_the_query_is_answered_elsewhere() -> None:
    world = returning(0)
    world.fails("A", FailureKind.SILENT)

    told = world.asks()

    assert (told.served_by, told.tried) == ("B", ("A", "B"))
    assert world.texts(STAGES)[-1] == "return to A broken off"
    assert world.fleet.agents[AGENT].mode is Mode.BACKUP


def test_a_callers_fault_does_not_break_a_return_off() -> None:
    world = returning(0)
    world.fails("A", FailureKind.CALLER_FAULT)

    world.asks()

    assert world.fleet.agents[AGENT].mode is Mode.RETURNING


def test_an_attempt_of_an_older_generation_does_not_break_a_return_off() -> None:
    world = a_settled_world("AB")
    old = world.admits("A")
    world.attempts("A", *strike())
    world.passes_until(lambda: world.fleet.agents[AGENT].ramp is not None)

    world.ends(old, a_failure(FailureKind.SILENT))

    assert world.fleet.agents[AGENT].mode is Mode.RETURNING


def test_a_rate_limit_of_the_candidate_breaks_the_return_off() -> None:
    world = returning(1)

    world.attempts("A", a_failure(FailureKind.RATE_LIMITED, 60.0))

    assert world.texts(STAGES)[-1] == "return to A broken off"


def test_removing_the_candidate_breaks_the_return_off() -> None:
    world = returning(1)

    world.happens(ProviderRemoved(world.provider("A").spec.id))

    assert world.fleet.agents[AGENT].ramp is None


def test_each_failed_return_doubles_the_stay_up_to_a_quarter_of_an_hour() -> None:
    world = on_the_backup()
    stays = []

    for _ in range(7):
        stays.append(min_stay_s(world.fleet.agents[AGENT], world.rules.failback))
        relapses(world)
        world.passes(500.0)

    assert stays == [30.0, 60.0, 120.0, 240.0, 480.0, 900.0, 900.0]


def test_three_failed_returns_suspend_until_an_operator_resumes() -> None:
    world = on_the_backup()
    for _ in range(3):
        relapses(world)
    assert len(world.events(EventKind.FAILBACK_SUSPENDED)) == 1

    world.answers("A")
    world.passes(1200.0)
    suspended = world.active()
    note = world.agent_view().failback_note
    world.orders(ReleaseAutomation(AGENT))
    world.passes(60.0)

    assert suspended == "B"
    assert note == "A: available, automatic failback is suspended: resume it by hand"
    assert world.active() == "A"


def test_a_lasting_return_ends_the_row_of_setbacks() -> None:
    world = on_the_backup()
    relapses(world)
    world.answers("A")
    world.passes_until(lambda: world.active() == "A")

    world.passes(700.0)
    world.attempts("A", *strike())

    assert min_stay_s(world.fleet.agents[AGENT], world.rules.failback) == 30.0


def test_a_failure_after_a_switch_by_hand_is_no_setback() -> None:
    world = on_the_backup()
    world.passes_until(lambda: world.active() == "A")
    world.orders(SwitchTo(AGENT, world.provider("B").spec.id))

    world.attempts("B", *strike())

    assert min_stay_s(world.fleet.agents[AGENT], world.rules.failback) == 30.0


@pytest.mark.parametrize("order", [HoldAutomation(AGENT)], ids=["held"])
def test_an_order_to_hold_stops_a_return(order: HoldAutomation) -> None:
    world = returning(1)

    world.orders(order)

    assert world.fleet.agents[AGENT].mode is Mode.BACKUP


def test_after_three_switches_a_return_is_stopped_until_the_time_is_over() -> None:
    world = a_settled_world("ABC")
    world.attempts("A", *strike())
    world.attempts("B", *strike())
    world.passes_until(lambda: stage_of(world) >= 1)

    world.attempts("C", *strike())
    world.passes(60.0)

    assert len(world.events(EventKind.FAILOVER, EventKind.FAILBACK)) == 3
    assert world.fleet.agents[AGENT].ramp is None


def test_manual_failback_is_left_to_people() -> None:
    world = a_settled_world(config=by_hand(a_chain("ABC")))
    world.attempts("A", *strike())

    world.passes(300.0)

    assert world.active() == "B"
    assert world.agent_view().failback_note == "A: available, failback is manual"


UNPROVABLE = {
    "without checks": World([a_spec("A"), a_spec("B")], [unchecked(a_chain("AB"))]),
    "checks that list models": World(
        [a_spec("A", probe=ProbeSpec(kind=ProbeKind.MODELS)), a_spec("B")], [a_chain("AB")]
    ),
    "a spent budget": World([a_spec("A", probe=ProbeSpec(daily_budget=0)), a_spec("B")], [a_chain("AB")]),
}


@pytest.mark.parametrize("case", list(UNPROVABLE))
def test_where_no_check_can_prove_a_provider_queries_do(case: str) -> None:
    known = UNPROVABLE[case]
    world = World(known.specs, known.agents)
    world.attempts("A", *strike())
    world.answers("A")

    world.passes(120.0, asking_every_s=1.0)

    assert world.active() == "A"
    assert world.provider("A").breaker.state is BreakerState.CLOSED
    assert world.fleet.agents[AGENT].failed == 0


def test_where_only_queries_prove_time_alone_does_not_return() -> None:
    world = World([a_spec("A"), a_spec("B")], [unchecked(a_chain("AB"))])
    world.attempts("A", *strike())

    world.passes(300.0)

    assert world.active() == "B"


def test_a_breaker_whose_checks_are_only_refused_is_tried_by_a_query_in_the_end() -> None:
    world = a_settled_world("AB")
    world.attempts("A", *strike())
    world.answers("A")
    world.checks_of("A", a_failure(FailureKind.CALLER_FAULT))

    world.passes(120.0, asking_every_s=1.0)

    assert world.active() == "A"


def test_a_breaker_held_closed_by_hand_lets_queries_prove_it() -> None:
    world = World([a_spec("A"), a_spec("B")], [unchecked(a_chain("AB"))])
    world.attempts("A", *strike())
    world.answers("A")

    world.orders(HoldBreaker(world.provider("A").spec.id, BreakerHand.CLOSED))
    world.passes(120.0, asking_every_s=1.0)

    assert world.active() == "A"


def test_giving_a_switch_back_drops_the_return_to_what_was_switched_to() -> None:
    world = a_settled_world("ABC")
    world.orders(SwitchTo(AGENT, world.provider("C").spec.id))
    world.attempts("C", *strike())
    world.answers("C")
    world.passes_until(lambda: world.fleet.agents[AGENT].ramp is not None)

    world.orders(ReleasePin(AGENT))

    assert world.fleet.agents[AGENT].ramp is None
    assert (world.active(), world.fleet.agents[AGENT].mode) == ("A", Mode.PRIMARY)


def test_one_pass_by_a_setting_still_moves_the_breaker_step_by_step() -> None:
    rules = Rules()
    world = a_world("AB", rules=replace(rules, breaker=replace(rules.breaker, successes_to_close=1)))
    world.attempts("A", *strike())

    world.checks("A", an_answer(), an_answer())

    assert world.texts(EventKind.BREAKER_HALF_OPEN, EventKind.BREAKER_CLOSED) == [
        "breaker open -> half-open",
        "breaker half-open -> closed",
    ]
