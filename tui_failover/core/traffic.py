"""What has ended lately, in slots of time: queries, failures, tokens, needs. Bounded and immutable.

Only the newest slot is written anew for a query, whatever came before it.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from msgspec import Struct, field

from tui_failover.core.need import NO_NEEDS, Need, Needs
from tui_failover.core.query import Usage

SLOT_S: Final = 2.0
SPAN_S: Final = 300.0  # the longest window that can be asked for
_SLOTS: Final = int(SPAN_S / SLOT_S)
_NO_TOKENS: Final = Usage()


class Slot(Struct, frozen=True):
    """What ended in one slot of time.

    Attributes:
        number: the slot covers monotonic seconds from `number * SLOT_S`.
        ended: queries, or attempts.
        failed: those of them that failed.
        unmetered: answers whose tokens are not known.
        input_tokens, output_tokens: of the others, as the providers counted them.
        longest: most input tokens of one.
        needs: how many needed what; those that needed nothing are not in it.
    """

    number: int = -1
    ended: int = 0
    failed: int = 0
    unmetered: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    longest: int = 0
    needs: Mapping[Needs, int] = field(default_factory=dict)


class Wanted(Struct, frozen=True):
    """How many queries needed exactly this."""

    needs: Needs
    queries: int


class Recent(Struct, frozen=True):
    """What ended within a window.

    Attributes:
        window_s: seconds looked back over.
        ended, failed, unmetered, input_tokens, output_tokens, longest: as in `Slot`.
        wanted: what was needed, the most frequent first.
    """

    window_s: float = SPAN_S
    ended: int = 0
    failed: int = 0
    unmetered: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    longest: int = 0
    wanted: tuple[Wanted, ...] = ()

    def needing(self, need: Need) -> int:
        """Return how many queries needed this, whatever else they needed."""
        return sum(one.queries for one in self.wanted if need in one.needs)


class Traffic(Slot, frozen=True):
    """The slot that is still being filled, and those of the last minutes before it."""

    older: tuple[Slot, ...] = ()

    def added(
        self,
        at: float,
        usage: Usage | None,
        needs: Needs = NO_NEEDS,
        *,
        failed: bool = False,
        unmetered: bool = False,
    ) -> "Traffic":
        """Return the traffic with one more query, or attempt, that has ended.

        Args:
            at: when, in monotonic seconds.
            usage: its tokens; None where they are not known.
            needs: what it needed.
            failed: nobody answered it, and its caller is not to blame.
            unmetered: it was answered, and its tokens are not known.
        """
        slot, older = self, self.older
        if slot.number < at // SLOT_S:
            number = int(at // SLOT_S)
            slot, older = Traffic(number), self._closed(number)
        tokens, wanted = usage or _NO_TOKENS, slot.needs
        if needs:
            wanted = {**wanted, needs: wanted.get(needs, 0) + 1}
        longest = slot.longest if slot.longest > tokens.input_tokens else tokens.input_tokens
        return Traffic(
            slot.number,
            slot.ended + 1,
            slot.failed + failed,
            slot.unmetered + unmetered,
            slot.input_tokens + tokens.input_tokens,
            slot.output_tokens + tokens.output_tokens,
            longest,
            wanted,
            older,
        )

    def tokens_per_s(self, now: float, window_s: float) -> float:
        """Return output tokens per second over the last `window_s` seconds."""
        if self.number < int((now - window_s) // SLOT_S) + 1:  # most are idle, all are asked every second
            return 0.0
        return sum(slot.output_tokens for slot in self._within(now, window_s)) / window_s

    def failed_share(self, now: float, window_s: float) -> float | None:
        """Return the share that failed of what ended in the last `window_s` seconds; None where nothing did."""
        ended = failed = 0
        for slot in self._within(now, window_s):
            ended += slot.ended
            failed += slot.failed
        return failed / ended if ended else None

    def recent(self, now: float, window_s: float = SPAN_S) -> Recent:
        """Return everything of the last `window_s` seconds together."""
        slots = tuple(self._within(now, window_s))
        wanted: dict[Needs, int] = {}
        for slot in slots:
            for needs, queries in slot.needs.items():
                wanted[needs] = wanted.get(needs, 0) + queries
        ranked = sorted(wanted.items(), key=lambda pair: (-pair[1], sorted(pair[0])))
        return Recent(
            window_s,
            sum(slot.ended for slot in slots),
            sum(slot.failed for slot in slots),
            sum(slot.unmetered for slot in slots),
            sum(slot.input_tokens for slot in slots),
            sum(slot.output_tokens for slot in slots),
            max((slot.longest for slot in slots), default=0),
            tuple(Wanted(needs, queries) for needs, queries in ranked),
        )

    def _closed(self, number: int) -> tuple[Slot, ...]:
        """Return the older slots once the newest is full, without those that no window reaches any more."""
        if self.number < 0:
            return ()
        oldest = number - _SLOTS
        older = self.older
        if older and older[0].number <= oldest:
            older = tuple(slot for slot in older if slot.number > oldest)
        full = Slot(
            self.number,
            self.ended,
            self.failed,
            self.unmetered,
            self.input_tokens,
            self.output_tokens,
            self.longest,
            self.needs,
        )
        return (*older, full)

    def _within(self, now: float, window_s: float) -> Iterator[Slot]:
        """Yield the slots of the last seconds, the newest first."""
        first = int((now - window_s) // SLOT_S) + 1
        if self.number >= first:
            yield self
            for slot in reversed(self.older):
                if slot.number < first:
                    return
                yield slot
