"""What a provider was asked for in the last minute: queries and tokens in coarse slots of time, immutable.

A slot counts until all of it has left the window, so that the counts are never below those of any whole minute.
"""

from msgspec import Struct

from tui_failover.core.copying import replace

WINDOW_S = 60.0
SLOT_S = 1.0


class Taken(Struct, frozen=True):
    """What was taken in one slot; it covers monotonic seconds from `number * SLOT_S`."""

    number: int
    queries: int = 0
    tokens: int = 0


class Meter(Struct, frozen=True):
    """The slots that count, oldest first, and their sums; slots in which nothing was taken are absent."""

    slots: tuple[Taken, ...] = ()
    queries: int = 0
    tokens: int = 0

    def at(self, now: float) -> "Meter":
        """Return the meter without what has left the window."""
        oldest = int((now - WINDOW_S) // SLOT_S)
        if not self.slots or self.slots[0].number >= oldest:
            return self
        kept = tuple(one for one in self.slots if one.number >= oldest)
        return Meter(kept, sum(one.queries for one in kept), sum(one.tokens for one in kept))

    def charged(self, now: float, tokens: int, queries: int = 1) -> "Meter":
        """Return the meter with one more query and its tokens."""
        current = self.at(now)
        number = int(now // SLOT_S)
        slots, last = current.slots, Taken(number)
        if slots and slots[-1].number == number:
            slots, last = slots[:-1], slots[-1]
        last = Taken(number, last.queries + queries, last.tokens + tokens)
        return Meter((*slots, last), current.queries + queries, current.tokens + tokens)

    def corrected(self, began_at: float, now: float, tokens: int) -> "Meter":
        """Return the meter with more (or fewer) tokens for a query charged at `began_at`.

        Where that slot has left the window, more of them count now, and fewer are nobody's concern any more.
        """
        current = self.at(now)
        number = int(began_at // SLOT_S)
        place = next((place for place, one in enumerate(current.slots) if one.number == number), None)
        if place is None:
            return current if tokens <= 0 else current.charged(now, tokens, queries=0)
        old = current.slots[place]
        new = replace(old, tokens=max(0, old.tokens + tokens))
        slots = (*current.slots[:place], new, *current.slots[place + 1 :])
        return Meter(slots, current.queries, current.tokens + new.tokens - old.tokens)

    def frees_at(self, now: float, *, queries: int, tokens: int) -> float:
        """Return when so many queries and tokens will have left the window, if nothing more is taken."""
        for one in self.at(now).slots:
            queries -= one.queries
            tokens -= one.tokens
            if queries <= 0 and tokens <= 0:
                return (one.number + 1) * SLOT_S + WINDOW_S
        return now + WINDOW_S + SLOT_S
