"""A provider's recent response times as a row of bars.

All rows of a screen share one logarithmic scale, so that heights can be compared across rows; columns stand
on absolute time, so that a bar never changes its neighbours while it moves left. A failure is a cross, a gap is a
dot: a gap is never drawn as a zero.
"""

import math
from bisect import bisect_right
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from msgspec import Struct

from tui_failover.console.picture import Ink, Span
from tui_failover.console.presentation.cells import clip
from tui_failover.core.history import SLOT_S, Slot
from tui_failover.core.snapshot import Flag, ProviderView, Snapshot

BARS: Final = "▁▂▃▄▅▆▇█"
FAILURE: Final = "×"
GAP: Final = "·"
PENDING: Final = " "  # the newest column, before its time is over

_CARRY: Final = 1.5  # check intervals a probe's result stands for
_STEP: Final = 4.0
_LOWEST_S, _HIGHEST_S = 0.001, 100_000.0

Mark = tuple[str, Ink]
_NOTHING: Final[Mark] = (GAP, Ink.FAINT)
_PENDING: Final[Mark] = (PENDING, Ink.FAINT)


class Scale(Struct, frozen=True):
    """What the lowest and the highest bar stand for, in seconds."""

    low_s: float = 0.125
    high_s: float = 8.0

    def bar(self, latency_s: float) -> str:
        """Return the bar of a response time."""
        return BARS[bisect_right(_steps(self.low_s, self.high_s), latency_s)]


@lru_cache(maxsize=64)
def _steps(low_s: float, high_s: float) -> tuple[float, ...]:
    """Return the response times at which the next bar begins."""
    return tuple(low_s * (high_s / low_s) ** (step / len(BARS)) for step in range(1, len(BARS)))


class Window(Struct, frozen=True):
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

    @property
    def since(self) -> float:
        """When the oldest column begins, in monotonic seconds."""
        return self.first * self.column_s


def shared_scale(snapshot: Snapshot) -> Scale:
    """Return the scale for every row: the usual one, widened fourfold until the fastest and the slowest fit in.

    It hardly ever changes, so that a height means the same from one minute to the next.
    """
    low, high = Scale().low_s, Scale().high_s
    fastest = min((view.p50_s for view in snapshot.providers if view.p50_s), default=low)
    slowest = max((view.p95_s for view in snapshot.providers if view.p95_s), default=high)
    while low > max(fastest, _LOWEST_S):
        low /= _STEP
    while high < min(slowest, _HIGHEST_S):
        high *= _STEP
    return Scale(low, high)


class Tallies:
    """What each column of a window holds; several series may be added."""

    __slots__ = ("failed", "number", "ok", "window", "worst_s")

    def __init__(self, window: Window) -> None:
        self.window = window
        self.ok = [0] * window.columns
        self.failed = [0] * window.columns
        self.worst_s = [0.0] * window.columns
        self.number = [-1] * window.columns  # the newest slot in it; -1 without any

    def add(self, slots: Sequence[Slot]) -> None:
        """Add slots; one that is longer than a column counts in each column it covers."""
        column_s, first, columns = self.window.column_s, self.window.first, self.window.columns
        per_slot = SLOT_S / column_s
        reach = per_slot - 1e-9 if per_slot > 1.0 else 0.0
        ok, failed, worst_s, number = self.ok, self.failed, self.worst_s, self.number
        for slot in slots:
            start = slot.number * per_slot
            column, final = int(start) - first, int(start + reach) - first
            while column <= final and column < columns:
                if column >= 0:
                    ok[column] += slot.ok
                    failed[column] += slot.failed
                    number[column] = slot.number
                    if slot.worst_s > worst_s[column]:
                        worst_s[column] = slot.worst_s
                column += 1


def live(view: ProviderView, window: Window, scale: Scale) -> tuple[Span, ...]:
    """Return the row of the live queries; in words where there were none at all."""
    if not view.live.since(window.since):
        return (Span(f"{clip('no live traffic', window.columns):{max(window.columns, 1)}}", Ink.MUTED),)
    return _runs(_live(view, window, scale))


def probes(view: ProviderView, window: Window, scale: Scale) -> tuple[Span, ...]:
    """Return the row of the checks; between two checks the last result goes on, drawn faint."""
    return _runs(_probes(view, window, scale))


def either(view: ProviderView, window: Window, scale: Scale) -> tuple[Span, ...]:
    """Return one row of both: live queries, and checks where there are none."""
    if not view.live:
        return probes(view, window, scale)
    marks = _live(view, window, scale)
    if not any(mark is _NOTHING for mark in marks):
        return _runs(marks)
    other = _probes(view, window, scale)
    return _runs([second if first is _NOTHING else first for first, second in zip(marks, other, strict=True)])


def _live(view: ProviderView, window: Window, scale: Scale) -> list[Mark]:
    tallies = Tallies(window)
    tallies.add(view.live.since(window.since))
    slow = _slow_from(view)
    marks = [_mark(tallies, column, scale, slow) for column in range(window.columns)]
    if marks and marks[-1] is _NOTHING:
        marks[-1] = _PENDING
    return marks


def _probes(view: ProviderView, window: Window, scale: Scale) -> list[Mark]:
    reach, slow = _CARRY * view.interval_s, _slow_from(view)
    column_s, first = window.column_s, window.first
    seen = view.probes.since(window.since - reach)
    tallies = Tallies(window)
    tallies.add(seen)
    carried, at = _before(seen, window, scale)
    marks: list[Mark] = []
    for column in range(window.columns):
        mark = _mark(tallies, column, scale, slow)
        if mark is not _NOTHING:
            carried, at = (mark[0], Ink.FAINT), tallies.number[column] * SLOT_S
        elif (first + column) * column_s - at <= reach:
            mark = carried
        elif column == window.columns - 1:
            mark = _PENDING
        marks.append(mark)
    return marks


def _before(seen: Sequence[Slot], window: Window, scale: Scale) -> tuple[Mark, float]:
    """Return the mark that goes on from before the window, and when it was made; none is infinitely old."""
    older = [slot for slot in seen if slot.number * SLOT_S < window.since]
    if not older:
        return _NOTHING, -math.inf
    bar = FAILURE if older[-1].failed >= max(older[-1].ok, 1) else scale.bar(older[-1].worst_s)
    return (bar, Ink.FAINT), older[-1].number * SLOT_S


def _mark(tallies: Tallies, column: int, scale: Scale, slow_from_s: float) -> Mark:
    ok, failed, worst_s = tallies.ok[column], tallies.failed[column], tallies.worst_s[column]
    if not ok and not failed:
        return _NOTHING
    if failed and failed >= ok:
        return FAILURE, Ink.DOWN
    if failed:
        return scale.bar(worst_s), Ink.DEGR
    return scale.bar(worst_s), Ink.SLOW if worst_s >= slow_from_s else Ink.MUTED


def _slow_from(view: ProviderView) -> float:
    """Return the seconds from which an answer of a slow provider is drawn as slow: half its own worst."""
    return view.p95_s / 2 if Flag.SLOW in view.flags and view.p95_s else math.inf


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
