"""Who is asked first: by the chain, by price, by speed, by weight; people and returns go before."""

from collections import Counter
from collections.abc import Sequence
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.world import AGENT, World, a_chain, a_failure, a_spec, an_answer, by_hand, strike, unchecked
from tui_failover.core.command import HoldAutomation, SwitchTo
from tui_failover.core.copying import replace
from tui_failover.core.event import EventKind
from tui_failover.core.fact import AgentConfigured, ProviderRegistered
from tui_failover.core.names import ProviderId
from tui_failover.core.snapshot import NotUsed
from tui_failover.core.spec import Price, ProviderLimits, ProviderSpec, Strategy
from tui_failover.core.strategy import spread
from tui_failover.core.transition import Mode


def a_world(strategy: Strategy, specs: Sequence[ProviderSpec]) -> World:
    """Return a world without checks whose agent follows the strategy."""
    names = "".join(spec.id for spec in specs)
    return World(specs, [replace(unchecked(a_chain(names)), strategy=strategy)])


def weighing(**weights: int) -> list[ProviderSpec]:
    """Return providers of these weights."""
    return [replace(a_spec(name), weight=weight) for name, weight in weights.items()]


def costing(**prices: int | None) -> list[ProviderSpec]:
    """Return providers of these prices; None is unknown."""
    return [
        replace(a_spec(name), price=None if price is None else Price(price, price))
        for name, price in prices.items()
    ]


def first_of(world: World, times: int) -> str:
    """Return who was tried first by each of so many queries."""
    return "".join(world.asks().tried[0] for _ in range(times))


@given(weights=st.lists(st.integers(1, 12), min_size=1, max_size=6))
def test_the_spread_is_always_within_one_of_the_exact_share(weights: list[int]) -> None:
    turns = spread(tuple(weights)) * 2

    for place, weight in enumerate(weights):
        had = accumulate(one == place for one in turns)
        for turn, count in enumerate(had, start=1):
            assert abs(count - turn * weight / sum(weights)) < 1


def test_queries_are_spread_by_weight_smoothly() -> None:
    world = a_world(Strategy.WEIGHTED, weighing(A=3, B=2, C=1))

    first = first_of(world, 12)

    assert Counter(first) == Counter("AAABBC" * 2)
    assert max(len(run) for run in first.replace("B", " ").replace("C", " ").split()) <= 2
    assert world.active() == "A"


def test_whoever_fails_gets_no_share_until_it_is_well_again() -> None:
    world = a_world(Strategy.WEIGHTED, weighing(A=1, B=1, C=1))
    world.attempts("B", a_failure())

    while_failing = first_of(world, 6)
    world.checks("B", an_answer())

    assert (Counter(while_failing), Counter(first_of(world, 6))) == (Counter("AAACCC"), Counter("AABBCC"))


def test_whoever_is_full_leaves_its_share_to_the_others() -> None:
    specs = weighing(A=1, B=1)
    world = a_world(Strategy.WEIGHTED, [specs[0], replace(specs[1], limits=ProviderLimits(queries_per_min=2))])

    assert Counter(first_of(world, 10)) == Counter("A" * 8 + "BB")


def test_the_fastest_is_asked_first_and_who_is_not_known_last() -> None:
    world = a_world(Strategy.FASTEST, [a_spec(name) for name in "ABC"])
    world.attempts("A", *[an_answer(2.0)] * 3)
    world.attempts("C", *[an_answer(0.5)] * 3)

    assert (world.order_of(), world.active()) == ("CAB", "A")


@pytest.mark.parametrize(("seconds", "order"), [(0.81, "AB"), (0.79, "BA")])
def test_the_active_one_is_left_only_for_one_a_fifth_faster(seconds: float, order: str) -> None:
    world = a_world(Strategy.FASTEST, [a_spec(name) for name in "AB"])
    world.attempts("A", an_answer(1.0))
    world.attempts("B", an_answer(seconds))

    assert world.order_of() == order


def test_a_check_tells_how_fast_somebody_is_whom_no_query_has_asked_of_late() -> None:
    world = a_world(Strategy.FASTEST, [a_spec(name) for name in "AB"])
    world.attempts("A", an_answer(1.0))
    world.attempts("B", an_answer(9.0))
    world.now += 400.0

    world.checks("B", an_answer(0.2))
    world.checks("A", an_answer(1.0))

    assert world.order_of() == "BA"


