"""Who uses what, why not something else, and what comes next if it fails."""

from collections.abc import Callable, Iterator
from typing import Final

from msgspec import Struct

from tui_failover.console.picture import Ink, Line, Picture, Span
from tui_failover.console.presentation import figures, routes, words
from tui_failover.console.presentation.cells import cells, clip, close, drawn, left, page, right, rule, width_of
from tui_failover.core.snapshot import AgentView, NotUsed, WhyNot

TABLE: Final = 3  # lines besides the agents and the reasons: rule, headings, what is next

_FIGURE: Final = 7
_INKS: Final = {NotUsed.READY: Ink.TEXT, NotUsed.PINNED_ELSEWHERE: Ink.HELD, NotUsed.AUTOMATION_OFF: Ink.HELD}


class Figure(Struct, frozen=True):
    """A column of figures.

    Attributes:
        word: its heading.
        rank: 1 stays longest where it is narrow.
        told: returns the value of an agent, and whether it says anything.
        ink: of a value that does.
    """

    word: str
    rank: int
    told: Callable[[AgentView], tuple[str, bool]]
    ink: Ink = Ink.TEXT


def _share(agent: AgentView) -> tuple[str, bool]:
    return figures.share(agent.error_share), (agent.error_share or 0.0) >= 0.0005


_FIGURES: Final = (
    Figure("RATE", 1, lambda agent: (figures.rate(agent.rate), agent.rate >= 0.05)),
    Figure("FLIGHT", 4, lambda agent: (figures.count(agent.inflight), agent.inflight > 0)),
    Figure("TOK/S", 5, lambda agent: (figures.tokens(agent.tokens_per_s), agent.tokens_per_s >= 0.5)),
    Figure("ERR", 6, _share, Ink.DEGR),
    Figure("SAVED", 3, lambda agent: (figures.count(agent.saved), agent.saved > 0), Ink.UP),
    Figure("FAILED", 2, lambda agent: (figures.count(agent.failed), agent.failed > 0), Ink.DOWN),
)


class Columns(Struct, frozen=True):
    """The widths of the table, and the figures it has room for."""

    name: int
    route: int
    figures: tuple[Figure, ...]


def agents(picture: Picture, width: int, height: int) -> tuple[Line, ...]:
    """Return the block of the agents: a row each, then the reasons for the agent the cursor concerns."""
    views = picture.snapshot.agents
    if height >= 1 + len(views) + 2 and width >= 44:
        columns = _columns(picture, width - 1)
        rows = [_headings(columns, width), *(_row(picture, agent, columns, width) for agent in views)]
    else:
        rows = list(_crowd(picture, width))[: max(1, height - 1)]
    lines = [rule("agents and next best route", width), *rows]
    concerned = chosen(picture)
    if concerned is not None and height > len(lines):
        lines.extend(_reasons(picture, concerned, width, height - len(lines)))
    return drawn(page(lines, width, height), ascii_only=picture.ascii)


def chosen(picture: Picture) -> AgentView | None:
    """Return the agent the cursor concerns: served by the selected provider, else having it, else the first."""
    views = picture.snapshot.agents
    serving = (agent for agent in views if agent.active == picture.selected)
    having = (agent for agent in views if picture.selected in agent.chain)
    return next(serving, None) or next(having, None) or next(iter(views), None)


