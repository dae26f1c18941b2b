"""A manager out of settings: every configured provider behind its SDK."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from os import PathLike
from pathlib import Path

from tui_failover.config.reader import read_settings
from tui_failover.config.secret import Secret
from tui_failover.config.settings import Connection as Configured
from tui_failover.config.settings import Settings
from tui_failover.core.names import ProviderId
from tui_failover.core.spec import ProviderSpec
from tui_failover.engine.clock import LoopClock
from tui_failover.engine.manager import FailoverManager
from tui_failover.engine.thread import BlockingFailoverManager
from tui_failover.providers.connection import AuthHeader, Connection
from tui_failover.providers.factory import SdkUpstreams
from tui_failover.providers.prices import price_of


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[FailoverManager]:
    """Run a manager on the settings, its providers reached through their SDKs."""
    clock = LoopClock(asyncio.get_running_loop())
    upstreams = SdkUpstreams(connections(settings), clock)
    async with FailoverManager(upstreams, settings.rules, clock) as manager:
        await manager.start(await asyncio.to_thread(_priced, settings.providers), settings.agents)
        yield manager


def open_manager(path: str | PathLike[str] = "settings.toml") -> BlockingFailoverManager:
    """Return a failover manager for ordinary programs, on the settings in `path`; enter it to start it.

    Raises:
        SettingsError: with every mistake in the file.
    """
    settings = read_settings(Path(path))
    return BlockingFailoverManager(lambda: running(settings))


def connections(settings: Settings) -> Mapping[ProviderId, Connection]:
    """Return how each provider is reached, in the adapters' terms."""
    return {name: _connection(one) for name, one in settings.connections.items()}


def _connection(configured: Configured) -> Connection:
    return Connection(
        base_url=configured.base_url,
        key=lambda: _key(configured),
        auth=AuthHeader(configured.auth.value),
        headers=dict(configured.headers),
        max_tokens=configured.max_tokens,
    )


def _key(configured: Configured) -> str:
    """The key as it is at this moment; "" where there is none, which the adapter tells as such."""
    if configured.key is None:
        return ""
    found = configured.key.read()
    return found.reveal() if isinstance(found, Secret) else ""


_VENDORS = {"api.openai.com", "api.anthropic.com"}


def _priced(providers: tuple[ProviderSpec, ...]) -> tuple[ProviderSpec, ...]:
    """Fill in the vendors' list prices where the settings name none; what others charge is not known."""
    return tuple(
        replace(spec, price=price_of(spec.dialect, spec.model))
        if spec.price is None and spec.host in _VENDORS
        else spec
        for spec in providers
    )
