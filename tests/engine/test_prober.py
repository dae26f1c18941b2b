"""The health-check workers: one per provider, each check at its own time."""

import asyncio
import logging

import pytest

from tests.support.engine_world import AGENT, Checks, a_config, a_settled_world, a_spec, a_world, probed, virtually
from tui_failover.core.command import Impose, Imposed
from tui_failover.core.copying import replace
from tui_failover.core.errors import UnknownProvider
from tui_failover.core.event import EventKind
from tui_failover.core.health import Status
from tui_failover.core.names import AgentId, ProviderId
from tui_failover.core.outcome import Failed, Failure, FailureKind, Outcome
from tui_failover.core.ports import Limits, Upstream, UpstreamFactory
from tui_failover.core.query import Query, Usage
from tui_failover.core.spec import Price, ProbeKind, ProviderSpec
from tui_failover.core.transition import BreakerState
from tui_failover.engine.prober import PROBE_TOKENS
from tui_failover.providers.scripted import Answer, Hang, ScriptedUpstreams, failing

SERVER = failing(FailureKind.SERVER)
TWENTY = [f"provider-{number}" for number in range(20)]
A = ProviderId("A")


@virtually
async def test_the_first_checks_are_spread_over_two_seconds() -> None:
    checks = Checks()
    async with a_world(TWENTY, factory=checks.factory) as world:
        await world.passes(2.0)

        first = sorted(checks.times(name)[0] - 1000.0 for name in TWENTY)

    assert first[0] >= 0.0
    assert first[-1] <= 2.0
    assert len({round(at / 0.2) for at in first}) >= 5, f"a burst: {first}"


@virtually
async def test_however_many_agents_use_it_a_provider_is_checked_once_by_the_strictest_demand() -> None:
    checks = Checks()
    async with a_world("A", factory=checks.factory) as world:
        for number in range(5):
            config = a_config("A", health_check_interval=20.0 + number)
            await world.manager.configure_failover(replace(config, agent_id=_agent(number)))
        await world.passes(600.0)

        gaps = checks.gaps("A", since=1030.0)

    assert all(18.0 <= gap <= 20.0 for gap in gaps), gaps


def _agent(number: int) -> AgentId:
    return AgentId(f"agent-{number}")


@virtually
async def test_no_more_than_four_checks_run_at_once_and_never_two_of_one_provider() -> None:
    checks = Checks()
    async with a_world(TWENTY, factory=checks.factory) as world:
        for name in TWENTY:
            world[name].from_now_on(Hang())

        await world.passes(300.0)

    assert checks.most_together == 4
    assert checks.most_of_one == 1
    assert all(len(checks.sent[name]) >= 5 for name in TWENTY)


@virtually
async def test_the_interval_is_the_longest_jitter_only_shortens_it() -> None:
    checks = Checks()
    async with a_world("A", factory=checks.factory) as world:
        await world.passes(3600.0)

        gaps = checks.gaps("A")

    assert all(54.0 <= gap <= 60.0 for gap in gaps), gaps
    assert len({round(gap, 1) for gap in gaps}) > 10


@virtually
async def test_a_first_failed_check_is_confirmed_every_five_seconds_up_to_the_third() -> None:
    checks = Checks()
    async with a_settled_world("A", factory=checks.factory) as world:
        world["A"].from_now_on(SERVER)

        await world.until(lambda: world.provider("A").breaker.state is BreakerState.OPEN, 100.0)

        gaps = checks.gaps("A")

    assert len(gaps) == 3
    assert 54.0 <= gaps[0] <= 60.0
    assert gaps[1:] == pytest.approx([5.0, 5.0])


@virtually
async def test_a_burst_ends_with_an_answer() -> None:
    checks = Checks()
    async with a_settled_world("A", factory=checks.factory) as world:
        world["A"].will(SERVER)
        await world.passes(130.0)

        gaps = checks.gaps("A")

    assert gaps[1] == pytest.approx(5.0)
    assert 54.0 <= gaps[2] <= 60.0


