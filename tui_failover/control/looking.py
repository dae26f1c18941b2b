"""Handlers that only look, or have a check made."""

import asyncio
from http import HTTPStatus

from tui_failover.control.answer import Answer
from tui_failover.control.metrics import METRICS_KIND
from tui_failover.control.models import PreviewQuery
from tui_failover.control.plain import (
    agent_json,
    config_json,
    health_json,
    provider_json,
    snapshot_json,
    stats_json,
)
from tui_failover.control.preview import preview_json
from tui_failover.control.problem import not_found
from tui_failover.control.route import Call
from tui_failover.control.tokens import Scope
from tui_failover.core.names import AgentId, ProviderId
from tui_failover.core.report import health_of, stats_of
from tui_failover.core.snapshot import AgentView, ProviderView, Snapshot
from tui_failover.engine.manager import FailoverManager
from tui_failover.serving import Stream


def agent_of(snapshot: Snapshot, name: str) -> AgentView:
    """Return an agent's view; raises `Problem` where there is none."""
    view = snapshot.agent(AgentId(name))
    if view is None:
        message = f"{name}: no such agent"
        raise not_found(message)
    return view


def provider_of(snapshot: Snapshot, name: str) -> ProviderView:
    """Return a provider's view; raises `Problem` where there is none."""
    view = snapshot.provider(ProviderId(name))
    if view is None:
        message = f"{name}: no such provider"
        raise not_found(message)
    return view


async def all_health(call: Call) -> Answer:
    """Return the health of every provider."""
    snapshot = call.services.snapshot()
    health = {view.id: health_json(health_of(view, snapshot.moment)) for view in snapshot.providers}
    return Answer({"provider_health": health})


async def agents(call: Call) -> Answer:
    """Return every agent."""
    snapshot = call.services.snapshot()
    return Answer({"agents": [agent_json(view, snapshot.moment) for view in snapshot.agents]})


async def agent(call: Call) -> Answer:
    """Return one agent."""
    snapshot = call.services.snapshot()
    return Answer(agent_json(agent_of(snapshot, call.path["agent_id"]), snapshot.moment))


async def failover(call: Call) -> Answer:
    """Return an agent's configuration."""
    return Answer(config_json(call.services.manager.get_failover_config(call.path["agent_id"])))


async def stats(call: Call) -> Answer:
    """Return where an agent stands."""
    snapshot = call.services.snapshot()
    view = agent_of(snapshot, call.path["agent_id"])
    return Answer(stats_json(stats_of(view, snapshot), view, snapshot.moment))


async def agent_health(call: Call) -> Answer:
    """Check an agent's providers and return their health."""
    view = agent_of(call.services.snapshot(), call.path["agent_id"])
    health = await checked(call.services.manager, view.chain)
    active = call.services.manager.get_active_provider(view.id)
    return Answer({"agent_id": view.id, "active_provider": active, "provider_health": health})


async def check_all(call: Call) -> Answer:
    """Check every provider and return their health."""
    names = tuple(view.id for view in call.services.snapshot().providers)
    return Answer({"provider_health": await checked(call.services.manager, names)})


async def check_one(call: Call) -> Answer:
    """Check a provider and return its health."""
    view = provider_of(call.services.snapshot(), call.path["provider_id"])
    return Answer(health_json(await call.services.manager.check_provider_health(view.id)))


async def checked(manager: FailoverManager, names: tuple[ProviderId, ...]) -> dict[str, object]:
    """Check providers at once and return the health of those that are still registered."""
    answers = await asyncio.gather(
        *(manager.check_provider_health(name) for name in names), return_exceptions=True
    )
    return {
        name: health_json(health)
        for name, health in zip(names, answers, strict=True)
        if not isinstance(health, BaseException)
    }


async def providers(call: Call) -> Answer:
    """Return every provider."""
    snapshot = call.services.snapshot()
    return Answer({"providers": [provider_json(view, snapshot.moment) for view in snapshot.providers]})


async def provider(call: Call) -> Answer:
    """Return one provider."""
    snapshot = call.services.snapshot()
    return Answer(provider_json(provider_of(snapshot, call.path["provider_id"]), snapshot.moment))


async def provider_health(call: Call) -> Answer:
    """Return a provider's health as last known."""
    snapshot = call.services.snapshot()
    return Answer(health_json(health_of(provider_of(snapshot, call.path["provider_id"]), snapshot.moment)))


async def preview(call: Call) -> Answer:
    """Return what a switch would mean."""
    assert isinstance(call.asked, PreviewQuery)  # noqa: S101 - the route's model
    snapshot = call.services.snapshot()
    view = agent_of(snapshot, call.path["agent_id"])
    return Answer(preview_json(call.services.manager, snapshot, view, call.asked.provider_id))


async def snapshot(call: Call) -> Answer:
    """Return everything at one instant; drawn in another thread, for a large fleet takes tens of milliseconds."""
    return Answer(await asyncio.to_thread(lambda: snapshot_json(call.services.snapshot())))


async def events(call: Call) -> Stream:
    """Tell events as they happen."""
    return await call.services.streams.serve(call.request)


async def metrics(call: Call) -> Answer:
    """Return figures for Prometheus; drawn in another thread, as the snapshot is."""
    return Answer(await asyncio.to_thread(call.services.metrics.text), kind=METRICS_KIND)


async def healthz(_: Call) -> Answer:
    """Tell that the process lives; costs next to nothing."""
    return Answer({"status": "up"})


async def readyz(call: Call) -> Answer:
    """Tell whether work may be sent here."""
    if call.services.stopping:
        return Answer({"status": "down"}, status=HTTPStatus.SERVICE_UNAVAILABLE)
    return Answer({"status": "up", **_details(call)})


def _details(call: Call) -> dict[str, object]:
    """Nothing for outsiders."""
    if Scope.READ not in call.scopes:
        return {}
    shot = call.services.snapshot()
    return {
        "revision": shot.revision,
        "agents": len(shot.agents),
        "providers": len(shot.providers),
        "available": sum(view.available for view in shot.providers),
        "panic": [view.id for view in shot.agents if view.panic],
        "local_fault": shot.local_fault,
        "unkept": shot.unkept,
    }
