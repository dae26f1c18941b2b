"""What a screen is told of the fleet."""

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
    provider_id,
    strike,
)
from tui_failover.core.command import BreakerHand, HoldAutomation, HoldBreaker, Impose, Imposed, SwitchTo
from tui_failover.core.copying import replace
from tui_failover.core.fact import Ticked
from tui_failover.core.names import AgentId
from tui_failover.core.outcome import FailureKind
from tui_failover.core.snapshot import Flag, NotUsed, RampView
from tui_failover.core.spec import FailbackMode
from tui_failover.core.transition import BreakerState
from tui_failover.core.view import snapshot_of

A, B = provider_id("A"), provider_id("B")


def flags(world: World, name: str) -> set[Flag]:
    return set(world.view(name).flags)


def codes(world: World) -> list[NotUsed]:
    return [one.code for one in world.agent_view().plan]


def test_providers_stand_in_the_order_of_the_chains_then_as_registered() -> None:
    world = World([a_spec(name) for name in "ABCD"], [a_chain("DB"), a_chain("BAZ", AgentId("other"))])

    assert "".join(one.id for one in world.snapshot().providers) == "DBAC"


def test_a_provider_not_yet_checked_says_so_and_one_without_news_too() -> None:
    world = a_world()
    first = world.view("A").reason
    world.checks("A", an_answer())
    world.now += 500.0

    world.happens(Ticked())

    assert first == "not checked yet"
    assert world.view("A").reason == "no recent news"


def test_failing_but_available_is_degraded_with_the_newest_error() -> None:
    world = a_settled_world()

    world.checks("A", a_failure())

    view = world.view("A")
    assert (view.flags, view.reason, view.failures, view.threshold) == (
        frozenset({Flag.DEGRADED}),
        "server on purpose",
        1,
        3,
    )


def test_slow_against_its_own_normal() -> None:
    world = a_settled_world()

    world.attempts("A", *[an_answer(in_s=3.0)] * 5)

    assert flags(world, "A") == {Flag.SLOW}
    assert world.view("A").reason == "first content normally takes 0.3 s"


def test_one_slow_answer_is_no_spell() -> None:
    world = a_settled_world()

    world.attempts("A", *[an_answer()] * 4, an_answer(in_s=9.0))

    assert flags(world, "A") == set()


def test_flags_beside_the_word() -> None:
    specs = [a_spec(name) for name in "ABCDE"] + [replace(a_spec("F"), missing_key="set F_KEY")]
    world = World(specs, [a_chain("ABCDEF")])
    world.orders(Impose(A, Imposed.MAINTENANCE))
    world.orders(Impose(B, Imposed.DRAIN))
    world.attempts("C", a_failure(FailureKind.RATE_LIMITED, 60.0))
    world.attempts("D", *strike())
    world.checks("D", an_answer())
    world.orders(SwitchTo(AGENT, provider_id("E")))

    told = {name: flags(world, name) for name in "ABCDEF"}

    assert told == {
        "A": {Flag.MAINTENANCE},
        "B": {Flag.DRAINING},
        "C": {Flag.LIMITED},
        "D": {Flag.RECOVERING},
        "E": {Flag.PINNED},
        "F": {Flag.NO_KEY},
    }


def test_the_breaker_shows_how_far_the_trial_is() -> None:
    world = a_world()
    world.attempts("A", *strike())
    world.checks("A", an_answer())

    view = world.view("A").breaker

    assert (view.state, view.successes, view.needed, view.opened_count) == (BreakerState.HALF_OPEN, 1, 3, 1)


def test_a_breaker_by_hand_shows_until_when() -> None:
    world = a_world()

    world.orders(HoldBreaker(A, BreakerHand.CLOSED, hold_s=60.0))

    view = world.view("A").breaker
    assert (view.hand, view.hand_until_at) == (BreakerHand.CLOSED, world.now + 60.0)


def test_rates_errors_and_percentiles_are_of_live_attempts() -> None:
    world = a_world()
    world.checks("A", an_answer(in_s=9.0))
    before = world.view("A")

    world.attempts("A", *[an_answer(in_s=0.5)] * 3, a_failure())

    view = world.view("A")
    assert (before.p50_s, before.samples, before.error_share) == (9.0, 1, None)
    assert (view.p50_s, view.samples, view.error_share) == (0.5, 3, 0.25)
    assert view.rate == pytest.approx(4 / 30)


