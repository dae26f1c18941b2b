"""Queries at the limit: they wait in line for the first place, and are told when to come back if there is none."""

import asyncio
from collections.abc import Sequence

import pytest

from tests.support.engine_world import AGENT, World, a_quiet_world, a_spec, at_once, virtually, with_rules
from tui_failover.core.allowance import Quantity, Word
from tui_failover.core.copying import replace
from tui_failover.core.errors import AllProvidersFailed
from tui_failover.core.event import EventKind
from tui_failover.core.names import ProviderId
from tui_failover.core.need import NO_NEEDS
from tui_failover.core.outcome import Answered, FailureKind, Outcome
from tui_failover.core.ports import Limits, Upstream
from tui_failover.core.query import Reply, Usage
from tui_failover.core.snapshot import Flag
from tui_failover.core.spec import LimitRules, ProviderLimits, ProviderSpec
from tui_failover.engine.errand import Open, Served
from tui_failover.providers.scripted import Answer, failing

SECOND = Answer(after_s=1.0)


def limited(names: str = "A", **limits: int) -> Sequence[ProviderSpec]:
    """Return providers of which the first has limits."""
    first, *others = (a_spec(name) for name in names)
    return [replace(first, limits=ProviderLimits(**limits)), *others]


async def asked_at(world: World, after_s: float) -> Served:
    """Ask after a while."""
    await world.passes(after_s)
    return await world.ask()


@virtually
async def test_a_query_waits_and_is_served_as_soon_as_a_place_is_free() -> None:
    async with a_quiet_world("A", specs=limited(concurrency=1)) as world:
        world["A"].from_now_on(SECOND)

        first, second = await at_once(world.ask(), world.ask())

        assert (first.elapsed_s, second.elapsed_s) == pytest.approx((1.0, 2.0))
        assert world.now == pytest.approx(2.0)


@virtually
async def test_queries_are_served_in_the_order_they_came() -> None:
    async with a_quiet_world("A", specs=limited(concurrency=1)) as world:
        world["A"].from_now_on(Answer(after_s=0.3))

        await at_once(*(world.manager.execute_query(AGENT, str(n)) for n in range(6)))

        assert [one.text for one in world["A"].queries] == ["0", "1", "2", "3", "4", "5"]


@virtually
async def test_whoever_comes_when_a_place_is_free_stays_behind_those_who_wait() -> None:
    async with a_quiet_world("A", specs=limited(concurrency=1)) as world:

        async def twice() -> None:
            await world.manager.execute_query(AGENT, "first")
            await world.manager.execute_query(AGENT, "at once again")

        await at_once(twice(), world.manager.execute_query(AGENT, "waited"))

        assert [one.text for one in world["A"].queries] == ["first", "waited", "at once again"]


@virtually
async def test_concurrency_is_never_exceeded() -> None:
    async with a_quiet_world("A", specs=limited(concurrency=3)) as world:
        world["A"].from_now_on(Answer(after_s=0.2))
        most = 0

        async def watch() -> None:
            nonlocal most
            for _ in range(40):
                most = max(most, world["A"].inflight)
                await world.passes(0.05)

        served = await at_once(watch(), *(world.ask() for _ in range(20)))

        assert most == 3
        assert all(isinstance(one, Served) for one in served[1:])


@virtually
async def test_a_place_comes_free_when_the_window_slides() -> None:
    async with a_quiet_world("A", specs=limited(queries_per_min=2)) as world:
        await world.ask()
        await world.ask()
        await world.passes(59.5)

        served = await world.ask()

        assert served.elapsed_s == pytest.approx(1.0, abs=0.5)
        assert len(world["A"].queries) == 3


@virtually
async def test_when_no_place_comes_free_the_caller_is_told_the_soonest_honest_time() -> None:
    async with a_quiet_world("AB", specs=limited("AB", queries_per_min=1)) as world:
        await world.manager.register_provider(replace(a_spec("B"), limits=ProviderLimits(queries_per_min=2)))
        await world.ask()
        await world.passes(20.0)
        await at_once(world.ask(), world.ask())
        began = world.now

        error = await world.ask_in_vain()

        assert world.now - began == pytest.approx(2.0)
        assert error.kind is FailureKind.RATE_LIMITED
        assert error.retry_after_s == pytest.approx(38.5, abs=1.1)
        assert {one.provider: one.reason for one in error.attempts} == {
            "A": "passed over: at its limit: 1 of 1 queries this minute",
            "B": "passed over: at its limit: 2 of 2 queries this minute",
        }
        assert world.told(EventKind.FAILOVER, EventKind.PANIC_BEGAN, EventKind.BREAKER_OPENED) == []


@virtually
async def test_a_line_that_is_too_long_turns_away_at_once() -> None:
    rules = with_rules(limit=LimitRules(wait_s=5.0, queue=2))
    async with a_quiet_world("A", specs=limited(concurrency=1), rules=rules) as world:
        world["A"].from_now_on(SECOND)

        served = await at_once(*(world.ask() for _ in range(4)))

        assert [isinstance(one, Served) for one in served] == [True, True, True, False]
        assert isinstance(served[3], AllProvidersFailed)
        assert (served[3].kind, served[3].retry_after_s) == (FailureKind.RATE_LIMITED, 1.0)


