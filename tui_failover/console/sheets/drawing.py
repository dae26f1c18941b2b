"""A form as framed lines, and where its cursor may stand."""

from collections.abc import Iterator
from typing import Final

from msgspec import Struct, field

from tui_failover.console.picture import Ink, Line, Span
from tui_failover.console.presentation.cells import cells, clip, close, drawn, light, width_of
from tui_failover.console.sheets.form import Act, Form, Row
from tui_failover.console.wrapping import pieces

WIDTH: Final = 76
NARROWEST: Final = 40
_LABEL: Final = 9
_VERB: Final = 16


class Stand(Struct, frozen=True):
    """Where the operator is in a sheet.

    Attributes:
        cursor: the id of the row or act it is on.
        picks: what was chosen in the rows.
        typed: letters typed for an act that wants a word.
        accepted: the id of the act whose effect was accepted, or "".
        note: what the sheet answers: why an act did nothing, why an order was refused.
        forced: the reason for which the engine wants force although the form did not, or "".
    """

    cursor: str
    picks: dict[str, str] = field(default_factory=dict)
    typed: str = ""
    accepted: str = ""
    note: str = ""
    forced: str = ""


# Signs only sheets use; the rest is translated where all lines are.
_ASCII: Final = str.maketrans("┌┐└┘•‹", "++++*<")


def in_ascii(lines: tuple[Line, ...]) -> tuple[Line, ...]:
    """Return the sheet in ASCII characters, each cell where it was."""
    return drawn((tuple(map(_framed_in_ascii, line)) for line in lines), ascii_only=True)


def _framed_in_ascii(span: Span) -> Span:
    return Span(span.text.translate(_ASCII), span.ink, bold=span.bold, lit=span.lit)


def row_at(form: Form, cursor: str) -> Row | None:
    """Return the row the cursor is on, if it is on one."""
    return next((row for row in form.rows if row.id == cursor), None)


def act_at(form: Form, cursor: str) -> Act | None:
    """Return the act the cursor is on, if it is on one."""
    return next((act for act in form.acts if act.id == cursor), None)


def accept_of(act: Act, stand: Stand) -> str:
    """Return the effect that has to be accepted before the act, or ""."""
    return act.accept or (stand.forced if act.result is not None else "")


def draw(form: Form, stand: Stand, width: int, height: int) -> tuple[Line, ...]:
    """Return the sheet as lines of exactly `width` cells, at most `height` of them.

    Where it is too low, blank lines go first, then what follows is told shorter; rows and acts always stay.
    """
    inner = width - 4
    blank: list[Line] = [()]
    rows = [line for row in form.rows for line in _row(row, stand, inner)]
    body = [part for line in form.body for part in _wrapped(line, inner)]
    acts = [line for act in form.acts for line in _act(act, stand, inner)]
    note = list(_wrapped((Span(stand.note, Ink.DEGR, bold=True),), inner)) if stand.note else []
    needed = len(rows) + len(acts) + len(note) + 2
    if needed + len(body) + 5 > height:
        body = [line for line in body if line][: max(0, height - needed)]
        blank = []
    parts = [rows, body, acts, note]
    lines = [line for part in parts if part for line in (*blank, *part)]
    return (
        _top(form.title, width),
        *(_framed(line, inner) for line in (*lines, *blank)),
        _bottom(form, width),
    )


def _top(title: str, width: int) -> Line:
    name = clip(title, width - 6)
    rest = "─" * (width - cells(name) - 5)
    return (Span("┌─ ", Ink.MUTED), Span(name, Ink.ACCENT, bold=True), Span(f" {rest}┐", Ink.MUTED))


def _bottom(form: Form, width: int) -> Line:
    keys = "↑↓ move  ←→ choose  ⏎ do  esc cancel" if form.rows else "↑↓ move  ⏎ do  esc cancel"
    text = clip(keys, width - 6)
    return (
        Span("└" + "─" * (width - cells(text) - 5) + " ", Ink.MUTED),
        Span(text, Ink.MUTED),
        Span(" ─┘", Ink.MUTED),
    )


def _framed(line: Line, inner: int) -> Line:
    lit = bool(line) and line[0].lit
    side = Span(" ", lit=lit)
    return (Span("│", Ink.MUTED), side, *_padded(line, inner, lit=lit), side, Span("│", Ink.MUTED))


def _padded(line: Line, inner: int, *, lit: bool) -> Line:
    closed = close(line, inner)
    return light(closed) if lit else closed


def _row(row: Row, stand: Stand, inner: int) -> Iterator[Line]:
    here = stand.cursor == row.id
    head = (Span("› " if here else "  ", Ink.ACCENT, bold=True), Span(f"{row.label:<{_LABEL}}", Ink.MUTED))
    spans: list[Span] = []
    for number, choice in enumerate(row.choices):
        chosen = number == row.chosen
        spans.append(Span(f"({'•' if chosen else ' '}) {choice}", Ink.TEXT if chosen else Ink.MUTED, bold=chosen))
        spans.append(Span("  "))
    if width_of(spans) > inner - _LABEL - 2:
        where = f"  {row.chosen + 1} of {len(row.choices)}"
        spans = [
            Span("‹ ", Ink.ACCENT),
            Span(row.choices[row.chosen], bold=True),
            Span(" ›", Ink.ACCENT),
            Span(where, Ink.MUTED),
        ]
    line = (*head, *spans)
    yield light(line) if here else line


def _act(act: Act, stand: Stand, inner: int) -> Iterator[Line]:
    here = stand.cursor == act.id
    ink = Ink.MUTED if act.blocked else Ink.TEXT
    said = act.blocked or act.hint
    line = (
        Span("› " if here else "  ", Ink.ACCENT, bold=True),
        Span(f"{act.label:<{_VERB}}", ink, bold=not act.blocked),
        *((Span(said, Ink.MUTED),) if said else ()),
    )
    yield light(line) if here else line
    if act.blocked:
        return
    indent = " " * (_VERB + 2)
    accept = accept_of(act, stand)
    if accept and here:
        box = "[x]" if stand.accepted == act.id else "[ ]"
        for number, part in enumerate(pieces(accept, inner - _VERB - 9)):
            head = f"{box} f " if number == 0 else "      "
            yield (Span(indent), Span(head, Ink.HELD, bold=True), Span(part, Ink.HELD))
    if act.word and here:
        yield (
            Span(indent),
            Span(f"type {act.word}: ", Ink.HELD),
            Span(stand.typed or "", Ink.HELD, bold=True),
            Span("_", Ink.HELD),
        )


def _wrapped(line: Line, width: int) -> Iterator[Line]:
    """Yield the line; a single run that is too long goes on below."""
    if len(line) != 1 or cells(line[0].text) <= width:
        yield line
        return
    for part in pieces(line[0].text, width):
        yield (Span(part, line[0].ink, bold=line[0].bold),)
