"""A provider at a limit is passed over and never failed; no limit is ever exceeded."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.world import (
    AGENT,
    USAGE,
    World,
    a_chain,
    a_failure,
    a_spec,
    an_answer,
    strike,
    unchecked,
)
from tui_failover.core.admission import admit
from tui_failover.core.allowance import Quantity, Word
from tui_failover.core.command import Imposed
from tui_failover.core.copying import replace
from tui_failover.core.event import EventKind
from tui_failover.core.fact import ContentCame, Permit, ProbeStarted
from tui_failover.core.names import ProviderId
from tui_failover.core.outcome import Cancelled, FailureKind, Outcome
from tui_failover.core.provider_state import Obstacle
from tui_failover.core.query import Usage
from tui_failover.core.snapshot import Flag, Limited, LimitView, NotUsed
from tui_failover.core.spec import ProviderLimits

A, B = ProviderId("A"), ProviderId("B")
MINUTE_S = 60.0


def a_limited_world(names: str = "AB", **limits: int) -> World:
    """Return a world without checks whose first provider has limits."""
    first, *others = (a_spec(name) for name in names)
    specs = [replace(first, limits=ProviderLimits(**limits)), *others]
    return World(specs, [unchecked(a_chain(names))])


def admitted(world: World, name: str, tokens: int) -> Permit | Obstacle:
    """Ask for the right to make an attempt of about so many tokens."""
    world.fleet, _, answer = admit(world.fleet, AGENT, ProviderId(name), world.moment, tokens=tokens)
    return answer


@given(
    steps=st.lists(
        st.tuples(st.sampled_from(["begin", "end", "wait"]), st.integers(0, 9), st.floats(0.0, 30.0)),
        max_size=80,
    ),
    per_min=st.integers(1, 6),
    at_once=st.integers(1, 3),
)
def test_no_limit_is_exceeded_however_attempts_begin_and_end(
    steps: list[tuple[str, int, float]], per_min: int, at_once: int
) -> None:
    world = a_limited_world("A", queries_per_min=per_min, concurrency=at_once)
    under_way: list[Permit] = []
    begun: list[float] = []
    for what, place, seconds in steps:
        if what == "wait":
            world.now += seconds
        elif what == "end" and under_way:
            world.ends(under_way.pop(place % len(under_way)), Cancelled(1.0))
        elif what == "begin":
            permit = world.tries("A", desperate=bool(place % 2))
            if isinstance(permit, Permit):
                under_way.append(permit)
                begun.append(world.now)
        assert len(under_way) <= at_once

    for first in begun:
        assert sum(first <= one <= first + MINUTE_S for one in begun) <= per_min


@given(
    sizes=st.lists(st.tuples(st.integers(0, 120), st.integers(0, 60), st.floats(0.0, 20.0)), max_size=40),
)
def test_no_more_tokens_are_let_through_in_a_minute_than_were_thought_and_found_to_be_needed(
    sizes: list[tuple[int, int, float]],
) -> None:
    world = a_limited_world("A", tokens_per_min=100)
    taken: list[tuple[float, int]] = []
    for tokens, fewer, wait_s in sizes:
        world.now += wait_s
        permit = admitted(world, "A", tokens)
        if isinstance(permit, Permit):
            used = min(tokens, 100) - min(fewer, tokens, 100)
            world.ends(permit, an_answer(usage=Usage(used, 0)))
            taken.append((permit.at, used))

    for first, _ in taken:
        assert sum(used for at, used in taken if first <= at <= first + MINUTE_S) <= 100


def test_whoever_is_full_is_passed_over_with_the_time_and_nothing_else_happens() -> None:
    world = a_limited_world(queries_per_min=2)
    world.asks(times=2)

    told = world.asks()

    why = world.plan().passed_over[0]
    assert (told.served_by, told.tried) == ("B", ("B",))
    assert (why.provider, why.code, why.text) == (A, NotUsed.FULL, "at its limit: 2 of 2 queries this minute")
    assert why.until_at == world.now + MINUTE_S + 1.0
    assert (world.active(), world.available("A"), world.provider("A").breaker.strikes) == ("A", True, 0)
    assert world.events(EventKind.FAILOVER, EventKind.PANIC_BEGAN, EventKind.UNHEALTHY) == []


def test_when_everybody_available_is_full_nobody_is_a_candidate_and_it_is_no_panic() -> None:
    world = a_limited_world("A", concurrency=1)
    world.admits("A")

    plan = world.plan()

    assert (plan.candidates, plan.full, plan.panic) == ((), True, False)
    assert plan.passed_over[0].text == "at its limit: 1 of 1 queries under way"


def test_panic_does_not_pass_a_limit() -> None:
    world = a_limited_world("A", concurrency=1)
    permit = world.admits("A")
    world.ends(permit, a_failure())
    world.attempts("A", *strike())
    world.admits("A", desperate=True)

    refused = world.tries("A", desperate=True)

    assert isinstance(refused, Obstacle)
    assert (refused.code, world.plan().candidates, world.plan().panic) == (NotUsed.FULL, (), True)


@pytest.mark.parametrize(
    ("outcome", "room"),
    [
        pytest.param(an_answer(usage=Usage(10, 10)), 80, id="fewer than thought"),
        pytest.param(an_answer(usage=Usage(60, 30)), 10, id="more than thought"),
        pytest.param(an_answer(usage=None), 50, id="not told"),
        pytest.param(a_failure(), 50, id="failed"),
        pytest.param(Cancelled(1.0), 50, id="left"),
    ],
)
def test_tokens_are_counted_as_thought_until_they_are_known(outcome: Outcome, room: int) -> None:
    world = a_limited_world("A", tokens_per_min=100)
    permit = admitted(world, "A", 50)
    assert isinstance(permit, Permit)

    world.ends(permit, outcome)

    assert isinstance(admitted(world, "A", room + 1), Obstacle)
    assert isinstance(admitted(world, "A", room), Permit)


def test_a_query_larger_than_the_whole_limit_goes_alone() -> None:
    world = a_limited_world("A", tokens_per_min=100)

    first, second = admitted(world, "A", 5000), admitted(world, "A", 1)

    assert isinstance(first, Permit)
    assert isinstance(second, Obstacle)
    assert second.text == "at its limit: 100 of 100 tokens this minute"


def test_checks_count_against_the_same_limit() -> None:
    world = a_limited_world("A", queries_per_min=1)

    world.happens(ProbeStarted(A))

    assert world.plan().full


def test_those_who_share_key_and_model_share_what_an_answer_said() -> None:
    twin = replace(a_spec("B", credential="env:A_KEY"), model="model-a")
    world = World([a_spec("A"), twin, a_spec("C")], [unchecked(a_chain("ABC"))])

    world.happens(ContentCame(world.admits("A"), (Word(Quantity.QUERIES, 60, 0, 12.0),)))

    assert world.order_of() == "C"
    assert [(one.text, one.until_at) for one in world.plan().passed_over] == [
        ("at its limit: it allows 60 queries, none are left", world.now + 12.0)
    ] * 2
    world.now += 12.0
    assert world.order_of() == "ABC"


def test_no_more_goes_out_than_an_answer_said_is_left() -> None:
    world = a_limited_world("A")
    world.happens(ContentCame(world.admits("A"), (Word(Quantity.QUERIES, 60, 2, 30.0),)))

    answers = [world.tries("A") for _ in range(3)]

    assert [type(one) for one in answers] == [Permit, Permit, Obstacle]


def test_what_is_configured_goes_before_what_an_answer_said() -> None:
    world = a_limited_world("A", queries_per_min=5)

    world.happens(ContentCame(world.admits("A"), (Word(Quantity.QUERIES, 60, 0, 30.0),)))

    assert world.order_of() == "A"


def test_a_word_is_forgotten_after_a_minute_of_silence() -> None:
    world = a_limited_world("A")
    world.happens(ContentCame(world.admits("A"), (Word(Quantity.QUERIES, 60, 0, 3600.0),)))

    world.passes(MINUTE_S)

    assert (world.order_of(), world.fleet.allowances) == ("A", {})


def test_a_burst_that_is_refused_without_a_stated_wait_lowers_what_may_be_under_way() -> None:
    world = a_limited_world("A")
    permits = [world.admits("A") for _ in range(8)]

    for permit in permits:
        world.ends(permit, a_failure(FailureKind.RATE_LIMITED))
    world.now += 15.0

    answers = [world.tries("A", desperate=True) for _ in range(6)]
    assert sum(isinstance(one, Permit) for one in answers) == 5


def test_the_picture_shows_limits_and_who_is_full() -> None:
    world = a_limited_world(queries_per_min=2, tokens_per_min=100, concurrency=3)
    world.asks(times=2)

    view = world.view("A")

    assert view.limits == (
        LimitView(Limited.QUERIES, 2, 2),
        LimitView(Limited.TOKENS, 100, 2 * (USAGE.input_tokens + USAGE.output_tokens)),
        LimitView(Limited.CONCURRENCY, 3, 0),
    )
    assert (view.available, view.why_not) == (True, None)
    assert view.flags == {Flag.LIMITED}
    assert view.full is not None
    assert view.reason == view.full.text == "at its limit: 2 of 2 queries this minute"
    assert [one.code for one in world.agent_view().plan] == [NotUsed.ACTIVE, NotUsed.READY]
    assert "at its limit" in world.agent_view().plan[0].text


def test_the_picture_shows_limits_that_were_learnt() -> None:
    world = a_limited_world("A")

    world.happens(ContentCame(world.admits("A"), (Word(Quantity.TOKENS, 1000, 400, 30.0),)))

    assert world.view("A").limits == (LimitView(Limited.TOKENS, 1000, 600, learnt=True),)


def test_what_people_impose_is_told_before_a_limit() -> None:
    world = a_limited_world("AB", concurrency=1)
    world.admits("A")
    world.fleet = replace(
        world.fleet,
        providers={
            **world.fleet.providers,
            A: replace(world.provider("A"), imposed=Imposed.DRAIN, imposed_by="ann"),
        },
    )

    assert [one.code for one in world.plan().passed_over] == [NotUsed.DRAINING]
    assert world.order_of() == "B"