@virtually
async def test_whoever_gives_up_leaves_the_line() -> None:
    async with a_quiet_world("A", specs=limited(concurrency=1)) as world:
        world["A"].from_now_on(SECOND)
        asked = [asyncio.ensure_future(asked_at(world, after_s)) for after_s in (0.0, 0.1, 0.2)]
        await world.passes(0.5)

        asked[1].cancel()
        last = await asked[2]

        assert last.elapsed_s == pytest.approx(1.8)
        assert len(world["A"].queries) == 2


@virtually
async def test_a_full_provider_is_skipped_not_failed() -> None:
    async with a_quiet_world("AB", specs=limited("AB", concurrency=1)) as world:
        world["A"].from_now_on(SECOND)

        first, second = await at_once(world.ask(), asked_at(world, 0.5))

        assert (first.provider, second.provider, second.attempts) == ("A", "B", ())
        assert second.elapsed_s == pytest.approx(0.1)
        assert (world.active(), world.provider("A").failures) == ("A", 0)


@virtually
async def test_a_query_whose_first_choice_failed_waits_for_a_place_at_the_full_one() -> None:
    async with a_quiet_world("BA", specs=limited("BA", concurrency=1), max_retries=0) as world:
        world["B"].from_now_on(SECOND)
        world["A"].from_now_on(failing(FailureKind.OVERLOADED))

        _, second = await at_once(world.ask(), asked_at(world, 0.2))

        assert (second.provider, [one.kind for one in second.attempts]) == ("B", [FailureKind.OVERLOADED])
        assert len(world["A"].queries) == 1


@virtually
async def test_a_refused_burst_is_sent_more_slowly_when_the_wait_is_over() -> None:
    async with a_quiet_world("A", rules=with_rules(limit=LimitRules(wait_s=8.0))) as world:
        world["A"].from_now_on(SECOND).will(*[failing(FailureKind.RATE_LIMITED)] * 8)
        await at_once(*(world.try_asking() for _ in range(8)))
        await world.passes(10.5)
        most = 0

        async def watch() -> None:
            nonlocal most
            for _ in range(30):
                most = max(most, world["A"].inflight)
                await world.passes(0.1)

        await at_once(watch(), *(world.ask() for _ in range(8)))

        assert most == 5
        assert world.provider("A").limits[0].learnt


class _Telling:
    """An errand whose answer tells of its provider's limits."""

    needs = NO_NEEDS

    def __init__(self, *words: Word) -> None:
        self._words = words

    def conversation(self) -> None:
        return None

    def obstacle(self, spec: ProviderSpec) -> str:
        return "cannot carry it" if spec.id == "Z" else ""

    async def attempt(self, upstream: Upstream, spec: ProviderSpec, limits: Limits) -> Outcome | Open:
        return Open(self._words)


@virtually
async def test_what_an_answer_tells_of_limits_is_kept_to() -> None:
    async with a_quiet_world("AB") as world:
        async with world.manager.dispatcher.carry(AGENT, _Telling(Word(Quantity.QUERIES, 50, 0, 7.0))) as first:
            first.ended(Answered(Reply("yes", "m", Usage(1, 1)), 0.1, 0.2))
        full = world.provider("A")

        meanwhile = (await world.ask()).provider
        await world.passes(7.0)
        afterwards = (await world.ask()).provider

        assert (first.provider, meanwhile, afterwards) == ("A", "B", "A")
        assert full.available
        assert full.flags == {Flag.LIMITED}


@virtually
async def test_an_estimate_is_counted_when_the_query_is_let_through() -> None:
    async with a_quiet_world("AB", specs=limited("AB", tokens_per_min=1000)) as world:
        dispatcher = world.manager.dispatcher
        async with dispatcher.carry(AGENT, _Telling(), 800), dispatcher.carry(AGENT, _Telling(), 300) as second:
            pass

        assert second.provider == "B"


@virtually
async def test_a_librarys_query_is_guessed_by_its_length() -> None:
    async with a_quiet_world("AB", specs=limited("AB", tokens_per_min=1000)) as world:
        world["A"].from_now_on(SECOND)

        first, second = await at_once(world.ask("x" * 3600), world.ask("x" * 404))

        assert (first.provider, second.provider) == ("A", "B")


@virtually
async def test_who_cannot_carry_a_query_does_not_keep_it_from_waiting_for_who_can() -> None:
    async with a_quiet_world("AZ", specs=limited("AZ", concurrency=1)) as world:
        world["A"].from_now_on(SECOND)
        under_way = asyncio.ensure_future(world.ask())
        await world.passes(0.5)

        async with world.manager.dispatcher.carry(AGENT, _Telling()) as carried:
            waited_s = world.now - 0.5
        await under_way

        assert carried.provider == ProviderId("A")
        assert waited_s == pytest.approx(0.5)


@virtually
async def test_where_nobody_may_wait_whoever_is_turned_away_disturbs_nobody() -> None:
    nobody = with_rules(limit=LimitRules(queue=0))
    async with a_quiet_world("A", specs=limited(concurrency=1), rules=nobody) as world:
        world["A"].from_now_on(SECOND)

        answered, refused = await asyncio.gather(world.ask(), world.ask(), return_exceptions=True)

    assert isinstance(answered, Served)
    assert isinstance(refused, AllProvidersFailed)
