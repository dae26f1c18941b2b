"""The line of totals: everyone's traffic, with its last minutes."""

from dataclasses import replace

from tests.support import fleets
from tests.support.views import NOW, a_provider, a_snapshot, an_agent
from tui_failover.console.picture import Ink, Span
from tui_failover.console.presentation.cells import text_of
from tui_failover.console.presentation.totals import totals
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
