"""A fleet in virtual time and scripted providers: the words sessions about the rules are written in.

Nothing here decides anything. A world walks a query through plan, admission and attempts as a dispatcher does,
runs the checks that are due, and remembers what was told on the way.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tui_failover.core.admission import admit
from tui_failover.core.chain import Plan, plan
from tui_failover.core.command import Command, Verdict
from tui_failover.core.copying import replace
from tui_failover.core.event import Event, EventKind
from tui_failover.core.fact import (
    AttemptEnded,
    Fact,
    Permit,
    ProbeEnded,
    ProbeStarted,
    QueryAsked,
    QueryEnded,
    Started,
    Ticked,
)
from tui_failover.core.failure import Spent, Step, next_step
from tui_failover.core.fleet import Fleet
from tui_failover.core.fold import apply
from tui_failover.core.names import AgentId, Moment, ProviderId
from tui_failover.core.orders import decide
from tui_failover.core.outcome import Answered, Failed, Failure, FailureKind, Outcome
from tui_failover.core.provider_state import Obstacle, ProviderState
from tui_failover.core.query import Reply, Usage
from tui_failover.core.schedule import due_at, kind_of
from tui_failover.core.snapshot import AgentView, ProviderView, Snapshot
from tui_failover.core.spec import Dialect, FailbackMode, FailoverConfig, ProbeKind, ProbeSpec, ProviderSpec, Rules
from tui_failover.core.view import snapshot_of

AGENT = AgentId("my-agent")
EPOCH = 1_700_000_000.0
START = 1_000.0
STEP_S = 0.5
USAGE = Usage(5, 2)
_PATIENCE_S = 3600.0
_REMEMBERED = 500  # turns; older ones are of no interest to a test


def provider_id(name: str) -> ProviderId:
    """Return the id of the provider that a test calls by a letter."""
    return ProviderId(name)


def a_spec(name: str, *, endpoint: str = "", credential: str = "", probe: ProbeSpec | None = None) -> ProviderSpec:
    """Return a provider with an endpoint, host, model and key of its own, but for what is said."""
    endpoint = endpoint or f"https://{name.lower()}.example"
    return ProviderSpec(
        id=ProviderId(name),
        dialect=Dialect.OPENAI,
        model=f"model-{name.lower()}",
        endpoint=endpoint,
        host=endpoint.removeprefix("https://"),
        credential=credential or f"env:{name}_KEY",
        probe=probe or ProbeSpec(),
    )


def a_chain(names: str, agent: AgentId = AGENT) -> FailoverConfig:
    """Return an agent's failover over providers called by letters, everything else at its default."""
    first, *backups = (ProviderId(name) for name in names)
    return FailoverConfig(agent, first, tuple(backups))


def unchecked(config: FailoverConfig) -> FailoverConfig:
    """Return the failover without health checks."""
    return replace(config, health_check_enabled=False)


def by_hand(config: FailoverConfig) -> FailoverConfig:
    """Return the failover whose way back is left to people."""
    return replace(config, failback=FailbackMode.MANUAL)


def an_answer(in_s: float = 0.3, usage: Usage | None = USAGE) -> Answered:
    """Return an answer whose first content took `in_s` seconds."""
    return Answered(Reply("hi", "a-model", usage), in_s, in_s + 0.1)


def a_failure(
    kind: FailureKind = FailureKind.SERVER, retry_after_s: float | None = None, elapsed_s: float = 0.1
) -> Failed:
    """Return a failure of a kind."""
    return Failed(Failure(kind, f"{kind} on purpose", "test", retry_after_s=retry_after_s), elapsed_s)


def strike(kind: FailureKind = FailureKind.SERVER, times: int = 3) -> list[Failed]:
    """Return the same failure several times over."""
    return [a_failure(kind)] * times


@dataclass(frozen=True, slots=True)
class Told:
    """What became of a query.

    Attributes:
        served_by: who answered, or "".
        tried: who was tried, in order.
        panic: nothing was available.
    """

    served_by: str
    tried: tuple[str, ...]
    panic: bool


@dataclass(frozen=True, slots=True)
class Wanted:
    """A permit that was asked for."""

    agent: AgentId
    provider: ProviderId
    desperate: bool


@dataclass(frozen=True, slots=True)
class Turn:
    """One call of a rule: what it was told, and what came of it."""

    before: Fleet
    told: Fact | Command | Wanted
    moment: Moment
    events: tuple[Event, ...]
    after: Fleet


@dataclass(slots=True)
class _Check:
    """A check under way."""

    ends_at: float
    provider: ProviderId
    generation: int
    kind: ProbeKind
    outcome: Outcome


