"""Facts as such: all of them can be told, one by one or together."""

from typing import get_args

import pytest

from tests.support.world import AGENT, World, a_chain, a_spec, a_world, an_answer
from tui_failover.core.allowance import Quantity, Word
from tui_failover.core.copying import replace
from tui_failover.core.event import Event
from tui_failover.core.fact import (
    AgentConfigured,
    AgentRemoved,
    AnswerTakenOver,
    AttemptEnded,
    ContentCame,
    Fact,
    KeepingTurned,
    Noticed,
    Permit,
    ProbeEnded,
    ProbeStarted,
    ProviderRegistered,
    ProviderRemoved,
    QueryAsked,
    QueryEnded,
    ReferenceChecked,
    Restored,
    Started,
    Ticked,
    WorkerFailed,
)
from tui_failover.core.fleet import Fleet
from tui_failover.core.fold import apply
from tui_failover.core.kept import kept_of
from tui_failover.core.names import ProviderId
from tui_failover.core.spec import ProbeKind

A = ProviderId("A")
PERMIT = Permit(1, A, AGENT, 0)


def facts(world: World) -> list[Fact]:
    """Return one fact of each sort."""
    return [
        Started((a_spec("A"),), (a_chain("A"),)),
        Restored(kept_of(world.fleet, world.moment)),
        ProviderRegistered(a_spec("D")),
        ProviderRemoved(ProviderId("C")),
        AgentConfigured(a_chain("BA")),
        AgentRemoved(AGENT),
        QueryAsked(AGENT),
        ContentCame(PERMIT, (Word(Quantity.QUERIES, 50, 7),)),
        AttemptEnded(PERMIT, an_answer()),
        AnswerTakenOver(AGENT, "A: was cut off", ProviderId("B")),
        QueryEnded(AGENT, A, A),
        ProbeStarted(A),
        ProbeEnded(A, 0, ProbeKind.QUERY, an_answer()),
        ReferenceChecked(reachable=True),
        WorkerFailed(A, "something unforeseen"),
        KeepingTurned("the disk is full"),
        Noticed("the log is written again"),
        Ticked(),
    ]


def test_every_fact_can_be_told() -> None:
    world = a_world()
    told = facts(world)

    assert {type(one) for one in told} == set(get_args(Fact))
    for one in told:
        world.happens(one)


@pytest.mark.parametrize("place", range(len(get_args(Fact))))
def test_a_fact_leaves_the_fleet_it_was_told_of_as_it_was(place: int) -> None:
    world = a_world()
    world.admits("A")
    world.happens(QueryAsked(AGENT))
    fleet, was = world.fleet, repr(world.fleet)

    world.happens(facts(world)[place])

    assert repr(fleet) == was
    assert world.fleet is not fleet


def test_facts_told_together_come_to_the_same_as_told_one_by_one() -> None:
    world = a_world()
    permit = world.admits("A")
    ends: tuple[Fact, Fact] = (AttemptEnded(permit, an_answer()), QueryEnded(AGENT, A, A))

    together, events = apply(world.fleet, ends[0], world.moment, ends[1])
    apart, one_by_one = world.fleet, list[Event]()
    for one in ends:
        apart, said = apply(apart, one, world.moment)
        one_by_one += said

    assert [one.text for one in events] == [one.text for one in one_by_one]
    assert together.revision == world.fleet.revision + 1
    assert _but_for_revisions(together) == _but_for_revisions(apart)


def _but_for_revisions(fleet: Fleet) -> Fleet:
    return replace(fleet, revision=0)
