"""What the control API needs from its surroundings."""

from typing import Protocol

from tui_failover.config.settings import Connection
from tui_failover.core.ports import Upstream
from tui_failover.core.spec import ProviderSpec


class Connect(Protocol):
    """Makes a provider that was registered at run time ready to be asked."""

    async def __call__(self, spec: ProviderSpec, connection: Connection) -> tuple[ProviderSpec, Upstream]:
        """Return the specification, its price filled in where it is known, and the upstream.

        Must neither block nor touch the network.
        """
        ...
