"""The names things go by, and the instant at which they happen."""

from typing import NewType

from msgspec import Struct

ProviderId = NewType("ProviderId", str)
AgentId = NewType("AgentId", str)


class Moment(Struct, frozen=True):
    """One instant on two clocks.

    Rules compute with `mono` only, so that a jump of the wall clock moves no timer; `utc` is for people.

    Attributes:
        mono: seconds on the monotonic clock.
        utc: seconds since the Unix epoch.
    """

    mono: float
    utc: float

    def wall(self, mono: float) -> float:
        """Return the Unix time of the monotonic instant `mono`, as seen from here."""
        return self.utc - (self.mono - mono)
