"""Answers that are still under way: the permit, the books, and the caller who leaves."""

import asyncio
import gc
import weakref
from dataclasses import dataclass, field

import pytest

from tests.support.engine_world import AGENT, a_quiet_world, virtually
from tui_failover.core.errors import AllProvidersFailed
from tui_failover.core.health import Status
from tui_failover.core.names import ProviderId
from tui_failover.core.need import NO_NEEDS, Need, Needs
from tui_failover.core.outcome import Answered, Failed, Failure, FailureKind, Outcome
from tui_failover.core.ports import Limits, Upstream
from tui_failover.core.query import Reply, Usage
from tui_failover.core.spec import ProviderSpec
from tui_failover.core.traffic import Wanted
from tui_failover.engine.errand import Conversation, Open
from tui_failover.providers.scripted import Hang

BROKEN = Failed(Failure(FailureKind.STREAM_BROKEN, "was cut off"), 1.0)
WHOLE = Answered(Reply("yes", "m"), 0.1, 1.0)


@dataclass
class Stub:
    """An errand whose attempts end as they are told to."""

    ends: list[Outcome | Open]
    unfit: frozenset[str] = frozenset()
    needs: Needs = NO_NEEDS
    tried: list[ProviderId] = field(default_factory=list)

    def conversation(self) -> Conversation | None:
        return None

    def obstacle(self, spec: ProviderSpec) -> str:
        return "cannot carry it" if spec.id in self.unfit else ""

    async def attempt(self, upstream: Upstream, spec: ProviderSpec, limits: Limits) -> Outcome | Open:
        self.tried.append(spec.id)
        return self.ends.pop(0)


@virtually
async def test_an_answer_under_way_holds_its_permit_until_it_has_ended() -> None:
    async with a_quiet_world() as world:
        async with world.manager.dispatcher.carry(AGENT, Stub([Open()])) as carried:
            during = world.provider("A").inflight
            carried.ended(WHOLE)

        after = world.provider("A")

    assert (during, after.inflight, after.status) == (1, 0, Status.HEALTHY)


@virtually
async def test_an_answer_under_way_does_not_show_the_query_of_its_caller() -> None:
    async with a_quiet_world() as world, world.manager.dispatcher.carry(AGENT, Stub([Open()])) as carried:
        shown = repr(carried)

    assert (Stub.__name__ in shown, shown) == (False, "Carried('A', (), None)")


@virtually
async def test_a_query_is_over_in_the_instant_its_answer_is() -> None:
    async with a_quiet_world() as world:
        async with world.manager.dispatcher.carry(AGENT, Stub([Open()])) as carried:
            before = world.manager.snapshot().revision
            carried.ended(WHOLE)
            during = world.manager.snapshot().revision, world.agent().inflight, world.provider("A").inflight

        after = world.manager.snapshot().revision

    assert during == (before + 1, 0, 0)
    assert after == before + 1


@pytest.mark.parametrize("outcome", [WHOLE, BROKEN, None], ids=["answered", "broken off", "left"])
@virtually
async def test_nothing_is_left_of_a_query_that_is_over_though_nobody_collects(outcome: Outcome | None) -> None:
    async def carried_through(errand: Stub) -> None:
        async with world.manager.dispatcher.carry(AGENT, errand) as carried:
            if outcome is not None:
                carried.ended(outcome)

    async with a_quiet_world() as world:
        errand = Stub([Open()])
        gc.disable()
        try:
            await carried_through(errand)
            left = weakref.ref(errand)
            del errand
            assert left() is None
        finally:
            gc.enable()


@virtually
async def test_an_answer_that_breaks_off_is_booked_and_nobody_else_is_tried() -> None:
    async with a_quiet_world() as world:
        errand = Stub([Open()])
        async with world.manager.dispatcher.carry(AGENT, errand) as carried:
            carried.ended(BROKEN)
            carried.ended(WHOLE)

        view, agent = world.provider("A"), world.agent()

    assert errand.tried == ["A"]
    assert (view.status, view.failures, view.inflight, agent.failed) == (Status.UNHEALTHY, 1, 0, 1)


