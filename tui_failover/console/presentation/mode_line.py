"""Line 1: what is running here, in which mode, under which policy, and how old the data is."""

from typing import Final

from tui_failover.console.picture import Ink, Line, Picture, Span
from tui_failover.console.presentation import duration, figures, gateway, words
from tui_failover.console.presentation.cells import close, drawn, spread, width_of
from tui_failover.core.snapshot import Snapshot

NAME: Final = "FAILOVER"
OLD_S: Final = 5.0  # data this old is worth a look
DEAD_S: Final = 15.0  # data this old proves nothing any more


def mode_line(picture: Picture, width: int, *, picked: bool = False) -> tuple[Line, ...]:
    """Return the mode line; what the operator needs least leaves first where it is narrow.

    Args:
        picture: what is shown.
        width: cells.
        picked: the gateway's address is what keys are about; then nothing takes its room.
    """
    mode, others = _mode(picture), _parts(picture)
    name = (Span(f"{NAME}  ", Ink.TEXT, bold=True),)
    count, clock, old = _end(picture)
    ends = ((count, clock, old), (count, old), (old,))
    end = next((end for end in ends if 1 + width_of((*name, *mode, *end)) <= width), (old,))
    start = [Span(" "), *(name if 1 + width_of((*name, *mode, *end)) <= width else ()), *mode]
    if picked:
        end, others = (old,), []
        start = [Span(" "), *mode, Span("  "), *_picked(picture, width - width_of((*mode, old)) - 4)]
    for forms in others:
        fitting = (form for form in forms if width_of((*start, *form, *end)) + 4 <= width)
        start.extend((Span("  "), *form) if (form := next(fitting, None)) else ())
    return drawn((spread(start, end, width),), ascii_only=picture.ascii)


def alerts(snapshot: Snapshot) -> int:
    """Return how many things need a person's attention: failing providers, agents in panic, a local fault."""
    failing = sum(words.state(view) in {words.Word.DOWN, words.Word.DEGR} for view in snapshot.providers)
    panicking = sum(agent.panic for agent in snapshot.agents)
    return failing + panicking + (snapshot.local_fault is not None)


def data_age(picture: Picture) -> float:
    """Return the seconds since the engine last spoke; it counts up while paused."""
    return max(0.0, picture.now - max(picture.snapshot.moment.mono, picture.snapshot.data_at))


Form = tuple[Span, ...]


def _parts(picture: Picture) -> list[tuple[Form, ...]]:
    """Return what stands after the mode, the most needed first; each in its forms, the longest first."""
    uptime = duration.length(picture.at - picture.snapshot.started_at)
    return [
        ((Span("READ-ONLY", Ink.HELD),),) if picture.read_only else (),
        ((Span("NO GATEWAY", Ink.DOWN, bold=True),),) if picture.gateway_problem else (),
        (_policy(picture.snapshot),),
        ((Span(picture.environment, Ink.MUTED),),) if picture.environment else (),
        tuple((Span(form, Ink.MUTED),) for form in gateway.forms(picture.gateway)) if picture.gateway else (),
        ((Span(f"rev {picture.snapshot.revision}", Ink.MUTED),),),
        ((Span(f"up {uptime}", Ink.MUTED),),),
    ]


def _picked(picture: Picture, room: int) -> Form:
    """Return the address under the cursor, with what a key does to it where there is room."""
    address = Span(gateway.forms(picture.gateway)[1], Ink.ACCENT, bold=True, lit=True)
    hint = Span("  y copies its export line", Ink.MUTED)
    return (address, hint) if width_of((address, hint)) <= room else (address,)


def _mode(picture: Picture) -> tuple[Span, ...]:
    moment = picture.snapshot.moment
    if picture.paused:
        old = duration.length(picture.now - moment.mono)
        return (Span(f"‖ PAUSED {duration.clock(moment.utc)}Z, {old} old", Ink.ACCENT, bold=True),)
    if data_age(picture) >= DEAD_S:
        return (Span("✖ NO DATA", Ink.DOWN, bold=True),)
    return Span("●", Ink.UP), Span(" LIVE")


def _policy(snapshot: Snapshot) -> tuple[Span, ...]:
    held = sum(agent.automation_held is not None for agent in snapshot.agents)
    off = sum(not agent.config.auto_failover_enabled for agent in snapshot.agents)
    everyone = len(snapshot.agents)
    if held:
        return (Span("HELD" if held == everyone else f"HELD {held}/{everyone}", Ink.HELD, bold=True),)
    if off:
        return (Span("MANUAL" if off == everyone else f"MANUAL {off}/{everyone}", Ink.HELD),)
    return (Span("AUTO", Ink.MUTED),)


def _end(picture: Picture) -> tuple[Span, Span, Span]:
    count = alerts(picture.snapshot)
    old = data_age(picture)
    stale = old >= OLD_S and not picture.paused
    clock = duration.clock(picture.snapshot.moment.wall(picture.now))
    return (
        Span(figures.plural(count, "alert"), Ink.DOWN if count else Ink.MUTED, bold=bool(count)),
        Span(f"  {clock}Z", Ink.TEXT),
        Span(f"  age {duration.age(old):>4} ", Ink.SLOW if stale else Ink.MUTED, bold=stale),
    )


def caption(picture: Picture, width: int) -> tuple[Line, ...]:
    """Return the line on which a demo says what it is showing."""
    if not picture.caption:
        return (close((), width),)
    spans = (Span(" demo  ", Ink.ACCENT), Span(picture.caption, Ink.MUTED))
    return drawn((close(spans, width),), ascii_only=picture.ascii)