@virtually
async def test_a_failed_query_is_confirmed_by_checks_five_seconds_apart() -> None:
    checks = Checks()
    async with a_settled_world("AB", factory=checks.factory) as world:
        world["A"].from_now_on(failing(FailureKind.OVERLOADED))
        await world.ask()
        failed_at = 1000.0 + world.now

        await world.passes(11.0)

        since = [at - failed_at for at in checks.times("A", since=failed_at)]

    assert since[0] == pytest.approx(4.9, abs=0.11)
    assert since[1] - since[0] == pytest.approx(5.0)


@virtually
async def test_an_open_breaker_is_checked_every_ten_seconds_and_a_half_open_one_every_five() -> None:
    checks = Checks()
    async with a_settled_world("AB", factory=checks.factory) as world:
        await world.breaks("A", SERVER)
        opened_at = 1000.0 + world.now
        await world.passes(200.0)
        recovered_at = 1000.0 + world.now
        world["A"].from_now_on(Answer())
        await world.until(lambda: world.provider("A").breaker.state is BreakerState.CLOSED, 60.0)

        while_open = [gap for gap in checks.gaps("A", since=opened_at) if gap > 5.1]
        after = checks.gaps("A", since=recovered_at)

    assert while_open
    assert all(9.0 <= gap <= 10.0 for gap in while_open), while_open
    assert after == pytest.approx([5.0, 5.0])


@virtually
async def test_a_provider_in_maintenance_is_not_checked_and_is_again_when_it_returns() -> None:
    async with a_settled_world("AB") as world:
        await world.manager.submit(Impose(A, Imposed.MAINTENANCE))
        before = len(world["A"].probes)
        await world.passes(600.0)
        meanwhile = len(world["A"].probes)

        await world.manager.submit(Impose(A, Imposed.NOTHING))
        await world.passes(1.0)

        assert (before, meanwhile, len(world["A"].probes)) == (1, 1, 2)


@virtually
async def test_a_drained_provider_is_checked_on() -> None:
    async with a_settled_world("AB") as world:
        await world.manager.submit(Impose(A, Imposed.DRAIN))

        await world.passes(61.0)

        assert len(world["A"].probes) == 2


@virtually
async def test_a_provider_without_a_key_is_never_checked_not_even_when_asked_to() -> None:
    specs = [replace(a_spec("A"), missing_key="set OPENAI_API_KEY"), a_spec("B")]
    async with a_world("AB", specs=specs) as world:
        await world.passes(120.0)

        health = await world.manager.check_provider_health("A")

        assert world["A"].probes == []
        assert health.status == "unknown"


@virtually
async def test_nobody_is_checked_where_checks_are_switched_off_but_one_can_be_asked_for() -> None:
    async with a_world("AB", health_check_enabled=False) as world:
        await world.passes(600.0)
        before = len(world["A"].probes)

        health = await world.manager.check_provider_health("A")

        assert (before, len(world["A"].probes)) == (0, 1)
        assert health.status == "healthy"


@virtually
async def test_a_provider_that_live_traffic_speaks_for_is_not_checked() -> None:
    async with a_settled_world("AB") as world:
        for _ in range(60):
            await world.ask()
            await world.passes(10.0)

        busy, idle = len(world["A"].probes), len(world["B"].probes)

    assert busy == 1
    assert idle >= 10


@virtually
async def test_a_check_asked_for_joins_the_one_under_way() -> None:
    async with a_settled_world("A") as world:
        world["A"].from_now_on(Answer(after_s=3.0))
        before = len(world["A"].probes)

        first = asyncio.ensure_future(world.manager.check_provider_health("A"))
        await world.passes(1.0)
        shown = world.provider("A")
        began = world.now
        second = await world.manager.check_provider_health("A")

        assert world.now - began == pytest.approx(2.0)
        assert len(world["A"].probes) == before + 1
        assert (shown.status, shown.verdict) == (Status.CHECKING, Status.HEALTHY)
        assert await first == second


