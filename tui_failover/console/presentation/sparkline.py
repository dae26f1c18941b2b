"""A provider's recent response times as a row of bars.

All rows of a screen share one logarithmic scale, so that heights can be compared across rows; columns stand on
absolute time, so that a bar never changes its neighbours while it moves left. A failure is a cross, a gap is a dot:
a gap is never drawn as a zero.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from tui_failover.console.picture import Ink, Span
from tui_failover.core.history import SLOT_S, Series, Slot
from tui_failover.core.snapshot import Flag, ProviderView, Snapshot

BARS: Final = "▁▂▃▄▅▆▇█"
FAILURE: Final = "×"
GAP: Final = "·"
PENDING: Final = " "  # the newest column, before its time is over

_CARRY: Final = 1.5  # check intervals a probe's result stands for
_LEAST_OCTAVES: Final = 3
_LOWEST_S: Final = 2.0**-10

Mark = tuple[str, Ink]
_NOTHING: Final[Mark] = (GAP, Ink.FAINT)


@dataclass(frozen=True, slots=True)
class Scale:
    """What the lowest and the highest bar stand for, in seconds, both powers of two; so it seldom changes."""

    low_s: float = 0.125
    high_s: float = 8.0

    def bar(self, latency_s: float) -> str:
        """Return the bar of a response time."""
        if latency_s <= self.low_s:
            return BARS[0]
        share = math.log2(latency_s / self.low_s) / math.log2(self.high_s / self.low_s)
        return BARS[min(len(BARS) - 1, int(share * len(BARS)))]


@dataclass(frozen=True, slots=True)
class Window:
    """The time a row spans: `columns` columns of equal length up to `now`, together `seconds` seconds."""

    now: float
    seconds: float
    columns: int

    @property
    def column_s(self) -> float:
        """Seconds in a column."""
        return max(self.seconds, 1.0) / max(self.columns, 1)

    @property
    def last(self) -> int:
        """The number of the newest column, counted from the clock's zero."""
        return int(self.now // self.column_s)

    @property
    def first(self) -> int:
        """The number of the oldest column."""
        return self.last - self.columns + 1


def shared_scale(snapshot: Snapshot) -> Scale:
    """Return the scale for every row of a screen: from the fastest provider's normal to the slowest one's worst."""
    usual = [view.p50_s for view in snapshot.providers if view.p50_s is not None and view.p50_s > 0]
    if not usual:
        return Scale()
    worst = max(view.p95_s or 0.0 for view in snapshot.providers)
    low = 2.0 ** math.floor(math.log2(max(min(usual), _LOWEST_S)))
    high = 2.0 ** math.ceil(math.log2(max(worst, max(usual), _LOWEST_S)))
    return Scale(low, max(high, low * 2.0**_LEAST_OCTAVES))


def totals(slots: Iterable[Slot], window: Window) -> dict[int, Slot]:
    """Return what each column holds; a column shorter than a slot shares it with its neighbours."""
    column_s, first, last = window.column_s, window.first, window.last
    fine = column_s < SLOT_S
    held: dict[int, Slot] = {}
    for slot in slots:
        start = slot.number * SLOT_S
        column = int(start // column_s)
        final = int((start + SLOT_S) / column_s - 1e-9) if fine else column
        for each in range(max(column, first), min(final, last) + 1):
            known = held.get(each)
            held[each] = slot if known is None else joined(known, slot)
    return held


def newest(series: Series, window: Window) -> Sequence[Slot]:
    """Return the slots that reach into the window, oldest first."""
    oldest = (window.first * window.column_s) // SLOT_S
    slots = series.slots
    keep = len(slots)
    while keep and slots[keep - 1].number >= oldest:
        keep -= 1
    return slots[keep:]


def live(view: ProviderView, window: Window, scale: Scale) -> tuple[Span, ...]:
    """Return the row of the live queries."""
    return _runs(_live(view, window, scale))


def probes(view: ProviderView, window: Window, scale: Scale) -> tuple[Span, ...]:
    """Return the row of the checks; between two checks the last result goes on, drawn faint."""
    return _runs(_probes(view, window, scale))


def either(view: ProviderView, window: Window, scale: Scale) -> tuple[Span, ...]:
    """Return one row of both: live queries, and checks where there are none."""
    if not view.live.slots:
        return probes(view, window, scale)
    marks = zip(_live(view, window, scale), _probes(view, window, scale), strict=True)
    return _runs([second if first[0] in {GAP, PENDING} else first for first, second in marks])


def _live(view: ProviderView, window: Window, scale: Scale) -> list[Mark]:
    held = totals(newest(view.live, window), window)
    slow = _slow_from(view)
    return [
        _mark(held[column], scale, slow) if column in held else _empty(column, window)
        for column in range(window.first, window.last + 1)
    ]


def _probes(view: ProviderView, window: Window, scale: Scale) -> list[Mark]:
    reach = _CARRY * view.interval_s
    wider = Window(window.now, window.seconds + reach, window.columns)
    seen = newest(view.probes, wider)
    held = totals(seen, window)
    slow, column_s = _slow_from(view), window.column_s
    before = [slot for slot in seen if slot.number * SLOT_S < window.first * column_s]
    carried = before[-1] if before else None
    marks: list[Mark] = []
    for column in range(window.first, window.last + 1):
        if column in held:
            carried = held[column]
            marks.append(_mark(carried, scale, slow))
        elif carried is not None and column * column_s - carried.number * SLOT_S <= reach:
            marks.append((_mark(carried, scale, slow)[0], Ink.FAINT))
        else:
            marks.append(_empty(column, window))
    return marks


def _mark(slot: Slot, scale: Scale, slow_from_s: float) -> Mark:
    if slot.failed and slot.failed >= slot.ok:
        return FAILURE, Ink.DOWN
    bar = scale.bar(slot.worst_s)
    if slot.failed:
        return bar, Ink.DEGR
    return bar, Ink.SLOW if slot.worst_s >= slow_from_s else Ink.MUTED


def _empty(column: int, window: Window) -> Mark:
    return (PENDING, Ink.FAINT) if column == window.last else _NOTHING


def _slow_from(view: ProviderView) -> float:
    """Return from when on an answer of a slow provider is drawn as slow: half its own worst, infinite if not slow."""
    return view.p95_s / 2 if Flag.SLOW in view.flags and view.p95_s else math.inf


def joined(one: Slot, other: Slot) -> Slot:
    """Return what both slots hold together."""
    newer = max(one.number, other.number)
    return Slot(newer, one.ok + other.ok, one.failed + other.failed, max(one.worst_s, other.worst_s))


def _runs(marks: Sequence[Mark]) -> tuple[Span, ...]:
    runs: list[Span] = []
    text: list[str] = []
    ink = Ink.MUTED
    for char, wanted in marks:
        if wanted is not ink and text:
            runs.append(Span("".join(text), ink))
            text.clear()
        ink = wanted
        text.append(char)
    if text:
        runs.append(Span("".join(text), ink))
    return tuple(runs)