@dataclass
class World:
    """A fleet, the time, and what each provider does when it is asked."""

    specs: Sequence[ProviderSpec]
    agents: Sequence[FailoverConfig]
    rules: Rules = field(default_factory=Rules)
    seed: int = 1
    now: float = START
    verdict: Verdict | None = None
    told: list[Event] = field(default_factory=list)
    turns: list[Turn] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.fleet = Fleet(self.rules, self.moment, seed=self.seed)
        self._behaviour: dict[ProviderId, Outcome] = {}
        self._probed: dict[ProviderId, Outcome] = {}
        self._checks: list[_Check] = []
        self.happens(Started(tuple(self.specs), tuple(self.agents)))

    def answers(self, names: str, in_s: float = 0.3, usage: Usage | None = USAGE) -> None:
        """From now on these providers answer."""
        self.does(names, an_answer(in_s, usage))

    def fails(
        self, names: str, kind: FailureKind = FailureKind.SERVER, *, retry_after_s: float | None = None
    ) -> None:
        """From now on these providers fail."""
        self.does(names, a_failure(kind, retry_after_s))

    def hangs(self, names: str) -> None:
        """From now on nothing comes from these providers until the asker gives up."""
        self.does(names, a_failure(FailureKind.SILENT, elapsed_s=5.0))

    def does(self, names: str, outcome: Outcome) -> None:
        """From now on queries and checks of these providers end so."""
        for name in names:
            self._behaviour[ProviderId(name)] = outcome
            self._probed.pop(ProviderId(name), None)

    def checks_of(self, name: str, outcome: Outcome) -> None:
        """From now on checks of the provider end so; queries as before."""
        self._probed[ProviderId(name)] = outcome

    @property
    def moment(self) -> Moment:
        """The present instant."""
        return Moment(self.now, EPOCH + self.now)

    @property
    def since_start_s(self) -> float:
        """Seconds since the world began."""
        return self.now - START

    def happens(self, fact: Fact) -> tuple[Event, ...]:
        """Fold a fact; return what it led to."""
        before = self.fleet
        self.fleet, events = apply(before, fact, self.moment)
        self._keep(before, fact, events)
        return events

    def passes(self, seconds: float, *, asking_every_s: float | None = None, agent: AgentId = AGENT) -> None:
        """Let time pass: ticks, checks where due, and queries if asked for."""
        ends = self.now + seconds
        asked = self.now
        while self.now < ends - 1e-9:
            self.now += STEP_S
            self.happens(Ticked())
            self._end_checks()
            self._start_checks()
            if asking_every_s is not None and self.now - asked >= asking_every_s - 1e-9:
                asked = self.now
                self.asks(agent)

    def passes_until(self, so: Callable[[], bool], *, asking_every_s: float | None = None) -> None:
        """Let time pass until something is so; it has to be within an hour."""
        began = self.now
        while not so():
            assert self.now - began < _PATIENCE_S, "it did not happen within an hour"
            self.passes(STEP_S, asking_every_s=asking_every_s)

    def asks(self, agent: AgentId = AGENT, times: int = 1) -> Told:
        """Carry queries through the agent's chain, one after the other; return what became of the last."""
        told = Told("", (), panic=False)
        for _ in range(times):
            self.happens(QueryAsked(agent))
            told = self._carry(agent, plan(self.fleet, agent, self.now))
            first = ProviderId(told.tried[0]) if told.tried else None
            served = ProviderId(told.served_by) if told.served_by else None
            self.happens(QueryEnded(agent, served, first, reason="" if served else "nobody answered"))
        return told

    def admits(self, name: str, *, agent: AgentId = AGENT, desperate: bool = False) -> Permit:
        """Give out a permit that a test expects to get."""
        permit = self.tries(name, agent=agent, desperate=desperate)
        assert isinstance(permit, Permit), permit
        return permit

    def tries(self, name: str, *, agent: AgentId = AGENT, desperate: bool = False) -> Permit | Obstacle:
        """Ask for a permit."""
        before = self.fleet
        self.fleet, events, permit = admit(before, agent, ProviderId(name), self.moment, desperate=desperate)
        self._keep(before, Wanted(agent, ProviderId(name), desperate), events)
        return permit

    def ends(self, permit: Permit, outcome: Outcome) -> tuple[Event, ...]:
        """An attempt comes back."""
        return self.happens(AttemptEnded(permit, outcome))

    def attempts(self, name: str, *outcomes: Outcome, agent: AgentId = AGENT) -> None:
        """Make attempts at one provider, one after the other, whether or not it is available."""
        for outcome in outcomes:
            self.ends(self.admits(name, agent=agent, desperate=True), outcome)

    def checks(self, name: str, *outcomes: Outcome, kind: ProbeKind = ProbeKind.QUERY) -> None:
        """Check one provider now, once for each outcome."""
        for outcome in outcomes:
            generation = self.provider(name).breaker.generation
            self.happens(ProbeStarted(ProviderId(name)))
            self.happens(ProbeEnded(ProviderId(name), generation, kind, outcome))

    def orders(self, command: Command) -> Verdict:
        """Give an order."""
        before = self.fleet
        self.fleet, events, self.verdict = decide(before, command, self.moment)
        self._keep(before, command, events)
        return self.verdict

    def active(self, agent: AgentId = AGENT) -> str:
        """Return the agent's active provider."""
        return self.fleet.agents[agent].active

    def plan(self, agent: AgentId = AGENT) -> Plan:
        """Return whom the agent's next query would try."""
        return plan(self.fleet, agent, self.now)

    def order_of(self, agent: AgentId = AGENT) -> str:
        """Return the letters of those the next query would try, in order."""
        return "".join(self.plan(agent).candidates)

    def provider(self, name: str) -> ProviderState:
        """Return a provider's state."""
        return self.fleet.providers[ProviderId(name)]

    def obstacle(self, name: str) -> Obstacle | None:
        """Return why the provider may get no query now."""
        return self.fleet.obstacle(ProviderId(name), self.now)

    def available(self, name: str) -> bool:
        """Tell whether the provider may get a query now."""
        return self.obstacle(name) is None

    def due_in_s(self, name: str) -> float | None:
        """Return the seconds until the provider's next check."""
        due = due_at(self.fleet, ProviderId(name), self.now)
        return None if due is None else due - self.now

    def events(self, *kinds: EventKind) -> list[Event]:
        """Return what was told so far, of the kinds asked for."""
        return [one for one in self.told if not kinds or one.kind in kinds]

    def texts(self, *kinds: EventKind) -> list[str]:
        """Return the sentences told so far, of the kinds asked for."""
        return [one.text for one in self.events(*kinds)]

    def snapshot(self) -> Snapshot:
        """Return the read model."""
        return snapshot_of(self.fleet, self.moment, tuple(self.told))

    def view(self, name: str) -> ProviderView:
        """Return a provider as it is shown."""
        view = self.snapshot().provider(ProviderId(name))
        assert view is not None
        return view

    def agent_view(self, agent: AgentId = AGENT) -> AgentView:
        """Return an agent as it is shown."""
        view = self.snapshot().agent(agent)
        assert view is not None
        return view

    def _keep(self, before: Fleet, told: Fact | Command | Wanted, events: tuple[Event, ...]) -> None:
        self.told.extend(events)
        self.turns.append(Turn(before, told, self.moment, events, self.fleet))
        del self.turns[:-_REMEMBERED]

    def _outcome(self, provider: ProviderId, *, probe: bool) -> Outcome:
        if probe and provider in self._probed:
            return self._probed[provider]
        return self._behaviour.get(provider, an_answer())

    def _carry(self, agent: AgentId, route: Plan) -> Told:
        tried: list[str] = []
        pin = self.fleet.agents[agent].pin
        for provider in route.candidates:
            hard = pin is not None and pin.hard and pin.provider == provider
            step = self._try(agent, provider, tried, desperate=route.panic or hard)
            if step is None:
                return Told(provider, tuple(tried), route.panic)
            if step is Step.STOP:
                break
        return Told("", tuple(tried), route.panic)

    def _try(self, agent: AgentId, provider: ProviderId, tried: list[str], *, desperate: bool) -> Step | None:
        """Make attempts at one provider; None means that it answered."""
        while True:
            permit = self.tries(provider, agent=agent, desperate=desperate)
            if isinstance(permit, Obstacle):
                return Step.ONWARD
            tried.append(provider)
            outcome = self._outcome(provider, probe=False)
            self.ends(permit, outcome)
            if not isinstance(outcome, Failed):
                return None
            closed = self.available(provider)
            spent = Spent(tried.count(provider), len(tried), 60.0, 1, closed=closed, affordable=True)
            step = next_step(outcome.failure, spent, self.rules.attempt)
            if step.step is not Step.HERE:
                return step.step
            self.now += step.pause_s[1]

    def _start_checks(self) -> None:
        for name, state in self.fleet.providers.items():
            due = due_at(self.fleet, name, self.now)
            if due is None or due > self.now:
                continue
            self.happens(ProbeStarted(name))
            outcome = self._outcome(name, probe=True)
            took = outcome.elapsed_s if isinstance(outcome, Failed) else 0.0
            kind = kind_of(state, self.moment.utc)
            self._checks.append(_Check(self.now + took, name, state.breaker.generation, kind, outcome))
        self._end_checks()

    def _end_checks(self) -> None:
        for check in [one for one in self._checks if one.ends_at <= self.now]:
            self._checks.remove(check)
            self.happens(ProbeEnded(check.provider, check.generation, check.kind, check.outcome))


def a_world(chain: str = "ABC", *, rules: Rules | None = None, config: FailoverConfig | None = None) -> World:
    """Return a world of one agent whose chain is called by letters, everything at its default."""
    return World([a_spec(name) for name in chain], [config or a_chain(chain)], rules or Rules())


def a_settled_world(chain: str = "ABC", *, config: FailoverConfig | None = None) -> World:
    """Return the same after five quiet minutes: every provider is healthy and its breaker calm."""
    world = a_world(chain, config=config)
    world.passes(300.0)
    return world
