"""A stream never lies: it ends as its provider ended it, or in an error that both official clients raise."""

import json

import anthropic
import openai
import pytest

from tests.gateway.asking import ANTHROPIC, OPENAI, WAYS, asking, way_id
from tests.support.gateway_world import AGENT, SAYS, GatewayWorld, a_gateway
from tests.support.rehearsal import END_MARKS, events_in
from tui_failover.core.event import EventKind
from tui_failover.core.health import Status
from tui_failover.core.spec import Dialect, MidStream
from tui_failover.gateway.errand import HELD_BACK
from tui_failover.rehearsal import Pace

IN_PIECES = Pace(first_content_s=0.0, spread=0.0, between_s=0.01)  # so that content is gone before the fault comes
BREAKS = ["cut:5", "cleancut:5", "stall:5", "reset-after:5", "error-event:5", "malformed:5"]
BODIES = {
    OPENAI: {"model": "any", "messages": [{"role": "user", "content": "hi"}], "stream": True},
    ANTHROPIC: {"model": "any", "max_tokens": 99, "messages": [{"role": "user", "content": "hi"}], "stream": True},
}
PATHS = {OPENAI: "/v1/chat/completions", ANTHROPIC: "/v1/messages"}


@pytest.mark.parametrize("served", Dialect, ids=lambda one: f"from-{one}")
@pytest.mark.parametrize("dialect", Dialect, ids=str)
@pytest.mark.parametrize("fault", BREAKS)
async def test_a_stream_cut_after_content_raises_in_the_official_client_and_is_booked(
    fault: str, dialect: Dialect, served: Dialect
) -> None:
    """Garudex-Labs/caracal#344: a second answer was glued to the first half of another."""
    async with a_gateway({"primary": served, "backup": served}, pace=IN_PIECES) as world:
        world["primary"].play(fault)

        with pytest.raises((openai.APIError, anthropic.APIError)):
            await asking(world, dialect, stream=True)()
        await world.settled()

        primary, backup = world.provider("primary"), world.provider("backup")
        told = [one.kind for one in world.manager.snapshot().events]

    assert (primary.status, primary.failures) == (Status.UNHEALTHY, 1)
    assert world["backup"].hits == 0, "nobody is asked a second time once content has come"
    assert backup.inflight == primary.inflight == 0
    assert EventKind.UNHEALTHY in told


async def streamed(world: GatewayWorld, dialect: Dialect) -> tuple[int, bytes, bool]:
    """Return status, what came, and whether the body came to a proper end."""
    http = await world.http()
    body = bytearray()
    async with http.post(f"{world.address}{PATHS[dialect]}", json=BODIES[dialect]) as answer:
        try:
            async for piece in answer.content.iter_any():
                body += piece
        except Exception:  # noqa: BLE001 - whatever the client calls it
            return answer.status, bytes(body), False
        return answer.status, bytes(body), True


@pytest.mark.parametrize("dialect", Dialect, ids=str)
@pytest.mark.parametrize("fault", BREAKS)
async def test_what_breaks_off_ends_in_the_dialects_error_event_and_without_the_last_chunk(
    fault: str, dialect: Dialect
) -> None:
    async with a_gateway({"primary": dialect}, pace=IN_PIECES) as world:
        world["primary"].play(fault)
        status, body, ended = await streamed(world, dialect)

    name, data = events_in(body)[-1]
    assert (status, ended) == (200, False)
    assert name == ("error" if dialect is ANTHROPIC else None)
    assert "primary broke off" in json.loads(data)["error"]["message"]
    assert END_MARKS[dialect] not in events_in(body)


async def test_a_finish_reason_without_the_end_mark_is_whole_and_gets_its_mark() -> None:
    async with a_gateway({"primary": OPENAI}) as world:
        world["primary"].play("nomark")
        _, body, ended = await streamed(world, OPENAI)

        health = world.provider("primary").status

    assert ended
    assert events_in(body)[-1] == END_MARKS[OPENAI]
    assert health is Status.HEALTHY


@pytest.mark.parametrize("fault", ["pings", "hang"])
@pytest.mark.parametrize("dialect", Dialect, ids=str)
async def test_signs_of_life_without_content_do_not_hold_a_caller(dialect: Dialect, fault: str) -> None:
    """mnfst/llm-gateway#1656, BerriAI/litellm#40404: a stream that stalled at its start was never given up."""
    async with a_gateway({"primary": dialect, "backup": dialect}) as world:
        world["primary"].play(fault)

        answer = await asking(world, dialect, stream=True)()

    assert answer == SAYS


@pytest.mark.parametrize("fault", BREAKS)
@pytest.mark.parametrize("dialect", Dialect, ids=str)
async def test_a_buffered_stream_is_given_by_somebody_else(dialect: Dialect, fault: str) -> None:
    async with a_gateway({"primary": dialect, "backup": dialect}, mid_stream=MidStream.BUFFER) as world:
        world["primary"].play(fault)

        answer = await asking(world, dialect, stream=True)()

    assert answer == SAYS


async def test_a_buffered_stream_longer_than_what_is_held_is_handed_out_and_then_ends_in_an_error() -> None:
    """Each event of this dialect repeats some 200 bytes around its word."""
    many = " ".join(["word"] * 2_000)
    chain = {"primary": OPENAI, "backup": OPENAI}
    async with a_gateway(chain, mid_stream=MidStream.BUFFER, says=many) as world:
        world["primary"].play("cut:1900")
        status, body, ended = await streamed(world, OPENAI)

        hits = world["backup"].hits

    assert (status, ended, hits) == (200, False, 0)
    assert len(body) > HELD_BACK


@pytest.mark.parametrize(("dialect", "stream"), WAYS, ids=way_id)
async def test_an_answer_is_the_same_one_byte_at_a_time(dialect: Dialect, stream: bool) -> None:
    async with a_gateway({"primary": dialect}) as world:
        world["primary"].play("trickle")

        answer = await asking(world, dialect, stream=stream)()

    assert answer == SAYS


async def test_counts_nobody_asked_for_are_booked_but_not_shown() -> None:
    async with a_gateway({"primary": OPENAI}) as world:
        _, body, _ = await streamed(world, OPENAI)

        asked = world["primary"].requests[-1].body

    assert asked is not None
    assert asked["stream_options"] == {"include_usage": True}
    assert all(json.loads(data)["choices"] for _, data in events_in(body) if data != "[DONE]")


async def test_a_broken_stream_counts_as_a_failed_query_of_its_agent() -> None:
    async with a_gateway({"primary": OPENAI}, pace=IN_PIECES) as world:
        world["primary"].play("cut:5")
        await streamed(world, OPENAI)
        await world.settled()

        stats = world.manager.get_failover_stats(AGENT)
        agent = world.manager.snapshot().agents[0]

    assert stats.agent_id == AGENT
    assert agent.failed == 1


@pytest.mark.parametrize("dialect", Dialect, ids=str)
async def test_a_connection_is_used_again_after_a_whole_answer(dialect: Dialect) -> None:
    async with a_gateway({"primary": dialect}) as world:
        for stream in (True, False, True, False):
            await asking(world, dialect, stream=stream)()

        asked, connections = world["primary"].hits, world["primary"].accepted

    assert (asked, connections) == (4, 1)
