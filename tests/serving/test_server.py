"""How a server ends: nobody new, nobody idle, and whoever is being answered in a limited time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.serving.callers import BOUNDS, Handler, asking, refusing, settled
from tests.support.virtual_loop import VirtualClock
from tui_failover.serving import Bounds, Request, Response, Server, Stream

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@asynccontextmanager
async def serving(handler: Handler, bounds: Bounds = BOUNDS) -> AsyncIterator[tuple[Server, Streams]]:
    """Run a server and connect to it."""
    server = Server(handler, refusing, bounds, VirtualClock())
    port = await server.open("127.0.0.1", 0)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield server, (reader, writer)
    finally:
        writer.close()
        await server.close(0.0)


async def test_idle_callers_are_let_go_at_once() -> None:
    async def answering(_: Request) -> Response:
        return Response(200, {}, b"")

    async with serving(answering) as (server, (reader, writer)):
        writer.write(asking())
        await reader.readuntil(b"\r\n\r\n")
        await server.close(60.0)

        assert await reader.read() == b""


async def test_query_under_way_is_answered_and_told_that_the_connection_ends() -> None:
    began, gate = asyncio.Event(), asyncio.Event()

    async def slowly(_: Request) -> Response:
        began.set()
        await gate.wait()
        return Response(200, {}, b"at last")

    async with serving(slowly) as (server, (reader, writer)):
        writer.write(asking())
        await began.wait()
        closing = asyncio.ensure_future(server.close(60.0))
        gate.set()
        came = await reader.read()
        await closing

    assert b"Connection: close\r\n" in came
    assert came.endswith(b"\r\n\r\nat last")


async def test_query_that_takes_longer_than_there_is_time_is_broken_off() -> None:
    began, ended = asyncio.Event(), asyncio.Event()

    async def never(_: Request) -> Response:
        try:
            began.set()
            await asyncio.Event().wait()
            return Response(200, {}, b"")
        finally:
            ended.set()

    async with serving(never) as (server, (reader, writer)):
        writer.write(asking())
        await began.wait()
        await server.close(0.01)

        assert ended.is_set()
        assert await reader.read() == b""


async def test_answer_that_is_on_its_way_leaves_before_the_server_is_closed() -> None:
    size = 32 << 20  # bytes; more than what stands between two sockets holds

    async def at_once(request: Request) -> Stream:
        stream = request.begin(200, {})
        stream.bound(2 * size)
        await stream.write(bytes(size))
        return stream

    async with serving(at_once) as (server, (reader, writer)):
        writer.write(asking())
        await reader.readuntil(b"\r\n\r\n")
        closing = asyncio.ensure_future(server.close(60.0))
        await settled()
        came = await reader.read()
        await closing

    assert came.endswith(b"\r\n0\r\n\r\n")


async def test_caller_that_takes_nothing_does_not_keep_the_server_from_closing() -> None:
    async def at_length(_: Request) -> Response:
        return Response(200, {}, bytes(64 << 20))

    async with serving(at_length, Bounds(linger_s=0.01)) as (server, (reader, writer)):
        writer.write(asking())
        await reader.readuntil(b"\r\n\r\n")
        await server.close(0.01)

        assert len(await reader.read()) < 64 << 20