@virtually
async def test_an_answer_that_is_left_is_nobodys_fault() -> None:
    async with a_quiet_world() as world:
        async with world.manager.dispatcher.carry(AGENT, Stub([Open()])):
            pass

        view, agent = world.provider("A"), world.agent()

    assert (view.status, view.failures, view.inflight, agent.failed) == (Status.UNKNOWN, 0, 0, 0)


class Senseless(Stub):
    """An errand that cannot say which conversation it is part of."""

    def conversation(self) -> Conversation:
        message = "makes no sense"
        raise ValueError(message)


class Talk(Stub):
    """An errand of a conversation."""

    def conversation(self) -> Conversation:
        return Conversation("one", begins=False)


@virtually
async def test_a_query_that_fails_of_itself_before_anybody_is_asked_has_ended_too() -> None:
    async with a_quiet_world() as world:
        async with world.manager.dispatcher.carry(AGENT, Talk([Open()], frozenset({"A"}))) as carried:
            carried.ended(WHOLE)
        with pytest.raises(ValueError, match="makes no sense"):
            async with world.manager.dispatcher.carry(AGENT, Senseless([Open()])):
                pass

        agent = world.agent()

    assert (agent.queries, agent.inflight) == (2, 0)


@virtually
async def test_who_cannot_carry_a_query_is_passed_over_and_not_blamed() -> None:
    async with a_quiet_world() as world:
        errand = Stub([Open()], frozenset({"A"}))
        async with world.manager.dispatcher.carry(AGENT, errand) as carried:
            carried.ended(WHOLE)

        failures = world.provider("A").failures

    assert (carried.provider, carried.attempts, errand.tried, failures) == ("B", (), ["B"], 0)


@virtually
async def test_where_nobody_can_carry_it_the_error_names_everybody_and_nobody_was_tried() -> None:
    async with a_quiet_world() as world:
        errand = Stub([], frozenset("ABC"))
        with pytest.raises(AllProvidersFailed) as raised:
            async with world.manager.dispatcher.carry(AGENT, errand):
                pass

    assert [(one.provider, one.reason) for one in raised.value.attempts] == [
        (name, "cannot carry it") for name in "ABC"
    ]
    assert errand.tried == []


@virtually
async def test_a_query_is_in_flight_from_its_question_to_its_end() -> None:
    async with a_quiet_world() as world:
        before = world.agent().inflight
        async with world.manager.dispatcher.carry(AGENT, Stub([Open()])) as carried:
            during = world.agent().inflight
            carried.ended(WHOLE)
        with pytest.raises(AllProvidersFailed):
            async with world.manager.dispatcher.carry(AGENT, Stub([], frozenset("ABC"))):
                pass
        after = world.agent().inflight

    assert (before, during, after) == (0, 1, 0)


@virtually
async def test_a_query_whose_caller_leaves_before_any_answer_is_in_flight_no_more() -> None:
    async with a_quiet_world() as world:
        world["A"].from_now_on(Hang())
        asking = asyncio.ensure_future(world.ask())
        await world.passes(0.5)
        during = world.agent().inflight
        asking.cancel()
        await asyncio.wait([asking])
        agent = world.agent()

    assert (during, agent.inflight, agent.failed, agent.error_share) == (1, 0, 0, 0.0)


@virtually
async def test_what_queries_needed_and_took_is_remembered_of_their_agent() -> None:
    tools = frozenset({Need.TOOLS})
    async with a_quiet_world() as world:
        async with world.manager.dispatcher.carry(AGENT, Stub([Open()], needs=tools)) as carried:
            carried.ended(Answered(Reply("yes", "m", Usage(70, 600)), 0.1, 1.0))
        async with world.manager.dispatcher.carry(AGENT, Stub([Open()])) as carried:
            carried.ended(BROKEN)
        agent, provider = world.agent(), world.provider("A")
        recent = agent.traffic.recent(world.manager.snapshot().moment.mono)

    assert (agent.tokens_per_s, provider.tokens_per_s, agent.error_share) == (20.0, 20.0, 0.5)
    assert (recent.ended, recent.input_tokens, recent.wanted) == (2, 70, (Wanted(tools, 1),))
