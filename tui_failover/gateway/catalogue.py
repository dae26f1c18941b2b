"""What a caller may name as its model, in a form that clients of both dialects read."""

from collections.abc import Collection
from datetime import UTC, datetime

from tui_failover.core.names import AgentId
from tui_failover.core.snapshot import Snapshot
from tui_failover.gateway.settings import GatewaySettings

_Entry = dict[str, object]


def listed(
    snapshot: Snapshot, settings: GatewaySettings, agents: Collection[AgentId], of: str | None
) -> tuple[str, ...]:
    """Return the names: agents, then the models of their providers and what is mapped to these.

    Args:
        snapshot: of the fleet.
        settings: of the gateway.
        agents: who may be asked.
        of: the one agent it is about; None for all.
    """
    wanted = [one for one in snapshot.agents if of in {None, one.id} and one.id in agents]
    chained = {provider for one in wanted for provider in one.config.chain}
    models = [
        name
        for view in snapshot.providers
        if view.id in chained
        for name in (view.model, *settings.models.get(view.id, ()))
    ]
    return tuple(dict.fromkeys([*(str(one.id) for one in wanted), *models]))


def entry(name: str, created: int) -> _Entry:
    """Return one model; `created` is Unix time in seconds."""
    return {
        "id": name,
        "object": "model",
        "type": "model",
        "display_name": name,
        "owned_by": "tui-failover",
        "created": created,
        "created_at": datetime.fromtimestamp(created, UTC).isoformat(),
    }


def page(names: tuple[str, ...], created: int) -> _Entry:
    """Return all models as the one page there is."""
    ends: _Entry = {"first_id": names[0], "last_id": names[-1]} if names else {"first_id": None, "last_id": None}
    return {"object": "list", "data": [entry(name, created) for name in names], **ends, "has_more": False}
