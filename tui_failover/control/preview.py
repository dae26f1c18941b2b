"""What a switch would mean, told before it is ordered: in the figures and sentences the console shows too."""

from collections.abc import Iterator

from tui_failover.control.plain import iso
from tui_failover.control.problem import unusable
from tui_failover.core.command import Refused, SwitchTo
from tui_failover.core.names import ProviderId
from tui_failover.core.preview import End, Preview, Quickness, losses_told, preview_of
from tui_failover.core.snapshot import AgentView, ProviderView, Snapshot
from tui_failover.core.text import counted
from tui_failover.engine.manager import FailoverManager


def preview_json(manager: FailoverManager, snapshot: Snapshot, agent: AgentView, target: str) -> dict[str, object]:
    """Return whether the switch would be carried out, and what is known of both ends."""
    preview = preview_of(snapshot, agent, ProviderId(target))
    if preview is None:
        message = f"{target}: no such provider"
        raise unusable(message)
    verdict = manager.preview(SwitchTo(agent.id, preview.target.provider))
    recent = preview.recent
    return {
        "agent_id": agent.id,
        "active_provider": agent.active,
        "provider_id": preview.target.provider,
        "allowed": not isinstance(verdict, Refused),
        "needs_force": isinstance(verdict, Refused) and verdict.needs_force,
        "consequences": [verdict.why] if isinstance(verdict, Refused) else list(_follows(agent, preview)),
        "source": _known(snapshot, preview.source),
        "target": _known(snapshot, preview.target),
        "in_flight": preview.inflight,
        "recent": {
            "window_s": recent.window_s,
            "queries": recent.ended,
            "failed": recent.failed,
            "input_tokens": recent.input_tokens,
            "output_tokens": recent.output_tokens,
            "longest_input_tokens": recent.longest,
        },
        "losses": [{"need": loss.need.value, "queries": loss.queries} for loss in preview.losses],
        "losses_known": preview.judged,
        "room": [
            {"limit": one.what.value, "most": one.limit, "used": one.used, "adds": one.adds}
            for one in preview.room
        ],
        "revision": snapshot.revision,
    }


def _follows(agent: AgentView, preview: Preview) -> Iterator[str]:
    source, goal = preview.source.provider, preview.target.provider
    if source == goal:
        yield f"{agent.id} stays on {goal}"
    else:
        yield f"new queries of {agent.id} go to {goal}"
        verb = "is" if preview.source.inflight == 1 else "are"
        yield f"{counted(preview.source.inflight, 'attempt')} under way at {source} {verb} finished there"
        yield from (f"loses {loss}" for loss in losses_told(preview))
    if agent.pin is not None:
        yield f"replaces the switch to {agent.pin.provider} by {agent.pin.by}"
    if agent.ramp is not None:
        yield f"ends the failback to {agent.ramp.candidate} that is under way"
    if agent.automation_held is not None:
        yield f"automation stays held by {agent.automation_held}"


def _known(snapshot: Snapshot, end: End) -> dict[str, object]:
    """Return what is known, how old it is, and on how many answers it stands."""
    view = snapshot.providers[snapshot.shown[end.provider]]
    moment = snapshot.moment
    return {
        "provider_id": view.id,
        "model": view.model,
        "status": view.status.value,
        "available": view.available,
        "reason": view.reason,
        "known_since": None if end.known_at is None else iso(moment.wall(end.known_at)),
        "last_check": _time(snapshot, view),
        "p50_s": view.p50_s,
        "p95_s": view.p95_s,
        "samples": view.samples,
        "p95_now": _quickness(end.now),
        "p95_before": _quickness(end.before),
        "inflight": view.inflight,
        "queries_per_s": view.rate,
        "spend_micro_dollars": view.spend,
        "micro_dollars_per_hour": end.per_hour,
        "context_window": view.context_window,
    }


def _time(snapshot: Snapshot, view: ProviderView) -> str | None:
    return None if view.last_check_at is None else iso(snapshot.moment.wall(view.last_check_at))


def _quickness(quickness: Quickness | None) -> dict[str, object] | None:
    return None if quickness is None else {"seconds": quickness.p95_s, "samples": quickness.samples}
