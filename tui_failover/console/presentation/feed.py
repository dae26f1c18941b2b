"""What happened, newest first, each event with its cause and who caused it; repeats are counted, not listed."""

from collections.abc import Iterator
from itertools import islice
from typing import Final

from msgspec import Struct

from tui_failover.console.picture import Ink, Line, Picture, Span
from tui_failover.console.presentation import duration
from tui_failover.console.presentation.cells import cells, clip, close, drawn, left, page, rule, spread, width_of
from tui_failover.console.presentation.filtering import inverts, keeps, text_in
from tui_failover.core.event import Event, EventKind

_K = EventKind
SIGNS: Final[dict[EventKind, tuple[str, Ink]]] = {
    _K.STARTED: ("●", Ink.MUTED),
    _K.RESTORED: ("⚙", Ink.MUTED),
    _K.CONFIG: ("⚙", Ink.MUTED),
    _K.NOTICE: ("⚙", Ink.MUTED),
    _K.HEALTHY: ("●", Ink.UP),
    _K.UNHEALTHY: ("✖", Ink.DOWN),
    _K.STALE: ("○", Ink.UNKN),
    _K.SLOW: ("◐", Ink.SLOW),
    _K.BREAKER_OPENED: ("⊘", Ink.DOWN),
    _K.BREAKER_HALF_OPEN: ("⊘", Ink.SLOW),
    _K.BREAKER_CLOSED: ("⊘", Ink.UP),
    _K.HOLD_BEGAN: ("⊘", Ink.DEGR),
    _K.HOLD_ENDED: ("⊘", Ink.UP),
    _K.FAILOVER: ("⇄", Ink.ACCENT),
    _K.FAILBACK: ("⇄", Ink.ACCENT),
    _K.FAILBACK_STAGE: ("⇄", Ink.MUTED),
    _K.FAILBACK_SUSPENDED: ("⇄", Ink.DEGR),
    _K.SWITCHED: ("⇄", Ink.HELD),
    _K.PIN_ENDED: ("⇄", Ink.HELD),
    _K.AUTOMATION_HELD: ("■", Ink.HELD),
    _K.AUTOMATION_RELEASED: ("■", Ink.MUTED),
    _K.DRAINED: ("■", Ink.HELD),
    _K.MAINTENANCE: ("■", Ink.HELD),
    _K.RETURNED: ("■", Ink.MUTED),
    _K.BREAKER_BY_HAND: ("⊘", Ink.HELD),
    _K.UNDONE: ("✎", Ink.HELD),
    _K.EXHAUSTED: ("✖", Ink.DOWN),
    _K.CONTINUED: ("⇄", Ink.MUTED),
    _K.PANIC_BEGAN: ("✖", Ink.DOWN),
    _K.PANIC_ENDED: ("●", Ink.UP),
    _K.LOCAL_FAULT_BEGAN: ("✖", Ink.DOWN),
    _K.LOCAL_FAULT_ENDED: ("●", Ink.UP),
    _K.HOLD_DOWN: ("■", Ink.DEGR),
    _K.PROBE_BUDGET: ("✎", Ink.SLOW),
    _K.WORKER_FAULT: ("✖", Ink.DEGR),
    _K.UNKEPT: ("✖", Ink.DEGR),
    _K.KEPT_AGAIN: ("●", Ink.UP),
}
_SUBJECTS: Final = ((80, 20), (60, 14), (0, 10))  # cells a subject may take, by the width of the block
_SOURCE: Final = 8
_CAUSE_AT: Final = 12  # under the subject
TALL: Final = 14  # lines of a block in which a long cause gets a line of its own


class Entry(Struct, frozen=True):
    """An event and how often it was repeated in a row; `oldest` is the number of the first of them."""

    event: Event
    times: int
    oldest: int


def entries(events: tuple[Event, ...]) -> tuple[Entry, ...]:
    """Return the events newest first, identical ones in a row as one."""
    return tuple(_merged(events))


def _merged(events: tuple[Event, ...]) -> Iterator[Entry]:
    """Yield the entries one by one: a block needs only as many as it has lines."""
    last: Entry | None = None
    for event in reversed(events):
        if last is not None and _same(last.event, event):
            last = Entry(last.event, last.times + 1, event.number)
            continue
        if last is not None:
            yield last
        last = Entry(event, 1, event.number)
    if last is not None:
        yield last


def listed_events(picture: Picture) -> tuple[Event, ...]:
    """Return the events the filter leaves; it looks at provider, agent, text and cause."""
    events = picture.snapshot.events
    if not picture.filter:
        return events
    return tuple(event for event in events if _matches(event, picture.filter))


def _matches(event: Event, wanted: str) -> bool:
    return keeps(wanted, event.provider or "", event.agent or "", event.text, event.cause)


def place_of(listed: tuple[Entry, ...], anchor: int | None) -> int:
    """Return the row of the entry that holds event `anchor`; 0 where it is None, the last row once it is gone."""
    if anchor is None or not listed:
        return 0
    return next((row for row, entry in enumerate(listed) if entry.oldest <= anchor), len(listed) - 1)


