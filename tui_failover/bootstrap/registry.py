"""How every provider is reached, whether it stands in the settings or was registered at run time."""

import asyncio
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from tui_failover.config.effective import agent_table, provider_table
from tui_failover.config.registration import agent_in, provider_in
from tui_failover.config.secret import Secret
from tui_failover.config.settings import Connection as Configured
from tui_failover.config.settings import Settings
from tui_failover.core.copying import replace
from tui_failover.core.names import ProviderId
from tui_failover.core.ports import Clock, Upstream
from tui_failover.core.spec import FailoverConfig, ProviderSpec
from tui_failover.providers.connection import AuthHeader, Connection
from tui_failover.providers.factory import SdkUpstreams
from tui_failover.providers.prices import context_window_of, price_of

_VENDORS = frozenset({"api.openai.com", "api.anthropic.com"})

Learn = Callable[[str], None]


def _forget(_: str) -> None:
    """Nobody hides secrets here."""


class Registry:
    """Knows connections by provider; keys are read where they are used, and told to `learn` to be hidden in logs.

    Meets `journal.state_text.Registry` and `control.ports.Connect`, and is what the upstreams are made from.
    """

    def __init__(
        self, settings: Settings, clock: Clock, learn: Learn = _forget, environ: Mapping[str, str] = os.environ
    ) -> None:
        self._folder: Path = settings.path.parent
        self._learn = learn
        self._environ = environ
        self._configured: dict[ProviderId, Configured] = {}
        self._connections: dict[ProviderId, Connection] = {}
        self._models: dict[ProviderId, Mapping[str, str]] = {}
        self._capabilities: dict[ProviderId, Mapping[str, object]] = {}
        for name, one in settings.connections.items():
            self._take_up(name, one)
        self.upstreams = SdkUpstreams(self._connections, clock)

    @property
    def models(self) -> Mapping[ProviderId, Mapping[str, str]]:
        """What each provider is asked for in place of what applications ask for; follows what is registered."""
        return MappingProxyType(self._models)

    @property
    def capabilities(self) -> Mapping[ProviderId, Mapping[str, object]]:
        """What each provider's model can carry, where the settings say so; follows what is registered."""
        return MappingProxyType(self._capabilities)

    async def __call__(self, spec: ProviderSpec, connection: Configured) -> tuple[ProviderSpec, Upstream]:
        """Take a provider up at run time; return it with its price where that is known, and its upstream."""
        (known,) = await asyncio.to_thread(priced, (spec,))
        self._take_up(spec.id, connection)
        return known, self.upstreams(known)

    def provider_table(self, spec: ProviderSpec) -> Mapping[str, object]:
        """Return a provider's table; keys are named in it, never held."""
        return provider_table(spec, self._configured[spec.id])

    def agent_table(self, config: FailoverConfig) -> Mapping[str, object]:
        """Return an agent's table."""
        return agent_table(config)

    def provider(self, name: str, table: Mapping[str, object]) -> ProviderSpec:
        """Return the provider in the table, ready to be reached; raises `SettingsError`."""
        spec, connection = provider_in(name, table, self._folder, self._environ)
        self._take_up(spec.id, connection)
        return spec

    def agent(self, name: str, table: Mapping[str, object]) -> FailoverConfig:
        """Return the failover in the table; raises `SettingsError`."""
        return agent_in(name, table)

    def _take_up(self, provider: ProviderId, configured: Configured) -> None:
        self._configured[provider] = configured
        self._connections[provider] = self._connection(configured)
        self._models[provider] = dict(configured.models)
        self._capabilities[provider] = dict(configured.capabilities)

    def _connection(self, configured: Configured) -> Connection:
        return Connection(
            base_url=configured.base_url,
            key=lambda: self._key(configured),
            auth=AuthHeader(configured.auth.value),
            headers=dict(configured.headers),
            max_tokens=configured.max_tokens,
        )

    def _key(self, configured: Configured) -> str:
        """The key as it is at this moment; "" where there is none, which the adapter tells as such."""
        found = None if configured.key is None else configured.key.read(self._environ)
        if not isinstance(found, Secret):
            return ""
        self._learn(found.reveal())
        return found.reveal()


def priced(providers: tuple[ProviderSpec, ...]) -> tuple[ProviderSpec, ...]:
    """Fill in what is known of the vendors' models: context windows, and list prices where none is named. Slow."""
    return tuple(_known(spec) if spec.host in _VENDORS else spec for spec in providers)


def _known(spec: ProviderSpec) -> ProviderSpec:
    """What anybody else charges for a model, or lets it read, is not known."""
    price = price_of(spec.dialect, spec.model) if spec.price is None else spec.price
    return replace(spec, price=price, context_window=context_window_of(spec.dialect, spec.model))
