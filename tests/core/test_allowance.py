"""What answers say of limits: believed for a minute, and used up by what is asked for meanwhile."""

import pytest

from tui_failover.core.allowance import LASTS_S, Allowance, Cap, Quantity, Word, halved, heard

NOW = 1000.0
SIX_LEFT = Word(Quantity.QUERIES, 10, 6, 30.0)


def left(allowance: Allowance, now: float, quantity: Quantity = Quantity.QUERIES) -> int:
    return allowance.left[quantity].at(now)


def test_what_is_let_through_is_taken_off_until_the_reset() -> None:
    allowance = heard(None, (SIX_LEFT,), (0, 0), NOW)
    for _ in range(9):
        allowance = allowance.admitted(NOW + 1.0, 5)

    assert (left(allowance, NOW + 29.9), left(allowance, NOW + 30.0)) == (0, 10)


def test_a_word_that_comes_late_knows_nothing_of_what_was_let_through_since() -> None:
    allowance = heard(None, (SIX_LEFT,), (0, 0), NOW).admitted(NOW, 5)
    asked = allowance.asked
    for _ in range(3):
        allowance = allowance.admitted(NOW, 5)

    assert left(heard(allowance, (Word(Quantity.QUERIES, 10, 5, 30.0),), asked, NOW + 1.0), NOW + 1.0) == 2


def test_a_minute_without_a_word_and_nothing_is_known_any_more() -> None:
    allowance = heard(None, (Word(Quantity.QUERIES, 10, 0, 3600.0),), (0, 0), NOW)

    assert (allowance.known(NOW + LASTS_S - 0.1), allowance.known(NOW + LASTS_S)) == (True, False)
    assert heard(allowance, (), (0, 0), NOW + LASTS_S).left == {}


def test_an_estimate_alone_never_takes_more_than_a_quarter_of_a_limit() -> None:
    allowance = heard(None, (Word(Quantity.TOKENS, 1000, 1000, None),), (0, 0), NOW)

    assert left(allowance.admitted(NOW, 100_000), NOW, Quantity.TOKENS) == 750


def test_how_long_an_answer_becomes_is_not_known_before() -> None:
    allowance = heard(None, (Word(Quantity.WRITTEN, 1000, 10, None),), (0, 0), NOW)

    assert left(allowance.admitted(NOW, 500), NOW, Quantity.WRITTEN) == 10


def test_a_refused_burst_halves_what_may_be_under_way_and_calm_lets_it_creep_up() -> None:
    cap = halved(None, 8, NOW - 1.0, NOW)

    assert cap == Cap(4, 8, NOW)
    assert [cap.at(NOW + seconds) for seconds in (0.0, 9.9, 10.0, 30.0, 40.0)] == [4, 4, 5, 7, None]


@pytest.mark.parametrize(
    ("inflight", "began_at"),
    [pytest.param(1, NOW + 5.0, id="alone"), pytest.param(7, NOW - 1.0, id="of the same burst")],
)
def test_a_refusal_halves_nothing(inflight: int, began_at: float) -> None:
    cap = Cap(4, 8, NOW)

    assert halved(cap, inflight, began_at, NOW + 6.0) is cap
