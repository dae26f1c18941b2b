"""What the core's surroundings must provide, and what the console may ask of an engine."""

from collections.abc import Callable, Sequence
from typing import Protocol

from msgspec import Struct

from tui_failover.core.command import Command, Verdict
from tui_failover.core.kept import Kept
from tui_failover.core.names import Moment, ProviderId
from tui_failover.core.outcome import Outcome
from tui_failover.core.query import Query
from tui_failover.core.snapshot import Snapshot
from tui_failover.core.spec import ProbeKind, ProviderSpec

Breathe = Callable[[], None]
"""Called between the pieces of long work, so that whoever else needs the interpreter gets it."""


def at_once() -> None:
    """Go on at once."""


class Clock(Protocol):
    """Time, and waiting for it."""

    def now(self) -> Moment:
        """Return the present instant."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait; zero and less yields once."""
        ...


class Rng(Protocol):
    """Chance, for jitter only."""

    def uniform(self, low: float, high: float) -> float:
        """Return a number between `low` and `high`."""
        ...


class Limits(Struct, frozen=True):
    """How long an attempt may take, in seconds.

    Attributes:
        connect_s: until the connection stands, TLS included.
        first_content_s: from sending until the first content; pings and role-only deltas do not count.
        progress_s: between two pieces of content.
        total_s: until the end.
    """

    connect_s: float
    first_content_s: float
    progress_s: float
    total_s: float


class Upstream(Protocol):
    """One provider, ready to be asked. Nothing but cancellation is raised: every failure is an `Outcome`."""

    async def send(self, query: Query, limits: Limits) -> Outcome:
        """Ask, and return the whole answer or why there is none."""
        ...

    async def probe(self, kind: ProbeKind, query: Query, timeout_s: float) -> Outcome:
        """Check the provider; a query probe closes the stream at the first content."""
        ...

    async def close(self) -> None:
        """Give back connections; no call is made afterwards."""
        ...


class UpstreamFactory(Protocol):
    """Makes the upstream of a spec; called once per registered provider."""

    def __call__(self, spec: ProviderSpec) -> Upstream:
        """Return the upstream; must neither block nor touch the network."""
        ...


class Keeper(Protocol):
    """Remembers what has to outlive the process. Called on the engine's loop, which it never holds up."""

    def note(self, kept: Kept) -> None:
        """Have it written soon; what is noted later replaces it."""
        ...

    async def keep(self, kept: Kept) -> None:
        """Have it written, and return once it would survive a crash; raises `NotKept`.

        What could not be written is written as soon as it can be, unless something newer has replaced it.
        """
        ...

    def watch(self, turned: Callable[[str], None]) -> None:
        """Call `turned` on the loop: with the reason when writing begins to fail, with "" when it works again."""
        ...


class EngineLink(Protocol):
    """What a console may ask of an engine, in this process or across HTTP. Callable from the console's thread."""

    def snapshot(self, breathe: Breathe = at_once) -> Snapshot:
        """Return the newest read model, made in pieces with `breathe` between them; never waits for the engine."""
        ...

    async def submit(self, command: Command) -> Verdict:
        """Give an order and return the verdict; raises `EngineClosed` where the engine has ended."""
        ...

    async def check(self, providers: Sequence[ProviderId]) -> None:
        """Start a check of each now; results arrive with later snapshots."""
        ...
