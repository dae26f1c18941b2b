"""Typing meant for another window gives no orders.

Keys that come faster than a hand types, and keys pressed before a new picture can have been read, may move the
cursor but nothing else.
"""

from collections import deque
from typing import Final

BURST: Final = 4  # this many letters ...
BURST_S: Final = 0.04  # ... within this time are a paste, not a hand (key repeat is slower)
FRESH_S: Final = 0.3  # nobody reads a dialog faster
SETTLE_S: Final = 0.03  # how long an order waits to see whether it was the first letter of a burst

TOO_FAST: Final = "ignored: many letters at once look like text meant for another window"
TOO_FRESH: Final = "ignored: pressed before the screen can have been read"


class TypeThrough:
    """Remembers the newest key presses; instants are monotonic seconds, given by the caller."""

    def __init__(self) -> None:
        self._letters: deque[float] = deque(maxlen=BURST)
        self._burst_at: float | None = None
        self._opened_at: float | None = None

    def opened(self, now: float) -> None:
        """Note that the terminal got focus or a dialog opened or closed."""
        self._opened_at = now

    def pressed(self, now: float) -> None:
        """Note a key that writes a character, whatever it is bound to."""
        self._letters.append(now)
        if len(self._letters) == BURST and now - self._letters[0] <= BURST_S:
            self._burst_at = now

    def refusal(self, now: float) -> str | None:
        """Return why an order given now is to be ignored, or None."""
        if self._burst_at is not None and now - self._burst_at < FRESH_S:
            return TOO_FAST
        if self._opened_at is not None and now - self._opened_at < FRESH_S:
            return TOO_FRESH
        return None
