"""An application behind the gateway does not notice that its provider is gone."""

import asyncio

import pytest

from tests.gateway.asking import ANTHROPIC, OPENAI, WAYS, asking, way_id
from tests.support.gateway_world import SAYS, a_gateway
from tui_failover.core.spec import Dialect

A_HUNDRED, SOME = 100, 25  # asking a hundred times in every way would tell no more, and take a minute
MOST_HITS_WHILE_DEAD = 3
OUTAGES = [
    "refuse",
    "reset",
    "status:500",
    "status:503",
    "rate-limit:20",
    "wrong-key",
    "hang",
    "empty",
    "html200",
    "cut:0",
]


@pytest.mark.parametrize(("dialect", "stream"), WAYS, ids=way_id)
@pytest.mark.parametrize("fault", OUTAGES)
async def test_no_caller_fails_and_the_dead_primary_is_left_alone(
    fault: str, dialect: Dialect, stream: bool
) -> None:
    callers = A_HUNDRED if dialect is OPENAI and not stream else SOME
    async with a_gateway({"primary": dialect, "backup": dialect}) as world:
        ask = asking(world, dialect, stream=stream)
        world["primary"].play(fault)
        answers = [await ask() for _ in range(10)]
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(ask()) for _ in range(callers - 10)]
        answers += [task.result() for task in tasks]
        hits = world["primary"].hits

    assert answers == [SAYS] * callers
    assert hits <= MOST_HITS_WHILE_DEAD


@pytest.mark.parametrize("dialect", Dialect, ids=str)
@pytest.mark.parametrize(
    "fault", ["cut:5", "cleancut:5", "stall:5", "reset-after:5", "error-event:5", "malformed:5"]
)
async def test_nobody_who_does_not_stream_fails_where_answers_are_cut_half_way(
    fault: str, dialect: Dialect
) -> None:
    async with a_gateway({"primary": dialect, "backup": dialect}) as world:
        ask = asking(world, dialect, stream=False)
        world["primary"].play(fault)
        answers = [await ask() for _ in range(10)]
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(ask()) for _ in range(SOME - 10)]
        answers += [task.result() for task in tasks]

        hits = world["primary"].hits

    assert answers == [SAYS] * SOME
    assert hits <= MOST_HITS_WHILE_DEAD


@pytest.mark.parametrize(("dialect", "stream"), WAYS, ids=way_id)
async def test_the_other_vendor_stands_in(dialect: Dialect, stream: bool) -> None:
    other = ANTHROPIC if dialect is OPENAI else OPENAI
    async with a_gateway({"primary": dialect, "backup": other}) as world:
        ask = asking(world, dialect, stream=stream)
        world["primary"].play("refuse")

        answers = [await ask() for _ in range(5)]

    assert answers == [SAYS] * 5
