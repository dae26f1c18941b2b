"""Nothing in the chain is available: the least bad is tried, sparingly, rather than refuse everybody."""

import asyncio
from collections.abc import Sequence

import pytest

from tests.support.engine_world import AGENT, World, a_settled_world, at_once, virtually, with_rules
from tui_failover.core.command import Impose, Imposed, Order, ResetBreaker
from tui_failover.core.errors import AllProvidersFailed, UnknownAgent
from tui_failover.core.event import EventKind
from tui_failover.core.names import ProviderId
from tui_failover.core.outcome import FailureKind, Outcome
from tui_failover.core.ports import Limits, Upstream, UpstreamFactory
from tui_failover.core.query import Query
from tui_failover.core.spec import PanicRules, ProbeKind, ProviderSpec
from tui_failover.engine.errand import Served
from tui_failover.providers.scripted import Answer, Break, Hang, ScriptedUpstreams, failing

REFUSED = Break(failing(FailureKind.CONNECT).failure, after_s=0.0)
SERVER = failing(FailureKind.SERVER)


async def all_break(world: World, step: Break | Hang = REFUSED) -> None:
    """Let every provider fail until nothing is available, and until nobody remembers the checks' attempts."""
    names = [view.id for view in world.manager.snapshot().providers]
    for name in names:
        world[name].from_now_on(step)
    took = await world.until(lambda: world.agent().panic, 200.0)
    assert took < 200.0
    for name in names:
        world[name].queries.clear()


@virtually
async def test_a_single_query_tries_everybody_each_in_its_turn() -> None:
    async with a_settled_world() as world:
        await all_break(world)
        began = world.now

        error = await world.ask_in_vain()

        assert sorted(one.provider for one in error.attempts) == ["A", "B", "C"]
        assert all(one.kind is FailureKind.CONNECT for one in error.attempts)
        assert world.now - began == pytest.approx(1.0)


@virtually
async def test_a_desperate_attempt_is_not_repeated_at_the_same_provider() -> None:
    async with a_settled_world("A") as world:
        await all_break(world)

        await world.ask_in_vain()

        assert len(world["A"].queries) == 1


@virtually
async def test_an_agent_makes_at_most_two_desperate_attempts_a_second() -> None:
    async with a_settled_world() as world:
        sent: list[float] = []
        await all_break(world)
        began = world.now
        watched = [_watch(world, name, sent) for name in "ABC"]

        await at_once(*(world.try_asking() for _ in range(60)))
        while len(sent) < 10:
            await world.try_asking()

        for watch in watched:
            watch.cancel()
        assert len(sent) >= 10
        for first, third in zip(sent, sent[2:], strict=False):
            assert third - first >= 1.0 - 1e-6
        assert world.now - began < 60.0


def _watch(world: World, name: str, sent: list[float]) -> asyncio.Task[None]:
    async def note() -> None:
        seen = len(world[name].queries)
        while True:
            await world.passes(0.01)
            sent.extend([world.now] * (len(world[name].queries) - seen))
            seen = len(world[name].queries)

    return asyncio.get_running_loop().create_task(note())


@virtually
async def test_at_most_one_desperate_attempt_is_under_way_at_a_provider() -> None:
    async with a_settled_world("AB") as world:
        await all_break(world, Hang())
        queries = [asyncio.ensure_future(world.try_asking()) for _ in range(20)]

        most = 0
        for _ in range(300):
            await world.passes(0.1)
            most = max(most, *(world.provider(name).inflight for name in "AB"))

        assert most == 1
        await asyncio.gather(*queries)


@virtually
async def test_nobody_waits_longer_than_ten_seconds_for_turns() -> None:
    rules = with_rules(panic=PanicRules(per_s=0.5))
    async with a_settled_world("ABCDEF", rules=rules) as world:
        await all_break(world, Hang())
        busy = asyncio.ensure_future(world.try_asking())
        await world.passes(0.1)
        began = world.now

        ends = await at_once(*(_seconds_of(world) for _ in range(10)))

        # Whoever got a turn spent the rest at the provider; whoever got none was told so within the patience.
        refused = [end for end, tried in ends if not tried]
        assert refused
        assert max(refused) <= 10.0 + 0.01
        assert max(end for end, _ in ends) <= 60.25
        assert began < 200.0
        await busy


