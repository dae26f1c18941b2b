"""Whom a failure concerns: endpoints, keys and models, breakers and holds."""

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
from tui_failover.core.copying import replace
from tui_failover.core.event import EventKind
from tui_failover.core.fact import AttemptEnded, Permit, ProbeEnded, ProbeStarted, ProviderRemoved
from tui_failover.core.health import Status
from tui_failover.core.names import ProviderId
from tui_failover.core.outcome import Cancelled, FailureKind, Outcome
from tui_failover.core.provider_state import cost
from tui_failover.core.query import Usage
from tui_failover.core.snapshot import NotUsed
from tui_failover.core.spec import BreakerRules, Price, ProbeKind, ProbeSpec
from tui_failover.core.transition import BreakerState, Trigger

K = FailureKind
HALF_FAILED: list[Outcome] = [*(an_answer(), a_failure()) * 3, an_answer()]


def sharing() -> World:
    """Return a world where A and B share a key, A and C an endpoint, and D shares nothing."""
    specs = [
        a_spec("A", endpoint="https://one.example", credential="env:ONE"),
        a_spec("B", credential="env:ONE"),
        a_spec("C", endpoint="https://one.example"),
        a_spec("D"),
    ]
    return World(specs, [a_chain("ABCD")])


def benched(world: World) -> str:
    """Return the letters of those that are not available."""
    return "".join(name for name in world.fleet.providers if not world.available(name))


@pytest.mark.parametrize(
    ("kind", "concerned"),
    [
        (K.AUTH, "AB"),
        (K.QUOTA, "AB"),
        (K.RATE_LIMITED, "A"),
        (K.MODEL_MISSING, "A"),
        (K.CONNECT, "AC"),
        (K.CONNECT_TIMEOUT, "AC"),
        (K.SERVER, "A"),
        (K.SILENT, "A"),
        (K.CALLER_FAULT, ""),
        (K.CONTENT_POLICY, ""),
        (K.CONTEXT_LENGTH, ""),
        (K.DIALECT, ""),
        (K.LOCAL, ""),
    ],
)
def test_a_verdict_is_shared_by_whom_it_concerns_and_nobody_else(kind: FailureKind, concerned: str) -> None:
    world = sharing()

    world.attempts("A", *strike(kind))

    assert benched(world) == concerned


def test_one_models_rate_limit_does_not_bench_its_sibling_at_the_same_key() -> None:
    specs = [replace(a_spec(name), endpoint="https://one.example", credential="env:ONE") for name in "AB"]
    world = World(specs, [a_chain("AB")])

    world.attempts("A", a_failure(K.RATE_LIMITED, 60.0))

    assert (world.available("A"), world.available("B")) == (False, True)


def test_a_held_key_is_told_of_every_provider_that_uses_it() -> None:
    world = sharing()

    world.attempts("A", a_failure(K.AUTH))

    told = [(one.provider, one.text, one.cause) for one in world.events(EventKind.HOLD_BEGAN)]
    assert told == [
        ("A", "held until a check passes: key refused", "auth on purpose"),
        ("B", "held until a check passes: key refused", "A: auth on purpose"),
    ]


def test_a_neighbours_server_errors_bring_a_breaker_to_the_brink_and_its_own_first_one_opens_it() -> None:
    world = sharing()
    world.attempts("A", *strike(K.SERVER, 30))
    before = world.provider("C").breaker.state

    world.attempts("C", a_failure())

    assert (before, world.provider("C").breaker.state) == (BreakerState.CLOSED, BreakerState.OPEN)


def test_a_neighbours_server_error_neither_lengthens_nor_breaks_anothers_trial() -> None:
    world = sharing()
    world.attempts("C", *strike())
    opened = world.provider("C").breaker
    world.now = (opened.until_at or 0.0) + 1.0

    world.attempts("A", a_failure())
    cooled = world.provider("C").breaker
    world.checks("C", an_answer())
    world.attempts("A", a_failure())

    assert cooled == opened
    assert world.provider("C").breaker.state is BreakerState.HALF_OPEN
    trying = world.obstacle("C")
    assert trying is not None
    assert trying.text == "breaker half-open, 1 trial passed"


