"""Who uses what, why not something else, and what comes next if it fails."""

from collections.abc import Iterator
from typing import Final

from tui_failover.console.picture import Ink, Line, Picture, Span
from tui_failover.console.presentation import figures, routes, words
from tui_failover.console.presentation.cells import cells, clip, close, drawn, left, page, right, rule, width_of
from tui_failover.core.snapshot import AgentView, NotUsed, WhyNot

TABLE: Final = 3  # lines besides the agents and the reasons: rule, headings, what is next
_INKS: Final = {NotUsed.READY: Ink.UP, NotUsed.ACTIVE: Ink.ACCENT, NotUsed.PINNED_ELSEWHERE: Ink.HELD}


def agents(picture: Picture, width: int, height: int) -> tuple[Line, ...]:
    """Return the block of the agents: a row each, then the reasons for the agent the cursor concerns."""
    views = picture.snapshot.agents
    if height >= 1 + len(views) + 2 and width >= 44:
        rows = [_headings(width), *(_row(picture, agent, width) for agent in views)]
    else:
        rows = list(_crowd(picture, width))[: max(1, height - 1)]
    lines = [rule("agents and next best route", width), *rows]
    concerned = chosen(picture)
    if concerned is not None and height > len(lines):
        spare = height - len(lines)
        told = _reasons(picture, concerned, width)
        lines.extend(told if spare > len(told) else told[:spare])
    return drawn(page(lines, width, height), ascii_only=picture.ascii)


def chosen(picture: Picture) -> AgentView | None:
    """Return the agent the cursor concerns: one served by the selected provider, else one that has it, else the first."""
    views = picture.snapshot.agents
    serving = (agent for agent in views if agent.active == picture.selected)
    having = (agent for agent in views if picture.selected in agent.chain)
    return next(serving, None) or next(having, None) or next(iter(views), None)


def _headings(width: int) -> Line:
    name, now = _widths(width)
    text = f" {left('AGENT', name)} {left('USES', now)}"
    text += f"{right('RATE', 7)}{right('SAVED', 7)}{right('FAILED', 7)}  NEXT" if now else ""
    return close((Span(text, Ink.MUTED),), width)


def _widths(width: int) -> tuple[int, int]:
    name = min(16, max(8, width // 5))
    return name, min(18, max(10, (width - name - 2 - 21) // 2))


def _row(picture: Picture, agent: AgentView, width: int) -> Line:
    name, now = _widths(width)
    route = _route(picture, agent, now)
    spans = (
        Span(f" {left(agent.id, name)} "),
        *route,
        Span(" " * max(0, now - width_of(route))),
        Span(right(figures.rate(agent.rate), 7), Ink.TEXT if agent.rate >= 0.05 else Ink.MUTED),
        Span(right(figures.count(agent.saved), 7), Ink.TEXT if agent.saved else Ink.MUTED),
        Span(right(figures.count(agent.failed), 7), Ink.DOWN if agent.failed else Ink.MUTED),
        Span("  "),
        *_next(picture, agent),
    )
    return close(spans, width)


def _route(picture: Picture, agent: AgentView, width: int) -> tuple[Span, ...]:
    """Return the active provider with its shape, and what a person or panic made of the route."""
    view = picture.snapshot.provider(agent.active)
    tag = _tag(agent)
    room = width - 2 - (cells(tag) + 1 if tag else 0)
    sign = words.shape(view) if view is not None else Span("○", Ink.UNKN)
    spans = (sign, Span(f" {clip(agent.active, max(room, 4))}"))
    return (*spans, Span(f" {tag}", Ink.HELD)) if tag else spans


def _tag(agent: AgentView) -> str:
    if agent.panic:
        return "panic"
    if agent.pin is not None:
        return "trial" if agent.pin.trial else "pin"
    if agent.automation_held is not None:
        return "held"
    return "" if agent.ramp is None else f"→{agent.ramp.share:.0%}"


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


def _reasons(picture: Picture, agent: AgentView, width: int) -> list[Line]:
    """Return what happens if the active provider fails, and why each other one is not used."""
    outlook = _outlook(picture, agent, width)
    name = max((cells(why.provider) for why in agent.plan), default=8)
    lines = [_reason(picture, why, min(name, 16), width) for why in agent.plan if why.code is not NotUsed.ACTIVE]
    return [outlook, *lines]


def _outlook(picture: Picture, agent: AgentView, width: int) -> Line:
    whose = f" of {agent.id}" if len(picture.snapshot.agents) > 1 else ""
    start = (Span(f" if {agent.active}{whose} fails → ", Ink.MUTED),)
    if agent.next_best is None:
        return close((*start, Span("nothing is left", Ink.DOWN)), width)
    return close((*start, Span(agent.next_best, Ink.ACCENT)), width)


def _reason(picture: Picture, why: WhyNot, name: int, width: int) -> Line:
    label = "next " if why.code is NotUsed.READY else "not  "
    spans = (
        Span(f" {label}", Ink.MUTED),
        Span(left(why.provider, name) + " "),
        Span(routes.obstacle(why, picture.at), _INKS.get(why.code, Ink.MUTED)),
    )
    return close(spans, width)
