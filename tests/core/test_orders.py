"""What people may order, what it does, and what they are refused."""

import pytest

from tests.support.world import (
    AGENT,
    World,
    a_chain,
    a_failure,
    a_settled_world,
    an_answer,
    provider_id,
    strike,
)
from tui_failover.core.command import (
    Accepted,
    BreakerHand,
    Command,
    ConfirmTrial,
    HoldAutomation,
    HoldBreaker,
    Impose,
    Imposed,
    Order,
    Refused,
    ReleaseAutomation,
    ReleasePin,
    ResetBreaker,
    SwitchTo,
    Undo,
)
from tui_failover.core.event import EventKind, Source
from tui_failover.core.fact import AgentConfigured, AgentRemoved, ProviderRemoved
from tui_failover.core.outcome import FailureKind
from tui_failover.core.snapshot import NotUsed
from tui_failover.core.transition import BreakerState, Mode

A, B, C = (provider_id(name) for name in "ABC")
FORCE = Order(force=True)


def switched(world: World, name: str, **how: object) -> World:
    """Switch the agent and see to it that the order was taken."""
    verdict = world.orders(SwitchTo(AGENT, provider_id(name), **how))  # type: ignore[arg-type]  # what SwitchTo takes
    assert isinstance(verdict, Accepted), verdict
    return world


def test_a_switch_holds_for_half_an_hour_and_then_automation_goes_back() -> None:
    world = switched(a_settled_world(), "C")

    world.passes(1799.0)
    before = world.active()
    world.passes(120.0)

    assert (before, world.active()) == ("C", "A")
    assert world.texts(EventKind.SWITCHED, EventKind.PIN_ENDED) == [
        "A -> C for 30 min",
        "stays on C, automation may move it",
    ]


def test_a_switch_until_undone_does_not_end() -> None:
    world = switched(a_settled_world(), "C", hold_s=0.0)

    world.passes(4000.0)

    assert world.active() == "C"
    assert world.texts(EventKind.SWITCHED) == ["A -> C until undone"]


def test_a_soft_switch_yields_to_the_breaker_and_the_route_returns_to_it() -> None:
    world = switched(a_settled_world(), "C", hold_s=0.0)

    world.attempts("C", *strike())
    meanwhile = world.active()
    world.passes(90.0)

    assert (meanwhile, world.active()) == ("A", "C")
    assert world.fleet.agents[AGENT].mode is Mode.PINNED


def test_a_hard_switch_is_obeyed_though_the_breaker_opens() -> None:
    world = switched(a_settled_world(), "C", hard=True)
    world.attempts("C", *strike())
    world.fails("C")

    told = world.asks()

    assert (world.active(), told.tried[0], told.served_by) == ("C", "C", "A")


@pytest.mark.parametrize(
    ("order", "tried"),
    [
        (Impose(C, Imposed.DRAIN), "CAB"),
        (HoldBreaker(C, BreakerHand.OPEN), "CAB"),
        (Impose(C, Imposed.MAINTENANCE), "AB"),
    ],
    ids=["drain", "breaker by hand", "maintenance"],
)
def test_only_maintenance_stands_above_a_hard_switch(order: Command, tried: str) -> None:
    world = switched(a_settled_world(), "C", hard=True)

    world.orders(order)

    assert world.order_of() == tried


def test_switching_to_what_is_not_available_needs_force_and_is_then_hard() -> None:
    world = a_settled_world()
    world.attempts("B", *strike())

    refused = world.orders(SwitchTo(AGENT, B))
    switched(world, "B", order=FORCE)

    assert isinstance(refused, Refused)
    assert refused.needs_force
    assert "B is not available: breaker open" in refused.why
    assert world.order_of() == "BAC"


def test_the_reason_and_the_person_are_told_without_terminal_escapes() -> None:
    world = a_settled_world()

    switched(world, "B", order=Order(by="ann\x1b[2J", reason="latency\nsince noon"))

    event = world.events(EventKind.SWITCHED)[0]
    assert (event.actor, event.cause, event.source) == ("ann[2J", "latency since noon", Source.OPERATOR)
    assert world.fleet.agents[AGENT].active_because == "switched by ann[2J: latency since noon"


def test_a_trial_goes_back_after_a_minute() -> None:
    world = switched(a_settled_world(), "B", trial=True)

    world.passes(59.0)
    before = world.active()
    world.passes(1.0)

    assert (before, world.active()) == ("B", "A")
    assert world.texts(EventKind.SWITCHED, EventKind.PIN_ENDED) == ["A -> B on trial for 60 s", "back to A"]


