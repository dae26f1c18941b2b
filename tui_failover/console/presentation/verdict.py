"""Line 2: one plain sentence that says what is going on, why, since when, and what happens next by itself.

The worst finding is the one that is told. Each finding is a function that returns its sentence or None.
"""

from collections.abc import Callable, Sequence
from typing import Final

from msgspec import Struct

from tui_failover.console.picture import Ink, Line, Picture, Span
from tui_failover.console.presentation import duration, figures, routes, words
from tui_failover.console.presentation.cells import cells, close, drawn
from tui_failover.console.presentation.words import Word
from tui_failover.core.names import ProviderId
from tui_failover.core.snapshot import AgentView, ProviderView, Snapshot

GOOD_TO_KNOW: Final = 3  # the rank from which a clause is no part of what, why and what next


class Clause(Struct, frozen=True):
    """A part of a sentence.

    Attributes:
        forms: the ways to say it, the longest first; "" is not said.
        rank: the smallest stays longest where it is narrow.
    """

    forms: tuple[str, ...]
    rank: int = 0


def say(*forms: str, rank: int = 0) -> Clause:
    """Return a clause of the forms that say something."""
    return Clause(tuple(form for form in forms if form), rank)


class Finding(Struct, frozen=True):
    """What is to be said: shape and two or three words, then clauses in the order in which they are spoken."""

    ink: Ink
    head: str
    clauses: tuple[Clause, ...]

    def text(self, width: int) -> str:
        """Return the sentence in `width` cells if it can be: clauses leave, then the others use the room.

        What is merely good to know is said only where it takes no word from the rest.
        """
        said = [clause for clause in self.clauses if clause.forms and clause.rank < GOOD_TO_KNOW]
        while len(said) > 1 and cells(_joined(said, {})) > width:
            said.remove(max(reversed(said), key=lambda clause: clause.rank))
        chosen = {clause: clause.forms[-1] for clause in said}
        ranked = sorted(said, key=lambda clause: clause.rank)
        for _ in range(max(len(clause.forms) for clause in self.clauses)):
            for clause in ranked:  # each grows by one form before any grows by two
                longer = clause.forms[max(0, clause.forms.index(chosen[clause]) - 1)]
                if cells(_joined(said, {**chosen, clause: longer})) <= width:
                    chosen[clause] = longer
        for clause in (clause for clause in self.clauses if clause.forms and clause.rank >= GOOD_TO_KNOW):
            more = [each for each in self.clauses if each in said or each is clause]
            if all(chosen[each] == each.forms[0] for each in said) and cells(_joined(more, chosen)) <= width:
                said, chosen[clause] = more, clause.forms[-1]
        return _joined(said, chosen)


def _joined(clauses: Sequence[Clause], chosen: dict[Clause, str]) -> str:
    return "; ".join(chosen.get(clause, clause.forms[-1]) for clause in clauses)


