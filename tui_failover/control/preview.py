"""What a switch would mean, told before it is ordered."""

from collections.abc import Iterator

from tui_failover.control.plain import iso
from tui_failover.control.problem import unusable
from tui_failover.core.command import Refused, SwitchTo
from tui_failover.core.names import Moment, ProviderId
from tui_failover.core.snapshot import AgentView, ProviderView, Snapshot
from tui_failover.engine.manager import FailoverManager


def preview_json(manager: FailoverManager, snapshot: Snapshot, agent: AgentView, target: str) -> dict[str, object]:
    """Return whether the switch would be carried out, and what is known of both ends."""
    source = snapshot.provider(agent.active)
    goal = snapshot.provider(ProviderId(target))
    if source is None or goal is None:
        message = f"{target}: no such provider"
        raise unusable(message)
    verdict = manager.preview(SwitchTo(agent.id, goal.id))
    return {
        "agent_id": agent.id,
        "active_provider": agent.active,
        "provider_id": goal.id,
        "allowed": not isinstance(verdict, Refused),
        "needs_force": isinstance(verdict, Refused) and verdict.needs_force,
        "consequences": [verdict.why] if isinstance(verdict, Refused) else list(_follows(agent, source, goal)),
        "source": _known(source, snapshot.moment),
        "target": _known(goal, snapshot.moment),
        "revision": snapshot.revision,
    }


def _follows(agent: AgentView, source: ProviderView, goal: ProviderView) -> Iterator[str]:
    if source.id == goal.id:
        yield f"{agent.id} stays on {goal.id}"
    else:
        yield f"new queries of {agent.id} go to {goal.id}"
        yield f"{source.inflight} attempts under way at {source.id} are finished there"
    if agent.pin is not None:
        yield f"replaces the switch to {agent.pin.provider} by {agent.pin.by}"
    if agent.ramp is not None:
        yield f"ends the failback to {agent.ramp.candidate} that is under way"
    if agent.automation_held is not None:
        yield f"automation stays held by {agent.automation_held}"


def _known(view: ProviderView, moment: Moment) -> dict[str, object]:
    """Return what is known, how old it is, and on how many answers it stands."""
    at = view.last_check_at
    return {
        "provider_id": view.id,
        "model": view.model,
        "status": view.status.value,
        "available": view.available,
        "reason": view.reason,
        "last_check": None if at is None else iso(moment.wall(at)),
        "p50_s": view.p50_s,
        "p95_s": view.p95_s,
        "samples": view.samples,
        "inflight": view.inflight,
        "spend_micro_dollars": view.spend,
    }
