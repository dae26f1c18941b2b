"""Figures carry their unit and fit their columns."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_failover.console.presentation import figures


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        (None, "-"),
        (0, "0.0%"),
        (0.021, "2.1%"),
        (0.0994, "9.9%"),
        (0.0996, "10%"),
        (1, "100%"),
        (7, "100%"),
        (math.nan, "-"),
    ],
)
def test_a_share_is_percent(part: float | None, expected: str) -> None:
    assert figures.share(part) == expected


@pytest.mark.parametrize(
    ("per_second", "expected"),
    [(0, "0.0/s"), (41.22, "41.2/s"), (99.96, "100/s"), (9999.6, "10k/s"), (math.inf, "-")],
)
def test_a_rate_is_per_second(per_second: float, expected: str) -> None:
    assert figures.rate(per_second) == expected


@pytest.mark.parametrize(
    ("number", "expected"), [(0, "0"), (9999, "9999"), (41_800, "41.8k"), (312_000, "312k"), (3_200_000, "3.2M")]
)
def test_a_count_is_shortened(number: int, expected: str) -> None:
    assert figures.count(number) == expected


@pytest.mark.parametrize(
    ("micro", "expected"),
    [(0, "$0"), (300, "$0.0003"), (4_100_000, "$4.10"), (1_230_000_000, "$1.2k"), (math.nan, "-")],
)
def test_money_comes_from_micro_dollars(micro: float, expected: str) -> None:
    assert figures.money(micro) == expected


@given(st.floats(allow_nan=True, allow_infinity=True), st.integers(0, 10**12))
def test_nothing_outgrows_its_column(value: float, number: int) -> None:
    assert len(figures.share(value)) <= 5
    assert len(figures.rate(value)) <= 6
    assert len(figures.count(number)) <= 6


@pytest.mark.parametrize(
    ("number", "expected"),
    [(1, "1st"), (2, "2nd"), (3, "3rd"), (4, "4th"), (11, "11th"), (12, "12th"), (21, "21st")],
)
def test_a_place_is_an_ordinal(number: int, expected: str) -> None:
    assert figures.ordinal(number) == expected


def test_one_thing_is_singular() -> None:
    assert figures.plural(1, "alert") == "1 alert"
    assert figures.plural(0, "alert") == "0 alerts"