def verdict(picture: Picture, width: int) -> tuple[Line, ...]:
    """Return the verdict line, with a bar in the colour of what it says."""
    finding = judge(picture)
    calm = finding.ink is Ink.UP
    sign, _, head = f"{finding.head}: ".partition(" ")
    room = width - 3 - cells(sign) - cells(head)
    spans = (
        Span("▎", Ink.FAINT if calm else finding.ink),
        Span(f"{sign} ", finding.ink, bold=not calm),
        Span(head, Ink.MUTED if calm else finding.ink, bold=not calm),
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
    return Finding(Ink.UNKN, f"○ NO {missing.upper()}", (say(f"the settings name no {missing} yet"),))


def _local(snapshot: Snapshot, _now: float) -> Finding | None:
    if snapshot.local_fault is None:
        return None
    rest = say("no failover is made until it is over", "no failover", rank=1)
    return Finding(Ink.DOWN, "✖ LOCAL FAULT", (say(snapshot.local_fault), rest))


def _no_keys(snapshot: Snapshot, _now: float) -> Finding | None:
    keyless = [view.missing_key for view in snapshot.providers if view.missing_key is not None]
    if len(keyless) < len(snapshot.providers):
        return None
    first, *others = dict.fromkeys(keyless)
    steps = [first, *(other.removeprefix("set ") for other in others)]
    more = f" or one of {len(others)} more" if others else ""
    what = say(" or ".join(steps[:3]), " or ".join(steps[:2]), first + more, first)
    hint = say("to see it without keys run: tui-failover demo", "or run: tui-failover demo", rank=1)
    return Finding(Ink.UNKN, "◇ NO KEYS", (what, hint))


def _all_down(snapshot: Snapshot, now: float) -> Finding | None:
    hit = [agent for agent in snapshot.agents if agent.panic or not routes.has_available(snapshot, agent)]
    if not hit:
        return None
    agent = hit[0]
    whose = routes.whose(agent, hit)
    tried = f"{agent.active} is tried as the least bad" if agent.panic else "queries get an error"
    failed = f"{agent.failed} failed since start" if agent.failed else ""
    clauses = (
        say(f"no provider is available for {whose}", f"{whose} {routes.have(hit)} no provider"),
        say(*routes.next_hope(snapshot, agent, now), rank=1),
        say(tried, rank=2),
        say(failed, rank=3),
    )
    return Finding(Ink.DOWN, "✖ ALL DOWN", clauses)


def _pinned(snapshot: Snapshot, now: float) -> Finding | None:
    hit = [agent for agent in snapshot.agents if agent.pin is not None]
    hit.sort(key=lambda agent: (not routes.is_trial(agent), not routes.is_sick(snapshot, agent.active)))
    if not hit or hit[0].pin is None:
        return None
    agent, pin = hit[0], hit[0].pin
    rest = duration.countdown(pin.until_at, now)
    alike = [each for each in hit if each.pin is not None and each.pin.provider == pin.provider]
    who = f"{routes.whose(agent, alike)} {routes.are(alike)}"
    where = say(f"{who} on {pin.provider}", f"{agent.id} on {pin.provider}")
    besides = say(_besides(hit, alike, "switched by hand"), rank=3)
    by = say(f"switched by {pin.by}: {pin.reason}" if pin.reason else "", f"switched by {pin.by}", rank=2)
    if pin.trial:
        back = say(f"goes back by itself in {rest} unless t keeps it", f"back in {rest} unless t keeps it")
        return Finding(Ink.HELD, "■ TRIAL", (where, back, by, besides))
    until = say(f"until {routes.utc(snapshot, pin.until_at)} ({rest} left)", f"{rest} left", rank=1)
    if not rest:
        until = say("until it is undone", rank=1)
    sick = _why(snapshot, pin.provider) if routes.is_sick(snapshot, pin.provider) else ()
    head = "■ PINNED HARD" if pin.hard else "■ PINNED"
    return Finding(Ink.DOWN if sick else Ink.HELD, head, (where, say(*sick), until, by, besides))


def _pinned_in_need(snapshot: Snapshot, now: float) -> Finding | None:
    """Return a trial, which waits for a key, or a switch to a provider that fails; a calm one can wait."""
    finding = _pinned(snapshot, now)
    trial = any(routes.is_trial(agent) for agent in snapshot.agents)
    return finding if finding is not None and (trial or finding.ink is Ink.DOWN) else None


def _returning(snapshot: Snapshot, now: float) -> Finding | None:
    agent = next((agent for agent in snapshot.agents if agent.ramp is not None), None)
    if agent is None or agent.ramp is None:
        return None
    ramp = agent.ramp
    share = f"{ramp.share:.0%} of the queries" if ramp.share > 0 else "one canary query"
    away = duration.length(now - agent.active_since_at)
    clauses = (
        say(
            f"{agent.id} returns from {agent.active} to {ramp.candidate}",
            f"{agent.id} returns to {ramp.candidate}",
        ),
        say(f"stage {ramp.stage} of {ramp.stages}, {share}", share, rank=1),
        say(f"a failure sends it back to {agent.active}", rank=2),
        say(f"was away for {away}", rank=3),
    )
    return Finding(Ink.ACCENT, "⇄ FAILING BACK", clauses)


def _on_backup(snapshot: Snapshot, now: float) -> Finding | None:
    hit = [agent for agent in snapshot.agents if agent.active != agent.chain[0] and agent.pin is None]
    if not hit:
        return None
    agent, first = hit[0], hit[0].chain[0]
    place = f"{figures.ordinal(routes.place(agent))} of {len(agent.chain)}"
    lasting = duration.length(now - agent.active_since_at)
    since = f"since {routes.utc(snapshot, agent.active_since_at)} ({lasting})"
    alike = [each for each in hit if each.active == agent.active]
    who = routes.whose(agent, alike)
    recovered = routes.is_available(snapshot, first)
    why = () if recovered else _why(snapshot, first)
    clauses = (
        say(
            f"{who} {routes.are(alike)} on {agent.active} ({place}) {since}",
            f"{agent.id} on {agent.active} for {lasting}",
            f"{agent.id} on {agent.active}",
        ),
        say(*why, rank=2),
        say(*routes.back_when(snapshot, agent, now), rank=1),
        say(_besides(hit, alike, "on a backup"), rank=3),
        say(f"{agent.saved} saved, {agent.failed} failed" if agent.saved or agent.failed else "", rank=3),
    )
    calm = recovered or routes.is_out_by_hand(snapshot, first)
    head, ink = ("◐ ON BACKUP", Ink.SLOW) if calm else ("▲ DEGRADED", Ink.DEGR)
    return Finding(ink, head, clauses)


def _besides(hit: Sequence[AgentView], told: Sequence[AgentView], how: str) -> str:
    """Return how many agents are in the same kind of situation as those told of, but not in the same."""
    others = len(hit) - len(told)
    return f"{figures.plural(others, 'more agent')} {how}" if others else ""


def _why(snapshot: Snapshot, provider: ProviderId) -> tuple[str, ...]:
    return (
        routes.how(snapshot, provider),
        routes.how_in_short(snapshot, provider),
        routes.word_of(snapshot, provider),
    )


def _held(snapshot: Snapshot, _now: float) -> Finding | None:
    hit = [agent for agent in snapshot.agents if agent.automation_held is not None]
    if not hit:
        return None
    agent = hit[0]
    alike = [each for each in hit if each.automation_held == agent.automation_held]
    whose = routes.whose(agent, alike)
    where = f"on {agent.active}" if all(each.active == agent.active for each in alike) else "where it is"
    clauses = (
        say(f"{agent.automation_held} holds automation of {whose}", f"{whose}, by {agent.automation_held}"),
        say(f"the route stays {where} until released", f"stays {where}", rank=1),
        say(
            "queries do not fail over either" if agent.strict else "each query still fails over by itself", rank=2
        ),
    )
    return Finding(Ink.HELD, "■ HELD", clauses)


def _hurting(snapshot: Snapshot, now: float) -> Finding | None:
    """Return a sick provider that some agent uses all the same."""
    sick = any(view.active_for and routes.is_sick(snapshot, view.id) for view in snapshot.providers)
    return _degraded(snapshot, now) if sick else None


def _degraded(snapshot: Snapshot, now: float) -> Finding | None:
    sick = [view for view in snapshot.providers if words.state(view) in {Word.DOWN, Word.DEGR}]
    sick.sort(key=lambda view: (not view.active_for, words.state(view) is not Word.DOWN))
    if not sick:
        return None
    view = sick[0]
    sign = words.SIGNS[words.state(view)]
    others = [other.id for other in sick[1:]]
    also = f"also {', '.join(others[:2])}{f' and {len(others) - 2} more' if others[2:] else ''}" if others else ""
    served = f"it serves {', '.join(view.active_for[:2])}" if view.active_for else "traffic is not touched"
    clauses = (
        say(_lasting(view, sign.name, now), f"{view.id} is {sign.name}"),
        say(routes.trouble(view), routes.trouble_in_short(view), rank=2),
        say(served, rank=1),
        say(also, rank=3),
        say(routes.next_of(view, now), rank=4),
    )
    return Finding(Ink.DEGR, "▲ DEGRADED", clauses)


def _lasting(view: ProviderView, name: str, now: float) -> str:
    since_at = words.since_at(view)
    return "" if since_at is None else f"{view.id} has been {name} for {duration.length(now - since_at)}"


def _slow(snapshot: Snapshot, _now: float) -> Finding | None:
    sluggish = [view for view in snapshot.providers if words.state(view) is Word.SLOW]
    sluggish.sort(key=lambda view: not view.active_for)
    if not sluggish:
        return None
    view = sluggish[0]
    p95 = f"p95 {duration.latency(view.p95_s)}"
    served = f"it serves {', '.join(view.active_for[:2])}" if view.active_for else "traffic is not touched"
    clauses = (
        say(f"{view.id} is slow, {p95}", f"{view.id} {p95}"),
        say(view.reason, rank=2),
        say(served, rank=1),
    )
    return Finding(Ink.SLOW, "◐ SLOW", clauses)


def _well(snapshot: Snapshot) -> Finding:
    ready = sum(view.available for view in snapshot.providers)
    keyless = sum(view.missing_key is not None for view in snapshot.providers)
    unproven = sum(words.state(view) is Word.UNKN for view in snapshot.providers)
    everyone = len(snapshot.agents)
    what = f"{snapshot.agents[0].id} is on its first choice"
    if everyone > 1:
        what = f"all {everyone} agents are on their first choice"
    clauses = (
        say(what),
        say(f"{ready} of {len(snapshot.providers)} providers available", f"{ready} available", rank=1),
        say(f"{keyless} without a key" if keyless else "", rank=2),
        say(f"{unproven} not checked yet" if unproven else "", rank=3),
    )
    return Finding(Ink.UP, "● ALL WELL", clauses)


_LADDER: Final[Sequence[Callable[[Snapshot, float], Finding | None]]] = (
    _nothing,
    _local,
    _no_keys,
    _all_down,
    _pinned_in_need,
    _returning,
    _on_backup,
    _hurting,
    _pinned,
    _held,
    _degraded,
    _slow,
)
