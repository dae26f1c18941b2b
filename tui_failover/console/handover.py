"""What the next person has to know: the state as Markdown, one row as text, what happened unseen."""

from collections.abc import Iterator
from typing import Final

from tui_failover.console.plain import sentence
from tui_failover.console.presentation import duration, figures, routes, words
from tui_failover.core.command import BreakerHand
from tui_failover.core.event import Event, EventKind, Source
from tui_failover.core.snapshot import AgentView, ProviderView, Snapshot

_AWAY_LINES: Final = 3
_TOLD: Final = 15  # events in a handover

# What moved queries matters more than what a provider did, and that more than the rest.
_WEIGHT: Final = dict.fromkeys(
    (
        EventKind.FAILOVER,
        EventKind.FAILBACK,
        EventKind.SWITCHED,
        EventKind.PIN_ENDED,
        EventKind.EXHAUSTED,
        EventKind.PANIC_BEGAN,
        EventKind.LOCAL_FAULT_BEGAN,
    ),
    2,
) | dict.fromkeys(
    (EventKind.BREAKER_OPENED, EventKind.BREAKER_CLOSED, EventKind.UNHEALTHY, EventKind.HOLD_BEGAN), 1
)


def away(seen: int, snapshot: Snapshot) -> tuple[str, ...]:
    """Return at most three lines on what happened after the event numbered `seen`."""
    new = [event for event in snapshot.events if event.number > seen]
    if not new:
        return ()
    weighty = sorted(new, key=lambda event: (_WEIGHT.get(event.kind, 0), event.number))[-_AWAY_LINES:]
    if len(new) > _AWAY_LINES:
        weighty = weighty[1:]
    told = [sentence(event) for event in sorted(weighty, key=lambda event: event.number)]
    if len(new) > _AWAY_LINES:
        told.append(f"and {len(new) - len(told)} more changes")
    return tuple(told)


def row(view: ProviderView, now: float) -> str:
    """Return one provider as a line of plain text."""
    gate = words.gate(view, now).text
    parts = (
        view.id,
        words.state(view).value,
        f"breaker {gate}",
        f"p95 {duration.latency(view.p95_s)}",
        f"errors {figures.share(view.error_share)}",
        figures.rate(view.rate),
        f"{view.inflight} in flight",
        f"{figures.tokens(view.tokens_per_s)} tokens/s",
        view.model,
        view.error or view.reason,
    )
    return "  ".join(part for part in parts if part)


def handover(snapshot: Snapshot, verdict: str) -> str:
    """Return the whole situation as Markdown: what, since when, tried by whom, routes, timers."""
    return "\n".join(
        (
            f"# Handover, {duration.clock(snapshot.moment.utc)} UTC",
            "",
            verdict,
            "",
            "## Routes",
            *_routes(snapshot),
            "",
            "## Providers",
            "| provider | state | since | breaker | p95 | errors | reason |",
            "|---|---|---|---|---|---|---|",
            *(_provider(snapshot, view) for view in snapshot.providers),
            "",
            "## Timers",
            *(tuple(f"- {timer}" for timer in _timers(snapshot)) or ("- none",)),
            "",
            "## Tried by people",
            *(_told(event for event in snapshot.events if event.source is Source.OPERATOR) or ("- nothing",)),
            "",
            "## What happened, newest last",
            *(_told(iter(snapshot.events)) or ("- nothing",)),
            "",
        )
    )


def _cell(text: str) -> str:
    """Return text that neither ends a table's cell nor becomes markup where the summary is pasted."""
    return "".join(f"\\{char}" if char in "\\`*_[]<>|" else char for char in text)


def _told(events: Iterator[Event]) -> tuple[str, ...]:
    return tuple(f"- {_cell(sentence(event))}" for event in list(events)[-_TOLD:])


def _routes(snapshot: Snapshot) -> Iterator[str]:
    for agent in snapshot.agents:
        since = duration.clock(snapshot.moment.wall(agent.active_since_at))
        then = f"next: {agent.next_best}" if agent.next_best is not None else "nothing to fail over to"
        because = _cell(agent.active_because)
        yield f"- **{_cell(agent.id)}** uses {_cell(agent.active)} since {since} ({because}); {_cell(then)}"
        yield f"  - {_traffic(agent)}"
        for why in agent.plan:
            if why.provider != agent.active:
                yield f"  - {routes.standing(why, agent)} {_cell(why.provider)}: {_cell(why.text)}"


def _traffic(agent: AgentView) -> str:
    """Return how its queries fare: at present, then since the start."""
    flow = (
        figures.rate(agent.rate),
        f"{agent.inflight} in flight",
        f"{figures.tokens(agent.tokens_per_s)} tokens/s",
        f"{figures.share(agent.error_share)} failed in the last minute",
    )
    return f"{', '.join(flow)}; {agent.saved} saved by failover, {agent.failed} failed of {agent.queries}"


def _provider(snapshot: Snapshot, view: ProviderView) -> str:
    cells = (
        view.id,
        words.state(view).value,
        duration.clock(snapshot.moment.wall(view.since_at)),
        words.gate(view, snapshot.moment.mono).text,
        duration.latency(view.p95_s),
        figures.share(view.error_share),
        view.error or view.reason,
    )
    return f"| {' | '.join(_cell(cell) for cell in cells)} |"


def _timers(snapshot: Snapshot) -> Iterator[str]:
    now = snapshot.moment.mono
    for agent in snapshot.agents:
        yield from _agent_timers(agent, now)
    for view in snapshot.providers:
        name = _cell(view.id)
        if view.breaker.hand is not None:
            way = "open" if view.breaker.hand is BreakerHand.OPEN else "closed"
            yield f"{name}: breaker held {way}, {_ends(view.breaker.hand_until_at, now)}"
        if view.why_not is not None and view.why_not.until_at is not None:
            yield f"{name}: {_cell(view.why_not.text)}, {_ends(view.why_not.until_at, now)}"


def _agent_timers(agent: AgentView, now: float) -> Iterator[str]:
    name = _cell(agent.id)
    if agent.pin is not None:
        kind = "trial switch" if agent.pin.trial else "switch"
        who = f"to {_cell(agent.pin.provider)} by {_cell(agent.pin.by)}"
        yield f"{name}: {kind} {who}, {_ends(agent.pin.until_at, now)}"
    if agent.automation_held is not None:
        yield f"{name}: automation held by {_cell(agent.automation_held)}"
    if agent.failback_note:
        yield f"{name}: {_cell(agent.failback_note)}"


def _ends(until_at: float | None, now: float) -> str:
    rest = duration.due(until_at, now)
    return f"ends {rest}" if rest else "until undone"
