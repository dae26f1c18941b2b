"""The circuit breaker of one provider: a value, a table of transitions, and generations.

Every opening and closing starts a new generation. A result that was admitted under an older one changes nothing
(the idea of sony/gobreaker's `beforeRequest`/`afterRequest`). The cooldown's end is seen on the next look, so the
breaker needs no timer.
"""

from enum import StrEnum


class BreakerState(StrEnum):
    """Closed passes, open refuses, half-open admits a counted few."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"
