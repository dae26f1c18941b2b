"""Times read the same everywhere, with their unit, and fit their columns."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_failover.console.presentation import duration


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0, "0s"),
        (18.9, "18s"),
        (59.99, "59s"),
        (60, "1m00s"),
        (192, "3m12s"),
        (7500, "2h05m"),
        (273_600, "3d04h"),
        (9_000_000, "104d"),
        (-5, "0s"),
        (math.inf, "-"),
        (math.nan, "-"),
    ],
)
def test_a_length_has_at_most_two_units(seconds: float, expected: str) -> None:
    assert duration.length(seconds) == expected


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(120, "2m"), (90, "1m30s"), (30, "30s"), (3600, "1h"), (900, "15m"), (math.inf, "0s")],
)
def test_a_window_is_said_without_noughts(seconds: float, expected: str) -> None:
    assert duration.window(seconds) == expected


@pytest.mark.parametrize(
    ("seconds", "expected"), [(0.41, "0.4s"), (9.94, "9.9s"), (9.96, "9s"), (41, "41s"), (-1, "0.0s")]
)
def test_a_young_age_has_a_tenth(seconds: float, expected: str) -> None:
    assert duration.age(seconds) == expected


@pytest.mark.parametrize(
    ("until", "expected"),
    [(None, ""), (118.0, "18s"), (117.2, "18s"), (100.0, "now"), (90.0, "now"), (math.inf, "")],
)
def test_a_countdown_rounds_up_and_ends_with_now(until: float | None, expected: str) -> None:
    assert duration.countdown(until, 100.0) == expected


def test_what_is_due_says_so() -> None:
    assert duration.due(118.0, 100.0) == "in 18s"
    assert duration.due(99.0, 100.0) == "now"
    assert duration.due(None, 100.0) == ""


def test_what_never_happened_is_said() -> None:
    assert duration.ago(None, 100.0) == "never"
    assert duration.ago(96.0, 100.0) == "4s ago"


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (None, "-"),
        (0.042, "42ms"),
        (0.9994, "999ms"),
        (0.9996, "1.0s"),
        (6.84, "6.8s"),
        (9.96, "10s"),
        (59, "59s"),
        (600, "10m"),
        (math.nan, "-"),
        (-1, "-"),
    ],
)
def test_a_response_time_has_its_unit(seconds: float | None, expected: str) -> None:
    assert duration.latency(seconds) == expected


@given(st.floats(allow_nan=True, allow_infinity=True))
def test_nothing_outgrows_its_column(seconds: float) -> None:
    assert len(duration.length(seconds)) <= 6
    assert len(duration.latency(seconds)) <= 5


@given(st.floats(allow_nan=True, allow_infinity=True))
def test_a_time_of_day_is_always_eight_cells(utc: float) -> None:
    assert len(duration.clock(utc)) == 8


def test_a_time_of_day_is_utc() -> None:
    assert duration.clock(1_768_485_923) == "14:05:23"