def test_a_confirmed_trial_stays_as_a_switch() -> None:
    world = switched(a_settled_world(), "B", trial=True)

    world.orders(ConfirmTrial(AGENT))
    world.passes(300.0)

    assert world.active() == "B"
    assert world.agent_view().pin is not None


def test_a_trial_does_not_go_back_to_what_has_failed_meanwhile() -> None:
    world = switched(a_settled_world(), "B", trial=True)
    world.fails("A")
    world.attempts("A", *strike())

    world.passes(61.0)

    assert world.active() == "B"


def test_a_trial_does_not_go_back_outside_the_chain() -> None:
    world = switched(a_settled_world(), "B", trial=True)
    world.happens(AgentConfigured(a_chain("BC")))

    world.passes(61.0)

    assert world.active() == "B"


def test_a_switch_given_back_lets_automation_return() -> None:
    world = switched(a_settled_world(), "C")

    world.orders(ReleasePin(AGENT))
    world.passes(120.0)

    assert world.active() == "A"


def test_undo_takes_a_switch_back_within_30_seconds() -> None:
    world = switched(a_settled_world(), "C")
    world.passes(29.0)

    world.orders(Undo())

    assert (world.active(), world.fleet.agents[AGENT].mode) == ("A", Mode.PRIMARY)
    (undone,) = world.events(EventKind.UNDONE)
    assert (undone.text, undone.left, undone.provider) == ("undone: my-agent: A -> C", "C", "A")


def test_after_30_seconds_there_is_nothing_to_undo() -> None:
    world = switched(a_settled_world(), "C")
    world.passes(30.0)

    verdict = world.orders(Undo())

    assert isinstance(verdict, Refused)
    assert world.snapshot().undo is None


def test_undo_of_a_hold_does_not_move_the_route() -> None:
    world = a_settled_world()
    world.orders(HoldAutomation(AGENT))
    world.orders(ReleaseAutomation(AGENT))
    world.attempts("A", *strike())

    world.orders(Undo())

    assert (world.active(), world.fleet.agents[AGENT].held_by) == ("B", "operator")


def test_undo_of_a_drain_returns_the_routes_that_it_moved_and_no_other() -> None:
    world = switched(a_settled_world(), "B")
    world.orders(Impose(B, Imposed.DRAIN, FORCE))
    drained = world.active()

    world.orders(Undo())

    undone = [(one.agent, one.left, one.provider) for one in world.events(EventKind.UNDONE)]
    assert (drained, world.active(), world.fleet.agents[AGENT].mode) == ("A", "B", Mode.PINNED)
    assert undone == [(None, None, "B"), (AGENT, "A", "B")]


def test_undo_of_a_drain_that_moved_nothing_leaves_the_routes_alone() -> None:
    world = a_settled_world()
    world.orders(Impose(C, Imposed.DRAIN))

    world.orders(Undo())

    assert [one.agent for one in world.events(EventKind.UNDONE)] == [None]


def test_undo_of_a_kept_trial_is_a_trial_again() -> None:
    world = a_settled_world()
    world.orders(SwitchTo(AGENT, C, trial=True))
    world.passes(40.0)
    world.orders(ConfirmTrial(AGENT))

    world.orders(Undo())

    pin = world.fleet.agents[AGENT].pin
    assert pin is not None
    assert (world.active(), pin.trial) == ("C", True)


def test_undo_of_a_switch_given_back_is_where_it_was() -> None:
    world = switched(a_settled_world(), "B", hard=True)
    world.attempts("B", *strike())
    world.orders(ReleasePin(AGENT))
    assert world.active() == "C"

    world.orders(Undo())

    assert (world.active(), world.fleet.agents[AGENT].mode) == ("B", Mode.PINNED)


def test_undo_forgets_what_is_no_longer_in_the_chain() -> None:
    world = switched(a_settled_world(), "C")
    switched(world, "B")
    world.happens(AgentConfigured(a_chain("AB")))

    world.orders(Undo())

    assert (world.active(), world.fleet.agents[AGENT].pin) == ("B", None)


def test_undo_of_an_order_on_a_provider_that_is_gone_is_harmless() -> None:
    world = a_settled_world()
    world.orders(Impose(C, Imposed.DRAIN))
    world.happens(ProviderRemoved(C))

    assert isinstance(world.orders(Undo()), Accepted)


def test_undo_of_an_order_on_an_agent_that_is_gone_is_harmless() -> None:
    world = switched(a_settled_world(), "C")
    world.happens(AgentRemoved(AGENT))

    assert isinstance(world.orders(Undo()), Accepted)


