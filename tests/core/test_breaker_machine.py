"""One provider's breaker under queries, checks and time in any order."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.core import laws
from tests.support.world import AGENT, World, a_chain, a_failure, a_spec, an_answer, unchecked
from tui_failover.core.admission import admit
from tui_failover.core.breaker import Breaker, cooled
from tui_failover.core.command import ResetBreaker
from tui_failover.core.fact import AttemptEnded, Permit, ProbeEnded, Ticked
from tui_failover.core.fleet import Fleet
from tui_failover.core.fold import apply
from tui_failover.core.names import Moment, ProviderId
from tui_failover.core.outcome import Cancelled, FailureKind, Outcome
from tui_failover.core.spec import BreakerRules, ProbeKind
from tui_failover.core.transition import BreakerState, Trigger

A = ProviderId("A")
RULES = BreakerRules()
NEIGHBOUR = a_spec("N", endpoint="https://a.example")
BREAKING = (FailureKind.SERVER, FailureKind.SILENT, FailureKind.CONFLICT, FailureKind.STREAM_BROKEN)
NEUTRAL = (FailureKind.CALLER_FAULT, FailureKind.DIALECT, FailureKind.LOCAL)

passes = st.builds(an_answer, st.sampled_from([0.2, 25.0]))
stated = st.builds(a_failure, st.just(FailureKind.SERVER), st.sampled_from([1.0, 40.0, 9999.0]))
strikes = st.builds(a_failure, st.sampled_from(BREAKING)) | stated
neutrals: st.SearchStrategy[Outcome] = st.builds(a_failure, st.sampled_from(NEUTRAL)) | st.just(Cancelled(0.1))
outcomes: st.SearchStrategy[Outcome] = st.one_of(passes, strikes, neutrals)


class BreakerMachine(RuleBasedStateMachine):
    """Results come in time, late or never."""

    def __init__(self) -> None:
        super().__init__()
        self.out: list[Permit] = []

    @initialize(checked=st.booleans())
    def begins(self, checked: bool) -> None:
        config = a_chain("AN") if checked else unchecked(a_chain("AN"))
        self.world = World([a_spec("A"), NEIGHBOUR], [config])
        self.world.turns.clear()

    @property
    def breaker(self) -> Breaker:
        return self.world.provider("A").breaker

    @rule()
    def query_starts(self) -> None:
        before, allowed = self.breaker, self.world.available("A")

        permit = self.world.tries("A")

        assert isinstance(permit, Permit) is allowed
        if isinstance(permit, Permit):
            assert before.state is not BreakerState.OPEN or cooled(before, self.world.now)
            self.out.append(permit)

    @rule()
    def query_starts_in_despair(self) -> None:
        self.out.append(self.world.admits("A", desperate=True))

    @rule(outcome=outcomes, place=st.integers(0, 9))
    def query_ends(self, outcome: Outcome, place: int) -> None:
        if not self.out:
            return
        permit = self.out.pop(place % len(self.out))
        before = self.breaker

        self.world.ends(permit, outcome)

        if permit.generation != before.generation:
            assert self.breaker == before

    @rule(outcome=outcomes)
    def check_ends(self, outcome: Outcome) -> None:
        self.world.checks("A", outcome)

    @rule(outcome=strikes)
    def check_ends_late(self, outcome: Outcome) -> None:
        before = self.breaker

        self.world.happens(ProbeEnded(A, before.generation - 1, ProbeKind.QUERY, outcome))

        assert self.breaker == before

    @rule()
    def neighbour_has_a_server_error(self) -> None:
        before = self.breaker

        self.world.checks("N", a_failure())

        assert self.breaker.generation == before.generation

    @rule(seconds=st.sampled_from([0.5, 3.0, 9.0, 12.0, 31.0, 100.0, 700.0]))
    def time_passes(self, seconds: float) -> None:
        self.world.now += seconds
        self.world.happens(Ticked())

    @rule()
    def an_operator_resets(self) -> None:
        before = self.breaker.state

        self.world.orders(ResetBreaker(A))

        assert before is BreakerState.CLOSED or (self.breaker.state, self.breaker.level) == (
            BreakerState.CLOSED,
            0,
        )

    @invariant()
    def moves_are_legal_and_told(self) -> None:
        for turn in self.world.turns:
            laws.breakers_move_along_their_table(turn)
            laws.revision_grows(turn)
            cooldown_is_within_its_bounds(turn.before, turn.after, turn.moment)
            ladder_is_left_only_after_a_calm_time(turn.before, turn.after, turn.moment)
        self.world.turns.clear()

    @invariant()
    def at_most_one_query_is_under_trial(self) -> None:
        trials = [one for one in self.out if one.trial and one.generation == self.breaker.generation]

        assert len(trials) == (0 if self.breaker.lease_until_at is None else 1)

    @invariant()
    def there_is_a_way_out(self) -> None:
        if self.breaker.state is not BreakerState.CLOSED:
            assert closes_by_queries(self.world.fleet, self.world.now)
            assert closes_by_checks(self.world.fleet, self.world.now)


def cooldown_is_within_its_bounds(before: Fleet, after: Fleet, moment: Moment) -> None:
    """The ladder's rung with a tenth of jitter, or longer where the provider asked for it, up to five minutes."""
    old, new = before.providers[A].breaker, after.providers[A].breaker
    if new.state is not BreakerState.OPEN or new.until_at == old.until_at or new.until_at is None:
        return
    length = new.until_at - moment.mono
    rung = min(RULES.open_s * 2.0**new.level, RULES.open_max_s)
    assert rung * 0.9 - 1e-6 <= length
    assert length <= (rung * 1.1 if new.quiet_until_at is None else RULES.retry_after_max_s) + 1e-6


def ladder_is_left_only_after_a_calm_time(before: Fleet, after: Fleet, moment: Moment) -> None:
    """Twenty live answers or ten minutes closed, or an operator, take a breaker down the ladder."""
    old, new = before.providers[A].breaker, after.providers[A].breaker
    if new.level < old.level:
        calm = old.good + 1 >= RULES.calm_successes or moment.mono - old.since_at >= RULES.calm_s
        assert new.trigger is Trigger.RESET or (old.state is BreakerState.CLOSED and calm)


def closes_by_checks(fleet: Fleet, now: float) -> bool:
    """Tell whether passing checks close the breaker."""
    for _ in range(RULES.successes_to_close):
        generation = fleet.providers[A].breaker.generation
        fleet, _ = apply(fleet, ProbeEnded(A, generation, ProbeKind.QUERY, an_answer()), Moment(now, now))
    return fleet.providers[A].breaker.state is BreakerState.CLOSED


def closes_by_queries(fleet: Fleet, now: float) -> bool:
    """Tell whether queries close it where no check ever comes back, once what is out has expired."""
    for _ in range(60):
        now += 10.0
        fleet, _ = apply(fleet, Ticked(), Moment(now, now))
        fleet, _, permit = admit(fleet, AGENT, A, Moment(now, now))
        if isinstance(permit, Permit):
            fleet, _ = apply(fleet, AttemptEnded(permit, an_answer()), Moment(now, now))
    return fleet.providers[A].breaker.state is BreakerState.CLOSED


BreakerMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestBreaker = BreakerMachine.TestCase
