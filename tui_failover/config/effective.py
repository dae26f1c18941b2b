"""The settings as they hold, defaults included, in the words of the file and without secrets."""

import math
from enum import StrEnum

import tomli_w
from msgspec.structs import asdict, fields

from tui_failover.config.secret import EnvKey, FileKey, KeySource
from tui_failover.config.settings import Connection, ControlSettings, Settings
from tui_failover.core.spec import FailoverConfig, Price, ProbeSpec, ProviderSpec

_MICRO = 1_000_000

Toml = str | bool | int | float | list[str] | dict[str, "Toml"]


def effective(settings: Settings) -> str:
    """Return a settings file that says everything; reading it gives the same settings again."""
    return tomli_w.dumps(
        {
            "providers": {
                spec.id: provider_table(spec, settings.connections[spec.id]) for spec in settings.providers
            },
            "agents": {config.agent_id: agent_table(config) for config in settings.agents},
            "console": _plain(asdict(settings.console)),
            "control": _control(settings.control),
            "gateway": _plain(asdict(settings.gateway)),
            "process": _plain(asdict(settings.process)),
            "rules": {topic: _plain(asdict(numbers)) for topic, numbers in asdict(settings.rules).items()},
        }
    )


def provider_table(spec: ProviderSpec, connection: Connection) -> dict[str, Toml]:
    """Return a provider's table as it could stand in a settings file."""
    table: dict[str, Toml] = {
        "dialect": spec.dialect.value,
        "model": spec.model,
        "base_url": connection.base_url,
        **_key(connection.key),
        "auth": connection.auth.value,
        "reasoning": spec.reasoning,
        "responses": spec.responses,
        **_price(spec.price),
        **{name: most for name, most in asdict(spec.limits).items() if most is not None},
        "weight": spec.weight,
    }
    if connection.max_tokens is not None:
        table["max_tokens"] = connection.max_tokens
    if connection.headers:
        table["headers"] = dict(connection.headers)
    if connection.models:
        table["models"] = dict(connection.models)
    if connection.capabilities:
        table["capabilities"] = _plain(dict(connection.capabilities))
    return {**table, "probe": _probe(spec.probe)}


def _key(key: KeySource | None) -> dict[str, Toml]:
    match key:
        case EnvKey(name):
            return {"api_key_env": name}
        case FileKey(shown, _):
            return {"api_key_file": shown}
        case None:
            return {}


def _price(price: Price | None) -> dict[str, Toml]:
    if price is None:
        return {}
    return {"price_input": price.input_per_million / _MICRO, "price_output": price.output_per_million / _MICRO}


def _probe(probe: ProbeSpec) -> dict[str, Toml]:
    budget = math.inf if probe.daily_budget is None else probe.daily_budget / _MICRO
    words = {key: value for key, value in (("query", probe.query), ("expect", probe.expect)) if value is not None}
    return {"kind": probe.kind.value, **words, "daily_budget_usd": budget}


def _control(control: ControlSettings) -> dict[str, Toml]:
    return {
        "enabled": control.enabled,
        "listen": str(control.listen),
        "gateway_tokens": _references(control.gateway_tokens),
        "read_tokens": _references(control.read_tokens),
        "write_tokens": _references(control.write_tokens),
        "allowed_hosts": list(control.allowed_hosts),
        "allowed_origins": list(control.allowed_origins),
    }


def _references(tokens: tuple[KeySource, ...]) -> list[str]:
    return [f"env:{one.name}" if isinstance(one, EnvKey) else f"file:{one.shown}" for one in tokens]


def agent_table(config: FailoverConfig) -> dict[str, Toml]:
    """Return an agent's table as it could stand in a settings file."""
    return _plain(
        {field.name: getattr(config, field.name) for field in fields(config) if field.name != "agent_id"}
    )


def _plain(values: dict[str, object]) -> dict[str, Toml]:
    return {name: _value(value) for name, value in values.items()}


def _value(value: object) -> Toml:
    match value:
        case StrEnum():
            return value.value
        case tuple():
            return [str(one) for one in value]
        case bool() | int() | float() | str():
            return value
        case _:
            message = f"no word in TOML for {type(value).__name__}"
            raise TypeError(message)
