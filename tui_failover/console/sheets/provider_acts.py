"""The sheets that change what one provider may get: drain and maintenance, and the breaker by hand."""

from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from tui_failover.console.picture import Ink, Line
from tui_failover.console.presentation.duration import due
from tui_failover.console.presentation.figures import plural
from tui_failover.console.sheets.form import CANCEL, Act, Form, Picks, Row, picked
from tui_failover.console.sheets.wording import RULES, hold_time, in_flight, line, moved, names, sentence, stranded
from tui_failover.core.command import BreakerHand, HoldBreaker, Impose, Imposed, ResetBreaker
from tui_failover.core.names import ProviderId
from tui_failover.core.snapshot import ProviderView, Snapshot
from tui_failover.core.transition import BreakerState

_CANCEL: Final = Act(CANCEL, "Cancel", "nothing changes")
_TIMES: Final = (hold_time(RULES.pin_s), "until undone")
_TIMES_S: Final = (RULES.pin_s, 0.0)


class DrainSheet(Struct, frozen=True):
    """No new queries for a provider, or none and no checks either, or everything as before."""

    provider: ProviderId

    def form(self, snapshot: Snapshot, picks: Picks) -> Form:  # noqa: ARG002 - nothing to pick
        """Return the sheet as it stands."""
        view = snapshot.provider(self.provider)
        if view is None:
            return _gone("drain", self.provider)
        return Form(
            f"drain {view.id}",
            (),
            tuple(_consequence(snapshot, view)),
            (
                _CANCEL,
                self._act(snapshot, view, Imposed.DRAIN, "Drain", "no new queries, checks go on"),
                self._act(snapshot, view, Imposed.MAINTENANCE, "Maintenance", "no new queries, no checks"),
                self._act(
                    snapshot, view, Imposed.NOTHING, "Return", "takes queries again as soon as it is available"
                ),
            ),
        )

    def _act(self, snapshot: Snapshot, view: ProviderView, what: Imposed, label: str, hint: str) -> Act:
        blocked = _ALREADY[what] if view.imposed is what else ""
        order = Impose(view.id, what)
        if what is Imposed.NOTHING or view.imposed is not Imposed.NOTHING or blocked:
            return Act(what.value, label, hint, blocked=blocked, result=order)
        accept, word = _risk(snapshot, view, label.upper())
        return Act(what.value, label, hint, accept=accept, word=word, result=order)


_ALREADY: Final = {
    Imposed.DRAIN: "it is draining already",
    Imposed.MAINTENANCE: "it is in maintenance already",
    Imposed.NOTHING: "it is in service already",
}


class BreakerSheet(Struct, frozen=True):
    """The breaker by hand, ordered by how much it changes."""

    provider: ProviderId

    def form(self, snapshot: Snapshot, picks: Picks) -> Form:
        """Return the sheet as it stands."""
        view = snapshot.provider(self.provider)
        if view is None:
            return _gone("breaker", self.provider)
        time = picked(picks, "time", _TIMES)
        rows = (Row("time", "hold for", _TIMES, time),)
        acts = (_CANCEL, *_breaker_acts(snapshot, view, time))
        return Form(f"breaker of {view.id}", rows, tuple(_breaker(snapshot, view)), acts)


def _breaker_acts(snapshot: Snapshot, view: ProviderView, time: int) -> Iterator[Act]:
    hold_s, hand = _TIMES_S[time], view.breaker.hand
    accept, word = _risk(snapshot, view, "OPEN")
    yield Act(
        "reset",
        "Reset",
        "close it, forget failures and holds on its key",
        result=ResetBreaker(view.id),
    )
    yield Act(
        "give-back",
        "Give back",
        "the rules decide again",
        blocked="" if hand is not None else "nobody holds it",
        result=HoldBreaker(view.id, None),
    )
    yield Act(
        "hold-open",
        "Hold open",
        f"no queries, {_TIMES[time]}",
        blocked="it is held open already" if hand is BreakerHand.OPEN else "",
        accept=accept,
        word=word,
        result=HoldBreaker(view.id, BreakerHand.OPEN, hold_s),
    )
    yield Act(
        "hold-closed",
        "Hold closed",
        f"queries whatever happens, {_TIMES[time]}",
        blocked="it is held closed already" if hand is BreakerHand.CLOSED else "",
        accept=f"queries go to {view.id} however often it fails",
        result=HoldBreaker(view.id, BreakerHand.CLOSED, hold_s),
    )


def _gone(what: str, provider: ProviderId) -> Form:
    return Form(what, (), (line(f"{provider} is no longer configured.", Ink.MUTED),), (_CANCEL,))


def _risk(snapshot: Snapshot, view: ProviderView, word: str) -> tuple[str, str]:
    """Return the effect to accept and the word to type: the last available provider wants the word."""
    lost = stranded(snapshot, view.id)
    if lost:
        return "", word
    if view.active_for:
        return f"{names(tuple(view.active_for))} {_moves(view)} away from {view.id}", ""
    return "", ""


def _moves(view: ProviderView) -> str:
    return "moves" if len(view.active_for) == 1 else "move"


def _consequence(snapshot: Snapshot, view: ProviderView) -> Iterator[Line]:
    yield line(in_flight(view))
    yield from _routes(snapshot, view)
    if view.imposed is not Imposed.NOTHING:
        yield line(f"Now: {'draining' if view.imposed is Imposed.DRAIN else 'in maintenance'}.", Ink.HELD)


def _routes(snapshot: Snapshot, view: ProviderView) -> Iterator[Line]:
    for agent, heir in moved(snapshot, view.id):
        if heir is None:
            yield line(
                f"{agent} has nowhere else to go: its queries would be tried in panic.", Ink.DOWN, bold=True
            )
        else:
            yield line(f"{agent} goes from {view.id} to {heir}.")
    if not view.active_for:
        yield line(f"No agent has {view.id} as its active provider.", Ink.MUTED)


def _breaker(snapshot: Snapshot, view: ProviderView) -> Iterator[Line]:
    breaker, now = view.breaker, snapshot.moment.mono
    state = breaker.state.value
    if breaker.state is BreakerState.HALF_OPEN:
        state = f"half-open, {breaker.successes} of {breaker.needed} trials passed"
    until = due(breaker.until_at, now)
    if until and breaker.state is BreakerState.OPEN:
        state = f"open, half-open {until}"
    because = f": {breaker.reason}" if breaker.reason else ""
    ink = Ink.TEXT if breaker.state is BreakerState.CLOSED else Ink.DOWN
    yield line(sentence(f"Now {state}{because}"), ink)
    if breaker.hand is not None:
        ends = due(breaker.hand_until_at, now)
        yield line(f"Held {breaker.hand.value} by hand{f', ends {ends}' if ends else ', until undone'}.", Ink.HELD)
    opened = f"opened {plural(breaker.opened_count, 'time')} since the start"
    yield line(f"{plural(view.failures, 'failure')} in a row, opens at {view.threshold}; {opened}.", Ink.MUTED)
    if breaker.hand is not BreakerHand.OPEN:
        yield line("If it is held open:", Ink.MUTED)
        yield line(in_flight(view), Ink.MUTED)
        yield from _routes(snapshot, view)
