"""Text from outside is one harmless line."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_failover.core.text import LINE, scrub

anything = st.text(st.characters(exclude_categories=()), max_size=500)
HARMFUL = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


@given(anything)
def test_what_comes_out_goes_through_unchanged(text: str) -> None:
    assert scrub(scrub(text)) == scrub(text)


@given(anything)
def test_nothing_that_moves_a_terminal_comes_out(text: str) -> None:
    line = scrub(text)

    assert not {unicodedata.category(char) for char in line} & HARMFUL
    assert not any(char.isspace() and char != " " for char in line)


@given(anything, st.integers(1, 40))
def test_no_line_is_longer_than_asked(text: str, limit: int) -> None:
    assert len(scrub(text, limit)) <= limit


def test_every_code_point_is_harmless_alone() -> None:
    line = "".join(scrub(chr(point)) for point in range(0x110000))

    assert not {unicodedata.category(char) for char in line} & HARMFUL
    assert "\x1b" not in line


@pytest.mark.parametrize(
    ("given_text", "line"),
    [
        ("two\r\nlines\tand  more ", "two lines and more"),
        ("\x1b[2Jgone\x07", "[2Jgone"),
        ("\u202eevil\u202c", "evil"),
        ("zero\u200bwidth\ufeff", "zerowidth"),
        ("\ud800half", "half"),
        ("e\u0301\u0301\u0301\u0301\u0301", "e\u0301\u0301\u0301"),
        ("", ""),
    ],
    ids=["white space", "escape", "bidi", "zero width", "surrogate", "stacked marks", "nothing"],
)
def test_harm_is_taken_out(given_text: str, line: str) -> None:
    assert scrub(given_text) == line


def test_what_was_cut_off_shows_as_an_ellipsis() -> None:
    assert scrub("x" * 1000) == "x" * (LINE - 1) + "…"
    assert scrub("x" * LINE) == "x" * LINE