def _columns(picture: Picture, width: int) -> Columns:
    """Return the widths; where it is narrow the figures leave one by one, the least needed first."""
    views = picture.snapshot.agents
    name = min(max((cells(view.id) for view in views), default=5), 16)
    routed = max(
        (cells(view.active) + 2 + (cells(_tag(view)) + 1 if _tag(view) else 0) for view in views), default=8
    )
    following = max((cells(view.next_best or "none") + 2 for view in views), default=8)
    route = min(max(routed, 8), 22)
    free = width - 2 - name - 1 - route - 2 - min(following, 16)
    kept = max(0, free // _FIGURE)
    return Columns(max(name, 5), route, tuple(one for one in _FIGURES if one.rank <= kept))


def _headings(columns: Columns, width: int) -> Line:
    text = f" {left('AGENT', columns.name)} {left('USES', columns.route)}"
    text += "".join(right(figure.word, _FIGURE) for figure in columns.figures)
    return close((Span(f"{text}  NEXT", Ink.MUTED),), width)


def _row(picture: Picture, agent: AgentView, columns: Columns, width: int) -> Line:
    route = _route(picture, agent, columns.route)
    spans = (
        Span(f" {left(agent.id, columns.name)} "),
        *route,
        Span(" " * max(0, columns.route - width_of(route))),
        *(_figure(figure, agent) for figure in columns.figures),
        Span("  "),
        *_next(picture, agent),
    )
    return close(spans, width)


def _figure(figure: Figure, agent: AgentView) -> Span:
    value, telling = figure.told(agent)
    return Span(right(value, _FIGURE), figure.ink if telling else Ink.MUTED)


def _route(picture: Picture, agent: AgentView, width: int) -> tuple[Span, ...]:
    """Return the active provider with its shape, and what a person or panic made of the route."""
    view = picture.snapshot.provider(agent.active)
    tag = _tag(agent)
    room = width - 2 - (cells(tag) + 1 if tag else 0)
    sign = words.shape(view) if view is not None else Span("○", Ink.UNKN)
    spans = (sign, Span(f" {clip(agent.active, max(room, 4))}"))
    return (*spans, Span(f" {tag}", Ink.DOWN if agent.panic else Ink.HELD)) if tag else spans


def _tag(agent: AgentView) -> str:
    if agent.panic:
        return "panic"
    if agent.pin is not None:
        return "trial" if agent.pin.trial else "pin"
    if agent.automation_held is not None:
        return "held"
    if agent.ramp is None:
        return ""
    return f"→{agent.ramp.share:.0%}" if agent.ramp.share else "→one"  # its canary query


def _next(picture: Picture, agent: AgentView) -> tuple[Span, ...]:
    if agent.next_best is None:
        return (Span("none", Ink.DOWN if len(agent.chain) > 1 else Ink.MUTED),)
    view = picture.snapshot.provider(agent.next_best)
    sign = (words.shape(view),) if view is not None else ()
    return (*sign, Span(f" {agent.next_best}", Ink.MUTED))


def _crowd(picture: Picture, width: int) -> Iterator[Line]:
    """Yield the agents one after another in as few lines as they need."""
    spans: list[Span] = [Span(" ")]
    for agent in picture.snapshot.agents:
        entry = (Span(f"{clip(agent.id, 20)} "), *_route(picture, agent, 24), Span("   "))
        if width_of(spans) + width_of(entry) > width and len(spans) > 1:
            yield close(spans, width)
            spans = [Span(" ")]
        spans.extend(entry)
    yield close(spans, width)


def _reasons(picture: Picture, agent: AgentView, width: int, room: int) -> list[Line]:
    """Return in `room` lines what happens if the active provider fails, and why each other one is not used."""
    outlook = _outlook(picture, agent, width)
    name = max((cells(why.provider) for why in agent.plan), default=8)
    others = [why for why in agent.plan if why.code is not NotUsed.ACTIVE][: room - 1]
    labels = [f"{routes.standing(why, agent):<4}" for why in others]
    lines = [
        _reason(picture, why, f" {label} {left(why.provider, min(name, 16))} ", width)
        for why, label in zip(others, labels, strict=True)
    ]
    return [outlook, *lines]


def _outlook(picture: Picture, agent: AgentView, width: int) -> Line:
    if agent.panic:
        return close((Span(f" {agent.active} is tried as the least bad", Ink.DOWN),), width)
    if agent.next_best is None and not routes.is_available(picture.snapshot, agent.active):
        return close((Span(" no provider is available", Ink.MUTED),), width)
    end = Span("nothing is left", Ink.DOWN) if agent.next_best is None else Span(agent.next_best, Ink.ACCENT)
    start = Span(f" if {agent.active} fails → ", Ink.MUTED)
    if len(picture.snapshot.agents) > 1:
        named = Span(f" {agent.id}: if {agent.active} fails → ", Ink.MUTED)
        start = named if width_of((named, end)) < width else start
    return close((start, end), width)


def _reason(picture: Picture, why: WhyNot, label: str, width: int) -> Line:
    text = clip(routes.obstacle(why, picture.at), max(0, width - 1 - cells(label)))
    return close((Span(label[:6], Ink.MUTED), Span(label[6:]), Span(text, _INKS.get(why.code, Ink.MUTED))), width)
