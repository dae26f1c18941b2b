"""Whom a query tries, in order, and for how long."""

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
    strike,
)
from tui_failover.core.chain import limits_for
from tui_failover.core.command import BreakerHand, HoldBreaker, Impose, Imposed, Order
from tui_failover.core.copying import replace
from tui_failover.core.event import EventKind
from tui_failover.core.names import ProviderId
from tui_failover.core.outcome import Cancelled, FailureKind
from tui_failover.core.provider_state import Obstacle
from tui_failover.core.snapshot import NotUsed
from tui_failover.core.transition import Mode

A, B, C = (ProviderId(name) for name in "ABC")


def test_the_active_provider_comes_first_then_the_chain_onward_wrapping() -> None:
    world = a_settled_world("ABCD")
    world.attempts("A", *strike())
    world.attempts("B", *strike())
    world.passes(11.0)

    assert world.order_of().startswith("CD")


def test_the_route_moves_onward_to_the_healthiest_and_not_back_to_the_failing() -> None:
    world = a_settled_world("ABC")
    world.checks("B", a_failure())

    world.attempts("A", *strike())

    assert world.active() == "C"


def test_everyone_passed_over_has_a_reason() -> None:
    world = a_settled_world("ABC")
    world.attempts("A", *strike())
    world.attempts("C", a_failure(FailureKind.RATE_LIMITED, 60.0))

    passed = {one.provider: (one.code, one.text) for one in world.plan().passed_over}

    assert passed == {
        A: (
            NotUsed.BREAKER_OPEN,
            "breaker open: server on purpose, 3 failures in a row",
        ),
        C: (NotUsed.RATE_LIMITED, "rate-limited on purpose"),
    }


def test_without_automatic_failover_queries_stay_on_the_active_provider() -> None:
    world = a_settled_world(config=replace(a_chain("ABC"), auto_failover_enabled=False))
    world.fails("A")

    told = [world.asks() for _ in range(5)]

    assert world.active() == "A"
    assert {one.served_by for one in told} == {""}
    assert {name for one in told for name in one.tried} == {"A"}
    assert not world.available("A")


def test_a_provider_without_its_key_is_passed_over_and_says_what_to_set() -> None:
    world = World([replace(a_spec("A"), missing_key="set A_KEY"), a_spec("B")], [a_chain("AB")])

    assert (world.active(), world.asks().tried) == ("B", ("B",))
    assert world.plan().passed_over[0].text == "no key: set A_KEY"


def test_a_provider_that_is_not_registered_is_passed_over() -> None:
    world = World([a_spec("A")], [a_chain("AZ")])

    assert world.plan().passed_over[0].code is NotUsed.REMOVED


def test_in_panic_the_least_bad_is_tried_first() -> None:
    world = a_settled_world("ABCDE")
    world.attempts("A", a_failure(FailureKind.AUTH))
    world.attempts("B", a_failure(FailureKind.MODEL_MISSING))
    world.attempts("C", a_failure(FailureKind.RATE_LIMITED, 60.0))
    world.attempts("D", *strike())
    world.orders(Impose(ProviderId("E"), Imposed.MAINTENANCE, Order(force=True)))

    plan = world.plan()

    assert plan.panic
    assert "".join(plan.candidates) == "DCBA"
    assert [one.code for one in plan.passed_over] == [NotUsed.MAINTENANCE]


def test_panic_is_told_once_when_it_begins_and_once_when_it_ends() -> None:
    world = a_settled_world("AB")
    world.fails("AB")
    world.passes(60.0, asking_every_s=0.5)
    world.answers("AB")
    world.passes(60.0, asking_every_s=0.5)

    assert world.texts(EventKind.PANIC_BEGAN, EventKind.PANIC_ENDED) == [
        "nothing in its chain is available: the least bad provider is tried",
        "a provider is available again",
    ]
    assert len(world.events(EventKind.EXHAUSTED)) == 1
    assert world.fleet.agents[AGENT].mode in {Mode.PRIMARY, Mode.BACKUP, Mode.RETURNING}


def test_an_answer_in_panic_begins_the_trial() -> None:
    world = a_settled_world("AB")
    world.attempts("A", *strike())
    world.attempts("B", *strike())

    told = world.asks()

    assert told.panic
    assert told.served_by != ""
    assert world.texts(EventKind.BREAKER_HALF_OPEN) == ["breaker open -> half-open"]


def test_desperation_does_not_reach_what_a_person_took_out_after_the_plan() -> None:
    world = a_settled_world("AB")
    world.orders(Impose(A, Imposed.MAINTENANCE))

    permit = world.tries("A", desperate=True)

    assert isinstance(permit, Obstacle)
    assert permit.code is NotUsed.MAINTENANCE


def test_at_most_three_automatic_switches_in_five_minutes_while_queries_go_on_failing_over() -> None:
    world = a_settled_world("ABCDE")
    for name in "ABC":
        world.attempts(name, *strike())
    assert world.active() == "D"
    world.fails("D")

    served = [world.asks().served_by for _ in range(5)]

    assert world.active() == "D"
    assert served == ["E"] * 5
    assert world.texts(EventKind.HOLD_DOWN) == ["route stays on D, its queries fail over one by one"]


def test_when_the_hold_down_is_over_the_route_moves() -> None:
    world = a_settled_world("ABCDE")
    for name in "ABCD":
        world.fails(name)
        world.attempts(name, *strike())

    world.passes(300.0)

    assert world.active() == "E"
    assert not world.fleet.agents[AGENT].hold_down


def test_saved_and_failed_queries_are_counted() -> None:
    world = a_settled_world("AB")
    world.fails("A")
    world.asks()
    world.fails("AB")
    world.asks()

    agent = world.fleet.agents[AGENT]
    assert (agent.queries, agent.saved, agent.failed) == (2, 1, 1)


def test_a_cancelled_query_changes_nothing() -> None:
    world = a_settled_world()
    before = world.provider("A")

    world.attempts("A", Cancelled(1.0))

    assert world.provider("A") == before


@pytest.mark.parametrize(
    ("latencies", "limit_s"),
    [([], 12.0), ([0.5] * 4, 12.0), ([0.5] * 10, 8.0), ([5.0] * 10, 20.0), ([50.0] * 10, 60.0)],
    ids=["no history", "too little", "floor", "four times p95", "cap"],
)
def test_first_content_is_awaited_as_long_as_history_suggests(latencies: list[float], limit_s: float) -> None:
    world = a_world()
    world.attempts("A", *[an_answer(in_s=one) for one in latencies])

    limits = limits_for(world.fleet, A, 100.0, last=False)

    assert limits.first_content_s == limit_s


def test_a_reasoning_model_gets_longer_and_the_last_one_until_the_deadline() -> None:
    world = World([replace(a_spec("A"), reasoning=True), a_spec("B")], [a_chain("AB")])

    reasoning = limits_for(world.fleet, A, 100.0, last=False)
    last = limits_for(world.fleet, B, 42.0, last=True)
    short = limits_for(world.fleet, A, 3.0, last=False)

    assert (reasoning.first_content_s, reasoning.progress_s) == (45.0, 45.0)
    assert (last.first_content_s, last.progress_s) == (42.0, 20.0)
    assert short.first_content_s == 3.0


def test_a_breaker_held_open_ranks_behind_a_rate_limit_in_panic() -> None:
    world = a_settled_world("AB")
    world.orders(HoldBreaker(A, BreakerHand.OPEN))
    world.attempts("B", a_failure(FailureKind.RATE_LIMITED, 60.0))

    assert world.order_of() == "BA"
