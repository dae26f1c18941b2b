"""A host of a failover manager in this process, its log caught."""

import asyncio
import queue
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.support.served import NOBODY, settings_text
from tui_failover.bootstrap.hosting import Host
from tui_failover.bootstrap.known_secrets import KnownSecrets
from tui_failover.bootstrap.logs import Log
from tui_failover.config.reader import parse_settings
from tui_failover.config.settings import ListenAt, LogStyle, Settings
from tui_failover.engine.manager import FailoverManager

ANY_PORT = ListenAt("127.0.0.1", 0)


class Hosting:
    """What a host is made of, its log caught."""

    def __init__(self, folder: Path, listen: ListenAt = ANY_PORT, more: str = "", text: str = "") -> None:
        text = text or settings_text({"a": NOBODY, "b": NOBODY}, more)
        self.settings: Settings = parse_settings(text, folder / "settings.toml", {})
        self.secrets = KnownSecrets()
        self.lines: queue.Queue[str] = queue.Queue()
        self.log = Log(self.lines.put, LogStyle.PLAIN, self.secrets)
        self.host = Host(self.settings, folder / "state", listen, self.log, self.secrets)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[FailoverManager]:
        try:
            async with self.host.running() as manager:
                yield manager
        finally:
            await asyncio.to_thread(self.log.close)

    @property
    def told(self) -> list[str]:
        """What the log holds once everything has ended."""
        return [self.lines.get_nowait() for _ in range(self.lines.qsize())]