@virtually
async def test_a_check_asked_for_runs_at_once_between_two_others() -> None:
    async with a_settled_world("A") as world:
        world["A"].will(SERVER)
        began = world.now

        health = await world.manager.check_provider_health("A")

        assert world.now - began == pytest.approx(0.1)
        assert (health.status, health.consecutive_failures, health.error_message) == ("unhealthy", 1, "server")


@virtually
async def test_who_asked_for_a_check_may_go_away_without_breaking_it_off() -> None:
    async with a_settled_world("A") as world:
        world["A"].from_now_on(Answer(after_s=3.0))
        asked = asyncio.ensure_future(world.manager.check_provider_health("A"))
        await world.passes(1.0)

        asked.cancel()
        await world.passes(2.5)

        assert world.provider("A").response_time_s == pytest.approx(3.0)


class Faulty:
    """A provider whose checks meet a bug as long as it is told to."""

    def __init__(self, inner: Upstream) -> None:
        self.raises: BaseException | None = None
        self.silent_for_s: float | None = None
        self._inner = inner

    async def send(self, query: Query, limits: Limits) -> Outcome:
        return await self._inner.send(query, limits)

    async def probe(self, kind: ProbeKind, query: Query, timeout_s: float) -> Outcome:
        if self.raises is not None:
            raise self.raises
        if self.silent_for_s is not None:
            return Failed(Failure(FailureKind.SILENT, "no answer in time"), self.silent_for_s)
        return await self._inner.probe(kind, query, timeout_s)

    async def close(self) -> None:
        await self._inner.close()


class FaultyFactory:
    """Makes faulty providers and keeps them at hand."""

    def __init__(self) -> None:
        self.made: dict[str, Faulty] = {}

    def __call__(self, scripted: ScriptedUpstreams) -> UpstreamFactory:
        def make(spec: ProviderSpec) -> Upstream:
            return self.made.setdefault(spec.id, Faulty(scripted(spec)))

        return make


@virtually
async def test_a_check_that_raises_is_told_and_the_worker_lives_on(caplog: pytest.LogCaptureFixture) -> None:
    factory = FaultyFactory()
    async with a_settled_world("AB", factory=factory) as world:
        factory.made["A"].raises = ValueError("odd\x1b[31m answer")
        with caplog.at_level(logging.ERROR):
            await world.passes(61.0)
        told = world.told(EventKind.WORKER_FAULT)
        shown = world.provider("A")
        factory.made["A"].raises = None
        checked_before = len(world["A"].probes)
        await world.passes(61.0)

        assert [(one.provider, one.cause) for one in told] == [("A", "ValueError: odd[31m answer")]
        assert (shown.checking, shown.available, shown.verdict) == (False, True, Status.HEALTHY)
        assert len(world["A"].probes) == checked_before + 1
    assert "A: its check raised" in caplog.text


@pytest.mark.parametrize(
    ("elapsed_s", "verdict"), [(5.0, Status.UNHEALTHY), (5.5, Status.UNHEALTHY), (5.6, Status.HEALTHY)]
)
@virtually
async def test_silence_noticed_late_because_the_loop_was_held_up_counts_as_nothing(
    elapsed_s: float, verdict: Status
) -> None:
    factory = FaultyFactory()
    async with a_settled_world("AB", factory=factory) as world:
        factory.made["A"].silent_for_s = elapsed_s

        await world.manager.check_provider_health("A")

        assert world.provider("A").verdict is verdict


@virtually
async def test_the_worker_of_a_removed_provider_ends() -> None:
    async with a_settled_world("AB") as world:
        await world.manager.configure_failover(a_config("A"))
        checked = len(world["B"].probes)

        await world.manager.remove_provider("B")
        await world.passes(600.0)

        assert len(world["B"].probes) == checked
        assert "checks of B" not in {task.get_name() for task in asyncio.all_tasks()}


@pytest.mark.parametrize("under_way", [True, False], ids=["under way", "not begun"])
@virtually
async def test_nobody_waits_for_a_check_of_a_provider_that_is_removed(under_way: bool) -> None:
    async with a_settled_world("AB") as world:
        await world.manager.configure_failover(a_config("A"))
        world["B"].from_now_on(Hang())
        asked = asyncio.ensure_future(world.manager.check_provider_health("B"))
        await world.passes(1.0 if under_way else 0.0)

        await world.manager.remove_provider("B")

        with pytest.raises(UnknownProvider):
            await asked


