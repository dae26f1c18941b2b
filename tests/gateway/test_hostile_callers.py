"""Callers that are careless, odd or hostile: each gets one answer in its dialect, and nobody else notices."""

import asyncio
import json
from collections.abc import Mapping
from urllib.parse import quote, unquote

import pytest

from tests.gateway.asking import ANTHROPIC, OPENAI
from tests.support.gateway_world import AGENT, GatewayWorld, a_gateway
from tests.support.rehearsal import CHAT_PATHS, MODELS, RawClient, Seen
from tui_failover.core.spec import Dialect
from tui_failover.gateway import GatewaySettings

NO_HEADERS: Mapping[str, str] = {}
SAID = [{"role": "user", "content": "hi"}]


def request(
    world: GatewayWorld,
    body: Mapping[str, object] | bytes | None = None,
    *,
    dialect: Dialect = OPENAI,
    method: str = "POST",
    path: str = "",
    headers: Mapping[str, str] = NO_HEADERS,
) -> bytes:
    """Return a request as bytes; what is no bytes is laid over a chat request."""
    cap = {"max_tokens": 99} if dialect is ANTHROPIC else {}
    chat: dict[str, object] = {"model": "any", "messages": SAID, **cap}
    data = body if isinstance(body, bytes) else json.dumps({**chat, **(body or {})}).encode()
    lines = {
        "host": f"127.0.0.1:{world.server.port}",
        "content-type": "application/json",
        "content-length": str(len(data)),
        **headers,
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items() if value)
    return f"{method} {path or CHAT_PATHS[dialect]} HTTP/1.1\r\n{head}\r\n".encode() + data


async def client_of(world: GatewayWorld) -> RawClient:
    client = RawClient(*await asyncio.open_connection("127.0.0.1", world.server.port))
    world.stack.push_async_callback(client.close)
    return client


async def told(world: GatewayWorld, sent: bytes) -> Seen:
    client = await client_of(world)
    client.send(sent)
    return await client.receive()


async def test_a_body_refused_for_its_length_gets_one_answer_and_the_caller_can_read_it() -> None:
    async with a_gateway({"one": OPENAI}, settings=GatewaySettings(body_bytes=1_000)) as world:
        client = await client_of(world)
        client.send(request(world, b"{" + b" " * (2 << 20)))
        seen = await client.receive()
        rest = await client.reader.read()

    assert (seen.status, seen.header("connection")) == (413, "close")
    assert rest == b"", "what is left of the body is not taken for another request"


@pytest.mark.parametrize("stream", ["true", 1, 0, [], {}], ids=repr)
@pytest.mark.parametrize("dialect", Dialect, ids=str)
async def test_a_wish_to_stream_that_is_neither_yes_nor_no_is_refused(dialect: Dialect, stream: object) -> None:
    async with a_gateway({"one": dialect}) as world:
        seen = await told(world, request(world, {"stream": stream}, dialect=dialect))

        hits = world["one"].hits

    assert (seen.status, hits) == (400, 0)
    assert "stream" in str(seen.json())


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
async def test_a_path_that_takes_post_says_so(method: str) -> None:
    async with a_gateway({"one": OPENAI}) as world:
        seen = await told(world, request(world, method=method))
        models = await told(world, request(world, path="/v1/models"))

        hits = world["one"].hits

    assert (seen.status, seen.header("allow"), hits) == (405, "POST", 0)
    assert (models.status, models.header("allow")) == (405, "GET")
    assert not [name for name, _ in seen.headers if name.startswith("access-control-")]


@pytest.mark.parametrize("name", ["dritté", "a b", "50%", "ナ"], ids=ascii)
async def test_whoever_answered_is_told_whatever_it_is_called(name: str) -> None:
    async with a_gateway({name: OPENAI, "next": OPENAI}) as world:
        seen = await told(world, request(world))
        world[name].play("overloaded")
        onward = await told(world, request(world))

    provider, reason = seen.header("x-failover-provider"), onward.header("x-failover-reason")
    assert provider is not None
    assert reason is not None
    assert unquote(provider) == name
    assert unquote(reason) == f"{name}: overloaded"


@pytest.mark.parametrize("name", ["my agent/ä", "ünï", "a%20b", "a?b#c"], ids=ascii)
async def test_an_agent_can_be_named_in_a_path_whatever_it_is_called(name: str) -> None:
    async with a_gateway({"one": OPENAI, "two": OPENAI}, others={name: ["two"]}) as world:
        path = f"/agents/{quote(name, safe='')}/v1/chat/completions"
        seen = await told(world, request(world, path=path))
        by_client = await world.openai(path=f"/agents/{quote(name, safe='')}/v1").models.list()

    assert (seen.status, seen.header("x-failover-provider")) == (200, "two")
    assert by_client.data[0].id == name


