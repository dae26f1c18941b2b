"""What has to outlive the process reaches the keeper: soon after a change, and before an order is answered."""

import asyncio

from tui_failover.core.errors import NotKept
from tui_failover.core.fact import KeepingTurned
from tui_failover.core.fleet import Fleet
from tui_failover.core.kept import Kept, kept_of
from tui_failover.core.ports import Clock, Keeper
from tui_failover.core.text import scrub
from tui_failover.engine.state import Cell

PATIENCE_S = 2.0  # longer than a healthy disk ever takes, shorter than a person waits for an answer


class Keeping:
    """Stands between the cell and the keeper; does nothing where there is no keeper."""

    def __init__(self, cell: Cell, clock: Clock, keeper: Keeper | None) -> None:
        self._cell = cell
        self._clock = clock
        self._keeper = keeper
        if keeper is not None:
            keeper.watch(self._turned)
            cell.listen(self._changed)

    async def acknowledged(self) -> str:
        """Wait until the fleet as it stands is kept; return "" then, else why what was ordered may be lost."""
        if self._keeper is None:
            return ""
        try:
            async with asyncio.timeout(PATIENCE_S):
                await self._keeper.keep(self._kept(self._cell.fleet))
        except NotKept as problem:
            return f"it will not survive a restart: {scrub(str(problem))}"
        except TimeoutError:
            return "it would not survive a restart yet: the disk is slow"
        return ""

    def _changed(self, before: Fleet, after: Fleet) -> None:
        # Everything that is kept changes with an event; to compare states at every answer would cost too much.
        if self._keeper is not None and after.events != before.events:
            self._keeper.note(self._kept(after))

    def _kept(self, fleet: Fleet) -> Kept:
        return kept_of(fleet, self._clock.now())

    def _turned(self, problem: str) -> None:
        self._cell.apply(KeepingTurned(scrub(problem)))
