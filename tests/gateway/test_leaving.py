"""Callers who go away and a gateway that stops: nothing is left running, and nobody is blamed."""

import asyncio

import aiohttp
import anthropic
import openai
import pytest

from tests.gateway.asking import ANTHROPIC, OPENAI, asking
from tests.support.gateway_world import AGENT, SAYS, GatewayWorld, a_gateway, rules
from tui_failover.core.health import Status
from tui_failover.core.spec import Dialect
from tui_failover.engine.clock import LoopClock
from tui_failover.gateway import GatewaySettings
from tui_failover.rehearsal import Pace

SLOW = Pace(first_content_s=0.0, spread=0.0, between_s=0.05)
PATIENT = rules(first_content_unknown_s=5.0, first_content_min_s=5.0, progress_s=5.0)
PATHS = {OPENAI: "/v1/chat/completions", ANTHROPIC: "/v1/messages"}


def body(dialect: Dialect = OPENAI, *, stream: bool) -> dict[str, object]:
    cap = {"max_tokens": 99} if dialect is ANTHROPIC else {}
    return {"model": "any", "messages": [{"role": "user", "content": "hi"}], "stream": stream, **cap}


async def until(condition: object, seconds: float = 1.0) -> None:
    """Wait for a condition of the real world, for at most the second a cancellation may take."""
    assert callable(condition)
    clock = LoopClock(asyncio.get_running_loop())
    async with asyncio.timeout(seconds):
        while not condition():
            await clock.sleep(0.005)


async def leave(world: GatewayWorld, dialect: Dialect, *, stream: bool, pieces: int) -> None:
    """Ask, and go away: before the answer, or after so many pieces of it."""
    async with aiohttp.ClientSession() as http:
        url = f"{world.address}{PATHS[dialect]}"
        asked = asyncio.ensure_future(http.post(url, json=body(dialect, stream=stream)))
        if pieces:
            answer = await asked
            for _ in range(pieces):
                await answer.content.readany()
            answer.close()
        else:
            await until(lambda: world["primary"].hits)
            asked.cancel()


@pytest.mark.parametrize("dialect", Dialect, ids=str)
@pytest.mark.parametrize(
    ("fault", "stream", "pieces"),
    [
        ("hang", True, 0),
        ("hang", False, 0),
        ("pings", True, 0),
        ("stall:5", False, 0),
        (None, True, 2),
        ("stall:5", True, 4),
    ],
    ids=[
        "before the head",
        "before the head, whole",
        "before content",
        "while held",
        "in the middle",
        "in a stall",
    ],
)
async def test_a_caller_who_leaves_takes_the_upstream_along_within_a_second_and_nobody_is_blamed(
    dialect: Dialect, fault: str | None, stream: bool, pieces: int
) -> None:
    """BerriAI/litellm#31499, BerriAI/litellm#37140, 1rgs/claude-code-proxy#114: it went on for nobody."""
    async with a_gateway({"primary": dialect, "backup": dialect}, given=PATIENT, pace=SLOW) as world:
        if fault is not None:
            world["primary"].play(fault)

        await leave(world, dialect, stream=stream, pieces=pieces)
        await until(lambda: world["primary"].open_connections == 0 and world.gateway.under_way == 0)

        view = world.provider("primary")
        agent = world.manager.snapshot().agents[0]

    assert (view.status, view.failures, view.inflight) == (Status.UNKNOWN, 0, 0)
    assert world["backup"].hits == 0
    assert (agent.id, agent.failed) == (AGENT, 0)


@pytest.mark.parametrize("dialect", Dialect, ids=str)
async def test_a_stopping_gateway_lets_answers_finish(dialect: Dialect) -> None:
    async with a_gateway({"primary": dialect}, pace=SLOW) as world:
        asked = asyncio.ensure_future(asking(world, dialect, stream=True)())
        await until(lambda: world["primary"].hits)

        await world.gateway.drain()

        answer = await asked

    assert answer == SAYS


@pytest.mark.parametrize("dialect", Dialect, ids=str)
async def test_what_remains_when_the_time_is_up_is_broken_off_so_that_clients_raise(dialect: Dialect) -> None:
    settings = GatewaySettings(drain_s=0.05)
    async with a_gateway({"primary": dialect}, settings=settings, given=PATIENT, pace=SLOW) as world:
        world["primary"].play("stall:5")
        asked = asyncio.ensure_future(asking(world, dialect, stream=True)())
        await until(lambda: world["primary"].hits)
        await LoopClock(asyncio.get_running_loop()).sleep(0.3)

        await world.gateway.drain()

        with pytest.raises((openai.APIError, anthropic.APIError)) as raised:
            await asked
        view = world.provider("primary")

    assert "stopping" in str(raised.value)
    assert view.failures == 0


@pytest.mark.parametrize("dialect", Dialect, ids=str)
async def test_who_still_waits_for_an_answer_when_the_time_is_up_is_told_why_there_is_none(
    dialect: Dialect,
) -> None:
    settings = GatewaySettings(drain_s=0.05)
    async with a_gateway({"primary": dialect}, settings=settings, given=PATIENT) as world:
        world["primary"].play("hang")
        asked = asyncio.ensure_future(asking(world, dialect, stream=False)())
        await until(lambda: world["primary"].hits)

        await world.gateway.drain()

        with pytest.raises((openai.InternalServerError, anthropic.InternalServerError), match="stopping"):
            await asked
        view = world.provider("primary")

    assert (view.failures, view.inflight) == (0, 0)


async def test_a_stopping_gateway_takes_no_more() -> None:
    async with a_gateway({"primary": OPENAI}) as world:
        world.gateway.stop_taking()

        with pytest.raises(openai.InternalServerError, match="stopping"):
            await asking(world, OPENAI, stream=False)()

        hits = world["primary"].hits

    assert hits == 0


async def test_a_caller_who_reads_slowly_slows_its_own_provider_only() -> None:
    quick = Pace(first_content_s=0.0, spread=0.0, between_s=0.0)
    async with a_gateway({"primary": OPENAI}, pace=quick) as world, aiohttp.ClientSession(read_bufsize=1) as http:
        lazy = await http.post(f"{world.address}/v1/chat/completions", json=body(stream=True))
        # Longer than the progress limit: time in which the caller does not read is not the provider's.
        await LoopClock(asyncio.get_running_loop()).sleep(0.6)
        answers = [await asking(world, OPENAI, stream=True)() for _ in range(3)]
        late = await lazy.text()

    assert answers == [SAYS] * 3
    assert late.endswith("data: [DONE]\n\n")