def test_the_cheapest_is_the_first_choice_and_an_unknown_price_the_last() -> None:
    world = a_world(Strategy.CHEAPEST, costing(A=None, B=5, C=2, D=5))

    assert (world.active(), world.order_of(), world.agent_view().chain) == ("C", "CBDA", tuple("CBDA"))
    assert world.fleet.agents[AGENT].mode is Mode.PRIMARY
    assert world.agent_view().active_because == "the cheapest of its chain"


def test_failover_goes_to_the_next_by_price_and_the_way_back_to_the_cheapest() -> None:
    config = replace(a_chain("ABC"), strategy=Strategy.CHEAPEST)
    world = World(costing(A=9, B=5, C=2), [config])
    world.passes(5.0)
    world.fails("C")
    world.attempts("C", *strike())
    moved_to = world.active()

    world.answers("C")
    world.passes_until(lambda: world.active() == "C", asking_every_s=1.0)

    assert moved_to == "B"


def test_a_new_price_changes_the_order_and_is_told() -> None:
    world = a_world(Strategy.CHEAPEST, costing(A=1, B=5))

    world.happens(ProviderRegistered(costing(A=9)[0]))

    assert world.fleet.agents[AGENT].preferred == tuple("BA")
    assert "prefers B > A" in world.texts(EventKind.CONFIG)


def test_the_strategy_changes_with_the_configuration_and_the_route_stays_until_it_returns() -> None:
    world = a_world(Strategy.ORDERED, costing(A=9, B=1))

    world.happens(AgentConfigured(replace(unchecked(a_chain("AB")), strategy=Strategy.CHEAPEST)))

    assert (world.active(), world.fleet.agents[AGENT].preferred) == ("A", tuple("BA"))


@pytest.mark.parametrize("strategy", [Strategy.FASTEST, Strategy.WEIGHTED])
def test_a_switch_by_hand_goes_before_the_strategy(strategy: Strategy) -> None:
    world = a_world(strategy, weighing(A=1, B=9, C=1))
    world.attempts("B", an_answer(0.1))

    world.orders(SwitchTo(AGENT, ProviderId("C")))

    assert first_of(world, 8) == "C" * 8


@pytest.mark.parametrize("strategy", [Strategy.FASTEST, Strategy.WEIGHTED])
def test_a_hold_goes_before_the_strategy(strategy: Strategy) -> None:
    world = a_world(strategy, weighing(A=1, B=9))
    world.attempts("B", an_answer(0.1))

    world.orders(HoldAutomation(AGENT))

    assert first_of(world, 8) == "A" * 8


def test_without_automatic_failover_there_is_no_strategy() -> None:
    config = replace(unchecked(a_chain("AB")), strategy=Strategy.WEIGHTED, auto_failover_enabled=False)
    world = World(weighing(A=1, B=9), [config])

    assert first_of(world, 8) == "A" * 8


def test_whom_the_route_has_yet_to_return_to_gets_no_share() -> None:
    config = replace(by_hand(unchecked(a_chain("ABC"))), strategy=Strategy.WEIGHTED)
    world = World(weighing(A=5, B=1, C=1), [config])
    world.attempts("A", *strike())
    world.passes(12.0)

    world.attempts("A", *[an_answer()] * 3)

    assert (world.active(), world.available("A")) == ("B", True)
    assert Counter(first_of(world, 4)) == Counter("BBCC")


def test_the_picture_says_what_everybody_gets() -> None:
    world = a_world(Strategy.WEIGHTED, weighing(A=3, B=1))

    plan = world.agent_view().plan

    assert [(one.code, one.text) for one in plan] == [
        (NotUsed.ACTIVE, "active: first in its chain, gets 75% of the queries"),
        (NotUsed.READY, "available, gets 25% of the queries"),
    ]
    assert world.agent_view().config.strategy is Strategy.WEIGHTED


def test_the_picture_says_how_fast_everybody_is() -> None:
    world = a_world(Strategy.FASTEST, [a_spec(name) for name in "AB"])
    world.attempts("A", an_answer(0.42))

    texts = [one.text for one in world.agent_view().plan]

    assert texts == [
        "active: first in its chain, answers in 0.42 s, the fastest is asked first",
        "available, no speed known yet",
    ]
