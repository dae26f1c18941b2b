"""What is remembered of what ended lately."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.ends import Ended, traffic_of
from tui_failover.core.need import NO_NEEDS, Need
from tui_failover.core.query import Usage
from tui_failover.core.traffic import SLOT_S, SPAN_S, Recent, Traffic, Wanted

TOOLS = frozenset({Need.TOOLS})
BOTH = frozenset({Need.TOOLS, Need.IMAGES})
ends = st.lists(
    st.tuples(
        st.floats(0.0, 40.0),
        st.booleans(),
        st.none() | st.builds(Usage, st.integers(0, 10**6), st.integers(0, 10**6)),
        st.sampled_from([NO_NEEDS, TOOLS, BOTH]),
    ),
    max_size=60,
)


@given(ends)
def test_everything_within_the_span_is_counted_once(
    told: list[tuple[float, bool, Usage | None, frozenset[Need]]],
) -> None:
    traffic, at, kept = Traffic(), 1000.0, []
    for gap, failed, usage, needs in told:
        at += gap
        traffic = traffic.added(at, usage, needs, failed=failed)
        kept.append((int(at // SLOT_S), failed, usage or Usage(), needs))

    recent = traffic.recent(at)

    within = [one for one in kept if one[0] > int((at - SPAN_S) // SLOT_S)]
    assert recent.ended == len(within)
    assert recent.failed == sum(failed for _, failed, _, _ in within)
    assert recent.output_tokens == sum(usage.output_tokens for _, _, usage, _ in within)
    assert recent.longest == max((usage.input_tokens for _, _, usage, _ in within), default=0)
    assert recent.needing(Need.TOOLS) == sum(Need.TOOLS in needs for *_, needs in within)


@given(st.lists(st.floats(0.0, 30.0), max_size=400))
def test_slots_stay_bounded(gaps: list[float]) -> None:
    traffic, at = Traffic(), 0.0
    for gap in gaps:
        at += gap
        traffic = traffic.added(at, None)

    assert len(traffic.older) <= SPAN_S / SLOT_S


def test_tokens_per_second_are_the_answers_tokens_over_the_whole_window() -> None:
    traffic = traffic_of((1000.0, Ended(usage=Usage(5, 60))), (1010.0, Ended(usage=Usage(5, 240))))

    assert traffic.tokens_per_s(1010.0, 30.0) == pytest.approx(10.0)
    assert traffic.tokens_per_s(1032.0, 30.0) == pytest.approx(8.0)
    assert traffic.tokens_per_s(1100.0, 30.0) == 0.0


def test_the_failed_share_is_of_what_ended_and_not_known_without_it() -> None:
    traffic = traffic_of((1000.0, Ended()), (1001.0, Ended(failed=True)), (1003.0, Ended()), (1003.5, Ended()))

    assert traffic.failed_share(1004.0, 60.0) == 0.25
    assert traffic.failed_share(1003.9, 2.0) == 0.0
    assert traffic.failed_share(2000.0, 60.0) is None


def test_answers_whose_tokens_nobody_told_are_counted_apart() -> None:
    recent = traffic_of((1000.0, Ended(unmetered=True)), (1000.0, Ended(usage=Usage(3, 4)))).recent(1000.0)

    assert (recent.ended, recent.unmetered, recent.input_tokens, recent.output_tokens) == (2, 1, 3, 4)


def test_needs_are_told_the_most_frequent_first_across_slots() -> None:
    told = [(1000.0, BOTH), (1001.0, TOOLS), (1030.0, TOOLS), (1031.0, NO_NEEDS)]

    recent = traffic_of(*((at, Ended(needs=needs)) for at, needs in told)).recent(1031.0)

    assert recent.wanted == (Wanted(TOOLS, 2), Wanted(BOTH, 1))
    assert (recent.needing(Need.TOOLS), recent.needing(Need.IMAGES), recent.needing(Need.PDF)) == (3, 1, 0)


def test_nothing_is_recent_before_anything_ended() -> None:
    assert Traffic().recent(1000.0) == Recent()
