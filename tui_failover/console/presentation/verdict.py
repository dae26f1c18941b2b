"""Line 2: one plain sentence that says what is going on, why, since when, and what happens next by itself.

The worst finding is the one that is told. Each finding is a function that returns its sentence or None.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from tui_failover.console.picture import Ink, Line, Picture, Span
from tui_failover.console.presentation import duration, figures, routes, words
from tui_failover.console.presentation.cells import cells, close, drawn
from tui_failover.console.presentation.words import Word
from tui_failover.core.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Finding:
    """What is to be said.

    Attributes:
        head: shape and two or three words.
        clauses: the sentence in parts, the most needed first; each as it is said with room, and shorter.
    """

    ink: Ink
    head: str
    clauses: tuple[tuple[str, str], ...]

    def text(self, width: int) -> str:
        """Return the sentence in at most `width` cells: parts get shorter, then leave, before words are cut."""
        for spoken in self._versions():
            if cells(spoken) <= width:
                return spoken
        return self.clauses[0][1]

    def _versions(self) -> list[str]:
        full = [clause[0] for clause in self.clauses]
        short = [clause[1] for clause in self.clauses]
        most = len(full)
        mixed = [[*full[:cut], *short[cut:]] for cut in range(most, -1, -1)]
        fewer = [[*full[:1], *short[1:cut]] for cut in range(most - 1, 0, -1)]
        return ["; ".join(part for part in parts if part) for parts in (*mixed, *fewer, short[:1])]


def verdict(picture: Picture, width: int) -> tuple[Line, ...]:
    """Return the verdict line, with a bar in the colour of what it says."""
    finding = judge(picture)
    loud = finding.ink not in {Ink.UP, Ink.UNKN}
    head = f"{finding.head}: "
    room = width - 3 - cells(head)
    spans = (
        Span("▎", finding.ink, bold=loud),
        Span(head, finding.ink, bold=loud),
        Span(finding.text(room), Ink.TEXT),
    )
    return drawn((close(spans, width),), ascii_only=picture.ascii)


def judge(picture: Picture) -> Finding:
    """Return the worst finding on the picture."""
    snapshot, now = picture.snapshot, picture.at
    for find in _LADDER:
        finding = find(snapshot, now)
        if finding is not None:
            return finding
    return _well(snapshot)


def _nothing(snapshot: Snapshot, _now: float) -> Finding | None:
    if snapshot.providers and snapshot.agents:
        return None
    missing = "agent" if snapshot.providers else "provider"
    return Finding(Ink.UNKN, f"○ NO {missing.upper()}", ((f"settings.toml names no {missing} yet",) * 2,))


def _local(snapshot: Snapshot, _now: float) -> Finding | None:
    if snapshot.local_fault is None:
        return None
    rest = ("verdicts are frozen and no failover is made until it is over", "verdicts frozen")
    return Finding(Ink.DOWN, "✖ LOCAL FAULT", ((snapshot.local_fault,) * 2, rest))


def _no_keys(snapshot: Snapshot, _now: float) -> Finding | None:
    keyless = [view.missing_key for view in snapshot.providers if view.missing_key is not None]
    if len(keyless) < len(snapshot.providers):
        return None
    steps = tuple(dict.fromkeys(keyless))
    more = f" and {len(steps) - 1} more" if len(steps) > 1 else ""
    what = (" or ".join(steps[:3]), steps[0] + more)
    hint = ("or watch it without keys: tui-failover demo", "or run tui-failover demo")
    return Finding(Ink.UNKN, "◇ NO KEYS", (what, hint, ("nothing can be sent until then", "")))


def _all_down(snapshot: Snapshot, now: float) -> Finding | None:
    hit = [agent for agent in snapshot.agents if agent.panic or not routes.has_available(snapshot, agent)]
    if not hit:
        return None
    agent = hit[0]
    whose = routes.whose(agent, hit)
    tried = f"{agent.active} is tried as the least bad" if agent.panic else "queries get an error"
    return Finding(
        Ink.DOWN,
        "✖ ALL DOWN",
        (
            (f"no provider of {whose} is available", f"{whose} has no provider"),
            routes.next_hope(snapshot, agent, now),
            (tried, tried),
            (figures.plural(agent.failed, "query").replace("querys", "queries") + " failed", ""),
        ),
    )


def _pinned(snapshot: Snapshot, now: float) -> Finding | None:
    hit = [agent for agent in snapshot.agents if agent.pin is not None]
    hit.sort(key=lambda agent: (not routes.is_trial(agent), not routes.is_sick(snapshot, agent.active)))
    if not hit or hit[0].pin is None:
        return None
    agent, pin = hit[0], hit[0].pin
    rest = duration.countdown(pin.until_at, now)
    where = (f"{routes.whose(agent, hit)} {routes.are(hit)} on {pin.provider}", f"{pin.provider}")
    if pin.trial:
        back = (f"goes back by itself in {rest} unless confirmed", f"back in {rest} unless confirmed")
        return Finding(Ink.HELD, "■ TRIAL", (where, back, (f"by {pin.by}", "")))
    until = (
        (f"until {routes.utc(snapshot, pin.until_at)} ({rest} left)", f"{rest} left")
        if rest
        else ("until undone",) * 2
    )
    kind = " hard" if pin.hard else ""
    sick = routes.how(snapshot, pin.provider) if routes.is_sick(snapshot, pin.provider) else ""
    why = f": {pin.reason}" if pin.reason else ""
    ink = Ink.DOWN if sick else Ink.HELD
    return Finding(
        ink, f"■ PINNED{kind.upper()}", (where, until, (sick, sick), (f"pinned by {pin.by}{why}", f"by {pin.by}"))
    )


def _returning(snapshot: Snapshot, now: float) -> Finding | None:
    for agent in snapshot.agents:
        ramp = agent.ramp
        if ramp is None:
            continue
        share = f"{ramp.share:.0%} of the queries" if ramp.share > 0 else "one canary query"
        stage = f"stage {ramp.stage} of {ramp.stages}"
        since = duration.length(now - agent.active_since_at)
        return Finding(
            Ink.ACCENT,
            "⇄ FAILING BACK",
            (
                (
                    f"{agent.id} returns from {agent.active} to {ramp.candidate}",
                    f"{agent.active} → {ramp.candidate}",
                ),
                (f"{stage}, {share} on {ramp.candidate}", f"{stage}, {share}"),
                ("a failure sends it back to " + agent.active, ""),
                (f"was on {agent.active} for {since}", ""),
            ),
        )
    return None


def _on_backup(snapshot: Snapshot, now: float) -> Finding | None:
    hit = [agent for agent in snapshot.agents if agent.active != agent.chain[0] and agent.pin is None]
    if not hit:
        return None
    agent = hit[0]
    first = agent.chain[0]
    place = figures.ordinal(routes.place(agent)) + f" of {len(agent.chain)}"
    since = f"{routes.utc(snapshot, agent.active_since_at)} ({duration.length(now - agent.active_since_at)})"
    where = (
        f"{routes.whose(agent, hit)} {routes.are(hit)} on {agent.active} ({place}) since {since}",
        f"{agent.id} on {agent.active} for {duration.length(now - agent.active_since_at)}",
    )
    why = agent.active_because
    shown = ("because of " + why, why) if why and why != "primary" else (routes.how(snapshot, first),) * 2
    saved = f"{agent.saved} queries saved, {agent.failed} failed" if agent.saved or agent.failed else ""
    recovered = routes.is_available(snapshot, first)
    head, ink = ("◐ ON BACKUP", Ink.SLOW) if recovered else ("▲ DEGRADED", Ink.DEGR)
    return Finding(ink, head, (where, routes.back_when(snapshot, agent, now), shown, (saved, "")))


def _held(snapshot: Snapshot, _now: float) -> Finding | None:
    hit = [agent for agent in snapshot.agents if agent.automation_held is not None]
    if not hit:
        return None
    agent = hit[0]
    what = (
        f"{agent.automation_held} holds automation of {routes.whose(agent, hit)}",
        f"{routes.whose(agent, hit)} by {agent.automation_held}",
    )
    queries = "queries do not fail over either" if agent.strict else "each query still fails over by itself"
    return Finding(
        Ink.HELD, "■ HELD", (what, (f"traffic stays on {agent.active} until released",) * 2, (queries, ""))
    )


def _degraded(snapshot: Snapshot, now: float) -> Finding | None:
    sick = [view for view in snapshot.providers if words.state(view) in {Word.DOWN, Word.DEGR}]
    sick.sort(key=lambda view: (not view.active_for, words.state(view) is not Word.DOWN))
    if not sick:
        return None
    view = sick[0]
    more = f"; also {', '.join(other.id for other in sick[1:3])}" if len(sick) > 1 else ""
    more += f" and {len(sick) - 3} more" if len(sick) > 3 else ""
    served = "" if view.active_for else "traffic is not touched"
    ink = words.SIGNS[words.state(view)].ink if view.active_for else Ink.DEGR
    since = duration.length(now - view.since_at)
    return Finding(
        ink,
        "▲ DEGRADED",
        (
            (
                f"{view.id} is {words.SIGNS[words.state(view)].name} for {since}{more}",
                routes.how(snapshot, view.id),
            ),
            (view.reason, ""),
            (served, served),
            (routes.next_of(view, now),) * 2,
        ),
    )


def _slow(snapshot: Snapshot, now: float) -> Finding | None:
    slow = [view for view in snapshot.providers if words.state(view) is Word.SLOW]
    slow.sort(key=lambda view: not view.active_for)
    if not slow:
        return None
    view = slow[0]
    since = duration.length(now - view.since_at)
    figure = f"p95 {duration.latency(view.p95_s)}"
    served = f"still serves {', '.join(view.active_for[:2])}" if view.active_for else "traffic is not touched"
    return Finding(
        Ink.SLOW,
        "◐ SLOW",
        (
            (f"{view.id} answers slowly for {since}, {figure}", f"{view.id} {figure}"),
            (view.reason, ""),
            (served,) * 2,
        ),
    )


def _well(snapshot: Snapshot) -> Finding:
    ready = sum(view.available for view in snapshot.providers)
    keyless = sum(view.missing_key is not None for view in snapshot.providers)
    unproven = sum(words.state(view) is Word.UNKN for view in snapshot.providers)
    who = snapshot.agents[0].id if len(snapshot.agents) == 1 else f"all {len(snapshot.agents)} agents"
    one = len(snapshot.agents) == 1
    what = f"{who} {'is' if one else 'are'} on {'its' if one else 'their'} first choice"
    able = f"{ready} of {len(snapshot.providers)} providers available"
    notes = [f"{keyless} without a key"] if keyless else []
    notes += [f"{unproven} not checked yet"] if unproven else []
    note = ", ".join(notes)
    return Finding(Ink.UP, "● ALL WELL", ((what, what), (able, able), (note, note)))


_LADDER: Final[Sequence[Callable[[Snapshot, float], Finding | None]]] = (
    _nothing,
    _local,
    _no_keys,
    _all_down,
    _pinned,
    _returning,
    _on_backup,
    _held,
    _degraded,
    _slow,
)
