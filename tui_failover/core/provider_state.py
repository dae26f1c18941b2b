"""One provider as it stands: is it available, and if not, why not?"""

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct, field

from tui_failover.core.allowance import Cap
from tui_failover.core.breaker import Breaker, cooled
from tui_failover.core.command import BreakerHand, Imposed
from tui_failover.core.health import Health
from tui_failover.core.history import Series
from tui_failover.core.meter import Meter
from tui_failover.core.query import Usage
from tui_failover.core.snapshot import NotUsed
from tui_failover.core.spec import Price, ProviderSpec
from tui_failover.core.traffic import Traffic
from tui_failover.core.transition import BreakerState


class Hand(Struct, frozen=True):
    """A breaker held by a person, until a monotonic instant or, with None, until undone."""

    way: BreakerHand
    until_at: float | None
    by: str


class HoldScope(StrEnum):
    """What a timed hold keeps out."""

    CREDENTIAL = "credential"
    CREDENTIAL_AND_MODEL = "credential and model"
    MODEL = "model"


HoldKey = tuple[HoldScope, str]


class Hold(Struct, frozen=True):
    """A refusal that keeps a credential or a model out.

    Attributes:
        code: what kind of refusal.
        until_at: monotonic seconds; None lasts until a check passes or an operator lifts it.
        reason: one line for people.
        since_at: the newest refusal; an attempt that began before it proves nothing against it.
        level: how many refusals without a stated wait came in a row, for doubling.
        over: it has ended and is remembered only for `level`.
    """

    code: NotUsed
    until_at: float | None
    reason: str
    since_at: float = 0.0
    level: int = 0
    over: bool = False

    def keeps_out(self, now: float) -> bool:
        """Tell whether the hold still stands."""
        return not self.over and (self.until_at is None or now < self.until_at)


class Spend(Struct, frozen=True):
    """What attempts cost, in micro-dollars; attempts of unknown price are counted, never taken as free.

    Attributes:
        live: since start.
        probes: on `day`.
        day: days since the Unix epoch, UTC.
        unpriced: attempts whose cost is unknown.
    """

    live: int = 0
    probes: int = 0
    day: int = 0
    unpriced: int = 0


class ProviderState(Struct, frozen=True):
    """Everything about one provider that changes.

    Attributes:
        imposed_by: who drained it or put it into maintenance; "" for nobody.
        checking: a check is under way.
        inflight: admitted attempts under way.
        traffic: what its attempts of the last minutes took.
        since_at: when its availability or public word last changed.
        changed_revision: fleet revision of that change.
        registered_at: when it became known; checks are spread from here.
        meter: what it was asked for in the last minute; kept only where a limit is configured.
        cap: how many attempts may be under way after it refused a burst, or None.
    """

    spec: ProviderSpec
    registered_at: float
    health: Health = field(default_factory=Health)
    breaker: Breaker = field(default_factory=Breaker)
    imposed: Imposed = Imposed.NOTHING
    imposed_by: str = ""
    hand: Hand | None = None
    checking: bool = False
    probe_started_at: float | None = None
    inflight: int = 0
    live: Series = field(default_factory=Series)
    probes: Series = field(default_factory=Series)
    traffic: Traffic = field(default_factory=Traffic)
    spend: Spend = field(default_factory=Spend)
    since_at: float = 0.0
    changed_revision: int = 0
    meter: Meter = field(default_factory=Meter)
    cap: Cap | None = None


class Obstacle(Struct, frozen=True):
    """Why a provider may get no query now; `until_at` where it ends by itself."""

    code: NotUsed
    text: str
    until_at: float | None = None


def hold_keys(spec: ProviderSpec) -> tuple[HoldKey, ...]:
    """Return the scopes whose holds concern the provider, the widest first."""
    return (
        (HoldScope.CREDENTIAL, spec.credential),
        (HoldScope.CREDENTIAL_AND_MODEL, f"{spec.credential} {spec.model}"),
        (HoldScope.MODEL, f"{spec.endpoint} {spec.model}"),
    )


def hold_on(spec: ProviderSpec, holds: Mapping[HoldKey, Hold], now: float) -> Hold | None:
    """Return the hold that keeps the provider out, or None."""
    if not holds:
        return None
    return next((holds[key] for key in hold_keys(spec) if key in holds and holds[key].keeps_out(now)), None)


def obstacle(state: ProviderState, holds: Mapping[HoldKey, Hold], now: float, *, probed: bool) -> Obstacle | None:
    """Return why the provider may get no query now, or None where it is available.

    Precedence: key, maintenance, drain, breaker by hand, hold, breaker.

    Args:
        state: the provider.
        holds: of the whole fleet.
        now: monotonic seconds.
        probed: checks run for it, so that they, not users, try a half-open breaker.
    """
    if state.spec.missing_key is not None:
        return Obstacle(NotUsed.NO_KEY, f"no key: {state.spec.missing_key}")
    if state.imposed is not Imposed.NOTHING:
        return _imposed(state)
    if state.hand is not None and state.hand.way is BreakerHand.OPEN:
        return Obstacle(NotUsed.HELD_OPEN, f"breaker held open by {state.hand.by}", state.hand.until_at)
    hold = hold_on(state.spec, holds, now)
    if hold is not None:
        return Obstacle(hold.code, hold.reason, hold.until_at)
    if state.hand is not None:
        return None
    return _breaker_obstacle(state.breaker, now, probed=probed)


def _imposed(state: ProviderState) -> Obstacle:
    if state.imposed is Imposed.MAINTENANCE:
        return Obstacle(NotUsed.MAINTENANCE, f"in maintenance by {state.imposed_by}")
    return Obstacle(NotUsed.DRAINING, f"drained by {state.imposed_by}, {state.inflight} in flight")


def _breaker_obstacle(breaker: Breaker, now: float, *, probed: bool) -> Obstacle | None:
    match breaker.state:
        case BreakerState.CLOSED:
            return None
        case BreakerState.OPEN:
            if cooled(breaker, now) and not probed:
                return None
            return Obstacle(NotUsed.BREAKER_OPEN, f"breaker open: {breaker.reason}", breaker.until_at)
        case BreakerState.HALF_OPEN:
            if not probed and breaker.lease_until_at is None:
                return None
            trials = "trial" if breaker.successes == 1 else "trials"
            return Obstacle(NotUsed.HALF_OPEN, f"breaker half-open, {breaker.successes} {trials} passed")


def cost(usage: Usage | None, price: Price | None) -> int | None:
    """Return micro-dollars, rounded up; None where usage or price is unknown."""
    if usage is None or price is None:
        return None
    total = usage.input_tokens * price.input_per_million + usage.output_tokens * price.output_per_million
    return -(-total // 1_000_000)