def test_a_switch_does_not_resume_a_suspended_failback() -> None:
    world = a_settled_world("AB")
    world.attempts("A", *strike())
    for _ in range(3):
        world.answers("A")
        world.passes_until(lambda: world.active() == "A")
        world.fails("A")
        world.passes_until(lambda: world.active() == "B", asking_every_s=0.5)

    world.answers("A")
    world.passes(60.0)
    switched(world, "A")

    assert world.fleet.agents[AGENT].suspended


def test_held_automation_moves_nothing_but_queries_still_fail_over() -> None:
    world = a_settled_world()
    world.orders(HoldAutomation(AGENT))
    world.fails("A")

    served = [world.asks().served_by for _ in range(4)]

    assert (world.active(), served) == ("A", ["B"] * 4)


def test_a_strict_hold_keeps_queries_where_they_are() -> None:
    world = a_settled_world()
    world.orders(HoldAutomation(AGENT, strict=True))
    world.fails("A")

    told = world.asks()

    assert (told.served_by, set(told.tried)) == ("", {"A"})
    assert [one.code for one in world.plan().passed_over] == [NotUsed.AUTOMATION_OFF] * 2
    assert world.agent_view().next_best is None


def test_released_automation_moves_at_once_what_has_to_move() -> None:
    world = a_settled_world()
    world.orders(HoldAutomation(AGENT))
    world.attempts("A", *strike())

    world.orders(ReleaseAutomation(AGENT))

    assert world.active() == "B"


def test_a_drained_provider_gets_no_new_queries_and_shows_what_is_in_flight() -> None:
    world = a_settled_world()
    running = world.admits("A")

    world.orders(Impose(A, Imposed.DRAIN, Order(by="ann")))

    assert world.asks().tried == ("B",)
    obstacle = world.obstacle("A")
    assert obstacle is not None
    assert obstacle.text == "drained by ann, 1 in flight"
    world.ends(running, an_answer())
    assert world.provider("A").inflight == 0


def test_a_drained_provider_is_still_checked_and_one_in_maintenance_is_not() -> None:
    world = a_settled_world()

    world.orders(Impose(A, Imposed.DRAIN))
    drained = world.due_in_s("A")
    world.orders(Impose(A, Imposed.MAINTENANCE))

    assert drained is not None
    assert world.due_in_s("A") is None


def test_back_in_service_the_route_returns_by_itself() -> None:
    world = a_settled_world()
    world.orders(Impose(A, Imposed.MAINTENANCE))

    world.orders(Impose(A, Imposed.NOTHING))
    world.passes(180.0)

    assert world.active() == "A"


@pytest.mark.parametrize(
    "order",
    [Impose(A, Imposed.DRAIN), Impose(A, Imposed.MAINTENANCE), HoldBreaker(A, BreakerHand.OPEN)],
    ids=["drain", "maintenance", "hold open"],
)
def test_taking_out_the_last_available_provider_needs_force(order: Impose | HoldBreaker) -> None:
    world = a_settled_world("AB")
    world.attempts("B", *strike())

    refused = world.orders(order)

    assert isinstance(refused, Refused)
    assert refused == Refused("A is the only available provider of my-agent", needs_force=True)


def test_a_breaker_held_open_gets_no_queries_until_its_time_is_up() -> None:
    world = a_settled_world()

    world.orders(HoldBreaker(A, BreakerHand.OPEN, hold_s=60.0))
    held = world.obstacle("A")
    world.passes(60.0)

    assert held is not None
    assert (held.code, held.text) == (NotUsed.HELD_OPEN, "breaker held open by operator")
    assert world.available("A")
    assert world.texts(EventKind.BREAKER_BY_HAND) == ["breaker held open", "breaker given back to the rules"]


def test_a_breaker_held_closed_lets_queries_through_though_it_opens_underneath() -> None:
    world = a_settled_world()
    world.orders(HoldBreaker(A, BreakerHand.CLOSED, hold_s=0.0))

    world.attempts("A", *strike())

    assert world.provider("A").breaker.state is BreakerState.OPEN
    assert world.order_of() == "ABC"
    assert not world.admits("A").trial


def test_a_breaker_given_back_obeys_the_rules_again() -> None:
    world = a_settled_world()
    world.orders(HoldBreaker(A, BreakerHand.CLOSED))
    world.attempts("A", *strike())

    world.orders(HoldBreaker(A, None))

    assert not world.available("A")


def test_reset_closes_the_breaker_forgets_the_ladder_and_lifts_holds() -> None:
    world = a_settled_world()
    world.attempts("A", *strike())
    world.attempts("A", a_failure(FailureKind.AUTH))

    world.orders(ResetBreaker(A))

    assert world.available("A")
    assert world.texts(EventKind.BREAKER_CLOSED, EventKind.HOLD_ENDED) == ["breaker open -> closed", "hold lifted"]
