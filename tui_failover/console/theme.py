"""Four themes, and the style of each ink in each of them. Colour is never the only sign."""

from functools import lru_cache
from typing import Final

from rich.color import Color
from rich.style import Style
from textual.theme import Theme

from tui_failover.console.picture import Ink

DARK: Final = "failover-dark"
LIGHT: Final = "failover-light"
COLOUR_BLIND: Final = "failover-colour-blind"
MONO: Final = "failover-mono"
NAMES: Final = (DARK, LIGHT, COLOUR_BLIND, MONO)

Palette = dict[Ink, str]

# Contrast is at least 4.5 to 1, also under the cursor, for every ink that carries text; FAINT carries none.
_DARK: Final[Palette] = {
    Ink.TEXT: "#c9d1d9",
    Ink.MUTED: "#8b949e",
    Ink.FAINT: "#3d444d",
    Ink.ACCENT: "#79b8ff",
    Ink.UP: "#7ee787",
    Ink.SLOW: "#e3b341",
    Ink.DEGR: "#ffa657",
    Ink.DOWN: "#ff7b72",
    Ink.UNKN: "#a5adb8",
    Ink.HELD: "#d2a8ff",
}
_COLOUR_BLIND: Final[Palette] = _DARK | {
    Ink.TEXT: "#d0d7de",
    Ink.UP: "#56b4e9",
    Ink.SLOW: "#f0e442",
    Ink.DEGR: "#e69f00",
    Ink.DOWN: "#ff8c5a",
    Ink.UNKN: "#b0b0b0",
    Ink.HELD: "#e0a0c8",
}
_LIGHT: Final[Palette] = {
    Ink.TEXT: "#1f2328",
    Ink.MUTED: "#59636e",
    Ink.FAINT: "#c4ccd4",
    Ink.ACCENT: "#0550ae",
    Ink.UP: "#0f5323",
    Ink.SLOW: "#633c01",
    Ink.DEGR: "#762c00",
    Ink.DOWN: "#8e1519",
    Ink.UNKN: "#424a53",
    Ink.HELD: "#512a97",
}
_MONO: Final[Palette] = dict.fromkeys(Ink, "#d4d4d4") | {Ink.MUTED: "#9a9a9a", Ink.FAINT: "#4a4a4a"}

PALETTES: Final[dict[str, Palette]] = {DARK: _DARK, LIGHT: _LIGHT, COLOUR_BLIND: _COLOUR_BLIND, MONO: _MONO}
GROUNDS: Final = {DARK: "#0b0e14", LIGHT: "#fbfbfd", COLOUR_BLIND: "#0b0e14", MONO: "#0c0c0c"}
SELECTIONS: Final = {DARK: "#1c2433", LIGHT: "#e6ecf5", COLOUR_BLIND: "#1c2433", MONO: "#d4d4d4"}

_MONO_LIT: Final[Palette] = dict.fromkeys(Ink, "#0c0c0c") | {Ink.MUTED: "#3a3a3a", Ink.FAINT: "#8a8a8a"}
_REVERSED_IN_MONO: Final = frozenset({Ink.DOWN})
_BOLD_IN_MONO: Final = frozenset({Ink.ACCENT, Ink.HELD})


def themes() -> tuple[Theme, ...]:
    """Return the themes for Textual, the default first."""
    return tuple(_theme(name) for name in NAMES)


def starting_theme(*, no_color: bool, wanted: str | None = None) -> str:
    """Return the theme to begin with: `NO_COLOR` outranks a wish, an unknown wish is the default."""
    if no_color:
        return MONO
    return wanted if wanted in PALETTES else DARK


def following(name: str) -> str:
    """Return the theme after this one, round and round."""
    place = NAMES.index(name) if name in NAMES else -1
    return NAMES[(place + 1) % len(NAMES)]


@lru_cache(maxsize=512)
def style(theme: str, ink: Ink, *, bold: bool = False, lit: bool = False) -> Style:
    """Return the style of an ink; `theme` unknown is drawn as the default one.

    Args:
        theme: its name.
        ink: what the text means.
        bold: it is to be noticed.
        lit: it is under the cursor.
    """
    name = theme if theme in PALETTES else DARK
    ground = SELECTIONS[name] if lit else GROUNDS[name]
    if name != MONO:
        return Style(color=Color.parse(PALETTES[name][ink]), bgcolor=Color.parse(ground), bold=bold)
    return Style(
        color=Color.parse((_MONO_LIT if lit else _MONO)[ink]),
        bgcolor=Color.parse(ground),
        bold=bold or ink in _BOLD_IN_MONO,
        reverse=bold and ink in _REVERSED_IN_MONO,
    )


def _theme(name: str) -> Theme:
    ink = PALETTES[name]
    return Theme(
        name=name,
        primary=ink[Ink.ACCENT],
        secondary=ink[Ink.MUTED],
        accent=ink[Ink.ACCENT],
        warning=ink[Ink.SLOW],
        error=ink[Ink.DOWN],
        success=ink[Ink.UP],
        foreground=ink[Ink.TEXT],
        background=GROUNDS[name],
        surface=GROUNDS[name],
        panel=SELECTIONS[name] if name != MONO else "#242424",
        boost=SELECTIONS[name] if name != MONO else "#242424",
        dark=name != LIGHT,
        text_alpha=1.0,
        variables={
            "ink-muted": ink[Ink.MUTED],
            "ink-faint": ink[Ink.FAINT],
            "ink-held": ink[Ink.HELD],
            "ink-degr": ink[Ink.DEGR],
            "border": ink[Ink.FAINT],
            "border-blurred": ink[Ink.FAINT],
            "block-cursor-background": ink[Ink.ACCENT],
            "block-cursor-foreground": GROUNDS[name],
            "input-cursor-background": ink[Ink.ACCENT],
            "input-selection-background": SELECTIONS[name],
            "footer-key-foreground": ink[Ink.ACCENT],
        },
    )
