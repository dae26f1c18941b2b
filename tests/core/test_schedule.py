"""When a provider is checked next, and how."""

from hypothesis import given
from hypothesis import strategies as st

from tests.support.world import (
    AGENT,
    World,
    a_chain,
    a_failure,
    a_settled_world,
    a_spec,
    a_world,
    an_answer,
    strike,
)
from tui_failover.core.copying import replace
from tui_failover.core.fact import Started
from tui_failover.core.fleet import Fleet
from tui_failover.core.fold import apply
from tui_failover.core.names import AgentId, Moment, ProviderId
from tui_failover.core.outcome import FailureKind
from tui_failover.core.schedule import due_at, kind_of
from tui_failover.core.spec import FailoverConfig, ProbeKind, Rules


@given(st.integers(0, 10_000), st.floats(0.0, 1e6), st.floats(1.0, 3600.0))
def test_jitter_only_shortens_the_interval(seed: int, at: float, interval_s: float) -> None:
    world = World([a_spec("A")], [replace(a_chain("A"), health_check_interval=interval_s)], seed=seed, now=at)

    world.checks("A", an_answer())

    due = world.due_in_s("A")
    assert due is not None
    assert interval_s * 0.9 - 1e-3 <= due <= interval_s + 1e-3


@given(st.integers(0, 10_000))
def test_first_checks_come_within_two_seconds(seed: int) -> None:
    fleet, _ = apply(
        Fleet(Rules(), Moment(0.0, 0.0), seed=seed), Started((a_spec("A"),), (a_chain("A"),)), Moment(0.0, 0.0)
    )

    due = due_at(fleet, ProviderId("A"), 0.0)

    assert due is not None
    assert 0.0 <= due <= 2.0


def test_a_first_failure_is_looked_into_after_five_seconds_and_again_up_to_the_third() -> None:
    world = a_settled_world()
    dues: list[float | None] = []

    for _ in range(3):
        world.checks("A", a_failure(FailureKind.CONFLICT))
        dues.append(world.due_in_s("A"))

    assert dues[:2] == [5.0, 5.0]
    assert dues[2] is not None
    assert dues[2] > 50.0


def test_a_first_live_failure_is_looked_into_after_five_seconds() -> None:
    world = a_settled_world()
    world.now += 3.0

    world.attempts("A", a_failure())

    assert world.due_in_s("A") == 5.0


def test_a_check_that_is_refused_after_a_failure_is_not_repeated_at_once() -> None:
    world = a_settled_world()
    world.attempts("A", a_failure())
    world.now += 30.0

    world.checks("A", a_failure(FailureKind.CALLER_FAULT))

    assert world.due_in_s("A") == 5.0


def test_while_open_a_check_comes_every_ten_seconds_and_while_half_open_every_five() -> None:
    world = a_settled_world()
    world.checks("A", *strike())
    world.now = world.provider("A").breaker.until_at or 0.0
    world.checks("A", a_failure())
    opened = world.due_in_s("A")
    world.checks("A", an_answer())

    assert opened is not None
    assert 9.0 <= opened <= 10.0
    assert world.due_in_s("A") == 5.0


def test_a_provider_that_asked_for_quiet_is_not_checked_before() -> None:
    world = a_settled_world()

    world.checks("A", *strike(times=2), a_failure(FailureKind.SERVER, 120.0))

    assert world.due_in_s("A") == 120.0


def test_a_rate_limited_provider_is_not_checked_before_its_time() -> None:
    world = a_settled_world()

    world.checks("A", a_failure(FailureKind.RATE_LIMITED, 400.0))

    assert world.due_in_s("A") == 400.0


def test_a_refused_key_is_checked_at_the_usual_interval() -> None:
    world = a_settled_world()

    world.checks("A", a_failure(FailureKind.AUTH))

    due = world.due_in_s("A")
    assert due is not None
    assert 54.0 <= due <= 60.0


def test_quota_for_a_day_is_looked_at_every_quarter_of_an_hour() -> None:
    world = a_settled_world()

    world.checks("A", a_failure(FailureKind.QUOTA, 86_400.0))

    assert world.due_in_s("A") == 900.0


def test_live_answers_make_a_check_unnecessary() -> None:
    world = a_settled_world()
    checked = world.provider("A").health.last_check_at
    world.passes(200.0, asking_every_s=10.0)

    assert world.provider("A").health.last_check_at == checked


def test_two_live_answers_do_not() -> None:
    world = a_settled_world()
    checked = world.provider("A").health.last_check_at or 0.0

    world.passes(120.0, asking_every_s=50.0)

    assert (world.provider("A").health.last_check_at or 0.0) > checked


def test_nothing_is_due_while_a_check_runs_or_without_a_key_or_where_nobody_wants_any() -> None:
    specs = [a_spec("A"), replace(a_spec("B"), missing_key="set B_KEY"), a_spec("C"), a_spec("D")]
    off = replace(a_chain("C", AgentId("other")), health_check_enabled=False)
    world = World(specs, [a_chain("AB"), off])
    world.hangs("A")
    world.passes(2.5)

    assert world.provider("A").checking
    assert [world.due_in_s(name) for name in "ABCDZ"] == [None] * 5


def test_the_strictest_agent_decides_on_interval_and_threshold_and_the_most_patient_on_the_timeout() -> None:
    def wish(agent: str, **fields: float) -> FailoverConfig:
        return replace(a_chain("A", AgentId(agent)), **fields)  # type: ignore[arg-type]  # fields of the configuration

    off = replace(wish("off", health_check_interval=1.0, max_consecutive_failures=2), health_check_enabled=False)
    hasty = wish("hasty", health_check_interval=10.0, health_check_timeout=2.0)
    patient = wish("patient", health_check_interval=90.0, health_check_timeout=9.0, max_consecutive_failures=5)

    demands = [
        World([a_spec("A")], chains).fleet.demand(ProviderId("A"))
        for chains in ([off, hasty, patient], [hasty, patient, off])
    ]

    assert [(one.enabled, one.interval_s, one.timeout_s, one.threshold) for one in demands] == [
        (True, 10.0, 9.0, 2)
    ] * 2


def test_a_provider_is_checked_as_configured_while_there_is_no_cap() -> None:
    world = a_world()
    state = world.provider("A")
    uncapped = replace(state, spec=replace(state.spec, probe=replace(state.spec.probe, daily_budget=None)))

    assert kind_of(uncapped, world.moment.utc) is ProbeKind.QUERY


def test_many_agents_share_one_check() -> None:
    agents = [a_chain("A", AgentId(f"agent-{number}")) for number in range(5)]
    world = World([a_spec("A")], agents)

    world.passes(300.0)

    checks = sum(world.provider("A").probes.counts(world.now, 400.0))
    assert 5 <= checks <= 7
    assert AGENT not in world.fleet.agents