def test_the_active_provider_says_why_it_is() -> None:
    world = a_settled_world()
    world.attempts("A", *strike())

    plan = {one.provider: one for one in world.agent_view().plan}

    assert plan[B].code is NotUsed.ACTIVE
    assert plan[B].text.startswith("active: A: breaker open: server on purpose")
    assert world.view("B").active_for == (AGENT,)
    assert world.view("B").agents == (AGENT,)


@pytest.mark.parametrize(
    ("order", "code", "text"),
    [
        (SwitchTo(AGENT, A), NotUsed.PINNED_ELSEWHERE, "switched to A by operator"),
        (HoldAutomation(AGENT), NotUsed.AUTOMATION_OFF, "automation is held by operator"),
    ],
    ids=["switched", "held"],
)
def test_an_available_provider_says_whose_word_keeps_it_waiting(
    order: SwitchTo | HoldAutomation, code: NotUsed, text: str
) -> None:
    world = a_settled_world()

    world.orders(order)

    place = world.agent_view().plan[1]
    assert (place.code, place.text) == (code, text)


def test_automatic_failover_that_is_off_is_said() -> None:
    world = a_world(config=replace(a_chain("AB"), auto_failover_enabled=False))

    assert codes(world) == [NotUsed.ACTIVE, NotUsed.AUTOMATION_OFF]
    assert world.agent_view().next_best is None


@pytest.mark.parametrize(
    ("mode", "note"),
    [
        (FailbackMode.MANUAL, "A: available, failback is manual"),
        (FailbackMode.OFF, "A: available, failback is off"),
    ],
)
def test_a_return_that_people_decide_on_is_said(mode: FailbackMode, note: str) -> None:
    world = a_settled_world(config=replace(a_chain("ABC"), failback=mode))
    world.attempts("A", *strike())

    world.passes(120.0)

    assert world.agent_view().failback_note == note


def test_the_return_says_what_it_waits_for_and_how_far_it_is() -> None:
    world = a_settled_world()
    world.attempts("A", *strike())
    notes = [world.agent_view().failback_note]

    for _ in range(90):
        world.passes(0.5)
        notes.append(world.agent_view().failback_note)

    told = list(dict.fromkeys(notes))
    assert told[0] == ""
    assert "A: available, returns when proven: the route stays 5 s more where it is" in told
    assert told[-3:] == [
        "A: returning: one canary query",
        "A: returning: 25% of the queries",
        "A: returning: 50% of the queries",
    ]


def test_a_proven_provider_is_about_to_return() -> None:
    world = a_settled_world()
    world.attempts("A", *strike())
    world.passes_until(lambda: world.agent_view().ramp is not None)
    world.now += 0.1

    before = world.turns[-1].before
    world.fleet = before

    assert world.agent_view().failback_note == "A: available, about to return"


def test_the_ramp_is_shown_with_its_share() -> None:
    world = a_settled_world()
    world.attempts("A", *strike())

    world.passes_until(lambda: world.agent_view().ramp == RampView(A, 0.25, 2, 3))

    assert world.agent_view().plan[0].text == "returning: 25% of the queries"


def test_where_queries_go_if_the_active_provider_fails() -> None:
    world = a_settled_world("ABC")
    world.checks("B", a_failure())

    assert world.agent_view().next_best == "C"


def test_what_can_be_undone_is_shown_until_it_cannot() -> None:
    world = a_settled_world()
    world.orders(SwitchTo(AGENT, B))

    undo = world.snapshot().undo
    world.now += 30.0

    assert undo is not None
    assert undo.text == "my-agent: A -> B"
    assert world.snapshot().undo is None


def test_where_nobody_else_is_available_there_is_no_next_best() -> None:
    world = a_settled_world("AB")
    world.attempts("B", *strike())

    assert world.agent_view().next_best is None


def test_whoever_needs_the_interpreter_gets_it_between_any_two_providers() -> None:
    world = a_world()
    breaths: list[None] = []

    snapshot = snapshot_of(world.fleet, world.moment, (), lambda: breaths.append(None))

    assert snapshot == snapshot_of(world.fleet, world.moment, ())
    assert len(breaths) >= len(snapshot.providers)
