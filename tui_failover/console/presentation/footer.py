"""The last line: the keys that matter now. Words leave before keys do."""

from collections.abc import Sequence

from tui_failover.console.picture import Ink, Line, Picture, Span
from tui_failover.console.presentation.cells import close, drawn, width_of

Key = tuple[str, str]


def footer(picture: Picture, keys: Sequence[Key], width: int) -> tuple[Line, ...]:
    """Return the footer; `keys` are pairs of key and word, the most needed first.

    Where it is narrow the words of the last keys leave first; a key leaves only when no word is left.
    """
    for worded in range(len(keys), -1, -1):
        spans = _spans(keys, worded)
        if width_of(spans) <= width or worded == 0:
            break
    return drawn((close(spans, width),), ascii_only=picture.ascii)


def _spans(keys: Sequence[Key], worded: int) -> list[Span]:
    spans = [Span(" ")]
    for place, (key, word) in enumerate(keys):
        spans.append(Span(key, Ink.ACCENT))
        spans.append(Span(f" {word}  " if place < worded else " ", Ink.MUTED))
    return spans
