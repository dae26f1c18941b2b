"""The read model: everything a screen or an API shows at one instant. Made by `core.view`, never mutated.

Instants (`..._at`) are monotonic seconds, to be compared with `Snapshot.moment.mono`; so a picture that is kept
goes on telling its age truthfully.
"""

from enum import StrEnum

from msgspec import Struct, field

from tui_failover.core.command import BreakerHand, Imposed
from tui_failover.core.event import Event
from tui_failover.core.health import Status
from tui_failover.core.history import Series
from tui_failover.core.names import AgentId, Moment, ProviderId
from tui_failover.core.need import Needs
from tui_failover.core.spec import Dialect, FailoverConfig, Price, ProbeKind
from tui_failover.core.traffic import Traffic
from tui_failover.core.transition import BreakerState


class NotUsed(StrEnum):
    """Why a provider is not the one a query goes to now. `READY` and `ACTIVE` are no obstacles."""

    ACTIVE = "active"
    READY = "ready"
    NO_KEY = "no-key"
    REMOVED = "removed"
    MAINTENANCE = "maintenance"
    DRAINING = "draining"
    HELD_OPEN = "held-open"
    BREAKER_OPEN = "breaker-open"
    HALF_OPEN = "half-open"
    RATE_LIMITED = "rate-limited"
    QUOTA = "quota"
    AUTH = "auth"
    MODEL_MISSING = "model-missing"
    FULL = "full"
    PINNED_ELSEWHERE = "pinned-elsewhere"
    AUTOMATION_OFF = "automation-off"


class Flag(StrEnum):
    """Details beside the status word."""

    DEGRADED = "degraded"
    SLOW = "slow"
    LIMITED = "limited"
    RECOVERING = "recovering"
    PINNED = "pinned"
    DRAINING = "draining"
    MAINTENANCE = "maintenance"
    NO_KEY = "no-key"


class WhyNot(Struct, frozen=True):
    """One provider's place in an agent's plan, with the reason in words.

    Attributes:
        code: the reason as a word.
        text: the reason as a sentence without the provider's name ("breaker open, half-open in 18 s").
        until_at: when the obstacle ends by itself, if it does.
    """

    provider: ProviderId
    code: NotUsed
    text: str
    until_at: float | None = None


class BreakerView(Struct, frozen=True):
    """A breaker as shown.

    Attributes:
        state: closed, open or half-open.
        until_at: open: when it becomes half-open.
        successes: half-open: trials passed so far.
        needed: half-open: trials to pass.
        hand: held by a person, or None.
        hand_until_at: when that ends by itself; None while it lasts until undone.
        opened_count: openings since start.
        reason: why it is in this state.
    """

    state: BreakerState
    until_at: float | None
    successes: int
    needed: int
    hand: BreakerHand | None
    hand_until_at: float | None
    opened_count: int
    reason: str


class Limited(StrEnum):
    """What a limit counts."""

    QUERIES = "queries_per_min"
    TOKENS = "tokens_per_min"
    WRITTEN = "output_tokens_per_min"
    CONCURRENCY = "concurrency"


class LimitView(Struct, frozen=True):
    """A limit in force.

    Attributes:
        limit: how much there may be.
        used: of it, in the last minute or under way.
        learnt: it was not configured, the provider's answers told it; the period is then the provider's own.
    """

    what: Limited
    limit: int
    used: int
    learnt: bool = False


class ProviderView(Struct, frozen=True):
    """One provider as shown.

    Attributes:
        status: the public word, after the latest evidence.
        verdict: the same, but for a probe under way: what the last evidence said.
        checking: a probe is under way.
        available: may get a query now.
        why_not: the obstacle where not available.
        flags: details beside the word.
        reason: one sentence on its state, for people.
        since_at: when status or availability last changed.
        failures: consecutive counted failures.
        threshold: failures that open the breaker.
        last_check_at, last_success_at, last_failure_at, response_time_s, error, last_error: the health fields.
        p50_s, p95_s: time to first content over the newest live answers (probes where there are none).
        samples: how many answers those stand on.
        error_share: failed share of live attempts in the last minute; None without any.
        rate: live attempts per second over the last 30 s.
        inflight: live attempts under way.
        live, probes: history for sparklines.
        probe_kind: how it is checked at present.
        next_probe_at: when the next check is due; None while none is scheduled.
        interval_s: its check interval.
        spend, probe_spend: micro-dollars since start: live attempts; probes today.
        unpriced: attempts whose cost is unknown.
        agents: whose chains it is in.
        active_for: whose active provider it is.
        changed_revision: revision of the last change of its state, not of its samples.
        overridden: it was registered or changed at run time; the settings say otherwise.
        full: which limit leaves no room for one more query, or None; it stays available all the same.
        limits: those in force.
        tokens_per_s: output tokens per second over the last 30 s, booked when an attempt ends.
        price: what its tokens cost; None where that is not known.
        carries: what its model can carry; None where that is not known.
        context_window: most tokens its model reads and writes for one query; None where that is not known.
    """

    id: ProviderId
    dialect: Dialect
    model: str
    endpoint: str
    credential: str
    missing_key: str | None
    status: Status
    verdict: Status
    checking: bool
    available: bool
    why_not: WhyNot | None
    imposed: Imposed
    flags: frozenset[Flag]
    reason: str
    since_at: float
    breaker: BreakerView
    failures: int
    threshold: int
    last_check_at: float | None
    last_success_at: float | None
    last_failure_at: float | None
    response_time_s: float | None
    error: str
    p50_s: float | None
    p95_s: float | None
    samples: int
    error_share: float | None
    rate: float
    inflight: int
    live: Series
    probes: Series
    probe_kind: ProbeKind
    next_probe_at: float | None
    interval_s: float
    spend: int
    probe_spend: int
    unpriced: int
    agents: tuple[AgentId, ...]
    active_for: tuple[AgentId, ...]
    changed_revision: int
    overridden: bool = False
    last_error: str = ""
    full: WhyNot | None = None
    limits: tuple[LimitView, ...] = ()
    tokens_per_s: float = 0.0
    price: Price | None = None
    carries: Needs | None = None
    context_window: int | None = None


