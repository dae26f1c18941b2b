"""One timer for all the waiting of an attempt.

A timeout round every wait makes a timer, starts it and stops it for each piece of an answer. This one runs on, and
looks only when it goes off whether the limit has been moved meanwhile.
"""

import asyncio
from types import TracebackType


class Alarm:
    """Breaks off what a task waits for once the time for it is over; what is broken off so raises `TimeoutError`.

    Attributes:
        rang: it has broken something off, after which it is of no more use.
    """

    __slots__ = ("_cancelling", "_due", "_loop", "_rings_at", "_task", "_timer", "rang")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.rang = False
        self._loop = loop
        self._task: asyncio.Task[object] | None = None
        self._cancelling = 0
        self._due = 0.0
        self._rings_at = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def until(self, due: float) -> "Alarm":
        """Return the context in which the running task waits no longer than to `due`, in the loop's time."""
        task = asyncio.current_task(self._loop)
        assert task is not None  # noqa: S101 - whoever waits is a task
        self._task, self._cancelling = task, task.cancelling()
        self.move(due)
        return self

    def move(self, due: float) -> None:
        """Set another limit for what is waited for."""
        self._due = due
        if self._timer is not None:
            if due >= self._rings_at:
                return
            self._timer.cancel()
        self._rings_at = due
        self._timer = self._loop.call_at(due, self._ring)

    def stop(self) -> None:
        """Give the timer back; nothing is waited for any more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def __enter__(self) -> None:
        """Wait for something."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Have waited; a cancellation by somebody else goes its way."""
        task, self._task = self._task, None
        ours = self.rang and task is not None and task.uncancel() <= self._cancelling
        if ours and kind is asyncio.CancelledError:
            raise TimeoutError from error

    def _ring(self) -> None:
        self._timer = None
        if self._task is None:
            return
        if self._due > self._rings_at:
            self.move(self._due)
        else:
            self.rang = True
            self._task.cancel()
