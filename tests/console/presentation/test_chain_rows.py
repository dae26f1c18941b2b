"""The chain keeps its order and its columns at every size, and tells what is out of view."""

import pytest

from tests.support import fleets
from tests.support.views import AGENT, a_picture
from tui_failover.console.picture import Ink, Picture
from tui_failover.console.presentation.arrangement import Style, arrange, shown
from tui_failover.console.presentation.cells import text_of
from tui_failover.console.presentation.chain_rows import chain
from tui_failover.core.copying import replace
from tui_failover.core.names import ProviderId

CROWD = a_picture(fleets.two_hundred_providers())
INCIDENT = a_picture(fleets.failover_in_progress())


def texts(picture: Picture, width: int, height: int, top: int = 0) -> list[str]:
    """Return the block as plain text without what is blank at the right."""
    return [text_of(line).rstrip() for line in chain(picture, width, height, top)]


def test_one_line_each_at_80_columns() -> None:
    assert texts(INCIDENT, 80, 8) == [
        "─ chain (order of use) ─────────────────────────────────── 2m · ▁ 125ms █ 8.0s ─",
        "   # PROVIDER    STATE       BREAKER       P95   ERR    RATE  RESPONSE TIME",
        "›  1 openai      ✖ DOWN      OPEN 18s     1.0s  100%   0.0/s  ▅▄▅▄▅▅▄▄×××××××××",
        " ▶ 2 anthropic   ● UP        closed       1.4s  0.0%  41.2/s  ▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅▅",
        " ▶ 3 azure-oai   ◐ SLOW      closed       7.9s  0.0%   0.9/s  ▅▄▅▄▅▅▄▅█████████",
        "   4 bedrock     ● UP ↻      closed       1.7s     -   0.0/s  ▅▅▅▅▆▆▅▅▄▄▄▄▅▅▆▆▅",
        "   5 local-llama ○ UNKN      closed       3.1s     -   0.0/s  ················",
        "",
    ]


def test_two_lines_each_at_120_columns() -> None:
    lines = texts(INCIDENT, 120, 11)

    assert lines[1].startswith("›  1 openai      ✖ DOWN      OPEN 18s   p95  1.0s  err  100%   0.0/s  live  ")
    assert lines[2].startswith("     503 server error, 5 in a row                     checked 4s ago  probe ")
    assert lines[4].startswith("     serves support-bot, coder ")
    assert lines[8].startswith("     standby, next for batch ")


def test_a_card_each_where_they_fit() -> None:
    lines = texts(INCIDENT, 118, 26)

    assert lines[6].startswith(" ▶ 2 anthropic   ● UP        closed     ──────")
    assert lines[7] == "     serves support-bot, coder · for 1h06m · anthropic · claude-sonnet-4-5"
    assert lines[8].startswith("     live  ")
    assert lines[9].startswith("     probe ")
    figures = "     p95 1.4s   err 0.0%  rate 41.2/s  in flight 41   tok/s 1154  checked 4s ago     next in 11s"
    assert lines[10].startswith(figures)


def test_at_40_columns_state_and_breaker_stay() -> None:
    assert texts(INCIDENT, 40, 4)[2] == "›  1 openai     ✖ DOWN      OPEN 18s"


def test_the_number_of_a_crowd_stands_off_from_the_signs_before_it() -> None:
    used = replace(CROWD.snapshot.providers[-1], active_for=(AGENT,))
    views = (*CROWD.snapshot.providers[:-1], used)
    picture = replace(CROWD, snapshot=replace(CROWD.snapshot, providers=views), selected=used.id)

    assert texts(picture, 120, 24, 199)[-2].startswith("›▶ 200 provider-200 ")


def test_only_the_row_under_the_cursor_is_lit() -> None:
    lines = chain(INCIDENT, 80, 8)

    lit = [all(span.lit for span in line) for line in lines]

    assert lit == [False, False, True, False, False, False, False, False]


def test_columns_do_not_move_while_values_change() -> None:
    busier = [replace(view, rate=view.rate * 37, p95_s=0.042) for view in INCIDENT.snapshot.providers]
    later = replace(INCIDENT, snapshot=replace(INCIDENT.snapshot, providers=tuple(busier)))

    before, after = (texts(picture, 80, 8)[3] for picture in (INCIDENT, later))

    assert before[:40] == after[:40]
    assert before.index("closed") == after.index("closed")


