"""What a provider's recent past looks like: samples in slots of time, bounded, immutable.

Sparklines and rates read the slots; percentiles read the newest latencies.
"""

from tui_failover.core.copying import value

SLOT_S = 2.0
SLOTS = 450  # 15 minutes, the widest window a screen offers
_FEW = 15
RECENT = 100  # p95 is taken over this many answers


@value
class Slot:
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


@value
class Series:
    """Samples of one kind: live queries, or probes. Slots without samples are absent: a gap is not a zero."""

    slots: tuple[Slot, ...] = ()
    recent: tuple[float, ...] = ()

    def answered(self, at: float, latency_s: float) -> "Series":
        """Return the series with an answer that took `latency_s` seconds to its first content."""
        slot = self._slot(at)
        updated = Slot(slot.number, slot.ok + 1, slot.failed, max(slot.worst_s, latency_s))
        return Series(self._with(updated), (*self.recent, latency_s)[-RECENT:])

    def seen(self, at: float) -> "Series":
        """Return the series with one more, of which no latency is known or wanted."""
        slot = self._slot(at)
        return Series(self._with(Slot(slot.number, slot.ok + 1, slot.failed, slot.worst_s)), self.recent)

    def failed(self, at: float) -> "Series":
        """Return the series with a failure."""
        slot = self._slot(at)
        return Series(self._with(Slot(slot.number, slot.ok, slot.failed + 1, slot.worst_s)), self.recent)

    def percentile(self, share: float) -> float | None:
        """Return the latency in seconds that `share` of the newest answers stayed within; None without answers."""
        if not self.recent:
            return None
        ordered = sorted(self.recent)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]

    def usual_s(self) -> float | None:
        """Return the middle of the newest few latencies: cheap enough to be asked for with every query."""
        newest = sorted(self.recent[-_FEW:])
        return newest[len(newest) // 2] if newest else None

    def counts(self, now: float, window_s: float) -> tuple[int, int]:
        """Return (answers, failures) of the last `window_s` seconds, in whole slots."""
        first = int((now - window_s) // SLOT_S) + 1
        ok = failed = 0
        for slot in reversed(self.slots):
            if slot.number < first:
                break
            ok += slot.ok
            failed += slot.failed
        return ok, failed

    def _slot(self, at: float) -> Slot:
        number = int(at // SLOT_S)
        if self.slots and self.slots[-1].number >= number:
            return self.slots[-1]
        return Slot(number)

    def _with(self, slot: Slot) -> tuple[Slot, ...]:
        if self.slots and self.slots[-1].number == slot.number:
            return (*self.slots[:-1], slot)
        oldest = slot.number - SLOTS
        kept = self.slots
        if kept and kept[0].number <= oldest:
            kept = tuple(one for one in kept if one.number > oldest)
        return (*kept, slot)
