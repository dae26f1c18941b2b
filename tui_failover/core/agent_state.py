"""One agent as it stands: where its route is, what a person imposed, what its failback waits for."""

from msgspec import Struct, field

from tui_failover.core.history import Series
from tui_failover.core.names import AgentId, ProviderId
from tui_failover.core.spec import FailoverConfig, Strategy
from tui_failover.core.traffic import Traffic
from tui_failover.core.transition import Mode


class Pin(Struct, frozen=True):
    """A switch by hand that holds; instants are monotonic seconds.

    Attributes:
        until_at: when it ends by itself; None lasts until undone.
        trial: it goes back to `came_from` at `until_at` unless confirmed.
        hard: obeyed even while the breaker is open.
    """

    provider: ProviderId
    until_at: float | None
    by: str
    reason: str
    trial: bool
    hard: bool
    came_from: ProviderId


class Ramp(Struct, frozen=True):
    """A return to an earlier provider, a share of the queries at a time.

    Attributes:
        stage: index into `SHARES`.
        since_at: when the stage began.
        sent: the canary query is under way or done.
        answered: queries of the agent answered in this stage; in the first, by the candidate.
    """

    candidate: ProviderId
    stage: int
    since_at: float
    sent: bool = False
    answered: int = 0


SHARES = (0.0, 0.25, 0.5)  # one canary query, then these shares; after the last stage the route moves


# Why the first choice is the active provider.
FIRST: dict[Strategy, str] = {
    Strategy.ORDERED: "first in its chain",
    Strategy.CHEAPEST: "the cheapest of its chain",
    Strategy.FASTEST: "first in its chain",
    Strategy.WEIGHTED: "first in its chain",
}


class AgentState(Struct, frozen=True):
    """Everything about one agent that changes; instants are monotonic seconds.

    Attributes:
        active_because: why `active` is where new queries go.
        held_by: who holds automation; None while nobody does.
        strict: held so that queries do not fail over either.
        switched_at: automatic switches within the anti-flap window.
        relapsed_at: returns that failed, within the suspension window.
        setbacks: failed returns without a lasting one between them; each doubles the minimum stay.
        returned_at: the last completed return, or None.
        suspended: automatic failback waits for an operator.
        hold_down: too many automatic switches; queries still fail over one by one.
        panic: nothing is available.
        exhausted: the last query ended without an answer.
        quiet_until_at: until then, no further answer that was taken over is told.
        order: the chain as the agent's strategy wishes for it; () where that is as it is configured.
        inflight: queries asked and not ended.
        traffic: what its queries of the last minutes took and needed.
    """

    config: FailoverConfig
    active: ProviderId
    active_since_at: float
    active_because: str = "first in its chain"
    pin: Pin | None = None
    held_by: str | None = None
    strict: bool = False
    ramp: Ramp | None = None
    switched_at: tuple[float, ...] = ()
    relapsed_at: tuple[float, ...] = ()
    setbacks: int = 0
    returned_at: float | None = None
    suspended: bool = False
    hold_down: bool = False
    panic: bool = False
    exhausted: bool = False
    quiet_until_at: float = 0.0
    arrivals: Series = field(default_factory=Series)
    queries: int = 0
    failed: int = 0
    failovers: int = 0
    saved: int = 0
    inflight: int = 0
    traffic: Traffic = field(default_factory=Traffic)
    changed_revision: int = 0
    order: tuple[ProviderId, ...] = ()

    @property
    def id(self) -> AgentId:
        """The agent's name."""
        return self.config.agent_id

    @property
    def ranked(self) -> tuple[ProviderId, ...]:
        """The chain as the strategy wishes for it, the first choice first."""
        return self.order or self.config.chain

    @property
    def preferred(self) -> tuple[ProviderId, ...]:
        """The chain as it is wished for now: what a person switched to comes first."""
        chain = self.order or self.config.chain
        return chain if self.pin is None else tuple(dict.fromkeys((self.pin.provider, *chain)))

    @property
    def mode(self) -> Mode:
        """Where the route stands."""
        if self.pin is not None:
            return Mode.PINNED
        if self.ramp is not None:
            return Mode.RETURNING
        return Mode.PRIMARY if self.active == self.ranked[0] else Mode.BACKUP

    @property
    def automated(self) -> bool:
        """Whether automation may move the route."""
        return self.config.auto_failover_enabled and self.held_by is None

    @property
    def alone(self) -> bool:
        """Whether queries stay on the active provider even when it fails."""
        return self.strict or not self.config.auto_failover_enabled
