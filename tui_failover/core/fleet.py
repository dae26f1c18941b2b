"""Everything at one instant, and the workbench on which the next instant is made.

`Fleet` never changes. A rule that changes something works on a `Draft` of it and says what happened; `Draft.done`
returns the next fleet and the events. Nothing outside the core sees a draft.
"""

import zlib
from collections.abc import Mapping

from msgspec import Struct, field
from msgspec.structs import force_setattr

from tui_failover.core.agent_state import AgentState, Pin
from tui_failover.core.allowance import Allowance, AllowanceKey
from tui_failover.core.breaker import undecided
from tui_failover.core.command import BreakerHand, Imposed, Verdict
from tui_failover.core.copying import replace
from tui_failover.core.event import Event, EventKind, Source
from tui_failover.core.names import AgentId, Moment, ProviderId
from tui_failover.core.outcome import Failed
from tui_failover.core.provider_state import Hand, Hold, HoldKey, Obstacle, ProviderState, obstacle
from tui_failover.core.snapshot import NotUsed
from tui_failover.core.spec import NO_LIMITS, FailoverConfig, ProbeKind, ProviderSpec, Rules
from tui_failover.core.transition import BreakerState, Trigger


class Demand(Struct, frozen=True):
    """How a provider is to be checked, by the strictest of the agents that use it.

    Attributes:
        enabled: at least one agent wants checks.
        interval_s: the shortest interval asked for.
        timeout_s: the longest: a check that one agent would still wait for is no failure.
        threshold: the smallest number of failures in a row that opens the breaker.
        query: the first agent's.
    """

    enabled: bool = False
    interval_s: float = 60.0
    timeout_s: float = 5.0
    threshold: int = 3
    query: str = "Hello"


class RouteBefore(Struct, frozen=True):
    """An agent's route before an order, for undo; `active` is None where the order did not move the route."""

    active: ProviderId | None
    active_because: str
    pin: Pin | None
    held_by: str | None
    strict: bool
    suspended: bool


class ImposedBefore(Struct, frozen=True):
    """What was imposed on a provider before an order, for undo."""

    imposed: Imposed
    imposed_by: str
    hand: Hand | None


class UndoRecord(Struct, frozen=True):
    """The last order that can be taken back."""

    text: str
    until_at: float
    agents: Mapping[AgentId, RouteBefore] = field(default_factory=dict)
    providers: Mapping[ProviderId, ImposedBefore] = field(default_factory=dict)


class Unbooked(Struct, frozen=True):
    """A failed attempt or, where `kind` is not None, check; `generation` is its breaker's when it was admitted."""

    provider: ProviderId
    outcome: Failed
    generation: int
    kind: ProbeKind | None


class LocalFault(Struct, frozen=True):
    """What is known of a fault of our own network; instants are monotonic seconds.

    Attributes:
        connects: (host, instant) of recent failures to connect.
        suspected_at: several hosts failed at once and the reference is being asked; None otherwise.
        since_at: the fault is confirmed since; None otherwise.
        cleared_at: the last time the reference answered.
        unbooked: failures to connect that wait for the reference's word.
    """

    connects: tuple[tuple[str, float], ...] = ()
    suspected_at: float | None = None
    since_at: float | None = None
    cleared_at: float | None = None
    unbooked: tuple[Unbooked, ...] = ()

    @property
    def frozen(self) -> bool:
        """Whether failures to connect are booked against nobody."""
        return self.since_at is not None or self.suspected_at is not None


Given = tuple[Mapping[ProviderId, ProviderSpec], Mapping[AgentId, FailoverConfig]]


