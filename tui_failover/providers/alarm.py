"""One timer for all the waiting of all attempts at a provider.

A timeout round every wait makes a timer, starts it and stops it for each piece of an answer. Nearly every wait is
over long before its time, and as long as others wait none of it touches a timer: the one there is runs on, and
looks only when it goes off who has waited too long by then.
"""

import asyncio
import math
from types import TracebackType


class Alarms:
    """Alarms that are set, and the timer they share; it is given back with the last of them."""

    __slots__ = ("_rings_at", "_set", "_timer")

    def __init__(self) -> None:
        self._set: set[Alarm] = set()
        self._rings_at = math.inf
        self._timer: asyncio.TimerHandle | None = None

    def add(self, alarm: "Alarm") -> None:
        """Have an alarm ring when it is due, whenever that was before."""
        self._set.add(alarm)
        if alarm.due < self._rings_at:
            self._start(alarm.due)

    def discard(self, alarm: "Alarm") -> None:
        """Have an alarm ring no more, if it is set."""
        self._set.discard(alarm)
        if not self._set and self._timer is not None:
            self._timer.cancel()
            self._timer, self._rings_at = None, math.inf

    def _start(self, due: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._rings_at = due
        self._timer = asyncio.get_running_loop().call_at(due, self._ring)

    def _ring(self) -> None:
        rung_at, self._rings_at, self._timer = self._rings_at, math.inf, None
        for alarm in [alarm for alarm in self._set if alarm.due <= rung_at]:
            self._set.discard(alarm)
            alarm.ring()
        if self._set:
            self._start(min(alarm.due for alarm in self._set))


class Alarm:
    """Breaks off what a task waits for once the time for it is over; what is broken off so raises `TimeoutError`.

    Attributes:
        due: when it rings, in the loop's time.
        rang: it has broken something off, after which it is of no more use.
    """

    __slots__ = ("_alarms", "_cancelling", "_loop", "_task", "due", "rang")

    def __init__(self, loop: asyncio.AbstractEventLoop, alarms: Alarms) -> None:
        self.due = 0.0
        self.rang = False
        self._loop = loop
        self._alarms = alarms
        self._task: asyncio.Task[object] | None = None
        self._cancelling = 0

    def until(self, due: float) -> "Alarm":
        """Return the context in which the running task waits no longer than to `due`, in the loop's time."""
        task = asyncio.current_task(self._loop)
        assert task is not None  # noqa: S101 - whoever waits is a task
        self._task, self._cancelling = task, task.cancelling()
        self.move(due)
        return self

    def move(self, due: float) -> None:
        """Set another limit for what is waited for."""
        self.due = due
        self._alarms.add(self)

    def stop(self) -> None:
        """Ring no more; nothing is waited for."""
        self._alarms.discard(self)

    def ring(self) -> None:
        """Break off what is waited for, if anything is."""
        if self._task is not None:
            self.rang = True
            self._task.cancel()

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
