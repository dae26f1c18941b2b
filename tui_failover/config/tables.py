"""The tables of a settings file, by topic; a name here is the name in the file."""

from types import MappingProxyType
from typing import Annotated

from pydantic import Field

from tui_failover.config.capabilities import AS_OVERRIDES, CapabilitiesTable, Overrides
from tui_failover.config.generated import Table, as_value, choice, table_of
from tui_failover.config.settings import Auth, ConsoleSettings, ControlSettings, GatewaySettings, ProcessSettings
from tui_failover.config.words import (
    Address,
    EnvName,
    HeaderName,
    HeaderValue,
    HostName,
    Line,
    Listening,
    Name,
    Origin,
    TokenReference,
    Words,
)
from tui_failover.core.names import AgentId
from tui_failover.core.spec import Dialect, FailoverConfig, ProbeKind, ProbeSpec, Rules

_MICRO = 1_000_000
_MOST_MODELS = 256
_MOST_TOKENS = 1_000_000_000
_HEAVIEST = 100
_PROBE = ProbeSpec()
_CONTROL = ControlSettings()


def micro_dollars(dollars: float) -> int:
    """Return US dollars as a whole number of micro-dollars."""
    return round(dollars * _MICRO)


class ProbeTable(Table):
    """How a provider is checked; see `ProbeSpec`. `daily_budget_usd = inf` means no cap."""

    kind: Annotated[ProbeKind, choice(ProbeKind)] = _PROBE.kind
    query: Words | None = None
    expect: Line | None = None
    daily_budget_usd: float = Field(default=(_PROBE.daily_budget or 0) / _MICRO, ge=0, allow_inf_nan=True)


class ProviderTable(Table):
    """One provider: what it is, how it is reached, what it costs."""

    dialect: Annotated[Dialect, choice(Dialect)]
    model: Line
    base_url: Address | None = None
    api_key_env: EnvName | None = None
    api_key_file: Line | None = None
    auth: Annotated[Auth, choice(Auth)] = Auth.BEARER
    reasoning: bool = False
    responses: bool | None = None
    max_tokens: int | None = Field(default=None, ge=1, le=_MICRO)
    price_input: float | None = Field(default=None, ge=0, le=_MICRO)
    price_output: float | None = Field(default=None, ge=0, le=_MICRO)
    queries_per_min: int | None = Field(default=None, ge=1, le=_MICRO)
    tokens_per_min: int | None = Field(default=None, ge=1, le=_MOST_TOKENS)
    concurrency: int | None = Field(default=None, ge=1, le=_MICRO)
    weight: int = Field(default=1, ge=1, le=_HEAVIEST)
    headers: dict[HeaderName, HeaderValue] = Field(default_factory=dict, max_length=32)
    models: dict[Line, Line] = Field(default_factory=dict, max_length=_MOST_MODELS)
    capabilities: Annotated[Overrides, AS_OVERRIDES] = Field(default_factory=tuple)
    probe: ProbeTable = ProbeTable()


_MOST_LISTED = 32


class ControlTable(Table):
    """How the control API is reached; tokens are told by where they are."""

    enabled: bool = _CONTROL.enabled
    listen: Listening = str(_CONTROL.listen)
    gateway_tokens: list[TokenReference] = Field(default_factory=list, max_length=_MOST_LISTED)
    read_tokens: list[TokenReference] = Field(default_factory=list, max_length=_MOST_LISTED)
    write_tokens: list[TokenReference] = Field(default_factory=list, max_length=_MOST_LISTED)
    allowed_hosts: list[HostName] = Field(default_factory=list, max_length=_MOST_LISTED)
    allowed_origins: list[Origin] = Field(default_factory=list, max_length=_MOST_LISTED)


NAMELESS = AgentId("")  # an agent's id is the name of its table, which the table itself does not know


class SettingsTable(Table):
    """The whole file."""

    console: Annotated[ConsoleSettings, as_value(ConsoleSettings)] = ConsoleSettings()
    control: ControlTable = ControlTable()
    gateway: Annotated[GatewaySettings, as_value(GatewaySettings)] = GatewaySettings()
    process: Annotated[ProcessSettings, as_value(ProcessSettings)] = ProcessSettings()
    providers: dict[Name, ProviderTable] = Field(default_factory=dict)
    agents: dict[Name, Annotated[FailoverConfig, as_value(FailoverConfig, agent_id=NAMELESS)]] = Field(
        default_factory=dict
    )
    rules: Annotated[Rules, as_value(Rules)] = Rules()


ANY_NAME = "*"


def _known() -> dict[tuple[str, ...], tuple[str, ...]]:
    rules = table_of(Rules)
    known = {
        (): tuple(SettingsTable.model_fields),
        ("console",): tuple(table_of(ConsoleSettings).model_fields),
        ("control",): tuple(ControlTable.model_fields),
        ("gateway",): tuple(table_of(GatewaySettings).model_fields),
        ("process",): tuple(table_of(ProcessSettings).model_fields),
        ("providers", ANY_NAME): tuple(ProviderTable.model_fields),
        ("providers", ANY_NAME, "capabilities"): tuple(CapabilitiesTable.model_fields),
        ("providers", ANY_NAME, "probe"): tuple(ProbeTable.model_fields),
        ("agents", ANY_NAME): tuple(table_of(FailoverConfig, without=frozenset({"agent_id"})).model_fields),
        ("rules",): tuple(rules.model_fields),
    }
    for topic, default in rules.model_fields.items():
        known["rules", topic] = tuple(table_of(default.default.__class__).model_fields)
    return known


KNOWN_KEYS = MappingProxyType(_known())
