"""A stream that breaks off is gone on with elsewhere, where its agent wishes it and its text allows it."""

import json
from collections.abc import Mapping
from typing import Any, cast

import anthropic
import openai
import pytest

from tests.gateway.asking import ANTHROPIC, OPENAI, asking
from tests.gateway.test_streams import BODIES, IN_PIECES, PATHS
from tests.support.gateway_world import AGENT, MODELS, SAYS, GatewayWorld, a_gateway
from tests.support.rehearsal import END_MARKS, events_in
from tui_failover.core.event import EventKind
from tui_failover.core.health import Status
from tui_failover.core.names import AgentId, ProviderId
from tui_failover.core.outcome import Failed, Failure, FailureKind
from tui_failover.core.ports import Limits, Upstream
from tui_failover.core.spec import Dialect, MidStream, ProviderSpec
from tui_failover.gateway import GatewaySettings
from tui_failover.gateway.asked import Asked, Call
from tui_failover.gateway.continuing import Continuation, SoFar
from tui_failover.gateway.errand import Errand
from tui_failover.gateway.rendering import Making
from tui_failover.rehearsal import Resuming
from tui_failover.wire.delivered import Delivered
from tui_failover.wire.forwarding import Forward, Gathering, Refusal
from tui_failover.wire.members import Members
from tui_failover.wire.sse_raw import RawEvents

BREAKS = ["cut:5", "cleancut:5", "stall:5", "reset-after:5", "error-event:5", "malformed:5"]
PREFILLED = {**MODELS, ANTHROPIC: "claude-sonnet-4-5"}
WORLD: dict[str, Any] = {"pace": IN_PIECES, "mid_stream": MidStream.CONTINUE}

OF_NO_USE = {
    FailureKind.CALLER_FAULT,
    FailureKind.CONTENT_POLICY,
    FailureKind.CONTEXT_LENGTH,
    FailureKind.DIALECT,
    FailureKind.LOCAL,
}
A_BODY = Members("{}", {"messages": []}, {})


def pair(first: Dialect, second: Dialect) -> Mapping[str, Dialect]:
    return {"primary": first, "backup": second}


async def streamed(world: GatewayWorld, dialect: Dialect, **more: object) -> tuple[bytes, bool]:
    """Return what came, and whether it came to a proper end."""
    http = await world.http()
    body = bytearray()
    async with http.post(f"{world.address}{PATHS[dialect]}", json={**BODIES[dialect], **more}) as answer:
        try:
            async for piece in answer.content.iter_any():
                body += piece
        except Exception:  # noqa: BLE001 - whatever the client calls it
            return bytes(body), False
        return bytes(body), True


def documents(body: bytes) -> list[dict[str, Any]]:
    return [json.loads(data) for _, data in events_in(body) if data != "[DONE]"]


@pytest.mark.parametrize("second", Dialect, ids=lambda one: f"then-{one}")
@pytest.mark.parametrize("first", Dialect, ids=lambda one: f"first-{one}")
@pytest.mark.parametrize("dialect", Dialect, ids=str)
async def test_official_clients_get_one_whole_answer_from_two_providers(
    dialect: Dialect, first: Dialect, second: Dialect
) -> None:
    async with a_gateway(pair(first, second), **WORLD) as world:
        world["primary"].play("cut:5")

        answer = await asking(world, dialect, stream=True)()
        await world.settled()

        agent = world.manager.snapshot().agents[0]
        primary, backup = world.provider("primary"), world.provider("backup")

    assert answer == SAYS
    assert (agent.failed, agent.saved) == (0, 1)
    assert (primary.status, primary.failures, backup.status) == (Status.UNHEALTHY, 1, Status.HEALTHY)
    assert primary.inflight == backup.inflight == 0


@pytest.mark.parametrize("fault", BREAKS)
async def test_however_it_breaks_off(fault: str) -> None:
    async with a_gateway(pair(OPENAI, ANTHROPIC), **WORLD) as world:
        world["primary"].play(fault)

        answer = await asking(world, OPENAI, stream=True)()

    assert answer == SAYS


@pytest.mark.parametrize("way", [Resuming.REPEATS, Resuming.RESTARTS])
@pytest.mark.parametrize("pieces", [1, 8, 14])
async def test_whatever_the_next_model_begins_with_and_wherever_the_answer_broke_off(
    way: Resuming, pieces: int
) -> None:
    async with a_gateway(pair(OPENAI, OPENAI), **WORLD) as world:
        world["primary"].play(f"cut:{pieces}")
        world["backup"].resume(way)

        answer = await asking(world, OPENAI, stream=True)()

    assert answer == SAYS


