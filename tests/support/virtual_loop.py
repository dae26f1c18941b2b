"""An event loop whose time jumps to the next timer instead of passing: hours in milliseconds, always the same."""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

from tui_failover.core.names import Moment

_Result = TypeVar("_Result")
START_UTC = 1_700_000_000.0


class _JumpingSelector(selectors.DefaultSelector):
    """Never waits: what would have been waited for is added to the loop's time."""

    def __init__(self) -> None:
        super().__init__()
        self.elapsed = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready and timeout is None:
            message = "every task waits and no timer is set: the test would hang"
            raise RuntimeError(message)
        if not ready:
            self.elapsed += timeout or 0.0
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """The loop; `time()` starts at 1000 seconds."""

    def __init__(self) -> None:
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)

    def time(self) -> float:
        return 1000.0 + self._jumping.elapsed


class VirtualClock:
    """The clock of a virtual loop."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()

    def now(self) -> Moment:
        mono = self._loop.time()
        return Moment(mono, START_UTC + mono)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(max(0.0, seconds))  # noqa: TID251 - virtual time


def run_virtually(main: Coroutine[Any, Any, _Result]) -> _Result:
    """Run a coroutine to its end in virtual time."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(main)
