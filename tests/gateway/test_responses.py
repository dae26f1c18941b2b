"""Callers of the Responses API: whoever answers, and whatever breaks, they get a whole answer or an error."""

import json
from collections.abc import Callable, Coroutine
from typing import Any, Literal

import openai
import pytest

from tests.gateway.asking import ANTHROPIC, OPENAI, QUESTION
from tests.support.gateway_world import MODELS, RESPONSES, SAYS, GatewayWorld, a_gateway, rules
from tests.support.rehearsal import events_in
from tests.support.responses import response_of
from tui_failover.core.health import Status
from tui_failover.core.spec import Dialect, MidStream
from tui_failover.gateway import GatewaySettings
from tui_failover.rehearsal import Pace

Kind = Dialect | Literal["responses"]
KINDS: list[Kind] = [RESPONSES, OPENAI, ANTHROPIC]
IN_PIECES = Pace(first_content_s=0.0, spread=0.0, between_s=0.01)
OUTAGES = ["refuse", "status:500", "rate-limit:20", "hang", "empty", "html200", "json-error-200", "cut:0", "pings"]
BREAKS = ["cut:5", "cleancut:5", "stall:5", "reset-after:5", "error-event:5", "malformed:5"]
BROKEN: list[tuple[Kind, str]] = [
    *((RESPONSES, fault) for fault in BREAKS),
    (OPENAI, "cut:5"),
    (ANTHROPIC, "error-event:5"),
]
AT_ONCE_AGAIN = rules(backoff_base_s=0.01, backoff_cap_s=0.01)
BODY = {"model": "any", "input": QUESTION, "stream": True}


async def whole(client: openai.AsyncOpenAI) -> str:
    answer = await client.responses.create(model="any", input=QUESTION)
    return answer.output_text


async def streamed(client: openai.AsyncOpenAI) -> str:
    events = [event async for event in await client.responses.create(model="any", input=QUESTION, stream=True)]
    assert events[-1].type == "response.completed"
    return "".join(event.delta for event in events if event.type == "response.output_text.delta")


async def helped(client: openai.AsyncOpenAI) -> str:
    async with client.responses.stream(model="any", input=QUESTION) as events:
        return (await events.get_final_response()).output_text


Ask = Callable[[openai.AsyncOpenAI], Coroutine[Any, Any, str]]
WAYS: list[Ask] = [whole, streamed, helped]
kinds = pytest.mark.parametrize("kind", KINDS, ids=["responses", "chat-only", "anthropic"])
ways = pytest.mark.parametrize("ask", WAYS)
broken = pytest.mark.parametrize(("kind", "fault"), BROKEN)


@kinds
@ways
async def test_the_official_client_gets_the_answer(kind: Kind, ask: Ask) -> None:
    async with a_gateway({"one": kind}) as world:
        assert await ask(world.openai()) == SAYS

        asked = world["one"].requests[-1]

    path = {RESPONSES: "/v1/responses", OPENAI: "/v1/chat/completions", ANTHROPIC: "/v1/messages"}[kind]
    assert asked.path == path
    assert asked.body is not None
    assert asked.body["model"] == MODELS[ANTHROPIC if kind is ANTHROPIC else OPENAI]


@pytest.mark.parametrize(
    ("fault", "ask"), [*((fault, streamed) for fault in OUTAGES), ("status:500", whole), ("cut:0", helped)]
)
async def test_somebody_else_answers_where_the_first_does_not(fault: str, ask: Ask) -> None:
    async with a_gateway({"primary": RESPONSES, "backup": RESPONSES}, given=AT_ONCE_AGAIN) as world:
        world["primary"].play(fault)

        assert await ask(world.openai()) == SAYS


@kinds
async def test_failures_inside_a_200_are_the_providers_and_not_the_callers(kind: Kind) -> None:
    async with a_gateway({"primary": kind, "backup": RESPONSES}, given=AT_ONCE_AGAIN) as world:
        world["primary"].play("error-event:0")

        answer = await streamed(world.openai())
        failures = world.provider("primary").failures

    assert answer == SAYS
    assert failures > 0


@pytest.mark.parametrize(("backup", "ask"), [(OPENAI, streamed), (ANTHROPIC, whole)])
async def test_a_provider_of_another_api_stands_in(backup: Dialect, ask: Ask) -> None:
    async with a_gateway({"primary": RESPONSES, "backup": backup}) as world:
        world["primary"].play("refuse")

        assert await ask(world.openai()) == SAYS