@pytest.mark.parametrize("dialect", Dialect, ids=str)
async def test_a_model_that_can_is_given_the_beginning_and_nothing_is_asked_of_it(dialect: Dialect) -> None:
    async with a_gateway(pair(OPENAI, ANTHROPIC), models=PREFILLED, **WORLD) as world:
        world["primary"].play("cut:5")

        answer = await asking(world, dialect, stream=True)()

        asked = world["backup"].requests[-1].body

    assert answer == SAYS
    assert asked is not None
    assert asked["messages"][-1]["role"] == "assistant"  # type: ignore[index]


async def test_the_next_model_is_told_where_to_go_on_and_how_much_is_left() -> None:
    async with a_gateway(pair(ANTHROPIC, ANTHROPIC), **WORLD) as world:
        world["primary"].play("cut:5")
        await streamed(world, ANTHROPIC, max_tokens=99)

        asked = world["backup"].requests[-1].body

    assert asked is not None
    messages: Any = asked["messages"]
    assert messages[:2] == [
        {"role": "user", "content": "hi"},
        {"role": "assistant", "content": "The gateway hands on what"},
    ]
    assert "<end>The gateway hands on what</end>" in messages[2]["content"]
    assert asked["max_tokens"] == 99


@pytest.mark.parametrize("first", Dialect, ids=lambda one: f"first-{one}")
async def test_a_chat_caller_sees_one_stream(first: Dialect) -> None:
    async with a_gateway(pair(first, ANTHROPIC), **WORLD) as world:
        world["primary"].play("cut:5")
        body, ended = await streamed(world, OPENAI, stream_options={"include_usage": True})

    chunks = documents(body)
    usage = chunks[-1]["usage"]
    assert ended
    assert events_in(body)[-1] == END_MARKS[OPENAI]
    assert body.count(b": continued by backup\n") == 1
    assert len({chunk["id"] for chunk in chunks}) == len({chunk["model"] for chunk in chunks}) == 1
    assert sum("role" in chunk["choices"][0]["delta"] for chunk in chunks if chunk["choices"]) == 1
    assert [one for chunk in chunks for choice in chunk["choices"] if (one := choice["finish_reason"])] == ["stop"]
    assert (usage["estimated"], usage["completion_tokens"] > 15) == (True, True)


@pytest.mark.parametrize("first", Dialect, ids=lambda one: f"first-{one}")
async def test_a_messages_caller_sees_one_stream(first: Dialect) -> None:
    async with a_gateway(pair(first, OPENAI), **WORLD) as world:
        world["primary"].play("cut:5")
        body, ended = await streamed(world, ANTHROPIC)

    events = documents(body)
    kinds = [event["type"] for event in events if event["type"] not in {"content_block_delta", "ping"}]
    assert ended
    assert kinds == [
        "message_start",
        "content_block_start",
        "content_block_stop",
        "message_delta",
        "message_stop",
    ]
    assert {event["index"] for event in events if "index" in event} == {0}
    assert body.count(b": continued by backup\n") == 1
    assert events[-2]["delta"]["stop_reason"] == "end_turn"
    assert events[-2]["usage"]["output_tokens"] > 15
    assert events[-2]["usage"]["input_tokens"] > 10


async def test_the_official_clients_count_both_parts() -> None:
    async with a_gateway(pair(ANTHROPIC, OPENAI), **WORLD) as world:
        world["primary"].play("cut:5")
        ask = {"model": "any", "max_tokens": 200, "messages": [{"role": "user", "content": "hi"}]}
        async with world.anthropic().messages.stream(**ask) as events:  # type: ignore[arg-type]
            message = await events.get_final_message()

    assert [block.text for block in message.content if block.type == "text"] == [SAYS]
    assert message.stop_reason == "end_turn"
    assert message.usage.output_tokens > 15


async def test_an_event_tells_it_once_for_many() -> None:
    async with a_gateway(pair(OPENAI, OPENAI), **WORLD) as world:
        world["primary"].play("cut:5")
        ask = asking(world, OPENAI, stream=True)
        await ask()
        await ask()

        told = [one for one in world.manager.snapshot().events if one.kind is EventKind.CONTINUED]

    assert [(one.text, one.agent) for one in told] == [("backup goes on with an answer that broke off", AGENT)]
    assert told[0].cause.startswith("primary: ")


FOUR = {"primary": OPENAI, "backup": OPENAI, "third": ANTHROPIC, "fourth": OPENAI}


async def test_an_answer_that_breaks_off_again_is_gone_on_with_once_more() -> None:
    async with a_gateway(FOUR, **WORLD) as world:
        world["primary"].play("cut:6")
        world["backup"].play("cut:9")

        answer = await asking(world, OPENAI, stream=True)()
        await world.settled()

        agent = world.manager.snapshot().agents[0]

    assert answer == SAYS
    assert (agent.failed, agent.saved) == (0, 1)


async def test_an_answer_that_breaks_off_a_third_time_ends_in_the_error() -> None:
    async with a_gateway(FOUR, **WORLD) as world:
        for name, pieces in (("primary", 6), ("backup", 9), ("third", 12)):
            world[name].play(f"cut:{pieces}")

        with pytest.raises(openai.APIError, match="third broke off"):
            await asking(world, OPENAI, stream=True)()

        hits = world["fourth"].hits

    assert hits == 0


