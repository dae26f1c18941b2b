"""What was taken in the last minute: never less than in any whole minute, and forgotten after it."""

from hypothesis import given
from hypothesis import strategies as st

from tui_failover.core.meter import SLOT_S, WINDOW_S, Meter

STEPS = st.lists(st.tuples(st.floats(0.0, 40.0), st.integers(0, 500), st.booleans()), min_size=1, max_size=60)


@given(steps=STEPS, most=st.integers(1, 5))
def test_what_is_let_through_never_exceeds_the_limit_in_any_minute(
    steps: list[tuple[float, int, bool]], most: int
) -> None:
    meter, now, let_through = Meter(), 1000.0, []
    for wait_s, _, _ in steps:
        now += wait_s
        if meter.at(now).queries < most:
            meter = meter.charged(now, 0)
            let_through.append(now)

    for began in let_through:
        assert sum(began <= one <= began + WINDOW_S for one in let_through) <= most


@given(steps=STEPS)
def test_the_sums_are_those_of_the_slots_and_the_slots_are_bounded(steps: list[tuple[float, int, bool]]) -> None:
    meter, now, began_at = Meter(), 1000.0, 1000.0
    for wait_s, tokens, corrects in steps:
        now += wait_s
        if corrects:
            meter = meter.corrected(began_at, now, tokens - 250)
        else:
            meter, began_at = meter.charged(now, tokens), now

        assert meter.queries == sum(one.queries for one in meter.slots)
        assert meter.tokens == sum(one.tokens for one in meter.slots) >= 0
        assert len(meter.slots) <= WINDOW_S / SLOT_S + 2


@given(steps=STEPS, queries=st.integers(1, 5))
def test_room_is_there_when_it_is_foretold(steps: list[tuple[float, int, bool]], queries: int) -> None:
    meter, now = Meter(), 1000.0
    for wait_s, tokens, _ in steps:
        now += wait_s
        meter = meter.charged(now, tokens)
    wanted = min(queries, meter.at(now).queries)

    frees_at = meter.frees_at(now, queries=wanted, tokens=0)

    assert meter.at(frees_at).queries <= meter.at(now).queries - wanted
    assert meter.at(frees_at - SLOT_S).queries > meter.at(now).queries - wanted
    assert now < frees_at <= now + WINDOW_S + SLOT_S


def test_tokens_are_corrected_where_they_were_charged() -> None:
    meter = Meter().charged(1000.5, 100).charged(1030.5, 100)

    less = meter.corrected(1000.5, 1031.0, -60)
    more = meter.corrected(1000.5, 1031.0, 60)

    assert (less.tokens, less.at(1061.0).tokens) == (140, 100)
    assert (more.tokens, more.at(1061.0).tokens) == (260, 100)


def test_more_tokens_of_a_query_that_began_long_ago_count_now_and_fewer_do_not() -> None:
    meter = Meter().charged(1000.5, 100)

    assert meter.corrected(1000.5, 1100.0, 60) == Meter().charged(1100.0, 60, queries=0)
    assert meter.corrected(1000.5, 1100.0, -60) == Meter()
