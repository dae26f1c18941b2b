"""How fast a rehearsed provider normally is."""

from msgspec import Struct

from tui_failover.core.ports import Rng


class Pace(Struct, frozen=True):
    """Normal behaviour, before any fault.

    Attributes:
        first_content_s: seconds until the first content.
        spread: how far a wait may be off either way, as a share of it (0.25: a quarter).
        between_s: seconds between two pieces.
        tokens: about how many tokens an answer has.
    """

    first_content_s: float = 0.35
    spread: float = 0.25
    between_s: float = 0.02
    tokens: int = 24

    def first_wait(self, rng: Rng) -> float:
        """Return seconds to wait for the first content."""
        return self._around(self.first_content_s, rng)

    def next_wait(self, rng: Rng) -> float:
        """Return seconds to wait for the next piece."""
        return self._around(self.between_s, rng)

    def length(self, rng: Rng) -> int:
        """Return how many tokens the next answer aims at."""
        return max(1, round(self._around(self.tokens, rng)))

    def _around(self, middle: float, rng: Rng) -> float:
        return max(0.0, middle * rng.uniform(1 - self.spread, 1 + self.spread))


AT_ONCE = Pace(first_content_s=0.0, spread=0.0, between_s=0.0)
"""No waiting at all, for tests."""