@virtually
async def test_a_provider_that_comes_back_is_checked_again() -> None:
    async with a_settled_world("AB") as world:
        await world.manager.configure_failover(a_config("A"))
        world["B"].from_now_on(Hang())
        asked = asyncio.ensure_future(world.manager.check_provider_health("B"))
        await world.passes(1.0)
        await world.manager.remove_provider("B")
        await asyncio.wait([asked])
        world["B"].from_now_on(Answer())

        await world.manager.register_provider(a_spec("B"))
        await world.manager.configure_failover(a_config("AB"))
        await world.passes(3.0)

        assert isinstance(asked.exception(), UnknownProvider)
        assert world.provider("B").verdict is Status.HEALTHY


@virtually
async def test_a_day_of_checks_costs_no_more_than_its_budget() -> None:
    price = Price(1_000_000, 1_000_000)  # a dollar per million tokens each way: 15 micro-dollars a check
    spec = replace(probed(a_spec("A"), daily_budget=150), price=price)
    checks = Checks()
    async with a_world("A", specs=[spec], factory=checks.factory) as world:
        world["A"].from_now_on(Answer(usage=Usage(10, 5)))

        await world.passes(86_400.0 - (1_700_000_000.0 + 1_000.0) % 86_400.0 - 10.0)
        today = [one.kind for one in checks.sent["A"]]
        told = len(world.told(EventKind.PROBE_BUDGET))
        await world.passes(200.0)
        tomorrow = [one.kind for one in checks.sent["A"][len(today) :]]

    assert today[:10] == [ProbeKind.QUERY] * 10
    assert set(today[10:]) == {ProbeKind.MODELS}
    assert told == 1
    assert ProbeKind.QUERY in tomorrow


@virtually
async def test_a_check_asks_the_agents_question_or_the_providers_own_and_little() -> None:
    specs = [a_spec("A"), probed(a_spec("B"), query="2 + 2?", kind=ProbeKind.CUSTOM, expect="4")]
    async with a_settled_world("AB", specs=specs, health_check_query="Ping") as world:
        assert world["A"].probes == [(ProbeKind.QUERY, Query("Ping", max_tokens=PROBE_TOKENS))]
        assert world["B"].probes == [(ProbeKind.CUSTOM, Query("2 + 2?", max_tokens=PROBE_TOKENS))]


@pytest.mark.parametrize(("reasoning", "patience_s"), [(False, 5.0), (True, 45.0)])
@virtually
async def test_a_reasoning_model_has_longer_to_begin(reasoning: bool, patience_s: float) -> None:
    checks = Checks()
    specs = [replace(a_spec("A"), reasoning=reasoning)]
    async with a_world("A", specs=specs, factory=checks.factory) as world:
        world["A"].from_now_on(Hang())

        await world.passes(3.0)

    assert [one.timeout_s for one in checks.sent["A"]] == [patience_s]


@virtually
async def test_the_last_word_stays_beside_a_check_under_way_and_nothing_is_moved_by_it() -> None:
    async with a_settled_world("AB") as world:
        world["A"].from_now_on(Hang())
        asked = asyncio.ensure_future(world.manager.check_provider_health("A"))
        await world.passes(1.0)

        shown = world.provider("A")

        assert (shown.status, shown.verdict, shown.available) == (Status.CHECKING, Status.HEALTHY, True)
        assert world.manager.get_active_provider(AGENT) == "A"
        await asked


@virtually
async def test_an_order_is_carried_out_while_every_check_hangs() -> None:
    async with a_settled_world(TWENTY) as world:
        for name in TWENTY:
            world[name].from_now_on(Hang())
        await world.passes(70.0)
        began = world.now

        text = await world.manager.switch_provider(AGENT, TWENTY[5], force=True)

        assert TWENTY[5] in text
        assert world.now == began
