"""A manager out of settings: every configured provider behind its SDK."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from os import PathLike
from pathlib import Path

from tui_failover.bootstrap.registry import Registry, priced
from tui_failover.config.reader import read_settings
from tui_failover.config.settings import Settings
from tui_failover.engine.clock import LoopClock
from tui_failover.engine.manager import FailoverManager
from tui_failover.engine.thread import BlockingFailoverManager


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[FailoverManager]:
    """Run a manager on the settings, its providers reached through their SDKs; nothing outlives it."""
    clock = LoopClock(asyncio.get_running_loop())
    registry = Registry(settings, clock)
    async with FailoverManager(registry.upstreams, settings.rules, clock) as manager:
        await manager.start(await asyncio.to_thread(priced, settings.providers), settings.agents)
        yield manager


def open_manager(path: str | PathLike[str] = "settings.toml") -> BlockingFailoverManager:
    """Return a failover manager for ordinary programs, on the settings in `path`; enter it to start it.

    Raises:
        SettingsError: with every mistake in the file.
    """
    settings = read_settings(Path(path))
    return BlockingFailoverManager(lambda: running(settings))