class Fleet(Struct, frozen=True):
    """Everything at one instant.

    Attributes:
        seed: spreads jitter between processes; the same seed and facts give the same fleet.
        demands: derived from the agents' configuration.
        users: derived: the agents that have the provider in their chain.
        answered_orders: verdicts on recent orders by id, so that a repeat is harmless.
        given: what was configured at the start; None where nothing was, so that nothing can differ from it.
        registered: providers registered or changed since.
        unkept: why orders would not survive a restart at present, or "".
        turns: counts up whenever something changed that the schedule of checks depends on.
        allowances: what providers' answers said of their limits.
    """

    rules: Rules
    started: Moment
    seed: int = 0
    revision: int = 0
    data_at: float = 0.0
    providers: Mapping[ProviderId, ProviderState] = field(default_factory=dict)
    agents: Mapping[AgentId, AgentState] = field(default_factory=dict)
    holds: Mapping[HoldKey, Hold] = field(default_factory=dict)
    demands: Mapping[ProviderId, Demand] = field(default_factory=dict)
    users: Mapping[ProviderId, tuple[AgentId, ...]] = field(default_factory=dict)
    local: LocalFault = field(default_factory=LocalFault)
    undo: UndoRecord | None = None
    answered_orders: Mapping[str, Verdict] = field(default_factory=dict)
    events: int = 0
    permits: int = 0
    given: Given | None = None
    registered: frozenset[ProviderId] = frozenset()
    unkept: str = ""
    turns: int = 0
    allowances: Mapping[AllowanceKey, Allowance] = field(default_factory=dict)

    def overridden(self, config: FailoverConfig) -> bool:
        """Tell whether an agent's failover was set at run time and differs from what the start was given."""
        return self.given is not None and self.given[1].get(config.agent_id) != config

    def demand(self, provider: ProviderId) -> Demand:
        """Return how the provider is to be checked."""
        return self.demands.get(provider, _NO_DEMAND)

    def probed(self, provider: ProviderId) -> bool:
        """Tell whether checks that prove inference run, so that they rather than users try a half-open breaker."""
        state = self.providers.get(provider)
        if state is None or not self.demand(provider).enabled:
            return False
        cap = state.spec.probe.daily_budget
        return state.spec.probe.kind is not ProbeKind.MODELS and (cap is None or state.spend.probes < cap)

    def free(self, provider: ProviderId) -> bool:
        """Tell whether there is nothing that could stand against a query or limit it, as for nearly all providers.

        Where that is not so, `obstacle` and `limits.full` have to say what does.
        """
        state = self.providers.get(provider)
        return (
            state is not None
            and state.breaker.state is _CLOSED
            and not self.holds
            and not self.allowances
            and state.hand is None
            and state.cap is None
            and state.imposed is _NOTHING
            and state.spec.limits is NO_LIMITS
            and state.spec.missing_key is None
        )

    def obstacle(self, provider: ProviderId, now: float) -> Obstacle | None:
        """Return why the provider may get no query now, or None where it is available."""
        state = self.providers.get(provider)
        if state is None:
            return Obstacle(NotUsed.REMOVED, "not registered")
        closed = state.breaker.state is BreakerState.CLOSED
        probed = not closed and self.probed(provider) and not undecided(state.breaker, now, self.rules.breaker)
        return obstacle(state, self.holds, now, probed=probed)

    def jitter(self, name: str, salt: int) -> float:
        """Return a number between -1 and 1 that depends on nothing but seed, name and salt: replay repeats it."""
        # A checksum alone gives names that differ at their end nearly the same number; the factor spreads them.
        mixed = zlib.crc32(f"{self.seed} {name} {salt}".encode()) * 0x9E3779B1 & 0xFFFFFFFF
        return mixed / 0xFFFFFFFF * 2.0 - 1.0


_NO_DEMAND = Demand()
_CLOSED = BreakerState.CLOSED  # a member costs ten times what a name of the module does
_NOTHING = Imposed.NOTHING


class About(Struct, frozen=True):
    """Whom an event concerns, who ordered it, which transition it was, and whom a route has left with it."""

    provider: ProviderId | None = None
    agent: AgentId | None = None
    actor: str = ""
    trigger: Trigger | None = None
    left: ProviderId | None = None


