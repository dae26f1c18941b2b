"""The hold sheet: whose automation is held, or goes on, and whose route is given back."""

from collections.abc import Iterator

from msgspec import Struct

from tui_failover.console.picture import Ink, Line
from tui_failover.console.presentation.duration import due
from tui_failover.console.sheets.form import CANCEL, Act, Form, Picks, Row, picked
from tui_failover.console.sheets.wording import line, sentence
from tui_failover.core.command import Command, HoldAutomation, ReleaseAutomation, ReleasePin
from tui_failover.core.names import ProviderId
from tui_failover.core.snapshot import AgentView, Snapshot


def toggle(agents: tuple[AgentView, ...]) -> Command | None:
    """Return the order that needs no sheet: one agent, whose route nobody has switched; else None."""
    if len(agents) != 1 or agents[0].pin is not None:
        return None
    agent = agents[0]
    return HoldAutomation(agent.id) if agent.automation_held is None else ReleaseAutomation(agent.id)


class AutomationSheet(Struct, frozen=True):
    """Automation of one of the agents that have `provider` in their chain."""

    provider: ProviderId

    def form(self, snapshot: Snapshot, picks: Picks) -> Form:
        """Return the sheet as it stands."""
        agents = tuple(one for one in snapshot.agents if self.provider in one.chain)
        cancel = Act(CANCEL, "Cancel", "nothing changes")
        if not agents:
            return Form(
                "automation", (), (line(f"{self.provider} is in no agent's chain.", Ink.MUTED),), (cancel,)
            )
        names = tuple(one.id for one in agents)
        place = picked(picks, "agent", names)
        agent = agents[place]
        rows = (Row("agent", "agent", names, place),) if len(agents) > 1 else ()
        return Form(f"automation of {agent.id}", rows, tuple(_now(snapshot, agent)), (cancel, *_acts(agent)))


def _acts(agent: AgentView) -> Iterator[Act]:
    """Yield what can be done about it, ordered by how much it stops."""
    held = agent.automation_held is not None
    yield Act(
        "release",
        "Resume",
        "automation moves it again",
        blocked="" if held else "nobody holds it",
        result=ReleaseAutomation(agent.id),
    )
    yield Act(
        "give-back",
        "Give back",
        "end the switch, the chain decides",
        blocked="" if agent.pin is not None else "nobody has switched it",
        result=ReleasePin(agent.id),
    )
    yield Act(
        "hold",
        "Hold",
        "nothing moves by itself, single queries fail over",
        blocked="it is held already" if held and not agent.strict else "",
        result=HoldAutomation(agent.id),
    )
    yield Act(
        "hold-strict",
        "Hold strictly",
        "nothing moves at all, queries do not fail over",
        blocked="it is held strictly already" if held and agent.strict else "",
        accept=f"queries of {agent.id} fail while {agent.active} fails",
        result=HoldAutomation(agent.id, strict=True),
    )


def _now(snapshot: Snapshot, agent: AgentView) -> Iterator[Line]:
    yield line(sentence(f"{agent.id} uses {agent.active}: {agent.active_because}"))
    if agent.automation_held is not None:
        yield line(
            f"Automation is held{' strictly' if agent.strict else ''} by {agent.automation_held}.", Ink.HELD
        )
    elif not agent.config.auto_failover_enabled:
        yield line("Automatic failover is switched off in its settings.", Ink.MUTED)
    if agent.pin is not None:
        ends = due(agent.pin.until_at, snapshot.moment.mono)
        kind = "Trial switch" if agent.pin.trial else "Switched"
        yield line(
            f"{kind} to {agent.pin.provider} by {agent.pin.by}, {f'ends {ends}' if ends else 'until undone'}.",
            Ink.HELD,
        )
    if agent.failback_note:
        yield line(sentence(f"Failback: {agent.failback_note}"), Ink.MUTED)
