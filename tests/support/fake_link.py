"""An engine as the console sees it: it shows what it is given, and remembers what it was told."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from tui_failover.core.command import Accepted, Command, Verdict
from tui_failover.core.errors import EngineClosed
from tui_failover.core.names import ProviderId
from tui_failover.core.ports import Breathe, at_once
from tui_failover.core.snapshot import Snapshot


@dataclass(slots=True)
class FakeLink:
    """An `EngineLink` whose snapshot and verdicts a test sets.

    Attributes:
        shown: the snapshot it shows.
        verdicts: the next answers; when they are used up every order is accepted.
        commands: orders received, oldest first.
        checks: checks asked for, oldest first.
        closed: the engine has ended.
    """

    shown: Snapshot
    verdicts: list[Verdict] = field(default_factory=list)
    commands: list[Command] = field(default_factory=list)
    checks: list[tuple[ProviderId, ...]] = field(default_factory=list)
    closed: bool = False

    def snapshot(self, breathe: Breathe = at_once) -> Snapshot:
        """Return what is shown."""
        return self.shown

    async def submit(self, command: Command) -> Verdict:
        """Remember the order and answer it."""
        self._must_run()
        self.commands.append(command)
        return self.verdicts.pop(0) if self.verdicts else Accepted("done as ordered", self.shown.revision + 1)

    async def check(self, providers: Sequence[ProviderId]) -> None:
        """Remember the checks."""
        self._must_run()
        self.checks.append(tuple(providers))

    def _must_run(self) -> None:
        if self.closed:
            message = "the engine has ended"
            raise EngineClosed(message)
