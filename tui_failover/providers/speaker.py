"""What one dialect's file must provide; everything else is the same for all."""

from contextlib import AbstractAsyncContextManager
from typing import Protocol

from msgspec import Struct

from tui_failover.core.query import Query
from tui_failover.providers.watch import Language, OpenAnswer


class Asking(Struct, frozen=True):
    """What one request needs besides its query.

    Attributes:
        connect_s: seconds the connection may take.
        brief: a check: think as little as the model can.
    """

    connect_s: float
    brief: bool = False


class Speaker(Protocol):
    """Speaks one dialect to one endpoint through its SDK; may raise whatever the SDK raises."""

    @property
    def language(self) -> Language:
        """How the dialect's bodies are read."""
        ...

    @property
    def ready(self) -> bool:
        """Whether the SDK is loaded."""
        ...

    def load(self) -> None:
        """Import the SDK and make its client; blocks."""
        ...

    def ask(self, query: Query, asking: Asking) -> AbstractAsyncContextManager[OpenAnswer]:
        """Send `query` as a stream and hand out the answer once its head is there."""
        ...

    def list_models(self, asking: Asking) -> AbstractAsyncContextManager[OpenAnswer]:
        """Ask for the list of models."""
        ...

    async def close(self) -> None:
        """Give back the connections."""
        ...
