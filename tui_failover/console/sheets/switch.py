"""The switch sheet: an agent, a provider of its chain, for how long, and what would follow."""

from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from tui_failover.console.picture import Ink, Line, Span
from tui_failover.console.sheets.form import CANCEL, Act, Form, Picks, Row, picked
from tui_failover.console.sheets.known import ends
from tui_failover.console.sheets.wording import RULES, hold_time, line, names, obstacle, stays
from tui_failover.core.command import SwitchTo
from tui_failover.core.names import AgentId, ProviderId
from tui_failover.core.preview import losses_told, preview_of
from tui_failover.core.snapshot import AgentView, Snapshot
from tui_failover.core.spec import FailbackMode

HOLD, UNTIL_UNDONE, TRIAL = range(3)
MODES: Final = (f"hold {hold_time(RULES.pin_s)}", "until undone", f"trial {hold_time(RULES.trial_s)}")
AFTER: Final = (
    f"automation may move it again after {hold_time(RULES.pin_s)}",
    "automation moves it only after it is undone or given back",
    f"goes back by itself after {hold_time(RULES.trial_s)} unless t keeps it",
)


class SwitchSheet(Struct, frozen=True):
    """A switch wanted from the row of `provider`; `agent` and `target` preselect where they are given."""

    provider: ProviderId
    agent: AgentId | None = None
    target: ProviderId | None = None

    def form(self, snapshot: Snapshot, picks: Picks) -> Form:
        """Return the sheet as it stands."""
        agents = self._agents(snapshot)
        if not agents:
            return _nothing("no agent with another provider is left")
        names_of = tuple(one.id for one in agents)
        place = picked(picks, "agent", names_of)
        agent = agents[place]
        goal = f"to {agent.id}"  # another agent is asked anew, for the target may be where it is already
        to = picked(picks, goal, agent.chain, self._default_target(agent))
        mode = picked(picks, "mode", MODES)
        rows: tuple[Row, ...] = (
            Row(goal, "to", agent.chain, to),
            Row("mode", "for", MODES, mode),
        )
        if len(agents) > 1:
            rows = (Row("agent", "agent", names_of, place), *rows)
        target = agent.chain[to]
        return Form(
            f"switch {agent.id}",
            rows,
            tuple(_preview(snapshot, agent, target, mode)),
            (Act(CANCEL, "Cancel", "nothing changes"), _switch(snapshot, agent, target, mode)),
        )

    def _agents(self, snapshot: Snapshot) -> tuple[AgentView, ...]:
        if self.agent is not None:
            return tuple(one for one in snapshot.agents if one.id == self.agent)
        return tuple(one for one in snapshot.agents if self.provider in one.chain and len(one.chain) > 1)

    def _default_target(self, agent: AgentView) -> int:
        wanted = self.target or self.provider
        if wanted == agent.active and self.target is None:
            wanted = agent.next_best or next((one for one in agent.chain if one != agent.active), wanted)
        return agent.chain.index(wanted) if wanted in agent.chain else 0


def _nothing(why: str) -> Form:
    return Form("switch", (), (line(why, Ink.MUTED),), (Act(CANCEL, "Cancel"),))


def _switch(snapshot: Snapshot, agent: AgentView, target: ProviderId, mode: int) -> Act:
    hold_s = {HOLD: RULES.pin_s, UNTIL_UNDONE: 0.0, TRIAL: None}[mode]
    order = SwitchTo(agent.id, target, hold_s=hold_s, trial=mode == TRIAL)
    view = snapshot.provider(target)
    hint = f"{agent.id} to {target}, {MODES[mode]}"
    if target == agent.active:
        hint = f"{agent.id} stays on {target}, {MODES[mode]}"
    if view is None:
        return Act("switch", "Switch", hint, blocked=f"{target} is gone", result=order)
    if view.missing_key is not None:
        return Act("switch", "Switch", hint, blocked=f"{target} has no key: {view.missing_key}", result=order)
    kind = obstacle(view).partition(": ")[0]  # the whole of it stands above
    accept = "" if view.available else f"switch although {target} is not available: {kind}"
    return Act("switch", "Switch", hint, accept=accept, result=order)


def _preview(snapshot: Snapshot, agent: AgentView, target: ProviderId, mode: int) -> Iterator[Line]:
    goal = snapshot.provider(target)
    preview = preview_of(snapshot, agent, target)
    if preview is not None:
        yield from ends(snapshot, agent, preview)
        yield ()
        yield from (_loses(loss) for loss in losses_told(preview) if target != agent.active)
    if goal is not None and not goal.available:
        yield line(f"{target} is not available: {obstacle(goal)}.", Ink.DOWN, bold=True)
        yield line("Each new query tries it first and, if it fails, goes on along the chain.")
    if preview is not None and target != agent.active:
        yield line(stays(agent))
    yield line(_others(snapshot, agent), Ink.MUTED)
    yield from _ends(agent, mode)


def _loses(loss: str) -> Line:
    harmless = loss.startswith("nothing")
    return (Span("loses ", Ink.MUTED), Span(loss, Ink.TEXT if harmless else Ink.DEGR, bold=not harmless))


def _others(snapshot: Snapshot, agent: AgentView) -> str:
    others = tuple(one.id for one in snapshot.agents if one.id != agent.id)
    match others:
        case ():
            return f"{agent.id} is the only agent."
        case (other,):
            return f"Only {agent.id} moves; {other} stays as it is."
        case _:
            return f"Only {agent.id} moves; {names(others)} stay as they are."


def _ends(agent: AgentView, mode: int) -> Iterator[Line]:
    yield line(f"Then: {AFTER[mode]}.", Ink.MUTED)
    if agent.pin is not None:
        yield line(f"Replaces the switch to {agent.pin.provider} by {agent.pin.by}.", Ink.HELD)
    if agent.ramp is not None:
        yield line(f"Ends the failback to {agent.ramp.candidate} that is under way.", Ink.HELD)
    if agent.automation_held is not None:
        yield line(f"Automation stays held by {agent.automation_held}.", Ink.HELD)
    elif agent.config.failback is not FailbackMode.AUTO and mode != UNTIL_UNDONE:
        yield line(f"Failback is {agent.config.failback.value}: nothing returns by itself.", Ink.MUTED)