async def _seconds_of(world: World) -> tuple[float, bool]:
    began = world.now
    error = await world.ask_in_vain()
    return world.now - began, any(one.kind is not None for one in error.attempts)


@virtually
async def test_whoever_finds_the_queue_full_is_refused_at_once_with_a_word_for_everybody() -> None:
    rules = with_rules(panic=PanicRules(queue=2))
    async with a_settled_world("AB", rules=rules) as world:
        await all_break(world, Hang())
        tried = [asyncio.ensure_future(world.try_asking()) for _ in range(2)]
        await world.passes(1.0)
        waiting = [asyncio.ensure_future(world.try_asking()) for _ in range(2)]
        await world.passes(0.1)
        began = world.now

        error = await world.ask_in_vain()

        assert world.now == began
        assert {one.provider: one.reason for one in error.attempts} == dict.fromkeys(
            "AB", "not reached: nothing is available and too many queries wait already"
        )
        await asyncio.gather(*tried, *waiting)


@virtually
async def test_whom_nobody_tries_at_the_moment_is_tried_first() -> None:
    async with a_settled_world("AB") as world:
        await all_break(world, Hang())
        first = asyncio.ensure_future(world.try_asking())
        await world.passes(0.6)
        busy = "A" if world["A"].queries else "B"
        free = "B" if busy == "A" else "A"
        world[free].from_now_on(Answer())

        served = await world.ask()

        assert served.provider == free
        first.cancel()


@virtually
async def test_one_that_answers_is_found_although_its_breaker_is_open() -> None:
    async with a_settled_world() as world:
        await all_break(world)
        world["C"].from_now_on(Answer())

        served = await world.ask()

        assert served.provider == "C"
        assert [one.kind for one in served.attempts] == [FailureKind.CONNECT] * len(served.attempts)


@virtually
async def test_a_query_that_waited_takes_the_ordinary_way_once_somebody_is_available_again() -> None:
    rules = with_rules(panic=PanicRules(per_s=0.11))
    async with a_settled_world("A", rules=rules) as world:
        await all_break(world, SERVER)
        await world.ask_in_vain()
        waiting = asyncio.ensure_future(world.ask())
        await world.passes(0.1)

        order = Order(force=True)
        await world.manager.switch_provider(AGENT, "A", force=order.force)
        world["A"].from_now_on(Answer())
        served = await waiting

        assert (served.provider, served.attempts) == ("A", ())


@virtually
async def test_nobody_in_maintenance_is_tried_even_in_panic_nor_waited_for() -> None:
    async with a_settled_world("AB") as world:
        for name in "AB":
            await world.manager.submit(Impose(ProviderId(name), Imposed.MAINTENANCE, Order(force=True, by="ana")))
        began = world.now

        error = await world.ask_in_vain()

        assert {one.provider: one.reason for one in error.attempts} == dict.fromkeys(
            "AB", "passed over: in maintenance by ana"
        )
        assert world.now == began
        assert world["A"].queries == world["B"].queries == []


@virtually
async def test_one_put_into_maintenance_while_a_query_waits_for_it_is_not_tried() -> None:
    async with a_settled_world("A") as world:
        await all_break(world, Hang())
        first = asyncio.ensure_future(world.try_asking())
        await world.passes(0.1)
        second = asyncio.ensure_future(world.ask_in_vain())
        await world.passes(0.1)

        await world.manager.submit(Impose(ProviderId("A"), Imposed.MAINTENANCE, Order(force=True, by="ana")))
        first.cancel()
        error = await second

        assert [one.reason for one in error.attempts] == ["passed over: in maintenance by ana"]
        assert len(world["A"].queries) == 1


