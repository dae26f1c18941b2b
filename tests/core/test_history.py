"""What is remembered of samples."""

from math import inf

from hypothesis import given
from hypothesis import strategies as st

from tui_failover.core.history import RECENT, SLOT_S, SLOTS, Series, Slot

samples = st.lists(st.tuples(st.floats(0.0, 50.0), st.none() | st.floats(0.01, 60.0)), max_size=60)


def series_of(gaps_and_latencies: list[tuple[float, float | None]]) -> tuple[Series, float]:
    series, at = Series(), 1000.0
    for gap, latency in gaps_and_latencies:
        at += gap
        series = series.failed(at) if latency is None else series.answered(at, latency)
    return series, at


@given(samples)
def test_every_recent_sample_is_counted_once(pairs: list[tuple[float, float | None]]) -> None:
    series, at = series_of(pairs)

    ok, failed = series.counts(at, SLOT_S * SLOTS)

    within = [slot for slot in series.slots if slot.number > at // SLOT_S - SLOTS]
    assert ok == sum(slot.ok for slot in within)
    assert failed == sum(slot.failed for slot in within)
    assert ok + failed <= len(pairs)


@given(samples)
def test_slots_stay_bounded_and_in_order(pairs: list[tuple[float, float | None]]) -> None:
    series, _ = series_of(pairs)
    numbers = [slot.number for slot in series.slots]

    assert numbers == sorted(set(numbers))
    assert not numbers or numbers[-1] - numbers[0] < SLOTS


@given(samples)
def test_percentiles_are_among_the_samples(pairs: list[tuple[float, float | None]]) -> None:
    series, _ = series_of(pairs)
    latencies: list[float | None] = [latency for _, latency in pairs if latency is not None]

    assert series.percentile(0.95) in (latencies or [None])
    assert (series.percentile(1.0) or 0.0) == max((one for one in latencies if one is not None), default=0.0)


@given(samples, st.floats(-5.0, 950.0))
def test_what_reaches_past_an_instant_is_a_tail_of_all_slots(
    pairs: list[tuple[float, float | None]], ago_s: float
) -> None:
    series, at = series_of(pairs)

    since = series.since(at - ago_s)

    assert since == tuple(slot for slot in series.slots if (slot.number + 1) * SLOT_S > at - ago_s)
    assert bool(series) is bool(pairs)


def test_slots_that_are_given_whole_are_read_and_gone_on_with_like_grown_ones() -> None:
    given = Series((Slot(500, ok=1), Slot(501, failed=1)))

    later = given.failed(1004.0)

    assert bool(given)
    assert given.since(1002.0) == (Slot(501, failed=1),)
    assert later.slots == (Slot(500, ok=1), Slot(501, failed=1), Slot(502, failed=1))
    assert later.counts(1004.0, 4.0) == (0, 2)


def test_a_gap_is_not_a_zero() -> None:
    series = Series().answered(1000.0, 0.5).failed(1010.0)

    assert series.slots == (Slot(500, ok=1, worst_s=0.5), Slot(505, failed=1))


def test_samples_of_one_slot_are_joined_with_the_worst_latency() -> None:
    series = Series().answered(1000.0, 0.5).answered(1001.9, 2.0).failed(1001.9).answered(1001.95, 1.0)

    assert series.slots == (Slot(500, ok=3, failed=1, worst_s=2.0),)


def test_only_the_newest_latencies_are_kept() -> None:
    series = Series()
    for number in range(RECENT + 50):
        series = series.answered(1000.0, float(number))

    assert series.recent == tuple(float(number) for number in range(50, RECENT + 50))


def test_old_slots_are_dropped() -> None:
    series = Series().failed(1000.0).failed(1000.0 + SLOT_S * SLOTS)

    assert [slot.number for slot in series.slots] == [500 + SLOTS]


def test_the_window_is_whole_slots_up_to_now() -> None:
    series = Series().answered(1000.0, 0.1).answered(1004.0, 0.1)

    assert series.counts(1004.0, 4.0) == (1, 0)
    assert series.counts(1004.0, 6.0) == (2, 0)


def test_none_of_the_newest_latencies_is_longer_than_is_told_and_a_while_ago_one_was_as_long() -> None:
    series, latencies = Series(), list[float]()
    for number in range(4 * RECENT):
        latencies.append(0.1 * (number * 37 % 101 // 10))
        series = series.answered(1000.0 + number, latencies[-1])
        assert max(series.recent) <= series.within_s <= max(latencies[-RECENT - 20 :])
        if number % 7 == 0:
            series = series.failed(1000.0 + number).seen(1000.0 + number)


def test_nothing_is_said_of_latencies_that_came_otherwise() -> None:
    given = Series(settled=(0.5, 3.0))

    assert given.within_s == inf
    assert given.answered(1000.0, 0.1).within_s == 3.0
