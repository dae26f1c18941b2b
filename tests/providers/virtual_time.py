"""A loop whose time passes at once: waiting for a timer jumps there, so limits of minutes cost nothing."""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

from tui_failover.core.names import Moment

EPOCH = 1_795_428_000.0  # Monday, 23 November 2026, 10:00:00 UTC

_T = TypeVar("_T")


class _JumpingSelector(selectors.DefaultSelector):
    """Sees no file; instead of waiting it lets the time pass."""

    def __init__(self) -> None:
        super().__init__()
        self.passed_s = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            msg = "nothing is left that could wake the loop"
            raise RuntimeError(msg)
        self.passed_s += timeout
        return super().select(0)


class VirtualLoop(asyncio.SelectorEventLoop):
    """Runs on its own time, from zero."""

    def __init__(self) -> None:
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)

    def time(self) -> float:
        """Return the virtual seconds since the loop was made."""
        return self._jumping.passed_s


class LoopClock:
    """A Clock on the running loop's own time, real or virtual."""

    def now(self) -> Moment:
        at = asyncio.get_running_loop().time()
        return Moment(at, EPOCH + at)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(max(0.0, seconds))  # noqa: TID251 - this is the tests' clock


def run_virtually(story: Coroutine[Any, Any, _T]) -> _T:
    """Run `story` on a virtual loop and return what it returns."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(story)
