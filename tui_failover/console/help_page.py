"""The help as lines: all keys from their table, why some are grey now, and what the signs mean."""

from collections.abc import Iterator, Sequence
from typing import Final

from tui_failover.console.keymap import KEYS, Group, Key, shown, signs
from tui_failover.console.picture import Ink, Line, Picture, Span
from tui_failover.console.presentation.cells import ASCII, cells, clip, close, drawn, left, rule
from tui_failover.console.presentation.words import CHECKING, SIGNS
from tui_failover.console.wrapping import pieces

_COLUMN: Final = 58  # cells a column of keys needs to be read with ease
_GAP: Final = 2
_KEY_CELLS: Final = 16

_OTHER_SIGNS: Final = (
    ("▶", "active: new queries go there first"),
    ("›", "the cursor"),
    (CHECKING, "a check is under way"),
    ("×", "a failed sample"),
    ("·", "no sample: never drawn as zero"),
    ("+?", "and more, of which no price is known"),
)

_ORDERS: Final = (
    "Sheets show what would follow and begin on Cancel.",
    "Orders typed faster than a hand types, or before the screen can have been read, are ignored.",
)

Block = tuple[Line, ...]


def help_page(picture: Picture, wanted: str, width: int) -> tuple[Line, ...]:
    """Return the page in `width` cells, as long as it is; `wanted` leaves the lines that contain it."""
    inner = width - 2
    count = max(1, (inner + _GAP) // (_COLUMN + _GAP))
    column = (inner - _GAP * (count - 1)) // count
    blocks = [block for block in _blocks(picture, wanted.strip().casefold(), column) if block]
    if not blocks:
        return (close((Span(f' nothing in the help contains "{clip(wanted, 40)}"', Ink.MUTED),), width),)
    lines = _side_by_side(_columns(blocks, count), column)
    return drawn((close((Span(" "), *line), width) for line in lines), ascii_only=picture.ascii)


def _blocks(picture: Picture, needle: str, width: int) -> Iterator[Block]:
    for group in Group:
        keys = [key for key in KEYS if key.group is group and _found(needle, key)]
        rows = [line for key in keys for line in _key(picture, key, width)]
        yield _block(group.value, rows, width)
    grey = [line for key in KEYS if _found(needle, key) for line in _why(picture, key, width)]
    yield _block("why is a key grey?", grey, width)
    yield _block("signs: shape and word, never colour alone", list(_signs(needle, width)), width)
    words = [
        close((Span(f" {part}", Ink.MUTED),), width)
        for text in _ORDERS
        if needle in text.casefold()
        for part in pieces(text, width - 1)
    ]
    yield _block("how orders are given", words, width)


def _block(title: str, rows: Sequence[Line], width: int) -> Block:
    return (rule(title, width), *rows, close((), width)) if rows else ()


def _found(needle: str, key: Key) -> bool:
    return needle in f"{key.id} {signs(key)} {key.label} {key.help} {key.group}".casefold()


def _key(picture: Picture, key: Key, width: int) -> Iterator[Line]:
    grey = key.why_not(picture) is not None
    head = Span(left(f" {signs(key)}", _KEY_CELLS), Ink.MUTED if grey else Ink.ACCENT, bold=not grey)
    for text in pieces(key.help.rstrip("."), width - _KEY_CELLS):
        yield close((head, Span(text, Ink.MUTED if grey else Ink.TEXT)), width)
        head = Span(" " * _KEY_CELLS)


def _why(picture: Picture, key: Key, width: int) -> Iterator[Line]:
    why = key.why_not(picture)
    if why is not None:
        name = f" {shown(key.keys[0])}  {key.label or key.id}"
        head = Span(left(name, _KEY_CELLS), Ink.ACCENT)
        for text in pieces(why, width - _KEY_CELLS):
            yield close((head, Span(text, Ink.MUTED)), width)
            head = Span(" " * _KEY_CELLS)


def _signs(needle: str, width: int) -> Iterator[Line]:
    for word, sign in SIGNS.items():
        if needle in f"{word.value} {sign.name}".casefold():
            head = f"{sign.shape} {word.value}"
            yield _sign(sign.shape, head, sign.ink, sign.name, width)
    for shape, meaning in _OTHER_SIGNS:
        if needle in meaning:
            yield _sign(shape, shape, Ink.TEXT, meaning, width)


def _sign(shape: str, head: str, ink: Ink, meaning: str, width: int) -> Line:
    return close(
        (
            Span(left(f" {head}", 9), ink, bold=True),
            Span(left(f"ASCII {ASCII[shape]}" if shape in ASCII else "", _KEY_CELLS - 9), Ink.MUTED),
            Span(f"  {meaning}", Ink.MUTED),
        ),
        width,
    )


def _columns(blocks: Sequence[Block], count: int) -> list[list[Line]]:
    """Return the blocks in columns of about equal length, in reading order."""
    total = sum(len(block) for block in blocks)
    columns: list[list[Line]] = [[] for _ in range(count)]
    place = 0
    for block in blocks:
        full = len(columns[place]) + len(block) // 2 > total / count
        if full and place < count - 1:
            place += 1
        columns[place].extend(block)
    return columns


def _side_by_side(columns: Sequence[Sequence[Line]], width: int) -> Iterator[Line]:
    blank = close((), width)
    for row in range(max(len(column) for column in columns)):
        spans: list[Span] = []
        for column in columns:
            spans.extend(column[row] if row < len(column) else blank)
            spans.append(Span(" " * _GAP))
        yield tuple(spans[:-1])


def title(picture: Picture, wanted: str, width: int) -> Line:
    """Return the page's first line, with what is searched."""
    start = (Span(" FAILOVER", Ink.TEXT, bold=True), Span(" › help", Ink.MUTED))
    typed = f"{wanted}_" if wanted else "type to search_"
    end = (Span(typed, Ink.ACCENT if wanted else Ink.MUTED), Span("    ↑↓ scroll  esc close ", Ink.MUTED))
    room = width - sum(cells(span.text) for span in (*start, *end))
    line = (*start, Span(" " * max(1, room)), *end)
    return drawn((close(line, width),), ascii_only=picture.ascii)[0]
