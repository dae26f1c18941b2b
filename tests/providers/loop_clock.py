"""A Clock on the running loop's own time, whichever loop that is: real for sockets, virtual for scripts."""

import asyncio

from tui_failover.core.names import Moment

EPOCH = 1_795_428_000.0  # Monday, 23 November 2026, 10:00:00 UTC


class LoopClock:
    """Tells the loop's time; the wall clock shows `EPOCH` plus that."""

    def now(self) -> Moment:
        at = asyncio.get_running_loop().time()
        return Moment(at, EPOCH + at)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(max(0.0, seconds))  # noqa: TID251 - this is the tests' clock
