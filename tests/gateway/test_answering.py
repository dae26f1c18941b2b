"""How a whole answer leaves: complete, apart from the next, on a connection that lasts as its caller wishes."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.gateway.asking import OPENAI
from tests.support.gateway_world import SAYS, GatewayWorld, a_gateway

ASKED = json.dumps({"model": "m", "messages": [{"role": "user", "content": "hi"}]}).encode()
PATIENCE_S = 5.0


def request(world: GatewayWorld, *lines: str, version: str = "1.1") -> bytes:
    head = [
        f"POST /v1/chat/completions HTTP/{version}",
        f"Host: {world.address.removeprefix('http://')}",
        "Content-Type: application/json",
        f"Content-Length: {len(ASKED)}",
        *lines,
    ]
    return "\r\n".join([*head, "", ""]).encode() + ASKED


@asynccontextmanager
async def connected(world: GatewayWorld) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    host, _, port = world.address.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        async with asyncio.timeout(PATIENCE_S):
            yield reader, writer
    finally:
        writer.close()


async def answer_from(reader: asyncio.StreamReader) -> tuple[dict[str, str], str]:
    """Return the next answer's headers and what it says."""
    status, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().strip().split("\r\n")
    assert status.split(" ")[1] == "200", status
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    body = json.loads(await reader.readexactly(int(headers["content-length"])))
    return headers, body["choices"][0]["message"]["content"]


async def test_answers_on_one_connection_follow_each_other_although_they_were_asked_for_at_once() -> None:
    async with a_gateway({"first": OPENAI}) as world, connected(world) as (reader, writer):
        writer.write(request(world) * 3)
        got = [await answer_from(reader) for _ in range(3)]

    assert [text for _, text in got] == [SAYS] * 3
    assert len({headers["x-failover-query-id"] for headers, _ in got}) == 3
    assert all("date" in headers and "connection" not in headers for headers, _ in got)


@pytest.mark.parametrize(
    ("version", "lines"),
    [("1.1", ["Connection: close"]), ("1.0", []), ("1.0", ["Connection: close"])],
    ids=["1.1 closing", "1.0", "1.0 closing"],
)
async def test_a_caller_who_asks_no_more_gets_its_answer_whole_and_the_connection_closed(
    version: str, lines: list[str]
) -> None:
    async with a_gateway({"first": OPENAI}) as world, connected(world) as (reader, writer):
        writer.write(request(world, *lines, version=version))
        headers, text = await answer_from(reader)
        rest = await reader.read()

    assert (text, headers.get("connection"), rest) == (SAYS, "close", b"")


async def test_an_old_caller_may_keep_its_connection() -> None:
    async with a_gateway({"first": OPENAI}) as world, connected(world) as (reader, writer):
        for _ in range(2):
            writer.write(request(world, "Connection: keep-alive", version="1.0"))
            headers, text = await answer_from(reader)

            assert (text, headers["connection"]) == (SAYS, "keep-alive")
