"""How long a refusal keeps a key or a model out, and what lifts it."""

import pytest

from tests.support.world import (
    a_failure,
    a_settled_world,
    a_world,
    an_answer,
)
from tui_failover.core.copying import replace
from tui_failover.core.event import EventKind
from tui_failover.core.outcome import FailureKind
from tui_failover.core.snapshot import NotUsed
from tui_failover.core.spec import ProbeKind

K = FailureKind


def test_a_rate_limit_is_held_as_long_as_stated_between_a_second_and_a_quarter_of_an_hour() -> None:
    lengths = []
    for stated in (0.0, 42.0, 9999.0):
        world = a_world()
        world.attempts("A", a_failure(K.RATE_LIMITED, stated))
        obstacle = world.obstacle("A")
        assert obstacle is not None
        lengths.append((obstacle.until_at or 0.0) - world.now)

    assert lengths == [1.0, 42.0, 900.0]


def test_a_rate_limit_without_a_stated_wait_doubles_to_five_minutes() -> None:
    world = a_world()
    lengths = []

    for _ in range(7):
        world.attempts("A", a_failure(K.RATE_LIMITED))
        obstacle = world.obstacle("A")
        assert obstacle is not None
        until = obstacle.until_at or 0.0
        lengths.append(until - world.now)
        world.now = until

    assert lengths == [10.0, 20.0, 40.0, 80.0, 160.0, 300.0, 300.0]


def test_a_burst_that_is_refused_together_doubles_once() -> None:
    world = a_world()
    world.attempts("A", a_failure(K.RATE_LIMITED))
    world.now += 10.0

    permits = [world.admits("A") for _ in range(8)]
    world.now += 0.2
    for permit in permits:
        world.ends(permit, a_failure(K.RATE_LIMITED, elapsed_s=0.2))

    obstacle = world.obstacle("A")
    assert obstacle is not None
    assert obstacle.until_at == world.now + 20.0


def test_an_answer_ends_the_doubling() -> None:
    world = a_world()
    world.attempts("A", a_failure(K.RATE_LIMITED))
    world.now += 11.0

    world.attempts("A", an_answer(), a_failure(K.RATE_LIMITED))

    obstacle = world.obstacle("A")
    assert obstacle is not None
    assert obstacle.until_at == world.now + 10.0


def test_a_doubling_is_forgotten_after_a_while() -> None:
    world = a_world()
    world.attempts("A", a_failure(K.RATE_LIMITED))
    world.passes(11.0)
    world.now += 300.0
    world.passes(0.5)

    assert world.fleet.holds == {}
    assert world.texts(EventKind.HOLD_ENDED) == ["hold over"]


def test_an_answer_during_a_rate_limit_does_not_shorten_it() -> None:
    world = a_world()
    world.attempts("A", a_failure(K.RATE_LIMITED, 60.0), an_answer())

    assert not world.available("A")


def test_a_shorter_refusal_does_not_shorten_a_standing_hold() -> None:
    world = a_world()
    world.attempts("A", a_failure(K.RATE_LIMITED, 60.0), a_failure(K.RATE_LIMITED, 5.0))
    limited = world.obstacle("A")
    world.attempts("B", a_failure(K.AUTH), a_failure(K.QUOTA, 5.0))
    refused = world.obstacle("B")

    assert limited is not None
    assert refused is not None
    assert limited.until_at == world.now + 60.0
    assert (refused.code, refused.until_at) == (NotUsed.AUTH, None)


def test_a_longer_refusal_of_another_kind_takes_over() -> None:
    world = a_world()

    world.attempts("A", a_failure(K.QUOTA, 5.0), a_failure(K.AUTH))

    obstacle = world.obstacle("A")
    assert obstacle is not None
    assert obstacle.code is NotUsed.AUTH


def test_a_refused_key_is_held_until_a_check_passes() -> None:
    world = a_settled_world()
    world.fails("A", K.AUTH)
    world.passes(200.0)
    before = world.available("A")

    world.answers("A")
    world.passes(61.0)

    assert (before, world.available("A")) == (False, True)
    assert world.texts(EventKind.HOLD_ENDED) == ["hold lifted"]


@pytest.mark.parametrize(("refused", "lifted"), [(K.AUTH, True), (K.QUOTA, False)], ids=["key", "quota"])
def test_a_list_of_models_proves_that_the_key_is_taken_and_nothing_more(refused: K, lifted: bool) -> None:
    world = a_settled_world()
    world.attempts("A", a_failure(refused))
    world.now += 5.0

    world.checks("A", an_answer(), kind=ProbeKind.MODELS)

    assert world.available("A") is lifted


def test_a_quota_is_not_said_to_end_with_a_check_that_may_not_end_it() -> None:
    world = a_settled_world()

    world.attempts("A", a_failure(K.QUOTA))

    assert world.texts(EventKind.HOLD_BEGAN)[0] == "held until it answers or is reset: quota or credit used up"


def test_an_answer_that_began_before_the_refusal_lifts_nothing() -> None:
    world = a_settled_world()
    early = world.admits("A")
    world.now += 1.0
    world.attempts("A", a_failure(K.AUTH))
    world.now += 1.0

    world.ends(early, replace(an_answer(), elapsed_s=2.0))

    assert not world.available("A")


def test_a_missing_model_is_held_for_ten_minutes() -> None:
    world = a_world()
    world.attempts("A", a_failure(K.MODEL_MISSING))

    obstacle = world.obstacle("A")

    assert obstacle is not None
    assert (obstacle.code, obstacle.until_at) == (NotUsed.MODEL_MISSING, world.now + 600.0)


def test_quota_is_held_until_the_stated_date() -> None:
    world = a_world()
    world.attempts("A", a_failure(K.QUOTA, 86_400.0))

    obstacle = world.obstacle("A")

    assert obstacle is not None
    assert obstacle.until_at == world.now + 86_400.0
