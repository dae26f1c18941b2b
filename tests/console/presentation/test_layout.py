"""Blocks are whole rectangles that never overlap, and the essential ones are never left out."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_failover.console.presentation.layout import Block, Content, Places, Rect, lay_out

CONTENTS = st.builds(Content, st.integers(0, 300), st.integers(3, 40), st.booleans())
ALWAYS = {Block.MODE, Block.VERDICT, Block.CHAIN, Block.FOOTER}
FIVE = Content(providers=5, agent_lines=10, caption=False)


def cells_of(rect: Rect) -> set[tuple[int, int]]:
    """Return the cells a rectangle covers."""
    return {(x, y) for x in range(rect.x, rect.x + rect.width) for y in range(rect.y, rect.y + rect.height)}


@given(CONTENTS, st.integers(40, 300), st.integers(10, 100))
def test_blocks_stay_on_the_screen_and_apart(content: Content, width: int, height: int) -> None:
    places = lay_out(content, width, height)

    covered = [cells_of(rect) for rect in places.values()]
    assert sum(map(len, covered)) == len(set().union(*covered))
    assert all(0 <= x < width and 0 <= y < height for cells in covered for x, y in cells)


@given(CONTENTS, st.integers(40, 300), st.integers(10, 100))
def test_the_essential_blocks_are_always_there(content: Content, width: int, height: int) -> None:
    places = lay_out(content, width, height)

    assert places.keys() >= ALWAYS
    assert places[Block.CHAIN].height >= 3 or height < 10


@given(CONTENTS, st.integers(40, 300), st.integers(10, 100))
def test_an_event_list_that_is_shown_has_at_least_three_events(content: Content, width: int, height: int) -> None:
    places = lay_out(content, width, height)

    assert places.get(Block.FEED, Rect(0, 0, 0, 4)).height >= 4


@given(CONTENTS, st.integers(40, 179))
def test_blocks_fold_in_one_order_while_the_screen_gets_lower(content: Content, width: int) -> None:
    shown = [lay_out(content, width, height).keys() for height in range(100, 9, -1)]

    left = [before - after for before, after in pairwise(shown)]
    gone = [block for blocks in left for block in sorted(blocks, key=_FOLDING.index)]
    assert [block for block in gone if block in {Block.AGENTS, Block.FEED}] in (
        [],
        [Block.AGENTS],
        [Block.AGENTS, Block.FEED],
    )


_FOLDING = [Block.DETAIL, Block.AGENTS, Block.FEED, Block.TOTALS, Block.CAPTION]


@pytest.mark.parametrize(
    ("size", "blocks"),
    [
        pytest.param((40, 10), ALWAYS, id="40x10: the essential ones"),
        pytest.param((80, 24), ALWAYS | {Block.TOTALS, Block.AGENTS, Block.FEED}, id="80x24: all but the detail"),
        pytest.param((120, 40), set(Block) - {Block.CAPTION}, id="120x40: everything"),
        pytest.param((200, 60), set(Block) - {Block.CAPTION}, id="200x60: everything"),
    ],
)
def test_the_usual_sizes(size: tuple[int, int], blocks: set[Block]) -> None:
    assert set(lay_out(FIVE, *size)) == blocks


def test_every_provider_of_a_short_chain_is_in_view_at_80x24() -> None:
    assert lay_out(FIVE, 80, 24)[Block.CHAIN] == Rect(0, 3, 80, 7)


def test_a_wide_screen_has_a_second_column() -> None:
    places: Places = lay_out(FIVE, 200, 60)

    assert places[Block.CHAIN] == Rect(0, 3, 120, 26)
    assert places[Block.FEED].x == 121


def test_a_caption_takes_a_line_of_its_own() -> None:
    places = lay_out(Content(5, 10, caption=True), 80, 24)

    assert places[Block.CAPTION] == Rect(0, 2, 80, 1)
    assert places[Block.TOTALS].y == 3