def test_a_success_forgets_the_failures_in_a_row() -> None:
    world = a_world()
    world.attempts("A", a_failure(), a_failure(), an_answer(), a_failure(), a_failure())

    assert world.available("A")


def test_half_of_eight_outcomes_failing_opens_the_breaker() -> None:
    world = a_world()
    world.attempts("A", *HALF_FAILED)
    before = world.available("A")

    world.attempts("A", a_failure())

    assert (before, world.available("A")) == (True, False)
    assert world.provider("A").breaker.trigger is Trigger.FAILURE_SHARE


def test_outcomes_older_than_the_window_are_forgotten() -> None:
    world = a_world()
    world.attempts("A", *HALF_FAILED)
    world.now += 31.0

    world.attempts("A", a_failure())

    assert world.available("A")


def test_four_of_five_slow_answers_open_the_breaker() -> None:
    world = a_world()
    slow = an_answer(in_s=20.5)

    world.attempts("A", an_answer(), slow, slow, slow, slow)

    assert world.provider("A").breaker.trigger is Trigger.SLOW_SHARE
    assert "4 of 5 answers took over 20 s" in world.provider("A").breaker.reason


def test_a_long_answer_that_began_soon_is_not_slow() -> None:
    world = a_world()

    world.attempts("A", *[replace(an_answer(), elapsed_s=90.0)] * 10)

    assert world.available("A")


def test_half_weight_failures_take_twice_as_many() -> None:
    world = a_world()
    world.attempts("A", *strike(K.CONFLICT, 5))
    before = world.available("A")

    world.attempts("A", a_failure(K.CONFLICT))

    assert (before, world.available("A")) == (True, False)


def test_a_breaker_waits_as_long_as_the_provider_asks_up_to_five_minutes() -> None:
    world = a_world()

    world.attempts("A", a_failure(), a_failure(), a_failure(K.SERVER, 9999.0))

    assert world.provider("A").breaker.until_at == world.now + BreakerRules().retry_after_max_s


def test_a_late_result_is_history_and_nothing_else() -> None:
    world = a_settled_world()
    good, bad = world.admits("A"), world.admits("A")
    world.attempts("A", *strike())
    before = world.provider("A")

    world.ends(good, an_answer())
    world.ends(bad, a_failure())

    after = world.provider("A")
    assert (after.breaker, after.health) == (before.breaker, before.health)
    assert after.live.counts(world.now, 10.0) == (1, 4)


def test_a_late_refusal_is_respected_all_the_same() -> None:
    world = a_settled_world()
    late = world.admits("A")
    world.attempts("A", *strike())

    world.ends(late, a_failure(K.RATE_LIMITED, 300.0))

    obstacle = world.obstacle("A")
    assert obstacle is not None
    assert obstacle.code is NotUsed.RATE_LIMITED


def test_one_query_at_a_time_tries_a_half_open_breaker() -> None:
    world = World([a_spec("A"), a_spec("B")], [replace(a_chain("AB"), health_check_enabled=False)])
    world.attempts("A", *strike())
    world.now = world.provider("A").breaker.until_at or 0.0

    trial = world.tries("A")
    second = world.tries("A")

    assert isinstance(trial, Permit)
    assert trial.trial
    assert not isinstance(second, Permit)
    assert second.code is NotUsed.HALF_OPEN


@pytest.mark.parametrize("outcome", [Cancelled(0.1), a_failure(K.CALLER_FAULT)], ids=["cancelled", "caller"])
def test_a_neutral_end_frees_the_trial(outcome: Cancelled) -> None:
    world = World([a_spec("A"), a_spec("B")], [replace(a_chain("AB"), health_check_enabled=False)])
    world.attempts("A", *strike())
    world.now = world.provider("A").breaker.until_at or 0.0

    world.ends(world.admits("A"), outcome)

    assert world.admits("A").trial


def test_a_trial_that_never_comes_back_reopens_after_its_lease() -> None:
    world = World([a_spec("A"), a_spec("B")], [replace(a_chain("AB"), health_check_enabled=False)])
    world.attempts("A", *strike())
    world.now = world.provider("A").breaker.until_at or 0.0
    world.admits("A")

    world.passes(30.0)

    assert world.provider("A").breaker.state is BreakerState.OPEN
    assert world.provider("A").breaker.trigger is Trigger.LEASE_EXPIRED


