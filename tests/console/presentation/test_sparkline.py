"""Bars share one scale, failures and gaps are marks, and columns stand on absolute time."""

import pytest

from tests.support.views import a_provider, a_snapshot, slow
from tui_failover.console.picture import Ink, Span
from tui_failover.console.presentation import sparkline
from tui_failover.console.presentation.cells import text_of
from tui_failover.console.presentation.sparkline import Scale, Window
from tui_failover.core.copying import replace
from tui_failover.core.history import Series, Slot
from tui_failover.core.snapshot import ProviderView

NOW = 1000.0
SCALE = Scale(0.125, 8.0)


def live(*slots: Slot) -> ProviderView:
    """Return a provider with exactly these live samples."""
    return replace(a_provider("openai"), live=Series(slots), probes=Series())


def probed(*slots: Slot, interval_s: float = 4.0) -> ProviderView:
    """Return a provider with exactly these checks."""
    return replace(a_provider("openai"), live=Series(), probes=Series(slots), interval_s=interval_s)


@pytest.mark.parametrize(
    ("latency_s", "bar"), [(0.0, "▁"), (0.125, "▁"), (0.3, "▂"), (1.0, "▅"), (7.9, "█"), (8.0, "█"), (1e9, "█")]
)
def test_a_bar_grows_with_the_logarithm(latency_s: float, bar: str) -> None:
    assert SCALE.bar(latency_s) == bar


def test_one_column_is_a_share_of_the_window() -> None:
    view = live(Slot(490, 1, 0, 0.1), Slot(494, 1, 0, 1.0), Slot(499, 1, 0, 7.9))

    spans = sparkline.live(view, Window(NOW, 20.0, 10), SCALE)

    assert text_of(spans) == "···▅····█ "


def test_the_worst_sample_of_a_column_counts() -> None:
    view = live(Slot(495, 3, 0, 0.2), Slot(496, 3, 0, 7.9), Slot(497, 3, 0, 0.2))

    spans = sparkline.live(view, Window(999.9, 20.0, 1), SCALE)

    assert text_of(spans) == "█"


def test_a_slot_longer_than_a_column_fills_the_columns_it_covers() -> None:
    view = live(Slot(498, 1, 0, 1.0), Slot(499, 1, 0, 7.9))

    spans = sparkline.live(view, Window(999.5, 4.0, 8), SCALE)

    assert text_of(spans) == "▅▅▅▅████"


def test_a_failure_is_a_cross_and_a_gap_a_dot_each_in_one_run() -> None:
    view = live(Slot(490, 1, 0, 1.0), Slot(491, 1, 0, 1.0), Slot(494, 0, 1), Slot(495, 0, 2), Slot(496, 1, 0, 1.0))

    spans = sparkline.live(view, Window(999.0, 20.0, 10), SCALE)

    assert spans == (
        Span("▅▅", Ink.MUTED),
        Span("··", Ink.FAINT),
        Span("××", Ink.DOWN),
        Span("▅", Ink.MUTED),
        Span("·· ", Ink.FAINT),
    )


def test_some_failures_among_more_answers_are_a_bar_in_the_ink_of_trouble() -> None:
    view = live(Slot(499, 5, 1, 1.0))

    spans = sparkline.live(view, Window(999.0, 4.0, 2), SCALE)

    assert spans[-1] == Span("▅", Ink.DEGR)


def test_a_column_that_is_not_over_is_blank_rather_than_a_gap() -> None:
    view = live(Slot(498, 1, 0, 1.0))

    spans = sparkline.live(view, Window(998.5, 4.0, 2), SCALE)

    assert text_of(spans) == "▅ "


def test_a_bar_does_not_change_while_it_moves() -> None:
    view = live(*(Slot(number, 1, 0, 0.2 + number % 7) for number in range(400, 500)))

    rows = [text_of(sparkline.live(view, Window(now, 60.0, 10), SCALE)) for now in (978.0, 984.0, 990.0)]

    assert rows[1][:-2] == rows[0][1:-1]
    assert rows[2][:-2] == rows[1][1:-1]


def test_the_last_check_goes_on_faintly_for_one_and_a_half_intervals() -> None:
    view = probed(Slot(490, 1, 0, 1.0))

    spans = sparkline.probes(view, Window(999.0, 20.0, 10), SCALE)

    assert spans == (Span("▅", Ink.MUTED), Span("▅▅▅····· ", Ink.FAINT))


def test_a_failed_check_goes_on_as_a_faint_cross() -> None:
    view = probed(Slot(490, 0, 1), interval_s=60.0)

    spans = sparkline.probes(view, Window(999.0, 20.0, 10), SCALE)

    assert spans == (Span("×", Ink.DOWN), Span("×××××××××", Ink.FAINT))


def test_a_check_from_before_the_window_goes_on_into_it() -> None:
    view = probed(Slot(480, 1, 0, 1.0), interval_s=60.0)

    spans = sparkline.probes(view, Window(999.0, 20.0, 10), SCALE)

    assert spans == (Span("▅" * 10, Ink.FAINT),)


def test_one_row_of_both_fills_gaps_of_traffic_with_checks() -> None:
    view = replace(live(Slot(490, 1, 0, 7.9)), probes=Series((Slot(491, 1, 0, 1.0),)), interval_s=60.0)

    spans = sparkline.either(view, Window(999.0, 20.0, 10), SCALE)

    assert text_of(spans) == "█▅▅▅▅▅▅▅▅ "


def test_a_provider_without_traffic_says_so() -> None:
    spans = sparkline.live(probed(Slot(490, 1, 0, 1.0)), Window(NOW, 20.0, 20), SCALE)

    assert text_of(spans).rstrip() == "no live traffic"


def test_slow_answers_of_a_slow_provider_stand_out() -> None:
    view = replace(
        slow(a_provider("openai", rate=1.0)), p95_s=6.0, live=Series((Slot(498, 1, 0, 1.0), Slot(499, 1, 0, 6.0)))
    )

    spans = sparkline.live(view, Window(999.0, 4.0, 2), SCALE)

    assert [span.ink for span in spans] == [Ink.MUTED, Ink.SLOW]


@pytest.mark.parametrize(
    ("p50_s", "p95_s", "scale"),
    [
        pytest.param(0.3, 3.0, Scale(0.125, 8.0), id="usual"),
        pytest.param(1.0, 1.1, Scale(0.125, 8.0), id="a narrow range is not blown up"),
        pytest.param(0.1, 1.1, Scale(0.03125, 8.0), id="faster than usual"),
        pytest.param(0.3, 11.0, Scale(0.125, 32.0), id="slower than usual"),
        pytest.param(0.0, 1e9, Scale(0.125, 131072.0), id="absurd"),
    ],
)
def test_the_scale_is_widened_only_where_it_does_not_fit(p50_s: float, p95_s: float, scale: Scale) -> None:
    middling, other = a_provider("middling"), replace(a_provider("other"), p50_s=p50_s, p95_s=p95_s)

    assert sparkline.shared_scale(a_snapshot([middling, other], [])) == scale


def test_without_samples_there_is_still_a_scale() -> None:
    assert sparkline.shared_scale(a_snapshot([], [])) == Scale()
