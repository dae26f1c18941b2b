"""What handlers work with: the manager, the way new providers are reached, and whoever keeps changes."""

import logging
from pathlib import Path

from msgspec import Struct

from tui_failover.control.change import Change, OnChange
from tui_failover.control.event_streams import EventStreams
from tui_failover.control.metrics import Metrics
from tui_failover.control.ports import Connect
from tui_failover.core.errors import FailoverError
from tui_failover.core.names import AgentId, ProviderId
from tui_failover.core.ports import Clock
from tui_failover.core.snapshot import AgentView, ProviderView, Snapshot
from tui_failover.core.text import scrub
from tui_failover.engine.manager import FailoverManager

_log = logging.getLogger("tui_failover.control")
_NOT_KEPT = "carried out, but it would not survive a restart: the log names the fault"


class Services(Struct):
    """One server's surroundings.

    Attributes:
        connect: None where providers cannot be registered at run time.
        folder: where key files named by relative paths are looked for.
        address: "http://host:port".
        stopping: the server takes no new work.
    """

    manager: FailoverManager
    connect: Connect | None
    on_change: OnChange
    streams: EventStreams
    metrics: Metrics
    folder: Path
    clock: Clock
    address: str = ""
    stopping: bool = False

    def snapshot(self) -> Snapshot:
        """Return the read model of this instant."""
        return self.manager.snapshot()

    def now(self) -> float:
        """Return monotonic seconds."""
        return self.clock.now().mono

    def agent(self, name: str) -> AgentView | None:
        """Return an agent's view, or None."""
        return self.snapshot().agent(AgentId(name))

    def provider(self, name: str) -> ProviderView | None:
        """Return a provider's view, or None."""
        return self.snapshot().provider(ProviderId(name))

    async def keep(self, change: Change) -> list[str]:
        """Have a change kept; return the warnings that belong into the answer."""
        try:
            await self.on_change(change)
        except FailoverError as error:
            return [f"carried out, but it would not survive a restart: {scrub(str(error))}"]
        except Exception:  # noqa: BLE001 - a full disk must not undo what has happened already
            _log.exception("%s of %s is not kept", change.kind, change.subject)
            return [_NOT_KEPT]
        return []
