"""Writes what is to be kept in a thread of its own: a slow disk holds up nobody who did not ask to wait."""

import asyncio
import contextlib
import threading
from collections.abc import Callable

from msgspec import Struct

from tui_failover.core.errors import NotKept
from tui_failover.core.kept import Kept
from tui_failover.core.text import scrub
from tui_failover.journal.state_file import said

RETRY_S = 5.0
CLOSE_S = 5.0


class _Waiter(Struct, frozen=True):
    number: int
    future: "asyncio.Future[None]"


class Scribe:
    """Meets `core.ports.Keeper`. Only the newest state is written, however many came while the disk was busy."""

    def __init__(
        self, save: Callable[[Kept], None], written: Kept | None = None, retry_s: float = RETRY_S
    ) -> None:
        """Start the thread; to be called on the loop that keeps.

        Args:
            save: writes one state and returns once it would survive a crash; raises `OSError` or `ValueError`.
            written: what the disk holds already.
            retry_s: seconds between attempts while the disk refuses.
        """
        self._save = save
        self._retry_s = retry_s
        self._loop = asyncio.get_running_loop()
        self._turn = threading.Condition()
        self._wanted = written
        self._number = 0  # of the newest state
        self._tried = 0  # of the newest state that was tried to be written
        self._done = 0  # of the newest state on disk
        self._again = False
        self._closing = False
        self._waiters: list[_Waiter] = []
        self._problem = ""
        self._turned: Callable[[str], None] = _nobody
        self._thread = threading.Thread(target=self._run, name="scribe", daemon=True)
        self._thread.start()

    def note(self, kept: Kept) -> None:
        """Have it written soon; what is noted later replaces it."""
        with self._turn:
            if self._wanted is not None and kept.says_the_same_as(self._wanted):
                return
            self._wanted = kept
            self._number += 1
            self._turn.notify()

    async def keep(self, kept: Kept) -> None:
        """Have it written, and return once it would survive a crash; raises `NotKept`."""
        self.note(kept)
        with self._turn:
            if self._done == self._number:
                return
            self._again = True  # whoever waits wants an attempt now, not at the next turn
            self._turn.notify()
            waiter = _Waiter(self._number, self._loop.create_future())
        self._waiters.append(waiter)
        try:
            await waiter.future
        finally:
            self._waiters.remove(waiter)

    def watch(self, turned: Callable[[str], None]) -> None:
        """Call `turned` with the reason when writing begins to fail, with "" when it works again."""
        self._turned = turned

    def close(self) -> None:
        """Write what is not written yet and end the thread; gives up after a few seconds. Blocks."""
        with self._turn:
            self._closing = True
            self._turn.notify()
        self._thread.join(CLOSE_S)

    def _run(self) -> None:
        while True:
            with self._turn:
                self._turn.wait_for(self._due, timeout=self._retry_s if self._done < self._tried else None)
                closing, wanted, number = self._closing, self._wanted, self._number
                pending = self._done < number
                self._tried, self._again = number, False
            if pending and wanted is not None:
                self._write(wanted, number)
            if closing:
                return

    def _due(self) -> bool:
        return self._closing or self._tried < self._number or (self._again and self._done < self._number)

    def _write(self, kept: Kept, number: int) -> None:
        problem = ""
        try:
            self._save(kept)
        except (OSError, ValueError) as error:
            problem = said(error)
        except Exception as error:  # noqa: BLE001 - the thread must outlive whatever a state may hold
            problem = f"internal error while it was written ({type(error).__name__})"
        if not problem:
            with self._turn:
                self._done = number
        with contextlib.suppress(RuntimeError):  # the loop has ended, nobody waits any more
            self._loop.call_soon_threadsafe(self._tell, number, problem)

    def _tell(self, number: int, problem: str) -> None:
        for waiter in self._waiters:
            if waiter.number <= number and not waiter.future.done():
                if problem:
                    waiter.future.set_exception(NotKept(problem))
                else:
                    waiter.future.set_result(None)
        if problem != self._problem:
            self._problem = problem
            self._turned(problem)


class NoMemory:
    """Meets `core.ports.Keeper` where nothing can be kept, and says why to everybody who waits."""

    def __init__(self, problem: str) -> None:
        self._problem = scrub(problem)

    def note(self, kept: Kept) -> None:
        """Forget it."""

    async def keep(self, kept: Kept) -> None:  # noqa: ARG002 - same shape as the port
        """Say why it is not kept."""
        raise NotKept(self._problem)

    def watch(self, turned: Callable[[str], None]) -> None:
        """Say that nothing is kept, as soon as whoever watches listens."""
        asyncio.get_running_loop().call_soon(turned, self._problem)


def _nobody(_: str) -> None:
    """Nobody watches yet."""
