"""What is known of both ends of a switch, on how much it stands and how old it is."""

from collections.abc import Iterator
from typing import Final

from tui_failover.console.picture import Ink, Line, Span
from tui_failover.console.presentation.cells import cells, left
from tui_failover.console.presentation.duration import ago, latency
from tui_failover.console.presentation.figures import count, money, plural, rate
from tui_failover.console.presentation.words import mark
from tui_failover.core.preview import End, Preview, Room
from tui_failover.core.snapshot import AgentView, Limited, ProviderView, Snapshot

_INDENT = Span(" " * 6)


def ends(snapshot: Snapshot, agent: AgentView, preview: Preview) -> Iterator[Line]:
    """Yield three lines for each end: its state, how quick it is and was, what the agent costs; then room."""
    width = max(cells(preview.source.provider), cells(preview.target.provider))
    for label, end in (("from", preview.source), ("to", preview.target)):
        view = snapshot.providers[snapshot.shown[end.provider]]
        yield (
            Span(f"{label:<6}", Ink.MUTED),
            Span(f"{left(view.id, width)}  "),
            mark(view),
            Span(f"  {_age(end, snapshot.moment.mono)}, {view.model}", Ink.MUTED),
        )
        yield _INDENT, Span(_quickness(end), Ink.MUTED)
        yield _INDENT, Span(f"{_price(agent, view, end, preview)}; {_load(end)}", Ink.MUTED)
    yield from _room(preview.room)


def _age(end: End, now: float) -> str:
    return "nothing known yet" if end.known_at is None else f"as of {ago(end.known_at, now)}"


def _quickness(end: End) -> str:
    if end.now is None:
        return "p95 not known, no answer yet"
    now = f"p95 {latency(end.now.p95_s)} over {plural(end.now.samples, 'answer')}"
    before = end.before
    return now if before is None else f"{now}, {latency(before.p95_s)} over the {before.samples} before"


def _price(agent: AgentView, view: ProviderView, end: End, preview: Preview) -> str:
    if view.price is None:
        return "price unknown"
    if end.per_hour is None:
        return "price unknown, tokens are not told"
    if not preview.recent.ended:
        return f"{agent.id} asks nothing now"
    about = "about " if preview.recent.unmetered else ""
    return f"{about}{money(end.per_hour)}/h for {agent.id}"


def _load(end: End) -> str:
    """Return what everybody asks of it."""
    return f"in all {rate(end.rate)}, {end.inflight} in flight"


_COUNTED: Final = {
    Limited.QUERIES: "queries/min",
    Limited.TOKENS: "tokens/min",
    Limited.WRITTEN: "output/min",
    Limited.CONCURRENCY: "at once",
}


def _room(rooms: tuple[Room, ...]) -> Iterator[Line]:
    """Yield what is used of each limit and what the switch adds to it; more than two have no room in a line."""
    tight = not all(one.suffices for one in rooms)
    used = [f"{count(one.used)} of {count(one.limit)} {_COUNTED[one.what]} +{count(one.adds)}" for one in rooms]
    for place in range(0, len(used), 2):
        told = f"{'' if place else 'uses':<6}{', '.join(used[place : place + 2])}"
        yield _INDENT, Span(told, Ink.DEGR if tight else Ink.MUTED, bold=tight)
