from collections.abc import Callable

import pytest

from tests.console.sheets.test_forms import SUBJECTS
from tests.support.fleets import SITUATIONS, failover_in_progress
from tests.support.views import OPENAI
from tui_failover.console.picture import Ink
from tui_failover.console.presentation.cells import text_of, width_of
from tui_failover.console.sheets.drawing import NARROWEST, WIDTH, Stand, draw
from tui_failover.console.sheets.driving import opened
from tui_failover.console.sheets.form import Subject
from tui_failover.console.sheets.switch import SwitchSheet
from tui_failover.core.copying import replace
from tui_failover.core.names import ProviderId
from tui_failover.core.snapshot import Snapshot


def _drawn(stand: Stand | None = None, height: int = 40) -> str:
    form = SwitchSheet(OPENAI).form(failover_in_progress(), {})
    return "\n".join(text_of(line) for line in draw(form, stand or opened(form), WIDTH, height))


@pytest.mark.parametrize("width", [NARROWEST, 58, WIDTH])
@pytest.mark.parametrize("situation", SITUATIONS.values(), ids=SITUATIONS)
@pytest.mark.parametrize("subject", SUBJECTS.values(), ids=SUBJECTS)
def test_every_line_of_every_sheet_has_the_width_of_its_frame(
    subject: Callable[[ProviderId], Subject], situation: Callable[[], Snapshot], width: int
) -> None:
    snapshot = situation()
    form = subject(snapshot.providers[0].id if snapshot.providers else OPENAI).form(snapshot, {})

    lines = draw(form, replace(opened(form), note="refused: " + "x" * 200), width, 24)

    assert {width_of(line) for line in lines} == {width}


@pytest.mark.parametrize("height", [24, 20, 16])
def test_a_low_screen_costs_words_but_never_a_row_or_an_act(height: int) -> None:
    form = SwitchSheet(OPENAI).form(failover_in_progress(), {})

    lines = draw(form, Stand("switch"), WIDTH, height)

    text = "\n".join(text_of(line) for line in lines)
    assert len(lines) <= height
    assert all(word in text for word in ("agent", "to ", "for ", "Cancel", "Switch", "[ ] f"))


def test_choices_that_do_not_fit_are_shown_one_at_a_time() -> None:
    assert "to       ‹ openai ›  1 of 5" in _drawn()


def test_what_has_to_be_accepted_shows_where_the_cursor_is() -> None:
    assert "[ ] f" not in _drawn()
    assert "[ ] f switch although openai is not available" in _drawn(Stand("switch"))
    assert "[x] f switch although" in _drawn(Stand("switch", accepted="switch"))


def test_an_answer_stands_out() -> None:
    form = SwitchSheet(OPENAI).form(failover_in_progress(), {})

    lines = draw(form, Stand("cancel", note="refused: too late"), WIDTH, 40)

    told = [span for line in lines for span in line if "refused: too late" in span.text]
    assert [(span.ink, span.bold) for span in told] == [(Ink.DEGR, True)]
