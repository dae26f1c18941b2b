"""A conversation stays with the provider that answered it, while new ones follow the route."""

from dataclasses import dataclass
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.support.engine_world import AGENT, World, a_world, virtually, with_rules
from tui_failover.core.command import Impose, Imposed
from tui_failover.core.names import AgentId, ProviderId
from tui_failover.core.need import NO_NEEDS, Needs
from tui_failover.core.outcome import FailureKind, Outcome
from tui_failover.core.ports import Limits, Upstream
from tui_failover.core.spec import AffinityRules, FailbackMode, ProviderSpec, Strategy
from tui_failover.engine.affinity import Affinity
from tui_failover.engine.errand import Conversation, Open
from tui_failover.providers.scripted import Answer, failing

SERVER_ERROR = failing(FailureKind.SERVER)
A, B = ProviderId("A"), ProviderId("B")


@dataclass
class Talk:
    """A query of a conversation; whoever is asked has begun to answer."""

    key: str = "one"
    begins: bool = False
    asked: int = 0
    needs: Needs = NO_NEEDS

    def conversation(self) -> Conversation:
        self.asked += 1
        return Conversation(self.key, self.begins)

    def obstacle(self, spec: ProviderSpec) -> str:
        return ""

    async def attempt(self, upstream: Upstream, spec: ProviderSpec, limits: Limits) -> Outcome | Open:
        return Open()


def going_on(topic: str) -> dict[str, Any]:
    """Return the context of a second query about `topic`."""
    turns = [{"role": "user", "content": topic}, {"role": "assistant", "content": "Well."}]
    return {"messages": turns}


async def begins(world: World, topic: str) -> ProviderId:
    served = await world.manager.execute_query(AGENT, topic)
    return served.provider


async def goes_on(world: World, topic: str) -> ProviderId:
    served = await world.manager.execute_query(AGENT, "and then?", going_on(topic))
    return served.provider


async def away_from_a(world: World) -> None:
    """Let A fail until the route is on B, and recover."""
    await world.breaks("A", SERVER_ERROR)
    assert await begins(world, "parcels") == "B"
    world["A"].from_now_on(Answer())


async def back_on_a(world: World) -> None:
    await world.until(lambda: world.active() == "A", 120.0)


@virtually
async def test_a_conversation_stays_where_it_began_though_queries_are_spread() -> None:
    async with a_world("AB", health_check_enabled=False, strategy=Strategy.WEIGHTED) as world:
        began = {topic: await begins(world, topic) for topic in ("parcels", "letters")}

        went_on = [(topic, await goes_on(world, topic)) for topic in (*began, *began, *began) for _ in range(2)]

        assert sorted(began.values()) == ["A", "B"]
        assert set(went_on) == set(began.items())


@virtually
async def test_a_conversation_stays_on_the_backup_when_the_route_returns_and_new_ones_move() -> None:
    async with a_world("AB") as world:
        await away_from_a(world)
        await back_on_a(world)

        old, new = await goes_on(world, "parcels"), await begins(world, "invoices")

    assert (old, new) == ("B", "A")


@virtually
async def test_a_conversation_that_was_silent_for_long_follows_the_route() -> None:
    async with a_world("AB") as world:
        await away_from_a(world)
        await back_on_a(world)
        await world.passes(301.0)

        later = await goes_on(world, "parcels")

    assert later == "A"


@virtually
async def test_no_conversation_stays_for_ever() -> None:
    async with a_world("AB") as world:
        await away_from_a(world)
        await back_on_a(world)
        heard = []
        for _ in range(20):
            heard.append(await goes_on(world, "parcels"))
            await world.passes(100.0)

    stayed = heard.count(B)
    assert heard == [B] * stayed + [A] * (len(heard) - stayed)
    assert 16 <= stayed <= 18, "thirty minutes in all"


@virtually
async def test_a_conversation_moves_on_where_its_provider_fails_and_stays_there() -> None:
    async with a_world("ABC", failback=FailbackMode.OFF) as world:
        await away_from_a(world)
        await world.breaks("B", SERVER_ERROR)
        first = await goes_on(world, "parcels")
        world["B"].from_now_on(Answer())
        await world.until(lambda: world.provider("B").available, 120.0)

        second = await goes_on(world, "parcels")

    assert first == second != "B"


@virtually
async def test_a_switch_by_hand_takes_all_conversations_along() -> None:
    async with a_world("AB") as world:
        await away_from_a(world)
        await back_on_a(world)
        await world.manager.switch_provider(AGENT, "A")

        moved = await goes_on(world, "parcels")

    assert moved == "A"


@virtually
async def test_a_drained_provider_finishes_its_conversations_and_gets_no_new_ones() -> None:
    async with a_world("AB") as world:
        await away_from_a(world)
        await back_on_a(world)
        await world.manager.submit(Impose(B, Imposed.DRAIN))

        old, new = await goes_on(world, "parcels"), await begins(world, "invoices")
        await world.manager.submit(Impose(B, Imposed.MAINTENANCE))
        moved = await goes_on(world, "parcels")

    assert (old, new, moved) == ("B", "A", "A")


@virtually
async def test_with_no_time_to_stay_every_query_follows_the_route() -> None:
    async with a_world("AB", rules=with_rules(affinity=AffinityRules(idle_s=0.0))) as world:
        await away_from_a(world)
        await back_on_a(world)

        moved = await goes_on(world, "parcels")

    assert moved == "A"


@virtually
async def test_nobody_works_a_key_out_while_every_conversation_is_where_new_ones_begin() -> None:
    talk = Talk()
    async with a_world("AB") as world, world.manager.dispatcher.carry(AGENT, talk) as carried:
        pass

    assert (carried.provider, talk.asked) == (A, 0)


def test_agents_do_not_share_conversations() -> None:
    affinity = Affinity(AffinityRules())
    affinity.answered(AGENT, Talk(), B, away=True, now=0.0)

    assert affinity.home(AGENT, Talk(), 1.0) == B
    assert affinity.home(AgentId("another"), Talk(), 1.0) is None


@given(st.lists(st.integers(0, 40), max_size=200), st.integers(1, 10))
def test_never_more_are_remembered_than_there_may_be_and_the_newest_are(topics: list[int], most: int) -> None:
    affinity = Affinity(AffinityRules(remembered=most))
    for at, topic in enumerate(topics):
        affinity.answered(AGENT, Talk(str(topic)), B, away=True, now=at / 10)

    homes = {topic: affinity.home(AGENT, Talk(str(topic)), len(topics) / 10) for topic in range(41)}

    newest = list(dict.fromkeys(reversed(topics)))[:most]
    assert {topic for topic, home in homes.items() if home == B} == set(newest)
