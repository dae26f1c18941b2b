"""The way from the console's loop to an engine that runs on a loop of its own."""

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any, TypeVar

from tui_failover.core.command import Command, Verdict
from tui_failover.core.errors import EngineClosed
from tui_failover.core.names import AgentId, ProviderId
from tui_failover.core.ports import EngineLink
from tui_failover.core.snapshot import Snapshot

T = TypeVar("T")


class LoopLink:
    """An `EngineLink` to an engine on another thread's event loop; orders cross over, snapshots are just read."""

    def __init__(self, engine: EngineLink, loop: asyncio.AbstractEventLoop) -> None:
        self._engine = engine
        self._loop = loop

    def snapshot(self) -> Snapshot:
        """Return the newest read model; never blocks."""
        return self._engine.snapshot()

    async def submit(self, command: Command) -> Verdict:
        """Give an order and return the verdict; raises `EngineClosed` where the engine has ended."""
        return await self._across(self._engine.submit(command))

    async def check(self, providers: Sequence[ProviderId]) -> None:
        """Start a check of each now; results arrive with later snapshots."""
        await self._across(self._engine.check(providers))

    async def ask(self, agent: AgentId, text: str) -> str:
        """Send one query through an agent's chain and return the answer; raises `FailoverError`."""
        return await self._across(self._engine.ask(agent, text))

    async def _across(self, work: Coroutine[Any, Any, T]) -> T:
        try:
            future = asyncio.run_coroutine_threadsafe(work, self._loop)
        except RuntimeError as error:
            work.close()
            message = "the engine has ended"
            raise EngineClosed(message) from error
        return await asyncio.wrap_future(future)