ODD_BODIES: dict[str, dict[str, object]] = {
    "half a surrogate pair": {"messages": [{"role": "user", "content": "\ud83d"}]},
    "a nul": {"messages": [{"role": "user", "content": "a\0b"}]},
    "no messages": {"messages": None},
    "an empty list": {"messages": []},
    "text for messages": {"messages": "hi"},
    "text for a message": {"messages": ["hi"]},
    "a role nobody has": {"messages": [{"role": "wizard", "content": "x"}]},
    "a number for content": {"messages": [{"role": "user", "content": 5}]},
    "nothing for content": {"messages": [{"role": "user", "content": None}]},
    "a number for the model": {"model": 5},
    "several answers, streamed": {"n": 2, "stream": True},
    "a number of answers in text": {"n": "2"},
    "a list for the number of answers": {"n": []},
    "a list for a role": {"messages": [{"role": ["user"], "content": "x"}]},
    "a list for a format": {"response_format": {"type": []}},
    "a temperature beyond all bounds": {"temperature": 10**400},
    "no stream options": {"stream": True, "stream_options": None},
    "text for stream options": {"stream": True, "stream_options": "x"},
    "a number for a tool": {"tools": [5]},
    "a cap beyond all bounds": {"max_tokens": 10**30},
    "a cap below nothing": {"max_tokens": -1},
}


@pytest.mark.parametrize("served", Dialect, ids=lambda one: f"by-{one}")
@pytest.mark.parametrize("dialect", Dialect, ids=str)
async def test_an_odd_body_is_answered_or_refused_and_nobody_is_blamed(dialect: Dialect, served: Dialect) -> None:
    async with a_gateway({"one": served}) as world:
        seen = {
            name: await told(world, request(world, body, dialect=dialect)) for name, body in ODD_BODIES.items()
        }
        plain = await told(world, request(world, dialect=dialect))

        view, agent = world.provider("one"), world.manager.snapshot().agents[0]

    assert {name: one.status for name, one in seen.items() if one.status not in {200, 400}} == {}
    assert {name: one.end for name, one in seen.items() if one.end != "complete"} == {}
    assert plain.status == 200
    assert (view.failures, view.inflight, agent.inflight) == (0, 0, 0)


async def test_answers_come_in_the_order_of_the_requests_on_one_connection_after_refusals_too() -> None:
    async with a_gateway({"one": OPENAI}) as world:
        client = await client_of(world)
        client.send(
            request(world) + request(world, b"{") + request(world, {"stream": True}) + request(world, method="PUT")
        )
        client.send(request(world, headers={"content-type": "text/plain"}) + request(world))

        seen = [(await client.receive()).status for _ in range(6)]

    assert seen == [200, 400, 200, 405, 415, 200]


@pytest.mark.parametrize(
    ("headers", "data", "status"),
    [
        ({"expect": "100-continue"}, None, 200),
        ({"expect": "100-continue", "content-length": str(1 << 30)}, b"", 413),
        ({"expect": "100-continue", "content-type": "text/plain"}, None, 415),
    ],
    ids=["fine", "too long", "of another kind"],
)
async def test_who_asks_before_sending_is_told_to_go_on_only_where_the_body_is_wanted(
    headers: dict[str, str], data: bytes | None, status: int
) -> None:
    async with a_gateway({"one": OPENAI}) as world:
        client = await client_of(world)
        whole = request(world, data, headers=headers)
        head, _, body = whole.partition(b"\r\n\r\n")
        client.send(head + b"\r\n\r\n")
        first = await client.receive()
        if first.status == 100:
            client.send(body)
            last = await client.receive()
        else:
            last = first

    assert (first.status == 100) is (status == 200)
    assert last.status == status


async def test_a_body_that_ends_in_the_middle_leaves_nothing_behind() -> None:
    async with a_gateway({"one": OPENAI}) as world:
        client = await client_of(world)
        client.send(request(world)[:-5])
        await client.writer.drain()
        await client.close()
        await world.settled()

        hits, agent = world["one"].hits, world.manager.snapshot().agents[0]

    assert hits == 0
    assert (agent.id, agent.failed) == (AGENT, 0)


async def test_a_picture_of_twenty_megabytes_goes_out_as_it_came() -> None:
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "A" * (20 << 20)}}
    body = {"model": MODELS[OPENAI], "messages": [{"role": "user", "content": [picture]}]}
    async with a_gateway({"one": OPENAI}) as world:
        seen = await told(world, request(world, body))

        view = world.provider("one")

    assert view.failures == 0
    assert seen.status == 413, "the rehearsed provider takes no such picture, and says so"
