"""Taking a query in at once, which comes to the same as its steps one after the other."""

from collections.abc import Callable

import pytest

from tests.support.world import AGENT, World, a_chain, a_spec, a_world, strike
from tui_failover.core.admission import admit, ask
from tui_failover.core.chain import plan
from tui_failover.core.command import Impose, Imposed
from tui_failover.core.copying import replace
from tui_failover.core.fact import Permit, QueryAsked
from tui_failover.core.fold import apply
from tui_failover.core.names import ProviderId
from tui_failover.core.spec import ProviderLimits, ProviderSpec, Strategy

A = ProviderId("A")


def anybody(_spec: ProviderSpec) -> str:
    """Say nothing against giving a query to a provider, whoever it is."""
    return ""


def nobody(_spec: ProviderSpec) -> str:
    """Say why a query cannot be given to a provider, whoever it is."""
    return "cannot carry it"


def quiet(_world: World) -> None:
    """Leave a world as it is."""


def drained(world: World) -> None:
    """Have the first provider take no new conversations."""
    world.orders(Impose(A, Imposed.DRAIN))


def failed(world: World) -> None:
    """Have the route move away from the first provider."""
    world.attempts("A", *strike())


def down(world: World) -> None:
    """Have nobody be available."""
    for name in "ABC":
        world.attempts(name, *strike())


@pytest.mark.parametrize("so", [quiet, failed, drained])
def test_a_query_taken_in_at_once_comes_to_the_same_as_step_by_step(so: Callable[[World], None]) -> None:
    world = a_world()
    so(world)
    was = repr(world.fleet)

    at_once, events, route, permit = ask(world.fleet, AGENT, world.moment, anybody, tokens=7)
    apart, _ = apply(world.fleet, QueryAsked(AGENT), world.moment)
    planned = plan(apart, AGENT, world.now, tokens=7)
    apart, _, admitted = admit(apart, AGENT, planned.candidates[0], world.moment, tokens=7)

    assert (events, route, permit) == ((), planned, admitted)
    assert at_once.revision == world.fleet.revision + 1
    assert at_once == replace(apart, revision=at_once.revision)
    assert repr(world.fleet) == was


def test_the_plan_of_a_query_knows_that_it_was_asked() -> None:
    weighted = replace(a_chain("AB"), strategy=Strategy.WEIGHTED)
    world = World([a_spec("A"), a_spec("B")], [weighted])
    firsts = ""
    for _ in range(4):
        world.fleet, _, route, _ = ask(world.fleet, AGENT, world.moment, anybody)
        firsts += route.candidates[0]

    assert firsts in {"ABAB", "BABA"}


def limited() -> World:
    """Return a world whose only provider takes so many queries at a time."""
    return World([replace(a_spec("A"), limits=ProviderLimits(concurrency=1))], [a_chain("A")])


@pytest.mark.parametrize("world", [limited(), a_world()], ids=["limits", "nobody available"])
def test_whoever_is_not_free_has_to_be_asked_for_by_itself(world: World) -> None:
    if len(world.specs) > 1:
        down(world)
    fleet, _, _, permit = ask(world.fleet, AGENT, world.moment, anybody)

    assert permit is None
    assert [one.inflight for one in fleet.providers.values()] == [0] * len(fleet.providers)


@pytest.mark.parametrize("unfit", [nobody, None], ids=["unfit", "after those who wait"])
def test_a_query_is_let_in_nowhere_that_it_cannot_be_given(unfit: Callable[[ProviderSpec], str] | None) -> None:
    world = a_world()
    fleet, _, route, permit = ask(world.fleet, AGENT, world.moment, unfit)

    assert (route.candidates[0], permit, fleet.agents[AGENT].inflight) == (A, None, 1)


def test_permits_are_numbered_whichever_way_they_were_given() -> None:
    world = a_world()
    first = world.admits("A")
    world.fleet, _, _, second = ask(world.fleet, AGENT, world.moment, anybody)

    assert isinstance(second, Permit)
    assert second.number == first.number + 1
