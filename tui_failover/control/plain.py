"""Values of the core as JSON values: instants become UTC times, histories are left out."""

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import Enum

from msgspec import Struct
from msgspec.structs import asdict

from tui_failover.core.event import Event
from tui_failover.core.history import Series
from tui_failover.core.names import Moment
from tui_failover.core.report import FailoverStats, ProviderHealth
from tui_failover.core.snapshot import AgentView, ProviderView, Snapshot
from tui_failover.core.spec import FailoverConfig
from tui_failover.core.traffic import Traffic

_NINE = (
    "agent_id",
    "primary_provider_id",
    "backup_provider_ids",
    "health_check_enabled",
    "health_check_interval",
    "health_check_timeout",
    "max_consecutive_failures",
    "auto_failover_enabled",
    "health_check_query",
)
_PROVIDER_NAMES = {"id": "provider_id", "spend": "spend_micro_dollars", "probe_spend": "probe_spend_micro_dollars"}


def iso(utc: float) -> str:
    """Return a time in seconds since the Unix epoch by ISO 8601, in UTC."""
    return datetime.fromtimestamp(utc, UTC).isoformat(timespec="milliseconds")


def plain(value: object, moment: Moment) -> object:
    """Return any value of the read model as JSON; fields called `..._at` become times as seen from `moment`."""
    match value:
        case Enum():
            return value.value
        case float():
            return value if math.isfinite(value) else None
        case Mapping():
            return {str(key): plain(one, moment) for key, one in value.items()}
        case tuple() | list():
            return [plain(one, moment) for one in value]
        case frozenset():
            return sorted(str(one) for one in value)
        case datetime():
            return _time(value)
        case Struct():
            return _fields(value, moment)
        case _:
            return value


def _fields(value: Struct, moment: Moment) -> dict[str, object]:
    found: dict[str, object] = {}
    for name, one in asdict(value).items():
        if name.endswith("_at") and isinstance(one, float | int):
            found[name] = iso(moment.wall(one))
        elif not isinstance(one, Series | Traffic):
            found[name] = plain(one, moment)
    return found


def health_json(health: ProviderHealth) -> dict[str, object]:
    """Return the eight health fields."""
    return {
        "provider_id": health.provider_id,
        "status": health.status,
        "last_check": _time(health.last_check),
        "last_success": _time(health.last_success),
        "last_failure": _time(health.last_failure),
        "consecutive_failures": health.consecutive_failures,
        "response_time_ms": health.response_time_ms,
        "error_message": health.error_message,
    }


def _time(time: datetime | None) -> str | None:
    return None if time is None else time.isoformat(timespec="milliseconds")


def config_json(config: FailoverConfig) -> dict[str, object]:
    """Return the nine fields of an agent's failover; whole seconds as they are usually written."""
    return {name: _whole(plain(getattr(config, name), Moment(0.0, 0.0))) for name in _NINE}


def _whole(value: object) -> object:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def stats_json(stats: FailoverStats, view: AgentView, moment: Moment) -> dict[str, object]:
    """Return where an agent stands."""
    return {
        **_fields(stats, moment),
        "provider_health": {name: health_json(health) for name, health in stats.provider_health.items()},
        "next_provider": view.next_best,
        "active_since": iso(moment.wall(view.active_since_at)),
        "active_because": view.active_because,
        "pinned_to": None if view.pin is None else view.pin.provider,
        "automation_held_by": view.automation_held,
        "panic": view.panic,
    }


def provider_json(view: ProviderView, moment: Moment) -> dict[str, object]:
    """Return a provider as shown, without its history."""
    return {_PROVIDER_NAMES.get(name, name): value for name, value in _fields(view, moment).items()}


def agent_json(view: AgentView, moment: Moment) -> dict[str, object]:
    """Return an agent as shown."""
    return {"agent_id" if name == "id" else name: value for name, value in _fields(view, moment).items()}


def event_json(event: Event) -> dict[str, object]:
    """Return an event; its number is what a stream is resumed from."""
    return {
        "number": event.number,
        "time": iso(event.utc),
        "kind": event.kind.value,
        "text": event.text,
        "cause": event.cause,
        "source": event.source.value,
        "provider": event.provider,
        "agent": event.agent,
        "actor": event.actor,
        "left": event.left,
    }


def snapshot_json(snapshot: Snapshot) -> dict[str, object]:
    """Return everything at one instant."""
    moment = snapshot.moment
    return {
        "revision": snapshot.revision,
        "time": iso(moment.utc),
        "started_at": iso(moment.wall(snapshot.started_at)),
        "providers": [provider_json(view, moment) for view in snapshot.providers],
        "agents": [agent_json(view, moment) for view in snapshot.agents],
        "events": [event_json(event) for event in snapshot.events],
        "undo": plain(snapshot.undo, moment),
        "local_fault": snapshot.local_fault,
        "unkept": snapshot.unkept,
    }