class Draft:
    """The next fleet while it is being made; lives for one call of a rule.

    Attributes:
        moment: when it is; `now` is its monotonic part.
        rules: the numbers in force.
        events: what has happened so far, in order.
        fleet: as made so far, one revision on. It and its tables of states are the draft's own until they are
            given away: each is copied once, however much is written to it. The states in them are everybody's.
    """

    __slots__ = ("_agents", "_providers", "events", "fleet", "moment", "now", "rules")

    def __init__(self, fleet: Fleet, moment: Moment) -> None:
        self.moment = moment
        self.now = moment.mono
        self.rules = fleet.rules
        self.fleet = replace(fleet, revision=fleet.revision + 1, data_at=moment.mono)
        self.events: list[Event] = []
        self._providers: dict[ProviderId, ProviderState] | None = None
        self._agents: dict[AgentId, AgentState] | None = None

    def keep_provider(self, state: ProviderState) -> None:
        """Put back a provider's changed state."""
        fleet, table = self.fleet, self._providers
        if table is None or fleet.providers is not table:
            table = self._providers = dict(fleet.providers)
            _set(fleet, "providers", table)
        name = state.spec.id
        before = table.get(name)
        # Its next check may be due at another time after a turn or a failure, not after each sample.
        if (
            before is None
            or before.changed_revision != state.changed_revision
            or before.health.consecutive_failures != state.health.consecutive_failures
        ):
            _set(fleet, "turns", fleet.turns + 1)
        table[name] = state

    def keep_agent(self, state: AgentState) -> None:
        """Put back an agent's changed state."""
        table = self._agents
        if table is None or self.fleet.agents is not table:
            table = self._agents = dict(self.fleet.agents)
            _set(self.fleet, "agents", table)
        table[state.config.agent_id] = state

    def turn(self, state: ProviderState | AgentState) -> None:
        """Put back a state whose availability, word or route has changed: older decisions on it are stale."""
        revision = self.fleet.revision
        if isinstance(state, ProviderState):
            self.keep_provider(replace(state, since_at=self.now, changed_revision=revision))
        else:
            self.keep_agent(replace(state, changed_revision=revision))

    def permit(self) -> int:
        """Return the number of the next permit."""
        number = self.fleet.permits + 1
        _set(self.fleet, "permits", number)
        return number

    def derive(self) -> None:
        """Bring what follows from the agents' configuration in line with it."""
        configs = {agent: state.config for agent, state in self.fleet.agents.items()}
        self.fleet = replace(self.fleet, demands=demands_of(configs), users=users_of(configs))

    def say(self, kind: EventKind, text: str, cause: str, source: Source, about: About) -> None:
        """Record what happened."""
        number = self.fleet.events + 1
        _set(self.fleet, "events", number)
        whom = (about.provider, about.agent, about.actor, about.trigger, about.left)
        self.events.append(Event(number, self.now, self.moment.utc, kind, text, cause, source, *whom))

    def done(self) -> tuple[Fleet, tuple[Event, ...]]:
        """Give away the next fleet, and what happened on the way; the draft is at its end."""
        return self.fleet, tuple(self.events)


_set = force_setattr  # on a fleet that nobody but its draft has seen


def demands_of(configs: Mapping[AgentId, FailoverConfig]) -> dict[ProviderId, Demand]:
    """Return how each provider is to be checked, from all agents that use it."""
    demands: dict[ProviderId, Demand] = {}
    for config in configs.values():
        for provider in config.chain:
            demands[provider] = _stricter(demands.get(provider), config)
    return demands


def _stricter(demand: Demand | None, config: FailoverConfig) -> Demand:
    if demand is None or (config.health_check_enabled and not demand.enabled):
        threshold = config.max_consecutive_failures
        return Demand(
            config.health_check_enabled,
            config.health_check_interval,
            config.health_check_timeout,
            threshold if demand is None else min(threshold, demand.threshold),
            config.health_check_query,
        )
    threshold = min(demand.threshold, config.max_consecutive_failures)
    if not config.health_check_enabled:
        return replace(demand, threshold=threshold)
    return replace(
        demand,
        interval_s=min(demand.interval_s, config.health_check_interval),
        timeout_s=max(demand.timeout_s, config.health_check_timeout),
        threshold=threshold,
    )


def users_of(configs: Mapping[AgentId, FailoverConfig]) -> dict[ProviderId, tuple[AgentId, ...]]:
    """Return, for each provider, the agents that have it in their chain."""
    users: dict[ProviderId, tuple[AgentId, ...]] = {}
    for agent, config in configs.items():
        for provider in config.chain:
            users[provider] = (*users.get(provider, ()), agent)
    return users


HAND_WORDS: dict[BreakerHand | None, str] = {
    BreakerHand.OPEN: "breaker held open",
    BreakerHand.CLOSED: "breaker held closed",
    None: "breaker given back to the rules",
}
