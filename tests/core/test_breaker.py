"""What a breaker refuses to be told."""

import pytest

from tui_failover.core.breaker import (
    Breaker,
    Strike,
    admit_trial,
    cooled,
    expired,
    reset,
    returned,
    struck,
    undecided,
)
from tui_failover.core.spec import BreakerRules
from tui_failover.core.transition import BreakerState

RULES = BreakerRules()


def test_a_move_that_is_no_row_is_a_bug() -> None:
    impossible = Breaker(lease_until_at=1.0)

    with pytest.raises(ValueError, match="cannot go from closed to open because a trial never came back"):
        expired(impossible, 2.0, RULES, 0.0)


def test_a_closed_breaker_has_no_trials() -> None:
    assert admit_trial(Breaker(), 1000.0, RULES) is None


def test_an_open_breaker_has_none_before_its_cooldown_is_over() -> None:
    opened = Breaker(BreakerState.OPEN, until_at=1010.0)

    assert admit_trial(opened, 1009.9, RULES) is None
    assert admit_trial(opened, 1010.0, RULES) is not None
    assert (cooled(opened, 1009.9), cooled(opened, 1010.0)) == (False, True)


def test_a_lease_is_given_out_once_and_again_after_it_came_back() -> None:
    trial = admit_trial(Breaker(BreakerState.OPEN, until_at=1010.0), 1010.0, RULES)

    assert trial is not None
    assert trial.lease_until_at == 1040.0
    assert admit_trial(trial, 1010.0, RULES) is None
    assert admit_trial(returned(trial), 1010.0, RULES) is not None


def test_reset_of_a_closed_breaker_forgets_its_failures() -> None:
    assert reset(Breaker(strikes=2.0, level=3), 1000.0) == Breaker()


@pytest.mark.parametrize(
    ("breaker", "so"),
    [
        (Breaker(), False),
        (Breaker(BreakerState.OPEN, until_at=970.0), True),
        (Breaker(BreakerState.OPEN, until_at=971.0), False),
        (Breaker(BreakerState.HALF_OPEN, since_at=970.0), True),
        (Breaker(BreakerState.HALF_OPEN, since_at=971.0), False),
    ],
    ids=["closed", "open long", "open", "half-open long", "half-open"],
)
def test_after_a_leases_time_without_a_verdict_a_query_may_try(breaker: Breaker, so: bool) -> None:
    assert undecided(breaker, 1000.0, RULES) is so


def test_failures_before_the_cooldown_is_over_do_not_lengthen_it_and_later_ones_do() -> None:
    opened = Breaker(BreakerState.OPEN, since_at=1000.0, until_at=1010.0)
    strike = Strike(1.0, "still down", 3, jitter=0.0)

    early = struck(opened, 1009.9, RULES, strike)
    late = struck(opened, 1010.0, RULES, strike)

    assert early == opened
    assert (late.until_at, late.level, late.generation) == (1030.0, 1, opened.generation)


def test_what_concerns_a_neighbour_breaks_no_trial() -> None:
    trial = Breaker(BreakerState.HALF_OPEN, successes=2)

    assert struck(trial, 1000.0, RULES, Strike(0.5, "next door", 3, 0.0, may_open=False)) == trial
