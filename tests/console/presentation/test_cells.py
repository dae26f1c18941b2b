"""Text is measured, cut and padded in terminal cells."""

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tui_failover.console.picture import Ink, Span
from tui_failover.console.presentation.cells import (
    ASCII,
    cells,
    clip,
    close,
    drawn,
    left,
    light,
    page,
    right,
    rule,
    spread,
    text_of,
)

VISIBLE = st.characters(exclude_categories=["C"])  # what is left after text from outside is made harmless


def test_every_visible_character_is_measured_as_the_screen_measures_it() -> None:
    visible = (char for char in map(chr, range(0x20, sys.maxunicode + 1)) if unicodedata.category(char)[0] != "C")

    wrong = [hex(ord(char)) for char in visible if cells(char) != cell_len(char)]

    assert wrong == []


@pytest.mark.parametrize(
    ("text", "width", "expected"),
    [
        ("openai", 6, "openai"),
        ("openai", 5, "open…"),
        ("openai", 1, "…"),
        ("openai", 0, ""),
        ("日本語", 6, "日本語"),
        ("日本語", 5, "日本…"),
        ("日本語", 4, "日…"),
        ("two words", 5, "two…"),
        ("", 4, ""),
    ],
)
def test_a_cut_is_marked_and_never_splits_a_wide_character(text: str, width: int, expected: str) -> None:
    assert clip(text, width) == expected


@given(st.text(VISIBLE, max_size=30), st.integers(0, 40))
def test_columns_are_exact(text: str, width: int) -> None:
    assert cells(left(text, width)) == width
    assert cells(right(text, width)) == width


@given(
    st.lists(st.text(VISIBLE, max_size=20), max_size=6),
    st.integers(0, 60),
)
def test_a_closed_line_is_exact(texts: list[str], width: int) -> None:
    line = close((Span(text) for text in texts), width)

    assert cell_len(text_of(line)) == width
    assert all(span.text for span in line)


def test_selectors_that_terminals_disagree_on_are_left_out() -> None:
    line = close((Span("⚠\ufe0f!"),), 4)

    assert text_of(line) == "⚠!  "


def test_the_left_part_gives_way_to_the_right_one() -> None:
    line = spread((Span("a long beginning"),), (Span("end"),), 10)

    assert text_of(line) == "a long…end"


def test_a_rule_carries_its_title_and_its_note() -> None:
    line = rule("events", 24, Span("3 new ↑", Ink.ACCENT))

    assert text_of(line) == "─ events ───── 3 new ↑ ─"
    assert line[-2] == Span("3 new ↑", Ink.ACCENT)


def test_a_rule_without_room_for_its_note_goes_without() -> None:
    assert text_of(rule("events", 14, Span("3 new ↑"))) == "─ events ─────"


def test_a_page_is_padded_and_cut_to_its_height() -> None:
    line = close((Span("x"),), 2)

    assert [text_of(each) for each in page([line], 2, 3)] == ["x ", "  ", "  "]
    assert page([line] * 5, 2, 2) == (line, line)


def test_the_line_under_the_cursor_says_the_same() -> None:
    line = (Span("x", Ink.DOWN, bold=True),)

    assert light(line) == (Span("x", Ink.DOWN, bold=True, lit=True),)


def test_ascii_keeps_every_cell_in_its_place() -> None:
    line = (Span("● UP", Ink.UP), Span(" ▁▂█×· 日本 é"))

    (plain,) = drawn((line,), ascii_only=True)

    assert text_of(plain) == "+ UP _,#x. ???? ?"
    assert plain[0].ink is Ink.UP


def test_state_shapes_stay_apart_in_ascii() -> None:
    shapes = "●◐▲✖○■◇"

    assert len({ASCII[shape] for shape in shapes}) == len(shapes)


def test_every_ascii_twin_is_one_cell() -> None:
    assert all(len(plain) == 1 and plain.isascii() and cells(glyph) == 1 for glyph, plain in ASCII.items())
