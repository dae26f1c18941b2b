"""Four themes, each readable, each with the same meanings; without colour weight and shape carry them."""

from itertools import product

import pytest
from rich.style import Style
from textual.color import Color

from tests.console.widgets.stage import Stage, strips_of
from tests.support import fleets
from tests.support.views import a_picture
from tui_failover.console import theme
from tui_failover.console.picture import Ink
from tui_failover.console.widgets.chain_list import ChainList

READ = [ink for ink in Ink if ink is not Ink.FAINT]
STATES = [Ink.UP, Ink.SLOW, Ink.DEGR, Ink.DOWN, Ink.UNKN, Ink.HELD]


def contrast(style: Style) -> float:
    """Return the contrast of a style's text on its ground, by WCAG 2."""
    assert style.color is not None
    assert style.bgcolor is not None
    ends = sorted(_luminance(Color.from_rich_color(end)) for end in (style.color, style.bgcolor))
    return (ends[1] + 0.05) / (ends[0] + 0.05)


def _luminance(color: Color) -> float:
    parts = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in color.normalized]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


@pytest.mark.parametrize(("name", "ink"), product(theme.NAMES, READ), ids=str)
def test_text_is_readable_also_under_the_cursor(name: str, ink: Ink) -> None:
    assert contrast(theme.style(name, ink)) >= 4.5
    assert contrast(theme.style(name, ink, lit=True)) >= 4.5


@pytest.mark.parametrize(("name", "ink"), product([theme.LIGHT, theme.COLOUR_BLIND], STATES), ids=str)
def test_state_words_are_easy_to_read_in_the_accessible_themes(name: str, ink: Ink) -> None:
    assert contrast(theme.style(name, ink)) >= 7.0


def test_the_cursor_is_visible_in_every_theme() -> None:
    same = [name for name in theme.NAMES if theme.style(name, Ink.TEXT) == theme.style(name, Ink.TEXT, lit=True)]

    assert same == []


def test_without_colour_a_failure_stands_out_by_weight_and_reverse() -> None:
    loud = theme.style(theme.MONO, Ink.DOWN, bold=True)

    assert loud.bold
    assert loud.reverse
    assert not theme.style(theme.MONO, Ink.UP).bold


def test_the_mono_theme_has_no_colour_at_all() -> None:
    colours = {Color.parse(value) for value in theme.PALETTES[theme.MONO].values()}

    assert all(color.r == color.g == color.b for color in colours)


def test_no_color_outranks_a_wish() -> None:
    assert theme.starting_theme(no_color=True, wanted=theme.LIGHT) == theme.MONO


@pytest.mark.parametrize(
    ("wanted", "expected"), [(theme.LIGHT, theme.LIGHT), ("gone", theme.DARK), (None, theme.DARK)]
)
def test_an_unknown_wish_is_the_default(wanted: str | None, expected: str) -> None:
    assert theme.starting_theme(no_color=False, wanted=wanted) == expected


def test_themes_follow_each_other_round_and_round() -> None:
    walked = [theme.DARK]
    for _ in theme.NAMES:
        walked.append(theme.following(walked[-1]))

    assert walked[0] == walked[-1]
    assert set(walked) == set(theme.NAMES)


async def test_a_change_of_theme_is_on_the_screen_and_changes_no_text() -> None:
    app = Stage(a_picture(fleets.failover_in_progress()))

    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        chain = app.query_one(ChainList)
        before = strips_of(chain)
        app.theme = theme.LIGHT
        await pilot.pause()
        after = strips_of(chain)

    grounds = {segment.style.bgcolor for strip in after for segment in strip if segment.style is not None}
    assert [strip.text for strip in before] == [strip.text for strip in after]
    assert grounds == {theme.style(theme.LIGHT, Ink.TEXT, lit=lit).bgcolor for lit in (False, True)}
