"""A keeper that remembers in memory, and refuses or dawdles when a test says so."""

import asyncio
from collections.abc import Callable

from tui_failover.core.errors import NotKept
from tui_failover.core.kept import Kept


class Memory:
    """Meets `core.ports.Keeper`.

    Attributes:
        noted: everything that was to be written, oldest first.
        kept: everything somebody waited for, oldest first.
        problem: why it refuses to keep, or "".
        hangs: it never comes to an end.
    """

    def __init__(self) -> None:
        self.noted: list[Kept] = []
        self.kept: list[Kept] = []
        self.problem = ""
        self.hangs = False
        self._turned: Callable[[str], None] = lambda _: None

    def note(self, kept: Kept) -> None:
        self.noted.append(kept)

    async def keep(self, kept: Kept) -> None:
        if self.hangs:
            await asyncio.Event().wait()
        if self.problem:
            raise NotKept(self.problem)
        self.kept.append(kept)

    def watch(self, turned: Callable[[str], None]) -> None:
        self._turned = turned

    def turns(self, problem: str) -> None:
        """Writing begins to fail, or works again."""
        self._turned(problem)