class PinView(Struct, frozen=True):
    """A switch that holds, as shown.

    Attributes:
        until_at: when it ends by itself; None while it lasts until undone.
        trial: it goes back at `until_at` unless confirmed.
    """

    provider: ProviderId
    by: str
    reason: str
    until_at: float | None
    trial: bool
    hard: bool


class RampView(Struct, frozen=True):
    """A failback under way: `share` of the queries go to `candidate` (0 while one canary query is awaited)."""

    candidate: ProviderId
    share: float
    stage: int
    stages: int


class AgentView(Struct, frozen=True):
    """One agent as shown.

    Attributes:
        config: its nine fields.
        chain: ordered providers.
        active: where new queries go first.
        active_since_at: since when.
        active_because: why it is the active one ("primary", "openai: breaker open: 3 failures in a row", ...).
        plan: every provider of the chain with its place or obstacle, in chain order.
        next_best: where queries go if the active provider fails; None if nowhere.
        pin: a switch by hand that holds, or None.
        automation_held: the person who holds automation, or None.
        strict: held so that queries do not fail over either.
        panic: nothing is available, the least bad is being tried.
        ramp: a failback under way, or None.
        failback_note: what failback waits for ("3 of 3 checks passed, stays on the backup 12 s more"), or "".
        rate: queries per second over the last 30 s.
        queries, failed, failovers, saved: counts since start: asked; ended without an answer; automatic
            switches; answered by another provider after the first one tried had failed.
        changed_revision: revision of its last routing change.
        overridden: its failover was set at run time; the settings say otherwise.
        inflight: queries asked and not ended.
        tokens_per_s: output tokens per second over the last 30 s, booked when a query is answered.
        error_share: share of the last minute's queries that nobody answered, for no fault of the caller; None
            without any.
        traffic: what its queries of the last minutes took and needed.
    """

    id: AgentId
    config: FailoverConfig
    chain: tuple[ProviderId, ...]
    active: ProviderId
    active_since_at: float
    active_because: str
    plan: tuple[WhyNot, ...]
    next_best: ProviderId | None
    pin: PinView | None
    automation_held: str | None
    strict: bool
    panic: bool
    ramp: RampView | None
    failback_note: str
    rate: float
    queries: int
    failed: int
    failovers: int
    saved: int
    changed_revision: int
    overridden: bool = False
    inflight: int = 0
    tokens_per_s: float = 0.0
    error_share: float | None = None
    traffic: Traffic = field(default_factory=Traffic)


class UndoView(Struct, frozen=True):
    """What `u` would take back, until when."""

    text: str
    until_at: float


class Snapshot(Struct, frozen=True):
    """Everything at one instant.

    Attributes:
        revision: counts up with every change; a newer snapshot never has a smaller one.
        moment: when it was taken.
        started_at: when the engine started.
        data_at: when a fact last changed the fleet; the age of the data counts from here or the last tick.
        providers: in the order of first appearance in the agents' chains, then as registered.
        agents: as configured.
        events: the newest, oldest first.
        undo: what can be taken back now, or None.
        local_fault: the sentence on a fault of our own network, or None.
        shown: ids of providers by place, for quick look-ups.
        unkept: why orders would not survive a restart at present, or None.
    """

    revision: int
    moment: Moment
    started_at: float
    data_at: float
    providers: tuple[ProviderView, ...]
    agents: tuple[AgentView, ...]
    events: tuple[Event, ...]
    undo: UndoView | None = None
    local_fault: str | None = None
    shown: dict[ProviderId, int] = field(default_factory=dict)
    unkept: str | None = None

    def provider(self, provider_id: ProviderId) -> ProviderView | None:
        """Return the provider's view, or None where it is not registered."""
        place = self.shown.get(provider_id)
        return None if place is None else self.providers[place]

    def agent(self, agent_id: AgentId) -> AgentView | None:
        """Return the agent's view, or None where it is not configured."""
        return next((view for view in self.agents if view.id == agent_id), None)
