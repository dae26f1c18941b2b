"""What a provider's recent past looks like: samples in slots of time, bounded, immutable.

Sparklines and rates read the slots; percentiles read the newest latencies. Only the newest slot is written anew
for a sample, whatever came before it.
"""

from bisect import bisect_left
from collections.abc import Iterator
from math import inf
from operator import attrgetter

from msgspec import Struct

SLOT_S = 2.0
SLOTS = 450  # 15 minutes, the widest window a screen offers
_FEW = 15
RECENT = 100  # p95 is taken over this many answers
_FRESH = 16  # answers after which those that came before them are written anew
_NUMBER = attrgetter("number")


class Slot(Struct, frozen=True):
    """The samples of one slot of time.

    Attributes:
        number: the slot covers monotonic seconds from `number * SLOT_S`.
        ok: answers.
        failed: failures.
        worst_s: the longest time to first content among the answers; 0 without any.
    """

    number: int
    ok: int = 0
    failed: int = 0
    worst_s: float = 0.0


class Series(Struct, frozen=True):
    """Samples of one kind: live queries, or probes. Slots without samples are absent: a gap is not a zero.

    Attributes:
        older: the slots that are full, oldest first.
        settled: the newest latencies before `fresh`, in seconds.
        newest: the slot that is still being filled; None where there is none.
        within_s: none of `recent` took longer; infinite where that has not been looked for.
        fresh: a few latencies, the only ones written anew for an answer.
    """

    older: tuple[Slot, ...] = ()
    settled: tuple[float, ...] = ()
    newest: Slot | None = None
    within_s: float = inf
    fresh: tuple[float, ...] = ()

    def __bool__(self) -> bool:
        return self.newest is not None or bool(self.older)

    @property
    def slots(self) -> tuple[Slot, ...]:
        """All slots, oldest first."""
        return self.older if self.newest is None else (*self.older, self.newest)

    @property
    def recent(self) -> tuple[float, ...]:
        """The newest latencies, in seconds, oldest first."""
        return (self.settled + self.fresh)[-RECENT:] if self.fresh else self.settled

    @property
    def samples(self) -> int:
        """How many latencies are known; a few more than `recent` has, at times."""
        return len(self.settled) + len(self.fresh)

    def answered(self, at: float, latency_s: float) -> "Series":
        """Return the series with an answer that took `latency_s` seconds to its first content."""
        older, slot = self._filling(at)
        worst_s = slot.worst_s if slot.worst_s > latency_s else latency_s
        settled, fresh, within_s = self.settled, (*self.fresh, latency_s), self.within_s
        if within_s == inf or len(fresh) == _FRESH:
            settled, fresh = (settled + fresh)[-RECENT:], ()
            within_s = max(settled)
        elif latency_s > within_s:
            within_s = latency_s
        return Series(older, settled, Slot(slot.number, slot.ok + 1, slot.failed, worst_s), within_s, fresh)

    def seen(self, at: float) -> "Series":
        """Return the series with one more, of which no latency is known or wanted."""
        older, slot = self._filling(at)
        seen = Slot(slot.number, slot.ok + 1, slot.failed, slot.worst_s)
        return Series(older, self.settled, seen, self.within_s, self.fresh)

    def failed(self, at: float) -> "Series":
        """Return the series with a failure."""
        older, slot = self._filling(at)
        failed = Slot(slot.number, slot.ok, slot.failed + 1, slot.worst_s)
        return Series(older, self.settled, failed, self.within_s, self.fresh)

    def percentile(self, share: float) -> float | None:
        """Return the latency in seconds that `share` of the newest answers stayed within; None without answers."""
        ordered = sorted(self.recent)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else None

    def usual_s(self) -> float | None:
        """Return the middle of the newest few latencies: cheap enough to be asked for with every query."""
        newest = sorted(self.recent[-_FEW:])
        return newest[len(newest) // 2] if newest else None

    def counts(self, now: float, window_s: float) -> tuple[int, int]:
        """Return (answers, failures) of the last `window_s` seconds, in whole slots."""
        first = int((now - window_s) // SLOT_S) + 1
        ok = failed = 0
        for slot in self._backwards():
            if slot.number < first:
                break
            ok += slot.ok
            failed += slot.failed
        return ok, failed

    def since(self, at: float) -> tuple[Slot, ...]:
        """Return the slots that reach past `at`, in monotonic seconds, oldest first."""
        number = at // SLOT_S
        if self.newest is None:
            return self.older[bisect_left(self.older, number, key=_NUMBER) :]
        if self.newest.number < number:
            return ()
        return (*self.older[bisect_left(self.older, number, key=_NUMBER) :], self.newest)

    def _backwards(self) -> Iterator[Slot]:
        if self.newest is not None:
            yield self.newest
        yield from reversed(self.older)

    def _filling(self, at: float) -> tuple[tuple[Slot, ...], Slot]:
        """Return the full slots and the one that a sample at `at` falls into."""
        newest = self.newest
        if newest is not None and newest.number >= at // SLOT_S:
            return self.older, newest
        number = int(at // SLOT_S)
        older, oldest = self.slots, number - SLOTS
        if older and older[0].number <= oldest:
            older = tuple(one for one in older if one.number > oldest)
        return older, Slot(number)
