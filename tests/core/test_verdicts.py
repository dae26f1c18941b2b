"""Verdicts on orders: what is refused and why, old pictures, repeats."""

import pytest

from tests.support.world import (
    AGENT,
    World,
    a_chain,
    a_failure,
    a_settled_world,
    a_spec,
    a_world,
    by_hand,
    provider_id,
    strike,
)
from tui_failover.core.command import (
    Accepted,
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
from tui_failover.core.names import AgentId
from tui_failover.core.spec import FailoverConfig

A, B, C = (provider_id(name) for name in "ABC")
FORCE = Order(force=True)


REFUSALS: dict[str, tuple[Command, str]] = {
    "no agent": (SwitchTo(AgentId("nobody"), A), "nobody: no such agent"),
    "no provider": (Impose(provider_id("Z"), Imposed.DRAIN), "Z: no such provider"),
    "not in the chain": (SwitchTo(AGENT, provider_id("Z")), "Z is not in the chain of my-agent: A > B > C"),
    "no trial": (ConfirmTrial(AGENT), "my-agent: no trial is running"),
    "no switch": (ReleasePin(AGENT), "my-agent: no switch to give back"),
    "not held": (ReleaseAutomation(AGENT), "my-agent: automation is not held"),
    "in service": (Impose(A, Imposed.NOTHING), "A: already in service"),
    "not by hand": (HoldBreaker(A, None), "A: its breaker is not held by hand"),
    "nothing to reset": (ResetBreaker(A), "A: its breaker is closed and nothing is held"),
    "nothing to undo": (Undo(), "there is nothing to undo: the last order is too long ago or was undone"),
}


@pytest.mark.parametrize("case", list(REFUSALS))
def test_a_refusal_says_why_and_changes_nothing(case: str) -> None:
    command, why = REFUSALS[case]
    world = a_settled_world()
    before = world.fleet

    verdict = world.orders(command)

    assert verdict == Refused(why)
    assert world.fleet is before


@pytest.mark.parametrize(
    ("order", "why"),
    [
        (HoldAutomation(AGENT), "my-agent: automation is already held by operator"),
        (Impose(A, Imposed.MAINTENANCE, FORCE), "A: already in maintenance"),
        (SwitchTo(AGENT, A, order=FORCE), "A: in maintenance by operator"),
    ],
    ids=["held twice", "imposed twice", "maintenance is beyond force"],
)
def test_what_is_so_already_or_beyond_force_is_refused(order: Command, why: str) -> None:
    world = a_settled_world()
    world.orders(HoldAutomation(AGENT))
    world.orders(Impose(A, Imposed.MAINTENANCE))

    assert world.orders(order) == Refused(why)


def test_a_decision_on_an_old_picture_of_the_route_is_refused() -> None:
    world = a_settled_world()
    seen = world.fleet.revision
    world.attempts("A", *strike())

    verdict = world.orders(SwitchTo(AGENT, C, order=Order(seen_revision=seen)))

    assert verdict == Refused("my-agent: its route has changed meanwhile, it is on B now; look again")


def test_a_decision_on_an_old_picture_of_the_provider_is_refused() -> None:
    world = a_settled_world()
    seen = world.fleet.revision
    world.checks("C", a_failure())

    verdict = world.orders(Impose(C, Imposed.DRAIN, Order(seen_revision=seen)))

    assert verdict == Refused("C: its state has changed meanwhile, unhealthy now; look again")


def test_a_picture_that_is_older_but_still_true_is_good_enough() -> None:
    world = a_settled_world()
    seen = world.fleet.revision
    world.asks()

    verdict = world.orders(SwitchTo(AGENT, C, order=Order(seen_revision=seen)))

    assert isinstance(verdict, Accepted)


def test_a_repeated_order_is_answered_and_not_carried_out_again() -> None:
    world = a_settled_world()
    order = SwitchTo(AGENT, C, order=Order(id="once"))
    first = world.orders(order)
    world.orders(Undo())

    again = world.orders(order)

    assert again == first
    assert world.active() == "A"


def test_only_the_newest_orders_are_remembered() -> None:
    world = a_settled_world()

    for number in range(300):
        world.orders(SwitchTo(AGENT, (B, C)[number % 2], order=Order(id=f"order-{number}")))

    assert list(world.fleet.answered_orders) == [f"order-{number}" for number in range(44, 300)]


def test_no_order_changes_the_configuration() -> None:
    world = a_world(config=by_hand(a_chain("ABC")))
    before: FailoverConfig = world.fleet.agents[AGENT].config

    for command in (SwitchTo(AGENT, B), HoldAutomation(AGENT), ReleaseAutomation(AGENT), ReleasePin(AGENT)):
        world.orders(command)

    assert world.fleet.agents[AGENT].config is before


def test_an_order_concerns_its_agent_alone() -> None:
    world = World([a_spec(name) for name in "AB"], [a_chain("AB"), a_chain("AB", AgentId("other"))])

    world.orders(SwitchTo(AGENT, B))

    assert (world.active(), world.active(AgentId("other"))) == ("B", "A")