@virtually
async def test_a_query_whose_agent_is_removed_while_it_waits_is_told_so() -> None:
    rules = with_rules(panic=PanicRules(per_s=0.2))
    async with a_settled_world("A", rules=rules) as world:
        await all_break(world)
        await world.ask_in_vain()
        waiting = asyncio.ensure_future(world.ask())
        await world.passes(0.1)

        await world.manager.remove_agent(AGENT)

        with pytest.raises(UnknownAgent, match="removed"):
            await waiting


@pytest.mark.parametrize("waits_for", ["a turn", "the provider"])
@virtually
async def test_a_caller_that_goes_away_while_waiting_leaves_its_turn_to_the_next(waits_for: str) -> None:
    rules = with_rules(panic=PanicRules(per_s=0.2 if waits_for == "a turn" else 2.0))
    async with a_settled_world("A", rules=rules) as world:
        await all_break(world, REFUSED if waits_for == "a turn" else Hang())
        first = asyncio.ensure_future(world.try_asking())
        await world.passes(0.1)
        gone = asyncio.ensure_future(world.try_asking())
        await world.passes(0.1)

        gone.cancel()
        first.cancel()
        world["A"].from_now_on(Answer())
        served = await world.ask()

        assert served.provider == "A"
        assert world.provider("A").inflight == 0


class Deserter:
    """An upstream whose first attempt takes everybody out of service before it fails."""

    def __init__(self, world_of: "list[World]", inner: Upstream) -> None:
        self._world_of = world_of
        self._inner = inner

    async def send(self, query: Query, limits: Limits) -> Outcome:
        for world in self._world_of:
            for name in "BC":
                order = Order(force=True, by="ana")
                await world.manager.submit(Impose(ProviderId(name), Imposed.MAINTENANCE, order))
        return await self._inner.send(query, limits)

    async def probe(self, kind: ProbeKind, query: Query, timeout_s: float) -> Outcome:
        return await self._inner.probe(kind, query, timeout_s)

    async def close(self) -> None:
        await self._inner.close()


@virtually
async def test_those_who_became_unavailable_after_the_plan_are_passed_over_with_the_reason_of_that_instant() -> (
    None
):
    worlds: list[World] = []

    def factory(scripted: ScriptedUpstreams) -> UpstreamFactory:
        def make(spec: ProviderSpec) -> Upstream:
            return Deserter(worlds, scripted(spec)) if spec.id == "A" else scripted(spec)

        return make

    async with a_settled_world("ABC", factory=factory) as world:
        worlds.append(world)
        world["A"].from_now_on(failing(FailureKind.OVERLOADED, "529 overloaded"))

        error = await world.ask_in_vain()

        assert [(one.provider, one.reason) for one in error.attempts] == [
            ("A", "529 overloaded"),
            ("B", "passed over: in maintenance by ana"),
            ("C", "passed over: in maintenance by ana"),
        ]
        assert world["B"].queries == world["C"].queries == []


@virtually
async def test_the_first_query_nobody_answers_is_told_and_the_end_of_the_drought_by_silence() -> None:
    async with a_settled_world("AB") as world:
        await all_break(world)

        results: Sequence[Served | None] = [await world.try_asking() for _ in range(5)]

        assert results == [None] * 5
        assert len(world.told(EventKind.EXHAUSTED)) == 1
        assert len(world.told(EventKind.PANIC_BEGAN)) == 1
        assert all(isinstance(one, AllProvidersFailed) for one in world.failures)


@virtually
async def test_whom_a_query_has_tried_in_vain_is_not_tried_again_when_it_becomes_available_meanwhile() -> None:
    rules = with_rules(panic=PanicRules(per_s=0.2))
    async with a_settled_world("AB", rules=rules, max_retries=0) as world:
        await all_break(world)
        query = asyncio.ensure_future(world.ask_in_vain())
        await world.passes(1.0)
        tried = "A" if world["A"].queries else "B"
        other = "B" if tried == "A" else "A"

        await world.manager.submit(ResetBreaker(ProviderId(tried)))
        error = await query

        assert [(one.provider, one.kind) for one in error.attempts] == [
            (tried, FailureKind.CONNECT),
            (other, FailureKind.CONNECT),
        ]
        assert len(world[tried].queries) == 1