@broken
async def test_nobody_who_does_not_stream_fails_where_answers_are_cut_half_way(kind: Kind, fault: str) -> None:
    async with a_gateway({"primary": kind, "backup": RESPONSES}, given=AT_ONCE_AGAIN) as world:
        world["primary"].play(fault)

        assert await whole(world.openai()) == SAYS


@broken
async def test_a_stream_cut_after_content_raises_in_the_official_client_and_is_booked(
    kind: Kind, fault: str
) -> None:
    async with a_gateway({"primary": kind, "backup": kind}, pace=IN_PIECES) as world:
        world["primary"].play(fault)

        with pytest.raises(openai.APIError, match="primary broke off"):
            await streamed(world.openai())
        await world.settled()
        primary, hits = world.provider("primary"), world["backup"].hits

    assert (primary.status, primary.failures, hits) == (Status.UNHEALTHY, 1, 0)


async def streamed_bytes(world: GatewayWorld) -> tuple[bytes, bool]:
    """What came of a stream, and whether it came to a proper end."""
    http = await world.http()
    body = bytearray()
    async with http.post(f"{world.address}/v1/responses", json=BODY) as answer:
        try:
            async for piece in answer.content.iter_any():
                body += piece
        except Exception:  # noqa: BLE001 - whatever the client calls it
            return bytes(body), False
        return bytes(body), True


@kinds
async def test_what_breaks_off_ends_in_a_failed_response_and_without_the_last_chunk(kind: Kind) -> None:
    """zyycn/codex-proxy-rs#90: a bare `error` event is not heeded."""
    chain, onward = {"primary": kind, "backup": kind}, MidStream.CONTINUE
    async with a_gateway(chain, mid_stream=onward, pace=IN_PIECES) as world:
        world["primary"].play("cut:5")
        body, ended = await streamed_bytes(world)

    events = [json.loads(data) for _, data in events_in(body)]
    name, _ = events_in(body)[-1]
    failed = events[-1]["response"]
    assert (name, ended) == ("response.failed", False)
    assert (failed["status"], failed["error"]["code"]) == ("failed", "server_error")
    assert "primary broke off" in failed["error"]["message"]
    assert failed["id"] == events[0]["response"]["id"]
    assert [event["sequence_number"] for event in events] == list(range(len(events)))


@kinds
async def test_a_stream_is_one_the_official_client_puts_together(kind: Kind) -> None:
    async with a_gateway({"one": kind}) as world:
        body, ended = await streamed_bytes(world)

    response = response_of(body)
    assert ended
    assert (response.output_text, response.status) == (SAYS, "completed")
    assert response.usage is not None
    assert response.usage.output_tokens > 0


async def test_what_remains_when_a_gateway_stops_is_broken_off_so_that_clients_raise() -> None:
    patient = rules(progress_s=30.0, total_s=60.0)
    settings = GatewaySettings(drain_s=0.0)
    async with a_gateway({"one": RESPONSES}, settings=settings, given=patient, pace=IN_PIECES) as world:
        world["one"].play("stall:5")
        events = await world.openai(max_retries=0).responses.create(model="any", input=QUESTION, stream=True)
        first = await anext(aiter(events))
        await world.gateway.drain()

        with pytest.raises(openai.APIError, match="stopping"):
            _ = [event async for event in events]
        failures = world.provider("one").failures

    assert first.type == "response.created"
    assert failures == 0


@pytest.mark.parametrize("kind", [OPENAI, ANTHROPIC], ids=str)
async def test_long_instructions_that_answers_repeat_are_no_flood(kind: Dialect) -> None:
    after_a_while = Pace(first_content_s=0.1, spread=0.0, between_s=0.0)
    async with a_gateway({"one": kind}, pace=after_a_while) as world:
        events = await world.openai(max_retries=0).responses.create(
            model="any", input=QUESTION, instructions="Be exact. " * 30_000, stream=True
        )
        *_, last = [event async for event in events]

    assert last.type == "response.completed"
    assert last.response.output_text == SAYS


async def test_a_stream_without_its_last_event_is_broken() -> None:
    async with a_gateway({"one": RESPONSES}) as world:
        world["one"].play("nomark")

        with pytest.raises(openai.APIError):
            await streamed(world.openai())


