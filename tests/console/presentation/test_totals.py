"""The line of totals: everyone's traffic, with its last minutes."""

from tests.support import fleets
from tests.support.views import NOW, a_provider, a_snapshot, an_agent
from tui_failover.console.picture import Ink, Span
from tui_failover.console.presentation.cells import text_of
from tui_failover.console.presentation.totals import totals
from tui_failover.core.copying import replace
from tui_failover.core.history import Series, Slot


def test_rates_of_all_agents_are_summed() -> None:
    (line,) = totals(fleets.a_picture(fleets.failover_in_progress()), 120)

    assert text_of(line).startswith(" 42.1/s ")


def test_failures_of_the_last_minute_are_loud() -> None:
    (line,) = totals(fleets.a_picture(fleets.all_down()), 120)

    assert Span(" 100%", Ink.DEGR, bold=True) in line


def test_without_traffic_there_are_dashes_not_noughts() -> None:
    (line,) = totals(fleets.a_picture(fleets.no_keys()), 80)

    assert " err     - " in text_of(line)
    assert " p95     - " in text_of(line)


def test_at_80_columns_all_that_is_live_is_there_and_bars_leave() -> None:
    (line,) = totals(fleets.a_picture(fleets.failover_in_progress()), 80)

    expected = "  42.1/s  err  1.2%  p95  6.6s  in flight   42  saved   624   1179 tok/s"
    assert text_of(line).rstrip() == expected.removeprefix(" ")


def test_figures_keep_their_width_while_their_values_change() -> None:
    calm = fleets.all_healthy()
    busy = replace(calm.agents[0], rate=4_200.0, inflight=1_999, tokens_per_s=41_800.0, saved=3_200_000)

    lines = [
        text_of(totals(fleets.a_picture(replace(calm, agents=(agent,))), 80)[0])
        for agent in (calm.agents[0], busy)
    ]

    assert lines[0].index("tok/s") == lines[1].index("tok/s")
    assert "in flight 1999  saved  3.2M  41.8k tok/s" in lines[1]


def test_what_failover_saved_is_told_with_some_pride() -> None:
    (line,) = totals(fleets.a_picture(fleets.failover_in_progress()), 80)

    assert Span("  624", Ink.UP) in line


def test_cost_of_unknown_price_is_marked() -> None:
    view = replace(a_provider("openai", rate=1.0), unpriced=3)

    (line,) = totals(fleets.a_picture(a_snapshot([view], [an_agent("support-bot", [view])])), 160)

    assert "/h +?" in text_of(line)


def test_a_failure_shows_in_its_column_in_the_ink_of_down() -> None:
    slots = tuple(Slot(number, 1, int(number == 4990), 0.5) for number in range(4940, 5000))
    view = replace(a_provider("openai", rate=1.0), live=Series(slots, (0.5,)))

    (line,) = totals(fleets.a_picture(a_snapshot([view], [an_agent("support-bot", [view])])), 200)

    bars = next(span for span in line if span.ink is Ink.DOWN)
    assert bars.text.strip() != ""
    assert len(bars.text.split()) == 1


def test_the_newest_column_is_not_drawn_as_a_drop() -> None:
    (line,) = totals(replace(fleets.a_picture(fleets.all_healthy()), now=NOW + 0.1), 120)

    first = next(span.text for span in line if "█" in span.text)
    assert first.endswith(" ")
    assert set(first.rstrip()) <= {"█", "▇", "▆"}