def test_a_provider_without_a_single_sample_says_why_instead_of_a_row_of_dots() -> None:
    assert texts(a_picture(fleets.no_keys()), 80, 8)[2].endswith("set OPENAI_KEY")


def test_rows_out_of_view_are_told_by_what_they_are() -> None:
    lines = texts(CROWD, 120, 24)

    assert lines[-1] == "   1-21 of 200   not in view: ✖ 2 down   ▲ 1 degraded   ◐ 1 slow   ● 175 up"


def test_scrolling_shows_other_rows_in_the_same_order() -> None:
    lines = texts(CROWD, 120, 24, top=90)

    assert lines[2].split()[:2] == ["91", "provider-091"]
    assert lines[4].split()[1:4] == ["provider-093", "✖", "DOWN"]


def test_scrolling_stops_at_the_last_row() -> None:
    lines = texts(CROWD, 120, 24, top=10_000)

    assert lines[-2].split()[0] == "200"


def test_a_filter_says_what_it_found_and_keeps_the_numbers() -> None:
    lines = texts(replace(CROWD, filter="down"), 120, 24)

    assert 'filter "down": 3 of 200' in lines[0]
    assert [line.split()[0] for line in lines[2:5]] == ["17", "93", "171"]


def test_a_filter_that_finds_nothing_says_how_to_leave_it() -> None:
    assert "   no provider matches the filter; esc clears it" in texts(replace(CROWD, filter="zzz"), 80, 10)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [("", 5), ("OPENAI", 1), ("slow", 1), ("claude", 1), ("coder", 3), ("!coder", 2), ("!", 5), ("! down", 4)],
)
def test_the_filter_looks_at_name_word_model_and_agents(wanted: str, found: int) -> None:
    views = [
        replace(view, agents=tuple(agent.id for agent in INCIDENT.snapshot.agents if view.id in agent.chain))
        for view in INCIDENT.snapshot.providers
    ]
    picture = replace(INCIDENT, snapshot=replace(INCIDENT.snapshot, providers=tuple(views)), filter=wanted)

    assert len(shown(picture)) == found


def test_without_providers_the_block_says_so() -> None:
    assert texts(a_picture(fleets.nothing_configured()), 80, 4)[2] == "   no providers are configured"


def test_a_failing_share_is_loud_only_from_five_percent() -> None:
    lines = chain(INCIDENT, 80, 8)

    inks = {span.text.strip(): span.ink for line in lines for span in line if span.text.strip().endswith("%")}
    assert inks == {"100%": Ink.DEGR, "0.0%": Ink.TEXT}


@pytest.mark.parametrize(
    ("width", "height", "style"),
    [
        (118, 26, Style.CARD),
        (118, 25, Style.PAIR),
        (118, 11, Style.PAIR),
        (118, 10, Style.LINE),
        (99, 60, Style.LINE),
    ],
)
def test_the_roomiest_style_that_fits_is_taken(width: int, height: int, style: Style) -> None:
    assert arrange(INCIDENT, width, height).style is style


def test_a_filter_does_not_change_the_style() -> None:
    narrowed = replace(CROWD, filter="provider-093")

    assert arrange(narrowed, 118, 40).style is Style.LINE


def test_the_row_under_the_mouse_is_found() -> None:
    plan = arrange(CROWD, 120, 24)

    assert [plan.row_at(y, 50) for y in (0, 1, 2, 22, 23)] == [None, None, 50, 70, None]


def test_a_cursor_out_of_view_is_brought_in_with_the_least_scrolling() -> None:
    plan = arrange(CROWD, 120, 24)

    assert plan.reveal(0, 20) == 0
    assert plan.reveal(0, 21) == 1
    assert plan.reveal(50, 10) == 10


def test_the_order_of_the_names_is_the_order_of_the_snapshot() -> None:
    assert shown(INCIDENT) == tuple(
        ProviderId(name) for name in ("openai", "anthropic", "azure-oai", "bedrock", "local-llama")
    )
