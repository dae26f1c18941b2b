"""The quit sheet: closing the screen is one thing, stopping the engine another."""

from msgspec import Struct

from tui_failover.console.ending import Ending
from tui_failover.console.picture import Ink
from tui_failover.console.presentation.figures import rate
from tui_failover.console.sheets.form import CANCEL, Act, Form, Picks
from tui_failover.console.sheets.wording import line
from tui_failover.core.snapshot import Snapshot

STOP_WORD = "STOP"


class QuitSheet(Struct, frozen=True):
    """How to leave.

    Attributes:
        owns_engine: the engine runs in this process; else it only can be left.
        read_only: stopping it is not this console's to do.
    """

    owns_engine: bool = True
    read_only: bool = False

    def form(self, snapshot: Snapshot, picks: Picks) -> Form:  # noqa: ARG002 - nothing to pick
        """Return the sheet as it stands."""
        inflight = sum(view.inflight for view in snapshot.providers)
        traffic = sum(agent.rate for agent in snapshot.agents)
        queries = "1 query" if inflight == 1 else f"{inflight} queries"
        busy = f"{queries} in flight, {rate(traffic)}."
        stay = Act(CANCEL, "Stay", "back to the screen")
        if not self.owns_engine:
            leave = Act("detach", "Leave", "close the screen, the engine goes on", result=Ending.DETACHED)
            return Form("quit", (), (line("The engine runs elsewhere and goes on."), line(busy)), (stay, leave))
        blocked = "the console is read-only" if self.read_only else ""
        return Form(
            "quit",
            (),
            (line("This process is the engine.", bold=True), line(busy, Ink.TEXT if inflight else Ink.MUTED)),
            (
                stay,
                Act("detach", "Detach", "close the screen, the engine goes on without it", result=Ending.DETACHED),
                Act(
                    "drain",
                    "Drain and stop",
                    "take no new queries, wait up to 30 s, stop",
                    blocked=blocked,
                    result=Ending.STOP_DRAIN,
                ),
                Act(
                    "stop",
                    "Stop now",
                    f"{queries} in flight {'fails' if inflight == 1 else 'fail'}"
                    if inflight
                    else "nothing is in flight",
                    blocked=blocked,
                    word=STOP_WORD if inflight else "",
                    result=Ending.STOP_NOW,
                ),
            ),
        )
