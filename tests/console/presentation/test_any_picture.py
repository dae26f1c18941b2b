"""Whatever a snapshot holds and however large the screen is: exact lines, no exception, nothing that steers."""

import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from tests.support.any_snapshot import pictures
from tests.support.fleets import SITUATIONS, a_picture
from tui_failover.console.picture import Line, Picture
from tui_failover.console.presentation import agents, chain_rows, detail, feed, footer, mode_line, totals, verdict
from tui_failover.console.presentation.cells import text_of
from tui_failover.console.presentation.layout import Block, Rect, content_of, lay_out

KEYS = (("↑↓", "pick"), ("s", "switch"), ("?", "help"))
Draw = Callable[[Picture, Rect], tuple[Line, ...]]
DRAWN: dict[Block, Draw] = {
    Block.MODE: lambda picture, rect: mode_line.mode_line(picture, rect.width),
    Block.VERDICT: lambda picture, rect: verdict.verdict(picture, rect.width),
    Block.CAPTION: lambda picture, rect: mode_line.caption(picture, rect.width),
    Block.TOTALS: lambda picture, rect: totals.totals(picture, rect.width),
    Block.CHAIN: lambda picture, rect: chain_rows.chain(picture, rect.width, rect.height),
    Block.AGENTS: lambda picture, rect: agents.agents(picture, rect.width, rect.height),
    Block.FEED: lambda picture, rect: feed.feed(picture, rect.width, rect.height),
    Block.DETAIL: lambda picture, rect: detail.detail(picture, rect.width, rect.height),
    Block.FOOTER: lambda picture, rect: footer.footer(picture, KEYS, rect.width),
}


def faults_of(picture: Picture, width: int, height: int) -> list[str]:
    """Return what is wrong with any block of a screen of that size."""
    found: list[str] = []
    for block, rect in lay_out(content_of(picture), width, height).items():
        lines = DRAWN[block](picture, rect)
        if len(lines) != rect.height:
            found.append(f"{block}: {len(lines)} lines instead of {rect.height}")
        for line in lines:
            text = text_of(line)
            if cell_len(text) != rect.width:
                found.append(f"{block}: {cell_len(text)} cells instead of {rect.width}: {text!r}")
            if any(unicodedata.category(char) in {"Cc", "Zl", "Zp"} for char in text):
                found.append(f"{block}: a control character in {text!r}")
            if picture.ascii and not text.isascii():
                found.append(f"{block}: not ASCII: {text!r}")
    return found


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(picture=pictures(), width=st.integers(40, 300), height=st.integers(10, 100))
def test_any_picture_fills_any_screen_exactly(picture: Picture, width: int, height: int) -> None:
    found = faults_of(picture, width, height)

    assert found == []


@pytest.mark.parametrize(
    "size", [(40, 10), (80, 24), (100, 30), (120, 40), (180, 44), (200, 60), (300, 100)], ids=str
)
@pytest.mark.parametrize("situation", SITUATIONS)
def test_every_situation_fills_every_usual_screen_exactly(situation: str, size: tuple[int, int]) -> None:
    picture = a_picture(SITUATIONS[situation]())

    found = faults_of(picture, *size)

    assert found == []


@pytest.mark.parametrize("situation", SITUATIONS)
def test_equal_pictures_draw_equal_lines(situation: str) -> None:
    first, second = (a_picture(SITUATIONS[situation]()) for _ in range(2))

    lines = [[draw(picture, Rect(0, 0, 120, 20)) for draw in DRAWN.values()] for picture in (first, second)]

    assert lines[0] == lines[1]
