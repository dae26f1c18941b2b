"""Facts and orders at random, on agents that share providers, endpoints and keys; the laws hold throughout."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from tests.core import laws
from tests.support.world import World, a_chain, a_failure, a_spec, an_answer, by_hand, unchecked
from tui_failover.core.command import (
    Accepted,
    BreakerHand,
    Command,
    ConfirmTrial,
    HoldAutomation,
    HoldBreaker,
    Impose,
    Imposed,
    Order,
    Refused,
    ReleaseAutomation,
    ReleasePin,
    ResetBreaker,
    SwitchTo,
    Undo,
)
from tui_failover.core.copying import replace
from tui_failover.core.fact import (
    AgentConfigured,
    Permit,
    ProbeEnded,
    ProbeStarted,
    ProviderRegistered,
    ProviderRemoved,
    ReferenceChecked,
    WorkerFailed,
)
from tui_failover.core.names import AgentId, ProviderId
from tui_failover.core.outcome import Cancelled, FailureKind, Outcome
from tui_failover.core.spec import FailoverConfig, ProbeKind, ProbeSpec, ProviderLimits, Strategy

AGENTS = [AgentId(name) for name in ("chat", "code", "batch", "alone")]
SPECS = (
    a_spec("A", endpoint="https://one.example", credential="env:SHARED"),
    a_spec("B", endpoint="https://one.example"),
    replace(a_spec("C", credential="env:SHARED"), limits=ProviderLimits(4, 100, 2), weight=3),
    a_spec("D", probe=ProbeSpec(kind=ProbeKind.MODELS)),
    replace(a_spec("E"), missing_key="set E_KEY"),
)
CONFIGS = (
    replace(a_chain("ABCE", AGENTS[0]), strategy=Strategy.WEIGHTED),
    by_hand(a_chain("CA", AGENTS[1])),
    replace(unchecked(a_chain("DB", AGENTS[2])), max_consecutive_failures=2, strategy=Strategy.FASTEST),
    replace(a_chain("BD", AGENTS[3]), auto_failover_enabled=False),
)

names = st.sampled_from("ABCDE")
providers = names.map(ProviderId)
agents = st.sampled_from(AGENTS)
waits = st.none() | st.sampled_from([0.0, 1.5, 30.0, 5000.0])
failures = st.builds(a_failure, st.sampled_from(FailureKind), waits, st.sampled_from([0.0, 5.0]))
answers = st.builds(an_answer, st.sampled_from([0.1, 0.4, 3.0, 25.0]))
outcomes: st.SearchStrategy[Outcome] = st.one_of(answers, answers, failures, failures, st.just(Cancelled(1.0)))
spans = st.sampled_from([0.5, 2.0, 5.0, 11.0, 31.0, 70.0, 200.0, 1000.0])
orders = st.builds(Order, by=st.just("ann"), force=st.booleans())
holds = st.none() | st.sampled_from([0.0, 10.0, 100.0])
commands: st.SearchStrategy[Command] = st.one_of(
    st.builds(SwitchTo, agents, providers, holds, st.booleans(), st.booleans(), orders),
    st.builds(ConfirmTrial, agents, orders),
    st.builds(ReleasePin, agents, orders),
    st.builds(HoldAutomation, agents, st.booleans(), orders),
    st.builds(ReleaseAutomation, agents, orders),
    st.builds(Impose, providers, st.sampled_from(Imposed), orders),
    st.builds(HoldBreaker, providers, st.none() | st.sampled_from(BreakerHand), holds, orders),
    st.builds(ResetBreaker, providers, orders),
    st.builds(Undo, orders),
)


class FleetMachine(RuleBasedStateMachine):
    """Whatever happens in whatever order."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World(SPECS, CONFIGS)
        self.permits: list[Permit] = []
        self.probes: list[tuple[ProviderId, int]] = []
        self.orders = 0
        self.published = (self.world.fleet, repr(self.world.fleet))

    @rule(names=st.sets(names, min_size=1), outcome=outcomes)
    def provider_changes(self, names: set[str], outcome: Outcome) -> None:
        self.world.does("".join(sorted(names)), outcome)

    @rule(agent=agents, times=st.integers(1, 4))
    def queries_come(self, agent: AgentId, times: int) -> None:
        self.world.asks(agent, times)

    @rule(name=names, agent=agents, desperate=st.booleans())
    def attempt_begins(self, name: str, agent: AgentId, desperate: bool) -> None:
        permit = self.world.tries(name, agent=agent, desperate=desperate)
        laws.permits_respect_what_stands(self.world.turns[-1], permit)
        if isinstance(permit, Permit):
            self.permits.append(permit)

    @rule(place=st.integers(0, 20), outcome=outcomes)
    def attempt_ends(self, place: int, outcome: Outcome) -> None:
        if self.permits:
            self.world.ends(self.permits.pop(place % len(self.permits)), outcome)

    @rule(name=names, outcomes=st.lists(outcomes, min_size=1, max_size=3), kind=st.sampled_from(ProbeKind))
    def checks_come_back(self, name: str, outcomes: list[Outcome], kind: ProbeKind) -> None:
        if ProviderId(name) in self.world.fleet.providers:
            self.world.checks(name, *outcomes, kind=kind)

    @rule(provider=providers)
    def check_begins(self, provider: ProviderId) -> None:
        self.world.happens(ProbeStarted(provider))
        state = self.world.fleet.providers.get(provider)
        self.probes.append((provider, 0 if state is None else state.breaker.generation))

    @rule(outcome=outcomes, kind=st.sampled_from(ProbeKind))
    def check_ends_late(self, outcome: Outcome, kind: ProbeKind) -> None:
        if self.probes:
            self.world.happens(ProbeEnded(*self.probes.pop(0), kind, outcome))

    @rule(seconds=spans)
    def time_jumps(self, seconds: float) -> None:
        self.world.now += seconds - 0.5
        self.world.passes(0.5)

    @rule(seconds=st.sampled_from([5.0, 15.0, 40.0]), agent=agents)
    def time_passes_with_traffic(self, seconds: float, agent: AgentId) -> None:
        self.world.passes(seconds, asking_every_s=1.0, agent=agent)

    @rule(reachable=st.booleans())
    def reference_is_checked(self, reachable: bool) -> None:
        self.world.happens(ReferenceChecked(reachable))

    @rule(provider=providers)
    def worker_fails(self, provider: ProviderId) -> None:
        self.world.happens(WorkerFailed(provider, "something unforeseen"))

    @rule(place=st.integers(0, len(SPECS) - 1), key=st.sampled_from(["env:SHARED", "env:NEW"]))
    def provider_is_registered(self, place: int, key: str) -> None:
        self.world.happens(ProviderRegistered(replace(SPECS[place], credential=key)))

    @rule(provider=providers)
    def provider_is_removed(self, provider: ProviderId) -> None:
        self.world.happens(ProviderRemoved(provider))

    @rule(place=st.integers(0, len(CONFIGS) - 1), chain=st.permutations("ABCD"), length=st.integers(1, 4))
    def agent_is_configured(self, place: int, chain: list[str], length: int) -> None:
        given = CONFIGS[place]
        config: FailoverConfig = a_chain("".join(chain[:length]), given.agent_id)
        self.world.happens(AgentConfigured(replace(config, failback=given.failback, strategy=given.strategy)))

    @rule(command=commands)
    def order_is_given(self, command: Command) -> None:
        before = self.world.fleet

        verdict = self.world.orders(command)

        assert isinstance(verdict, Accepted) or self.world.fleet is before
        assert isinstance(verdict, Refused) or verdict.revision == self.world.fleet.revision

    @rule(command=commands)
    def order_is_repeated(self, command: Command) -> None:
        self.orders += 1
        command = replace(command, order=replace(command.order, id=f"order-{self.orders}"))
        verdict = self.world.orders(command)
        fleet = self.world.fleet

        again = self.world.orders(command)

        assert again == verdict
        assert self.world.fleet is fleet

    @rule(command=commands)
    def order_is_undone_at_once(self, command: Command) -> None:
        self.world.happens(WorkerFailed(ProviderId("A"), "so that the turn before is no order"))
        before = self.world.fleet
        verdict = self.world.orders(command)
        if isinstance(verdict, Refused) or isinstance(command, Undo | ConfirmTrial | ResetBreaker):
            return

        assert isinstance(self.world.orders(Undo()), Accepted)

        for name, agent in self.world.fleet.agents.items():
            old = before.agents[name]
            assert (agent.pin, agent.held_by, agent.strict, agent.suspended) == (
                old.pin,
                old.held_by,
                old.strict,
                old.suspended,
            )
        for provider, state in self.world.fleet.providers.items():
            assert (state.imposed, state.hand) == (
                before.providers[provider].imposed,
                before.providers[provider].hand,
            )

    @invariant()
    def every_turn_keeps_the_laws(self) -> None:
        for turn in self.world.turns:
            for law in laws.LAWS_OF_TURNS:
                law(turn)
        self.world.turns.clear()

    @invariant()
    def every_fleet_keeps_the_laws(self) -> None:
        for law in laws.LAWS_OF_FLEETS:
            law(self.world)

    @invariant()
    def a_fleet_stays_as_it_was_published(self) -> None:
        fleet, was = self.published
        assert repr(fleet) == was
        self.published = (self.world.fleet, repr(self.world.fleet))

    def teardown(self) -> None:
        laws.switches_stay_rare(self.world.told, AGENTS)


FleetMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestFleet = FleetMachine.TestCase
