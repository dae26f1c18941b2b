"""Lines of an exact width, measured in terminal cells rather than characters."""

import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from tui_failover.console.picture import Ink, Line, Span

ELLIPSIS: Final = "…"

# Glyph by glyph, so that the ASCII picture has the same cells in the same places.
_GLYPHS: Final = "●◐▲✖○■◇▶◀›⊘⇄✎⚙↻×·▁▂▃▄▅▆▇█─│▎→←↑↓‖…⏎–—"
_PLAIN: Final = '+~^X?#!><*%="@*x._,-~=+*#-||><^v=~&--'
ASCII: Final = dict(zip(_GLYPHS, _PLAIN, strict=True))

_NO_CELLS: Final = frozenset({"Mn", "Me", "Mc", "Cf", "Cc", "Cs", "Zl", "Zp"})
_JOINING: Final = ((0x1160, 0x11FF), (0xD7B0, 0xD7FB), (0x3164, 0x3164), (0xFFA0, 0xFFA0), (0x1F3FB, 0x1F3FF))
_WIDENED: Final = ((0x2630, 0x2637), (0x268A, 0x268F), (0x4DC0, 0x4DFF), (0x1D300, 0x1D356), (0x1D360, 0x1D376))
_SELECTORS: Final = {0xFE0E: None, 0xFE0F: None, 0x200D: None}  # terminals disagree on what these do to the width


@lru_cache(maxsize=4096)
def _cells_of(char: str) -> int:
    code = ord(char)
    if unicodedata.category(char) in _NO_CELLS or any(low <= code <= high for low, high in _JOINING):
        return 0
    if unicodedata.east_asian_width(char) in "WF" or any(low <= code <= high for low, high in _WIDENED):
        return 2
    return 1


def cells(text: str) -> int:
    """Return how many terminal cells `text` covers."""
    return len(text) if text.isascii() else sum(map(_cells_of, text))


def clip(text: str, width: int) -> str:
    """Return `text` cut to at most `width` cells; what was cut shows as an ellipsis."""
    if cells(text) <= width:
        return text
    if width < 1:
        return ""
    kept, used = 0, 0
    for char in text:
        used += _cells_of(char)
        if used > width - 1:
            break
        kept += 1
    return text[:kept].rstrip() + ELLIPSIS


def left(text: str, width: int) -> str:
    """Return `text` in exactly `width` cells, against the left edge."""
    cut = clip(text, width)
    return cut + " " * (width - cells(cut))


def right(text: str, width: int) -> str:
    """Return `text` in exactly `width` cells, against the right edge."""
    cut = clip(text, width)
    return " " * (width - cells(cut)) + cut


def width_of(spans: Iterable[Span]) -> int:
    """Return how many cells the spans cover together."""
    return sum(cells(span.text) for span in spans)


def close(spans: Iterable[Span], width: int) -> Line:
    """Return the spans as a line of exactly `width` cells: padded with blanks, or cut with an ellipsis."""
    done: list[Span] = []
    free = width
    for span in spans:
        text = span.text if span.text.isascii() else span.text.translate(_SELECTORS)
        if not text:
            continue
        need = cells(text)
        if need > free:
            text = left(text, free)
            need = free
        if text:
            done.append(span if text is span.text else Span(text, span.ink, span.bold, span.lit))
        free -= need
        if free <= 0:
            break
    if free > 0:
        done.append(Span(" " * free))
    return tuple(done)


def spread(start: Iterable[Span], end: Iterable[Span], width: int) -> Line:
    """Return a line with `start` at its left and `end` at its right edge; `start` is what gives way."""
    tail = tuple(end)
    room = width - width_of(tail)
    if room < 0:
        return close(tail, width)
    return (*close(start, room), *close(tail, width - room))


def rule(title: str, width: int, *notes: Span, picked: bool = False) -> Line:
    """Return a thin rule with a lower-case title in it, loud where keys are about it, and notes to the right."""
    head = f"─ {title} " if title else ""
    tail = (Span(" "), *notes, Span(" ─", Ink.FAINT)) if notes else ()
    while tail and cells(head) + width_of(tail) + 1 > width:
        tail = ()
    dashes = max(0, width - cells(head) - width_of(tail))
    named = Span(head[2:], Ink.ACCENT if picked else Ink.MUTED, bold=picked)
    spans = (Span(head[:2], Ink.FAINT), named, Span("─" * dashes, Ink.FAINT), *tail)
    return close(spans, width)


def light(line: Line) -> Line:
    """Return the line as it looks under the cursor."""
    return tuple(Span(span.text, span.ink, span.bold, lit=True) for span in line)


def page(lines: Iterable[Line], width: int, height: int) -> tuple[Line, ...]:
    """Return exactly `height` lines: the first ones, then blank ones."""
    kept = tuple(lines)[: max(0, height)]
    blank = close((), width)
    return kept + (blank,) * (height - len(kept))


def drawn(lines: Iterable[Line], *, ascii_only: bool) -> tuple[Line, ...]:
    """Return the lines as the terminal can show them; in ASCII each cell stays where it was."""
    if not ascii_only:
        return tuple(lines)
    return tuple(tuple(_in_ascii(span) for span in line) for line in lines)


def _in_ascii(span: Span) -> Span:
    if span.text.isascii():
        return span
    text = "".join(char if char.isascii() else ASCII.get(char, "?" * _cells_of(char)) for char in span.text)
    return Span(text, span.ink, span.bold, span.lit)


def text_of(line: Line) -> str:
    """Return the line's plain text."""
    return "".join(span.text for span in line)
