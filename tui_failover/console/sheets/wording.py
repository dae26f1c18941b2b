"""Sentences the sheets share."""

from typing import Final

from tui_failover.console.picture import Ink, Line, Span
from tui_failover.core.names import AgentId, ProviderId
from tui_failover.core.snapshot import AgentView, ProviderView, Snapshot
from tui_failover.core.spec import OverrideRules

RULES: Final = OverrideRules()
_MINUTES_FROM_S: Final = 120


def line(text: str, ink: Ink = Ink.TEXT, *, bold: bool = False) -> Line:
    """Return one run of text as a line."""
    return (Span(text, ink, bold=bold),)


def sentence(text: str) -> str:
    """Return a text that may already end in a full stop as a sentence with one."""
    return f"{text.rstrip('. ')}."


def names(ids: tuple[str, ...]) -> str:
    """Return names as a person lists them."""
    return "".join(ids) if len(ids) <= 1 else f"{', '.join(ids[:-1])} and {ids[-1]}"


def hold_time(seconds: float) -> str:
    """Return a configured time the way the sheets offer it ("30 min", "60 s")."""
    return f"{seconds / 60:.0f} min" if seconds >= _MINUTES_FROM_S else f"{seconds:.0f} s"


def obstacle(view: ProviderView) -> str:
    """Return why a provider is not available, in words."""
    return view.why_not.text.rstrip(". ") if view.why_not is not None else "it takes no queries"


def in_flight(view: ProviderView) -> str:
    """Return what becomes of the queries under way at a provider that gets no new ones."""
    if not view.inflight:
        return f"Nothing is in flight on {view.id}."
    if view.inflight == 1:
        return f"1 query in flight finishes on {view.id}."
    return f"{view.inflight} queries in flight finish on {view.id}."


def stays(agent: AgentView) -> str:
    """Return what becomes of an agent's queries under way when its route moves."""
    match agent.inflight:
        case 0:
            return f"No query of {agent.id} is in flight."
        case 1:
            return f"1 query of {agent.id} is in flight and finishes where it is."
        case many:
            return f"{many} queries of {agent.id} are in flight and finish where they are."


def moved(snapshot: Snapshot, away_from: ProviderId) -> tuple[tuple[AgentId, ProviderId | None], ...]:
    """Return where each agent that uses the provider goes without it; None: nowhere, nothing else is available."""
    return tuple((agent.id, _heir(snapshot, agent)) for agent in snapshot.agents if agent.active == away_from)


def stranded(snapshot: Snapshot, without: ProviderId) -> tuple[AgentId, ...]:
    """Return the agents whose only available provider this is."""
    view = snapshot.provider(without)
    if view is None or not view.available:
        return ()
    return tuple(
        agent.id
        for agent in snapshot.agents
        if without in agent.chain and not any(_usable(snapshot, one) for one in agent.chain if one != without)
    )


def _heir(snapshot: Snapshot, agent: AgentView) -> ProviderId | None:
    others = (one for one in agent.chain if one != agent.active and _usable(snapshot, one))
    return agent.next_best or next(others, None)


def _usable(snapshot: Snapshot, provider: ProviderId) -> bool:
    view = snapshot.provider(provider)
    return view is not None and view.available