def lowest_top(picture: Picture, width: int, height: int) -> int:
    """Return the row on top when the oldest event is in view: scrolling ends there."""
    listed = entries(listed_events(picture))
    subject = _subject_cells(picture, width)
    room = height - 1
    for row in range(len(listed) - 1, -1, -1):
        room -= len(_entry(listed[row], subject, width, height))
        if room < 0:
            return min(row + 1, len(listed) - 1)
    return 0


def feed(
    picture: Picture, width: int, height: int, anchor: int | None = None, *, picked: bool = False
) -> tuple[Line, ...]:
    """Return the block of events.

    Args:
        picture: what to draw.
        width: in cells.
        height: in lines.
        anchor: number of the event to keep on top while newer ones arrive; None follows the newest.
        picked: whether keys are about this block now.
    """
    events = listed_events(picture)
    listed = entries(events) if anchor is not None else tuple(islice(_merged(events), max(0, height - 1)))
    top = place_of(listed, anchor)
    lines = [rule("events", width, *_notes(picture, listed, top), picked=picked)]
    subject = _subject_cells(picture, width)
    for entry in islice(listed, top, top + max(0, height - 1)):
        lines.extend(_entry(entry, subject, width, height))
    if not listed:
        lines.append(close((Span(_none(picture), Ink.MUTED),), width))
    return drawn(page(lines, width, height), ascii_only=picture.ascii)


def _none(picture: Picture) -> str:
    if not picture.snapshot.events:
        return " nothing has happened yet"
    which = "every" if inverts(picture.filter) else "no"
    return f' {which} event contains "{clip(text_in(picture.filter), 20)}"; esc clears it'


def _subject_cells(picture: Picture, width: int) -> int:
    snapshot = picture.snapshot
    names = (*(view.id for view in snapshot.providers), *(agent.id for agent in snapshot.agents))
    return min(max(map(cells, names), default=8), next(most for least, most in _SUBJECTS if width >= least))


def _same(newer: Event, older: Event) -> bool:
    return (newer.kind, newer.provider, newer.agent, newer.text, newer.cause, newer.source, newer.actor) == (
        older.kind,
        older.provider,
        older.agent,
        older.text,
        older.cause,
        older.source,
        older.actor,
    )


def _notes(picture: Picture, listed: tuple[Entry, ...], top: int) -> tuple[Span, ...]:
    notes: list[Span] = []
    undo = picture.snapshot.undo
    if undo is not None and (rest := duration.countdown(undo.until_at, picture.at)) not in {"", "now"}:
        what = clip(undo.text.replace(" -> ", " → "), 30)
        notes.append(Span(f"u takes back: {what} ({rest})", Ink.HELD))
    if newer := sum(entry.times for entry in listed[:top]):
        notes.append(Span(f"{'  ' if notes else ''}{newer} new ↑", Ink.ACCENT, bold=True))
    return tuple(notes)


def _entry(entry: Entry, subject_cells: int, width: int, height: int) -> tuple[Line, ...]:
    """Return the lines of an event: a second one for a cause that does not fit, where the block is tall."""
    event = entry.event
    sign, ink = SIGNS[event.kind]
    subject = event.provider or event.agent or ""
    if event.kind in _ROUTES and event.agent is not None:
        subject = event.agent
    times = f" ×{entry.times}" if entry.times > 1 else ""
    start = [
        Span(f" {duration.clock(event.utc)} ", Ink.MUTED),
        Span(f"{sign} ", ink),
        Span(left(subject, subject_cells) + " ", Ink.TEXT),
    ]
    indent = width_of(start)
    source = f" {left(event.actor or event.source.value, _SOURCE)}" if width >= 60 else ""
    room = width - indent - cells(times) - cells(source)
    text = clip(event.text.replace(" -> ", " → "), max(room, 0))
    start.append(Span(text, Ink.TEXT))
    wraps = _wraps(event, width, height, indent + cells(times) + cells(source))
    if event.cause and not wraps and room - cells(text) > 4:
        start.append(Span(clip(f", {event.cause}", room - cells(text)), Ink.MUTED))
    start.append(Span(times, Ink.ACCENT))
    first = spread(start, (Span(source, Ink.MUTED),), width)
    if not wraps:
        return (first,)
    cause = clip(event.cause, max(0, width - _CAUSE_AT - 1))
    return first, close((Span(" " * _CAUSE_AT), Span(cause, Ink.MUTED)), width)


def _wraps(event: Event, width: int, height: int, taken: int) -> bool:
    return height >= TALL and bool(event.cause) and cells(event.text) + 2 + cells(event.cause) > width - taken


_ROUTES: Final = frozenset(
    {
        _K.FAILOVER,
        _K.FAILBACK,
        _K.FAILBACK_STAGE,
        _K.FAILBACK_SUSPENDED,
        _K.SWITCHED,
        _K.PIN_ENDED,
        _K.AUTOMATION_HELD,
        _K.AUTOMATION_RELEASED,
        _K.EXHAUSTED,
        _K.CONTINUED,
        _K.HOLD_DOWN,
    }
)