def test_a_check_that_lists_models_does_not_prove_inference() -> None:
    world = a_world()
    world.attempts("A", *strike())

    world.checks("A", an_answer(), kind=ProbeKind.MODELS)

    assert world.provider("A").health.verdict is Status.UNHEALTHY
    assert world.provider("A").breaker.state is BreakerState.OPEN


def test_why_it_failed_is_known_after_it_has_recovered() -> None:
    world = a_settled_world()

    world.checks("A", a_failure(K.SERVER), an_answer())

    after = world.provider("A").health
    assert (after.error, after.last_error) == ("", "server on purpose")


def test_a_check_that_was_refused_is_neither_pass_nor_strike() -> None:
    world = a_settled_world()
    before = world.provider("A").health

    world.checks("A", a_failure(K.CALLER_FAULT))

    after = world.provider("A").health
    assert (after.verdict, after.passes, after.consecutive_failures) == (before.verdict, before.passes, 0)
    assert after.error == "caller-fault on purpose"


def test_a_cancelled_check_says_nothing() -> None:
    world = a_settled_world()

    world.checks("A", Cancelled(1.0))

    assert world.provider("A").health.verdict is Status.HEALTHY


def test_what_ends_after_its_provider_was_removed_is_dropped() -> None:
    world = a_world()
    permit = world.admits("A")
    world.happens(ProviderRemoved(ProviderId("A")))

    for fact in (
        AttemptEnded(permit, an_answer()),
        ProbeStarted(ProviderId("A")),
        ProbeEnded(ProviderId("A"), 0, ProbeKind.QUERY, an_answer()),
    ):
        assert world.happens(fact) == ()


@pytest.mark.parametrize(
    ("usage", "price", "micro_dollars"),
    [
        (Usage(1_000_000, 0), Price(3_000_000, 15_000_000), 3_000_000),
        (Usage(1, 1), Price(3_000_000, 15_000_000), 18),
        (Usage(1, 0), Price(1, 1), 1),
        (Usage(0, 0), Price(3, 15), 0),
        (None, Price(3, 15), None),
        (Usage(1, 1), None, None),
    ],
    ids=["a million", "exact", "rounded up", "nothing", "unknown usage", "unknown price"],
)
def test_cost_is_exact_and_unknown_is_not_zero(
    usage: Usage | None, price: Price | None, micro_dollars: int | None
) -> None:
    assert cost(usage, price) == micro_dollars


def test_checks_beyond_the_days_budget_list_models_until_midnight() -> None:
    price = Price(100_000_000, 0)
    spec = replace(a_spec("A", probe=ProbeSpec(daily_budget=1_000)), price=price)
    world = World([spec, a_spec("B")], [a_chain("AB")])

    world.checks("A", an_answer(), an_answer(), an_answer())
    spent = world.view("A")
    world.now += 86_400.0
    tomorrow = world.view("A")
    world.checks("A", an_answer())

    assert (spent.probe_kind, spent.probe_spend) == (ProbeKind.MODELS, 1_500)
    assert (tomorrow.probe_kind, tomorrow.probe_spend) == (ProbeKind.QUERY, 0)
    assert world.view("A").probe_spend == 500
    assert len(world.events(EventKind.PROBE_BUDGET)) == 1


def test_live_and_check_spending_and_unpriced_attempts_are_kept_apart() -> None:
    spec = replace(a_spec("A"), price=Price(1_000_000, 1_000_000))
    world = World([spec, a_spec("B")], [a_chain("AB")])

    world.attempts("A", an_answer(usage=Usage(5, 2)), an_answer(usage=None))
    world.checks("A", an_answer(usage=Usage(1, 1)))

    view = world.view("A")
    assert (view.spend, view.probe_spend, view.unpriced) == (7, 2, 1)


def test_a_slow_spell_does_not_become_the_normal() -> None:
    world = a_settled_world()

    world.attempts("A", *[an_answer(in_s=5.0)] * 20)

    assert world.provider("A").health.baseline_s == pytest.approx(0.3)
    assert world.fleet.agents[AGENT].active == "A"
