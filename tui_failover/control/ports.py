"""What the control API needs from its surroundings."""

from collections.abc import Callable, Iterable
from typing import Protocol

from tui_failover.config.settings import Connection
from tui_failover.core.ports import Upstream
from tui_failover.core.spec import ProviderSpec
from tui_failover.serving import Request, Response, Stream

LetsIn = Callable[[Iterable[bytes]], bool]


class Connect(Protocol):
    """Makes a provider that was registered at run time ready to be asked."""

    async def __call__(self, spec: ProviderSpec, connection: Connection) -> tuple[ProviderSpec, Upstream]:
        """Return the specification, its price filled in where it is known, and the upstream.

        Must neither block nor touch the network.
        """
        ...


class DataPath(Protocol):
    """Serves the queries of applications on the same port, in the shapes their clients know."""

    def owns(self, target: str) -> bool:
        """Tell whether a request's target is its business."""
        ...

    async def serve(self, request: Request, lets_in: LetsIn | None) -> Response | Stream:
        """Answer a request whose host and origin have been checked, whatever goes wrong.

        `lets_in` tells whether one of the tokens a caller presents is good for it; None where none is needed.
        """
        ...

    def stop_taking(self) -> None:
        """Refuse new queries from now on."""
        ...

    async def drain(self) -> None:
        """Refuse new queries, and return once those under way have ended or been broken off."""
        ...
