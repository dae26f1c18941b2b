"""From tables that are right to the values the rest of the house works with."""

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

from tui_failover.config.secret import EnvKey, FileKey, KeySource, Missing
from tui_failover.config.settings import Connection, ControlSettings, ListenAt, Settings
from tui_failover.config.tables import ControlTable, ProbeTable, ProviderTable, SettingsTable, micro_dollars
from tui_failover.config.words import is_loopback, split_address, split_listen
from tui_failover.core.copying import replace
from tui_failover.core.names import AgentId, ProviderId
from tui_failover.core.spec import (
    NO_LIMITS,
    Dialect,
    FailoverConfig,
    Price,
    ProbeSpec,
    ProviderLimits,
    ProviderSpec,
)
from tui_failover.wire.needs import carried_by

VENDOR_URL = MappingProxyType(
    {
        Dialect.OPENAI: "https://api.openai.com/v1",
        Dialect.ANTHROPIC: "https://api.anthropic.com",
    }
)
_VENDOR = "https://api.openai.com"
_PORTS = MappingProxyType({"https": 443, "http": 80})


def build(table: SettingsTable, path: Path, environ: Mapping[str, str]) -> Settings:
    """Return the settings of a file in which nothing is wrong."""
    connections = {
        ProviderId(name): _connection(provider, path.parent) for name, provider in table.providers.items()
    }
    providers = tuple(
        _provider(ProviderId(name), provider, connections[ProviderId(name)], environ)
        for name, provider in table.providers.items()
    )
    agents = tuple(replace(config, agent_id=AgentId(name)) for name, config in table.agents.items())
    return Settings(
        path=path,
        providers=providers,
        agents=agents,
        rules=table.rules,
        connections=MappingProxyType(connections),
        console=table.console,
        control=_control(table.control, path.parent),
        gateway=table.gateway,
        process=table.process,
        warnings=(*_connection_warnings(connections), *_agent_warnings(agents)),
    )


def _connection(provider: ProviderTable, folder: Path) -> Connection:
    return Connection(
        base_url=provider.base_url or VENDOR_URL[provider.dialect],
        key=_key(provider, folder),
        auth=provider.auth,
        headers=tuple(provider.headers.items()),
        max_tokens=provider.max_tokens,
        models=tuple(provider.models.items()),
        capabilities=provider.capabilities,
    )


def _key(provider: ProviderTable, folder: Path) -> KeySource | None:
    if provider.api_key_env is not None:
        return EnvKey(provider.api_key_env)
    if provider.api_key_file is not None:
        return _file_key(provider.api_key_file, folder)
    return None


def _file_key(shown: str, folder: Path) -> FileKey:
    return FileKey(shown, folder / _at_home(shown))


def _control(table: ControlTable, folder: Path) -> ControlSettings:
    return ControlSettings(
        enabled=table.enabled,
        listen=ListenAt(*split_listen(table.listen)),
        gateway_tokens=tuple(_token(one, folder) for one in table.gateway_tokens),
        read_tokens=tuple(_token(one, folder) for one in table.read_tokens),
        write_tokens=tuple(_token(one, folder) for one in table.write_tokens),
        allowed_hosts=tuple(table.allowed_hosts),
        allowed_origins=tuple(table.allowed_origins),
    )


def _token(reference: str, folder: Path) -> KeySource:
    kind, _, name = reference.partition(":")
    return EnvKey(name) if kind == "env" else _file_key(name, folder)


def _at_home(text: str) -> Path:
    try:
        return Path(text).expanduser()
    except RuntimeError:  # no such user, no home: the path as it stands will be reported as missing
        return Path(text)


def _provider(
    name: ProviderId, provider: ProviderTable, connection: Connection, environ: Mapping[str, str]
) -> ProviderSpec:
    endpoint, host = _endpoint(connection.base_url)
    found = connection.key.read(environ) if connection.key else None
    return ProviderSpec(
        id=name,
        dialect=provider.dialect,
        model=provider.model,
        endpoint=endpoint,
        host=host,
        # Keyless endpoints share no credential; a common label would bench one for the other.
        credential=connection.key.label if connection.key else f"none:{endpoint}",
        missing_key=found.text if isinstance(found, Missing) else None,
        reasoning=provider.reasoning,
        responses=_offers_responses(provider, endpoint),
        price=_price(provider),
        probe=_probe(provider.probe),
        limits=_limits(provider),
        weight=provider.weight,
        carries=carried_by(provider.dialect, provider.model, dict(provider.capabilities)),
    )


def _offers_responses(provider: ProviderTable, endpoint: str) -> bool:
    """Most servers that are compatible with the vendor offer Chat Completions only."""
    if provider.responses is not None:
        return provider.responses
    return provider.dialect is Dialect.OPENAI and endpoint == _VENDOR


def _endpoint(base_url: str) -> tuple[str, str]:
    parts = split_address(base_url)
    host = parts.hostname or ""
    shown = f"[{host}]" if ":" in host else host
    if parts.port in {None, _PORTS[parts.scheme]}:
        return f"{parts.scheme}://{shown}", host
    return f"{parts.scheme}://{shown}:{parts.port}", host


def _price(provider: ProviderTable) -> Price | None:
    if provider.price_input is None or provider.price_output is None:
        return None
    return Price(micro_dollars(provider.price_input), micro_dollars(provider.price_output))


def _limits(provider: ProviderTable) -> ProviderLimits:
    given = ProviderLimits(provider.queries_per_min, provider.tokens_per_min, provider.concurrency)
    return NO_LIMITS if given == NO_LIMITS else given  # the very value, which is recognised at a glance


def _probe(table: ProbeTable) -> ProbeSpec:
    budget = None if math.isinf(table.daily_budget_usd) else micro_dollars(table.daily_budget_usd)
    return ProbeSpec(table.kind, table.query, table.expect, budget)


def _connection_warnings(connections: Mapping[ProviderId, Connection]) -> Iterator[str]:
    for name, connection in connections.items():
        parts = split_address(connection.base_url)
        if parts.scheme == "http" and connection.key is not None and not is_loopback(parts.hostname or ""):
            yield f"{name}: the key is sent unencrypted to {parts.hostname}; use https"
    files = dict.fromkeys(one.key for one in connections.values() if isinstance(one.key, FileKey))
    yield from filter(None, (file.warning() for file in files))


def _agent_warnings(agents: tuple[FailoverConfig, ...]) -> Iterator[str]:
    if not agents:
        yield "no agent is configured, so nothing fails over; add a table such as [agents.my-agent]"
    for agent in agents:
        if not agent.backup_provider_ids:
            yield f"{agent.agent_id}: has no backup to fail over to; add backup_provider_ids"
