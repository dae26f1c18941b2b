"""The real clock and real chance: the one place that knows them."""

import asyncio
import random
import time

from tui_failover.core.names import Moment


class LoopClock:
    """The clock of a running event loop; `now` may be called from any thread."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._mono = loop.time

    def now(self) -> Moment:
        """Return the present instant; its monotonic part is the loop's own time."""
        return Moment(self._mono(), time.time())

    async def sleep(self, seconds: float) -> None:
        """Wait; zero and less yields once."""
        await asyncio.sleep(max(0.0, seconds))


class SystemRng:
    """Chance from the operating system's seed."""

    def __init__(self) -> None:
        self._random = random.Random()  # noqa: S311 - jitter, not secrets

    def uniform(self, low: float, high: float) -> float:
        """Return a number between `low` and `high`."""
        return self._random.uniform(low, high)

    def seed(self) -> int:
        """Return a seed for a fleet's jitter."""
        return self._random.getrandbits(32)
