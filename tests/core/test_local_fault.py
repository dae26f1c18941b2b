"""Them or us: a dead uplink must not empty every chain."""

import pytest

from tests.support.world import World, a_chain, a_failure, a_settled_world, a_spec, an_answer, strike
from tui_failover.core.event import EventKind
from tui_failover.core.fact import ReferenceChecked, Ticked
from tui_failover.core.health import Status
from tui_failover.core.local_fault import reference_wanted
from tui_failover.core.outcome import Cancelled, FailureKind

CONNECT = FailureKind.CONNECT


def suspected() -> World:
    """Return a world where two hosts have just become unreachable."""
    world = a_settled_world()
    world.attempts("A", a_failure(CONNECT))
    world.attempts("B", a_failure(CONNECT))
    return world


def confirmed() -> World:
    """Return the same after the reference was not reachable either."""
    world = suspected()
    world.happens(ReferenceChecked(reachable=False))
    return world


def test_two_hosts_at_once_ask_for_the_reference() -> None:
    assert reference_wanted(suspected().fleet)


def test_one_host_does_not() -> None:
    world = a_settled_world()

    world.attempts("A", *strike(CONNECT))

    assert not reference_wanted(world.fleet)


def test_two_hosts_more_than_five_seconds_apart_do_not() -> None:
    world = a_settled_world()
    world.attempts("A", a_failure(CONNECT))
    world.now += 5.0

    world.attempts("B", a_failure(CONNECT))

    assert not reference_wanted(world.fleet)


@pytest.mark.parametrize("host", ["127.0.0.1:8080", "localhost", "[::1]"])
def test_this_machine_says_nothing_about_the_network(host: str) -> None:
    specs = [a_spec("A", endpoint=f"https://{host.split(':8')[0]}"), a_spec("B"), a_spec("C")]
    world = World(specs, [a_chain("ABC")])

    world.attempts("A", a_failure(CONNECT))
    world.attempts("B", a_failure(CONNECT))

    assert not reference_wanted(world.fleet)


def test_a_local_fault_makes_every_word_unknown_and_is_told_once() -> None:
    world = confirmed()
    world.happens(ReferenceChecked(reachable=False))

    assert {state.health.verdict for state in world.fleet.providers.values()} == {Status.UNKNOWN}
    assert len(world.events(EventKind.LOCAL_FAULT_BEGAN)) == 1
    assert world.snapshot().local_fault is not None


def test_during_a_local_fault_nothing_is_booked_and_no_route_is_moved() -> None:
    world = confirmed()
    world.fails("ABC", CONNECT)

    world.passes(120.0, asking_every_s=5.0)

    assert all(world.available(name) for name in "ABC")
    assert world.active() == "A"
    assert world.events(EventKind.FAILOVER, EventKind.BREAKER_OPENED) == []


def test_a_suspicion_that_is_refuted_books_what_waited_and_what_follows() -> None:
    world = suspected()
    waiting = [world.provider(name).health.consecutive_failures for name in "AB"]
    world.happens(ReferenceChecked(reachable=True))
    booked = [world.provider(name).health.consecutive_failures for name in "AB"]

    world.attempts("A", *strike(CONNECT))

    assert (waiting, booked) == ([1, 0], [1, 1])
    assert world.active() == "C"
    assert not reference_wanted(world.fleet)


def test_a_suspicion_that_nobody_answers_is_given_up() -> None:
    world = suspected()

    world.passes(4.5)

    assert not reference_wanted(world.fleet)


def test_a_word_of_the_reference_that_nobody_asked_for_begins_nothing() -> None:
    world = a_settled_world()

    world.happens(ReferenceChecked(reachable=False))

    assert world.snapshot().local_fault is None


def test_the_reference_that_answers_again_ends_the_fault() -> None:
    world = confirmed()

    world.happens(ReferenceChecked(reachable=True))
    world.attempts("A", *strike(CONNECT))

    assert world.texts(EventKind.LOCAL_FAULT_ENDED) == ["our network is back"]
    assert not world.available("A")


def test_a_provider_that_answers_ends_the_fault_too() -> None:
    world = confirmed()

    world.attempts("C", an_answer())

    assert [one.cause for one in world.events(EventKind.LOCAL_FAULT_ENDED)] == ["C answers"]


@pytest.mark.parametrize("outcome", [Cancelled(0.1), a_failure(FailureKind.SILENT)], ids=["cancelled", "silent"])
def test_what_proves_nothing_does_not_end_the_fault(outcome: Cancelled) -> None:
    world = confirmed()

    world.attempts("C", outcome)

    assert world.snapshot().local_fault is not None


def test_a_frozen_trial_gives_its_lease_back() -> None:
    world = World(
        [a_spec("A"), a_spec("B"), a_spec("C", probe=None)],
        [a_chain("ABC")],
    )
    world.attempts("C", *strike())
    world.now += 60.0
    trial = world.admits("C")
    world.attempts("A", a_failure(CONNECT))
    world.attempts("B", a_failure(CONNECT))

    world.ends(trial, a_failure(CONNECT))
    world.passes(1.0)

    assert trial.trial
    assert world.provider("C").breaker.lease_until_at is None


def test_a_frozen_canary_does_not_break_the_return_off() -> None:
    world = a_settled_world()
    world.attempts("A", *strike())
    world.passes_until(lambda: world.agent_view().ramp is not None)
    canary = world.admits("A")
    world.attempts("B", a_failure(CONNECT))
    world.attempts("C", a_failure(CONNECT))

    world.ends(canary, a_failure(CONNECT))

    assert world.agent_view().ramp is not None


def test_a_local_fault_stops_a_return() -> None:
    world = a_settled_world()
    world.attempts("A", *strike())
    world.passes_until(lambda: world.agent_view().ramp is not None)

    world.attempts("B", a_failure(CONNECT))
    world.attempts("C", a_failure(CONNECT))
    world.happens(ReferenceChecked(reachable=False))
    world.happens(Ticked())

    assert world.agent_view().ramp is None
    assert world.texts(EventKind.FAILBACK_STAGE)[-1] == "return to A stopped"


def test_what_is_known_of_a_provider_on_this_machine_stays_true_in_a_local_fault() -> None:
    specs = [a_spec("A"), a_spec("B"), a_spec("L", endpoint="https://127.0.0.1")]
    world = World(specs, [a_chain("ABL")])
    world.checks("L", an_answer())
    world.attempts("A", a_failure(CONNECT))
    world.attempts("B", a_failure(CONNECT))

    world.happens(ReferenceChecked(reachable=False))
    world.checks("L", an_answer())

    assert world.provider("L").health.verdict is Status.HEALTHY
    assert world.snapshot().local_fault is not None


def test_after_a_refuted_suspicion_the_next_one_has_to_wait_half_a_minute() -> None:
    world = suspected()
    world.happens(ReferenceChecked(reachable=True))
    wanted = []

    for seconds in (29.0, 1.0):
        world.now += seconds
        world.attempts("A", a_failure(CONNECT))
        world.attempts("B", a_failure(CONNECT))
        wanted.append(reference_wanted(world.fleet))

    assert wanted == [False, True]