async def test_a_buffered_stream_is_given_by_somebody_else() -> None:
    async with a_gateway({"primary": RESPONSES, "backup": RESPONSES}, mid_stream=MidStream.BUFFER) as world:
        world["primary"].play("cut:5")

        assert await streamed(world.openai()) == SAYS


@kinds
@pytest.mark.parametrize("stream", [False, True])
async def test_an_answer_cut_by_the_limit_says_so(kind: Kind, stream: bool) -> None:
    async with a_gateway({"one": kind}) as world:
        client = world.openai()
        if stream:
            *_, last = [
                event
                async for event in await client.responses.create(
                    model="any", input=QUESTION, max_output_tokens=3, stream=True
                )
            ]
            assert last.type == "response.incomplete"
            response = last.response
        else:
            response = await client.responses.create(model="any", input=QUESTION, max_output_tokens=3)

    assert response.status == "incomplete"
    assert response.incomplete_details is not None
    assert response.incomplete_details.reason == "max_output_tokens"


async def test_a_translated_answer_says_so_and_warns_of_what_was_left_out() -> None:
    async with a_gateway({"claude": ANTHROPIC}) as world:
        answer = await world.openai().responses.with_raw_response.create(
            model="any", input=QUESTION, store=True, temperature=0.2
        )

    assert answer.headers["x-failover-translated"] == "openai-responses>anthropic"
    assert answer.headers["x-failover-provider"] == "claude"
    assert answer.headers["x-failover-warnings"] == "store_dropped,sampling_dropped"


STATE: list[dict[str, Any]] = [
    {"previous_response_id": "resp_1"},
    {"conversation": "conv_1"},
    {"background": True},
    {"tools": [{"type": "web_search"}]},
]


@pytest.mark.parametrize("state", STATE, ids=lambda one: next(iter(one)))
@pytest.mark.parametrize("kind", [OPENAI, ANTHROPIC], ids=str)
async def test_what_rests_on_the_vendors_state_is_refused_where_nobody_has_it(
    kind: Dialect, state: dict[str, Any]
) -> None:
    async with a_gateway({"one": kind}) as world:
        with pytest.raises(openai.BadRequestError) as raised:
            await world.openai().responses.create(model="any", input=QUESTION, **state)
        view, hits = world.provider("one"), world["one"].hits

    assert raised.value.code == "unsupported_by_active_provider"
    assert next(iter(state)) in str(raised.value.param)
    assert (view.status, view.failures, hits) == (Status.UNKNOWN, 0, 0)


async def test_a_provider_that_has_the_state_is_preferred() -> None:
    async with a_gateway({"chat": OPENAI, "vendor": RESPONSES}) as world:
        answer = await world.openai().responses.with_raw_response.create(
            model="any", input=QUESTION, conversation="conv_1"
        )
        asked, hits = world["vendor"].requests[-1].body, world["chat"].hits

    assert (answer.headers["x-failover-provider"], answer.headers["x-failover-attempts"], hits) == (
        "vendor",
        "1",
        0,
    )
    assert asked is not None
    assert asked["conversation"] == "conv_1"


async def test_state_that_is_gone_is_told_in_the_providers_words_and_blamed_on_nobody() -> None:
    async with a_gateway({"vendor": RESPONSES}) as world:
        with pytest.raises(openai.BadRequestError) as raised:
            await world.openai().responses.create(model="any", input=QUESTION, previous_response_id="resp_1")
        view, asked = world.provider("vendor"), world["vendor"].requests[-1].body

    assert raised.value.code == "previous_response_not_found"
    assert view.failures == 0
    assert asked is not None
    assert asked["previous_response_id"] == "resp_1"


@pytest.mark.parametrize("path", ["/v1/responses/input_tokens", "/v1/responses/compact"])
async def test_further_calls_of_the_api_go_only_where_it_is_offered(path: str) -> None:
    async with a_gateway({"chat": OPENAI, "vendor": RESPONSES}) as world:
        http = await world.http()
        async with http.post(f"{world.address}{path}", json={"model": "any", "input": "x"}) as answer:
            status = answer.status
        hits = world["chat"].hits, world["vendor"].hits
        world["chat"].play("refuse")
        said = await world.openai().chat.completions.create(
            model="any", messages=[{"role": "user", "content": QUESTION}]
        )

    assert (status, hits) == (404, (0, 1))
    assert said.choices[0].message.content == SAYS, "its model is still there for other calls"