async def test_a_model_that_says_something_else_is_given_up_and_the_stream_ends_in_the_error() -> None:
    async with a_gateway(pair(OPENAI, OPENAI), **WORLD) as world:
        world["primary"].play("cut:5")
        world["backup"].resume(Resuming.IGNORES)

        body, ended = await streamed(world, OPENAI)
        await world.settled()

        agent, backup = world.manager.snapshot().agents[0], world.provider("backup")

    error = json.loads(events_in(body)[-1][1])["error"]["message"]
    assert not ended
    assert "primary broke off, and backup could not go on with it" in error
    assert b"continued by" not in body
    assert b"Certainly" not in body
    assert (agent.failed, agent.saved) == (1, 0)
    assert (backup.failures, backup.inflight, backup.status is Status.UNHEALTHY) == (0, 0, False)


async def test_where_nobody_goes_on_the_stream_ends_in_the_error_of_the_one_that_broke_off() -> None:
    async with a_gateway(pair(OPENAI, OPENAI), **WORLD) as world:
        world["primary"].play("cut:5")
        world["backup"].play("status:500")

        with pytest.raises(openai.APIError, match="primary broke off"):
            await asking(world, OPENAI, stream=True)()
        await world.settled()

        agent = world.manager.snapshot().agents[0]
        hits = world["primary"].hits

    assert (agent.failed, agent.saved, hits) == (1, 0, 1)


async def test_a_provider_that_fails_before_it_goes_on_is_passed_over() -> None:
    chain = {"primary": OPENAI, "backup": OPENAI, "third": OPENAI}
    async with a_gateway(chain, **WORLD) as world:
        world["primary"].play("cut:5")
        world["backup"].play("hang")

        answer = await asking(world, OPENAI, stream=True)()

    assert answer == SAYS


def said(text: str) -> bytes:
    return b"data: %s\n\n" % json.dumps({"choices": [{"delta": {"content": text}}]}).encode()


def an_errand() -> Errand:
    asked = Asked(AgentId("a"), OPENAI, "/chat/completions", Call.CHAT, A_BODY, {})
    return Errand(asked, GatewaySettings(), Making(str, int), MidStream.CONTINUE)


def begun(text: str) -> Delivered:
    delivered = Delivered(OPENAI)
    delivered.take(said(text))
    return delivered


@pytest.mark.parametrize("kind", FailureKind)
def test_only_what_another_provider_could_do_better_is_gone_on_with(kind: FailureKind) -> None:
    assert SoFar(begun("One")).may_go_on(an_errand(), kind) is (kind not in OF_NO_USE)


class SpeaksAndFails:
    """Says something, and fails before any of it can be handed out."""

    async def forward(self, order: Forward, limits: Limits) -> Refusal:
        assert not isinstance(order.rendering, Gathering)
        for text in ("One two", " three"):
            for raw, event in RawEvents().feed(said(text)):
                order.rendering.feed(raw, event)
        return Refusal(Failed(Failure(FailureKind.SERVER, "503 server error"), limits.connect_s))


async def test_what_was_never_handed_out_is_not_taken_for_delivered() -> None:
    so_far = SoFar(begun("One two"))
    onward = Continuation(an_errand(), so_far)
    spec = ProviderSpec(ProviderId("backup"), OPENAI, "m", "https://x.test", "x.test", "env:KEY")

    await onward.attempt(cast("Upstream", SpeaksAndFails()), spec, Limits(1.0, 1.0, 1.0, 1.0))

    assert (onward.flow, onward.delivered.text, so_far.delivered.text) == (None, "One two", "One two")


@pytest.mark.parametrize(
    ("dialect", "more"),
    [
        (OPENAI, {"response_format": {"type": "json_object"}}),
        (OPENAI, {"max_completion_tokens": 6}),
        (ANTHROPIC, {"output_config": {"format": {"type": "json_schema", "schema": {"type": "object"}}}}),
    ],
    ids=["json", "nothing left of its tokens", "structured"],
)
async def test_what_cannot_be_gone_on_with_ends_in_the_error(dialect: Dialect, more: dict[str, object]) -> None:
    async with a_gateway(pair(dialect, dialect), **WORLD) as world:
        world["primary"].play("cut:5")

        body, ended = await streamed(world, dialect, **more)

        hits = world["backup"].hits

    assert (ended, hits) == (False, 0)
    assert b"primary broke off" in body


async def test_an_agent_that_does_not_wish_it_gets_the_error() -> None:
    async with a_gateway(pair(OPENAI, OPENAI), pace=IN_PIECES) as world:
        world["primary"].play("cut:5")

        with pytest.raises((openai.APIError, anthropic.APIError)):
            await asking(world, OPENAI, stream=True)()

        hits = world["backup"].hits

    assert hits == 0
