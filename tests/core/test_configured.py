"""Providers and agents that come, change and go while queries flow."""

import pytest

from tests.support.world import (
    AGENT,
    World,
    a_chain,
    a_failure,
    a_settled_world,
    a_spec,
    an_answer,
    provider_id,
    strike,
)
from tui_failover.core.command import SwitchTo
from tui_failover.core.copying import replace
from tui_failover.core.errors import AllProvidersFailed, AttemptRecord, BadQuery, QueryRefused, SettingsError
from tui_failover.core.event import EventKind
from tui_failover.core.fact import (
    AgentConfigured,
    AgentRemoved,
    AnswerTakenOver,
    ProviderRegistered,
    ProviderRemoved,
    QueryAsked,
    QueryEnded,
    Ticked,
    WorkerFailed,
)
from tui_failover.core.fold import apply
from tui_failover.core.names import AgentId, Moment
from tui_failover.core.outcome import FailureKind
from tui_failover.core.query import Usage
from tui_failover.core.transition import Mode

A, B, C = (provider_id(name) for name in "ABC")
NOBODY = AgentId("nobody")


def test_the_start_tells_what_was_configured() -> None:
    world = a_settled_world("ABC")

    assert world.texts(EventKind.STARTED) == ["started with 3 providers and 1 agent"]


def test_a_new_agent_starts_on_the_first_of_its_chain() -> None:
    world = a_settled_world()

    world.happens(AgentConfigured(a_chain("CB", AgentId("new"))))

    assert world.active(AgentId("new")) == "C"
    assert world.texts(EventKind.CONFIG) == ["failover set to C > B"]


def test_a_new_chain_keeps_the_active_provider_if_it_is_still_in_it() -> None:
    world = a_settled_world()
    world.attempts("A", *strike())

    world.happens(AgentConfigured(a_chain("CBA")))

    assert world.active() == "B"


def test_a_new_chain_without_the_active_provider_starts_at_its_first() -> None:
    world = a_settled_world()
    world.now += 10.0

    world.happens(AgentConfigured(a_chain("BC")))

    view = world.agent_view()
    assert (view.active, view.active_since_at, view.active_because) == ("B", world.now, "first in its chain")


def test_a_switch_to_what_left_the_chain_ends() -> None:
    world = a_settled_world()
    world.orders(SwitchTo(AGENT, C))

    world.happens(AgentConfigured(a_chain("AB")))

    assert (world.active(), world.fleet.agents[AGENT].mode) == ("A", Mode.PRIMARY)


def test_a_removed_provider_is_left_at_once() -> None:
    world = a_settled_world()

    world.happens(ProviderRemoved(A))

    assert world.active() == "B"
    assert world.snapshot().provider(A) is None


def test_a_provider_registered_anew_keeps_its_history_and_gets_another_chance_with_its_key() -> None:
    world = a_settled_world()
    world.attempts("A", a_failure(FailureKind.AUTH))

    world.happens(ProviderRegistered(replace(world.provider("A").spec, model="newer")))

    assert world.available("A")
    assert world.provider("A").live.counts(world.now, 10.0) == (0, 1)
    assert world.texts(EventKind.CONFIG) == ["changed"]


def test_a_missing_provider_that_is_registered_later_is_used() -> None:
    world = World([a_spec("B")], [a_chain("AB")])
    before = world.order_of()

    world.happens(ProviderRegistered(a_spec("A")))

    assert (before, set(world.order_of())) == ("B", {"A", "B"})


def test_a_removed_agent_is_gone() -> None:
    world = a_settled_world()

    world.happens(AgentRemoved(AGENT))

    assert world.snapshot().agent(AGENT) is None
    assert world.due_in_s("A") is None


def test_what_concerns_nobody_known_is_dropped() -> None:
    world = a_settled_world()

    for fact in (AgentRemoved(NOBODY), ProviderRemoved(provider_id("Z")), QueryAsked(NOBODY)):
        assert world.happens(fact) == ()
    assert world.happens(QueryEnded(NOBODY, None, None)) == ()


@pytest.mark.parametrize("name", ["A", "Z"], ids=["known", "unknown"])
def test_an_unforeseen_error_of_a_worker_is_told_and_the_checks_go_on(name: str) -> None:
    world = a_settled_world()

    world.happens(WorkerFailed(provider_id(name), "KeyError: usage"))

    event = world.events(EventKind.WORKER_FAULT)[0]
    assert (event.text, event.cause) == ("its check met something unforeseen", "KeyError: usage")
    assert world.due_in_s("A") is not None


def test_a_query_at_fault_itself_is_not_counted_as_failed() -> None:
    world = a_settled_world()

    world.happens(QueryEnded(AGENT, None, A, callers_fault=True, reason="too long"))

    assert world.fleet.agents[AGENT].failed == 0
    assert world.events(EventKind.EXHAUSTED) == []


def test_a_permit_for_an_agent_that_is_gone_still_ends() -> None:
    world = a_settled_world()
    permit = world.admits("A")
    world.happens(AgentRemoved(AGENT))

    world.ends(permit, an_answer())

    assert world.provider("A").inflight == 0


def test_a_name_that_stands_twice_in_a_chain_counts_once() -> None:
    assert a_chain("ABAB").chain == (A, B)


def test_the_wall_clock_moves_no_timer() -> None:
    now = Moment(mono=100.0, utc=5_000.0)

    assert now.wall(40.0) == 4_940.0


def test_usage_adds_up() -> None:
    assert Usage(1, 2) + Usage(10, 20) == Usage(11, 22)


def test_the_error_for_the_caller_names_every_attempt() -> None:
    attempts = [
        AttemptRecord(A, FailureKind.SERVER, "503 server error", 0.25),
        AttemptRecord(B, None, "drained", 0.0),
    ]

    error = AllProvidersFailed(AGENT, attempts, FailureKind.SERVER, 8.0)

    assert str(error) == ("all providers failed for my-agent\n  A: 503 server error (250 ms)\n  B: drained (0 ms)")
    assert (error.kind, error.retry_after_s, error.attempts) == (FailureKind.SERVER, 8.0, tuple(attempts))


def test_a_refused_query_names_who_refused_it() -> None:
    assert str(QueryRefused(A, FailureKind.CALLER_FAULT, "400 bad request")) == "A: 400 bad request"


def test_all_mistakes_of_the_settings_are_told_at_once() -> None:
    assert str(SettingsError(["one", "two"])) == "one\ntwo"


def test_all_mistakes_of_a_query_are_told_at_once() -> None:
    assert str(BadQuery(["one", "two"])) == "one\ntwo"


def test_a_jump_of_the_wall_clock_moves_no_timer() -> None:
    world = a_settled_world()
    world.attempts("A", *strike())
    before = world.provider("A").breaker.until_at or 0.0
    years_back = Moment(before, 0.0)

    fleet, _ = apply(world.fleet, Ticked(), years_back)

    assert fleet.obstacle(A, before - 0.1) is not None
    assert fleet.providers[A].breaker.until_at == before


def test_answers_that_others_go_on_with_are_told_once_in_a_while() -> None:
    world = a_settled_world()

    for seconds in (0.0, 5.0, 6.0):
        world.passes(seconds)
        world.happens(AnswerTakenOver(AGENT, "A: was cut off", B))
    world.happens(AnswerTakenOver(NOBODY, "A: was cut off", B))

    assert world.texts(EventKind.CONTINUED) == ["B goes on with an answer that broke off"] * 2
