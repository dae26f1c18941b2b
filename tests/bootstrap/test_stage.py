"""The demo's applications: the vendors' own clients in front of the gateway."""

import asyncio
import socket
from contextlib import AsyncExitStack

import aiohttp
import pytest

from tests.support.gateway_world import GatewayWorld, a_gateway
from tui_failover.bootstrap.callers import Callers
from tui_failover.bootstrap.demo_gateway import opened
from tui_failover.bootstrap.stage import Stage
from tui_failover.config.settings import ListenAt
from tui_failover.core.event import EventKind
from tui_failover.core.names import AgentId
from tui_failover.core.spec import Dialect
from tui_failover.engine.clock import LoopClock
from tui_failover.rehearsal import Pace
from tui_failover.rehearsal.demo import CAST, CHAINS, HABITS, Asked

PROVIDERS = {part.name: Dialect(part.dialect) for part in CAST}
IN_PIECES = Pace(first_content_s=0.0, spread=0.0, between_s=0.005)
CLIENTS = {Dialect.OPENAI: "AsyncOpenAI/Python", Dialect.ANTHROPIC: "AsyncAnthropic/Python"}


def hits(world: GatewayWorld) -> dict[str, int]:
    return {name: world[name].hits for name in PROVIDERS}


@pytest.mark.parametrize("agent", CHAINS)
async def test_a_question_reaches_its_agents_first_provider_with_the_mark_of_the_official_client(
    agent: str,
) -> None:
    async with a_gateway(PROVIDERS, others=CHAINS) as world, Callers(world.address) as callers:
        await callers.ask(Asked(0.0, agent, "Is it safe to retry?"))
        await world.settled()

        (request,) = world[CHAINS[agent][0]].requests
        asked = hits(world)

    assert asked == {name: int(name == CHAINS[agent][0]) for name in PROVIDERS}
    assert request.headers["user-agent"].startswith(CLIENTS[HABITS[agent].dialect])
    assert request.headers["x-stainless-retry-count"] == "0"
    assert "Is it safe to retry?" in str(request.body)


async def test_applications_ask_in_both_dialects_whole_and_streaming_and_name_agents_in_both_ways() -> None:
    assert set(HABITS) == set(CHAINS)
    assert {habit.dialect for habit in HABITS.values()} == set(Dialect)
    assert {habit.streams for habit in HABITS.values()} == {True, False}
    assert {habit.by_path for habit in HABITS.values()} == {True, False}


async def test_who_asks_the_provider_that_breaks_off_answers_is_answered_all_the_same() -> None:
    """So the caption says."""
    async with a_gateway(PROVIDERS, others=CHAINS, pace=IN_PIECES) as world:
        world["claude-backup"].play("cut:6")
        async with Callers(world.address) as callers:
            await callers.ask(Asked(0.0, "coder", "Hello"))
        await world.settled()
        (agent,) = [one for one in world.manager.snapshot().agents if one.id == "coder"]

    assert (agent.queries, agent.failed, agent.saved) == (1, 0, 1)


@pytest.mark.parametrize("agent", CHAINS)
@pytest.mark.parametrize("fault", ["bad-request", "cut:2", "refuse"])
async def test_what_the_client_raises_is_part_of_the_show(agent: str, fault: str) -> None:
    async with a_gateway(PROVIDERS, others=CHAINS, pace=IN_PIECES) as world:
        for name in PROVIDERS:
            world[name].play(fault)
        async with Callers(world.address) as callers:
            await callers.ask(Asked(0.0, agent, "Hello"))
        await world.settled()

        assert {one.id: one.queries for one in world.manager.snapshot().agents}[AgentId(agent)] == 1


async def test_any_other_mistake_is_not_hidden() -> None:
    async with Callers("http://127.0.0.1:9") as callers:
        with pytest.raises(KeyError):
            await callers.ask(Asked(0.0, "nobody", "Hello"))


async def test_where_the_port_is_taken_a_free_one_is_opened_and_told() -> None:
    clock = LoopClock(asyncio.get_running_loop())
    async with a_gateway(PROVIDERS) as world, AsyncExitStack() as stack:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            address = await opened(stack, world.manager, clock, ListenAt(port=port))
        async with aiohttp.ClientSession() as http, http.get(f"{address}/v1/models") as answer:
            assert answer.status == 200
        notices = [one for one in world.manager.snapshot().events if one.kind is EventKind.NOTICE]

    assert not address.endswith(f":{port}")
    assert [one.text for one in notices] == ["the gateway listens on a free port instead"]
    assert "another program listens there already" in notices[0].cause


async def test_the_demo_says_where_it_can_be_asked_and_asks_there_itself() -> None:
    stage = Stage(7, ListenAt(port=0))
    clock = LoopClock(asyncio.get_running_loop())
    async with asyncio.timeout(20.0), stage.running() as manager:
        while not any(agent.queries for agent in manager.snapshot().agents):
            await clock.sleep(0.02)
        async with aiohttp.ClientSession() as http, http.get(f"{stage.address}/v1/models") as answer:
            listed = [one["id"] for one in (await answer.json())["data"]]

    assert set(CHAINS) < set(listed)
