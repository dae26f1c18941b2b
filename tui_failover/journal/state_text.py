"""The state as TOML text, and back. Only what this program has written is understood; anything else is broken."""

import tomllib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Protocol

import tomli_w
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from tui_failover.core.command import BreakerHand, Imposed
from tui_failover.core.errors import FailoverError, SettingsError
from tui_failover.core.fact import Restored
from tui_failover.core.kept import Kept, KeptHand, KeptPin, KeptRoute, KeptService
from tui_failover.core.names import AgentId, ProviderId
from tui_failover.core.spec import FailoverConfig, ProviderSpec
from tui_failover.core.text import scrub

_VERSION = 1
_HEAD = """\
# What was ordered and configured while tui-failover was running. The program writes it; it is not meant to be
# edited. "tui-failover reset-state" forgets it.
"""
_LAST_UTC = 253_402_300_799.0  # the last second of the year 9999, the latest a TOML date can tell

Table = Mapping[str, object]


class Malformed(FailoverError):
    """The text is no state of ours; the message says why."""


class Registry(Protocol):
    """Knows providers and agents as tables in the form of the settings; they name keys and never hold them."""

    def provider_table(self, spec: ProviderSpec) -> Table:
        """Return the table of a provider registered at run time."""
        ...

    def agent_table(self, config: FailoverConfig) -> Table:
        """Return an agent's table."""
        ...

    def provider(self, name: str, table: Table) -> ProviderSpec:
        """Return the provider in the table, ready to be reached; raises `SettingsError`."""
        ...

    def agent(self, name: str, table: Table) -> FailoverConfig:
        """Return the failover in the table; raises `SettingsError`."""
        ...


def encode(kept: Kept, registry: Registry) -> bytes:
    """Return the text that `decode` understands; raises `ValueError` for what TOML cannot say."""
    tables = {
        "version": _VERSION,
        "written": _date(kept.taken_utc),
        "removed": {"providers": list(kept.removed_providers), "agents": list(kept.removed_agents)},
        "routes": {name: _route_table(route) for name, route in kept.routes.items()},
        "services": {name: _service_table(service) for name, service in kept.services.items()},
        "providers": {name: registry.provider_table(spec) for name, spec in kept.providers.items()},
        "agents": {name: registry.agent_table(config) for name, config in kept.agents.items()},
    }
    return f"{_HEAD}{tomli_w.dumps(tables)}".encode()


def decode(data: bytes, registry: Registry) -> Restored:
    """Return what the text says; tables of providers and agents that are no longer in order are left out and told.

    Raises:
        Malformed: the text is not ours, or of a version that is not known here.
    """
    try:
        state = _State.model_validate(tomllib.loads(data.decode()))
    except ValidationError as error:
        where = ".".join(str(part) for part in error.errors(include_url=False)[0]["loc"])
        message = f"{scrub(where, 80) or 'it'} is not what this program writes"
        raise Malformed(message) from None
    except (ValueError, RecursionError):
        message = "it is no TOML"
        raise Malformed(message) from None
    ignored: list[str] = []
    providers: dict[ProviderId, ProviderSpec] = {}
    for name, table in state.providers.items():
        try:
            providers[ProviderId(name)] = registry.provider(name, table)
        except SettingsError as error:
            ignored.append(f"provider {name}: {error.problems[0]}")
    agents: dict[AgentId, FailoverConfig] = {}
    for name, table in state.agents.items():
        try:
            agents[AgentId(name)] = registry.agent(name, table)
        except SettingsError as error:
            ignored.append(f"failover of {name}: {error.problems[0]}")
    kept = Kept(
        taken_utc=state.written.timestamp(),
        routes={AgentId(name): one.kept() for name, one in state.routes.items()},
        services={ProviderId(name): one.kept() for name, one in state.services.items()},
        providers=providers,
        agents=agents,
        removed_providers=tuple(ProviderId(one) for one in state.removed.providers),
        removed_agents=tuple(AgentId(one) for one in state.removed.agents),
    )
    return Restored(kept, tuple(scrub(one) for one in ignored))


def _route_table(route: KeptRoute) -> Table:
    table = {
        "active": route.active,
        "since": _date(route.since_utc),
        "because": route.because,
        "first": route.first,
        "held_by": route.held_by,
        "strict": route.strict,
        "suspended": route.suspended,
        "pin": None if route.pin is None else _pin_table(route.pin),
    }
    return _said(table)


def _pin_table(pin: KeptPin) -> Table:
    table = {
        "provider": pin.provider,
        "until": _date(pin.until_utc),
        "by": pin.by,
        "reason": pin.reason,
        "trial": pin.trial,
        "hard": pin.hard,
        "came_from": pin.came_from,
    }
    return _said(table)


def _service_table(service: KeptService) -> Table:
    hand = service.hand
    breaker = (
        None if hand is None else _said({"way": hand.way.value, "until": _date(hand.until_utc), "by": hand.by})
    )
    return _said({"imposed": service.imposed.value, "by": service.by, "breaker": breaker})


def _said(table: Table) -> Table:
    return {key: value for key, value in table.items() if value is not None}


def _date(utc: float | None) -> datetime | None:
    return None if utc is None else datetime.fromtimestamp(min(utc, _LAST_UTC), UTC)


def _utc(date: datetime | None) -> float | None:
    return None if date is None else round(date.timestamp(), 3)


Line = Annotated[str, AfterValidator(scrub)]
Name = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(scrub)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class _Pin(_Table):
    provider: Name
    until: AwareDatetime | None = None
    by: Line
    reason: Line
    trial: bool
    hard: bool
    came_from: Name

    def kept(self) -> KeptPin:
        until = _utc(self.until)
        came_from = ProviderId(self.came_from)
        return KeptPin(ProviderId(self.provider), until, self.by, self.reason, self.trial, self.hard, came_from)


class _Route(_Table):
    active: Name
    since: AwareDatetime
    because: Line
    first: bool
    held_by: Line | None = None
    strict: bool
    suspended: bool
    pin: _Pin | None = None

    def kept(self) -> KeptRoute:
        return KeptRoute(
            ProviderId(self.active),
            round(self.since.timestamp(), 3),
            self.because,
            self.first,
            None if self.pin is None else self.pin.kept(),
            self.held_by,
            self.strict,
            self.suspended,
        )


class _Breaker(_Table):
    way: Annotated[BreakerHand, Field(strict=False)]
    until: AwareDatetime | None = None
    by: Line


class _Service(_Table):
    imposed: Annotated[Imposed, Field(strict=False)]
    by: Line
    breaker: _Breaker | None = None

    def kept(self) -> KeptService:
        one = self.breaker
        return KeptService(
            self.imposed, self.by, None if one is None else KeptHand(one.way, _utc(one.until), one.by)
        )


class _Removed(_Table):
    providers: list[Name]
    agents: list[Name]


class _State(_Table):
    version: Annotated[int, Field(ge=_VERSION, le=_VERSION)]
    written: AwareDatetime
    removed: _Removed
    routes: dict[Name, _Route]
    services: dict[Name, _Service]
    providers: dict[Name, dict[str, object]]
    agents: dict[Name, dict[str, object]]
