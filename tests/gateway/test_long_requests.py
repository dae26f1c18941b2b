"""Long requests over slow lines: the time they take to leave is not the provider's, unless it takes nothing."""

import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from tests.gateway.asking import OPENAI
from tests.gateway.test_leaving import until
from tests.support.bare_providers import STREAM, BareProvider, a_bare_gateway, always
from tests.support.dialects import chunk, sse
from tests.support.gateway_world import rules
from tui_failover.engine.clock import LoopClock

SAYS = STREAM + sse(chunk({"role": "assistant", "content": "yes"}), chunk({}, "stop"), "[DONE]")
LENGTH = 12 << 20
IMPATIENT = rules(first_content_unknown_s=0.8, first_content_min_s=0.8)
Reading = Callable[[asyncio.StreamReader], Awaitable[None]]


@asynccontextmanager
async def slow_line(reading: Reading) -> AsyncIterator[int]:
    """Listen behind a narrow window; each connection is read as `reading` says and then answered."""

    writers: list[asyncio.StreamWriter] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            await reading(reader)
            writer.write(SAYS)
            await writer.drain()
        writer.close()

    narrow = socket.socket()
    narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
    narrow.bind(("127.0.0.1", 0))
    server = await asyncio.start_server(serve, sock=narrow, limit=1 << 20)
    try:
        yield narrow.getsockname()[1]
    finally:
        server.close()
        for writer in writers:
            writer.transport.abort()


async def in_ten_pieces(reader: asyncio.StreamReader) -> None:
    """Read the request in longer than the limit for a first content, but never nothing for so long."""
    clock = LoopClock(asyncio.get_running_loop())
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(
        int(one.split(b":")[1]) for one in head.lower().split(b"\r\n") if one.startswith(b"content-length")
    )
    for _ in range(10):
        await reader.readexactly(length // 10)
        await clock.sleep(0.12)
    await reader.readexactly(length % 10)


async def nothing(reader: asyncio.StreamReader) -> None:
    """Take the head and what fits into the buffers, and no more until the line is cut."""
    await reader.readuntil(b"\r\n\r\n")
    await asyncio.Event().wait()


@pytest.mark.parametrize(
    ("reading", "provider"), [(in_ten_pieces, "first"), (nothing, "second")], ids=["slow", "dead"]
)
async def test_a_long_request_gets_the_time_it_takes_to_leave_from_whoever_reads_it(
    reading: Reading, provider: str
) -> None:
    relay = BareProvider(always(SAYS))
    async with (
        slow_line(reading) as port,
        a_bare_gateway(
            {"first": (OPENAI, relay), "second": (OPENAI, BareProvider(always(SAYS)))},
            given=IMPATIENT,
            instead={"first": f"http://127.0.0.1:{port}"},
        ) as world,
    ):
        answer = await world.openai(max_retries=0).chat.completions.with_raw_response.create(
            model="any", messages=[{"role": "user", "content": "x" * LENGTH}]
        )

    assert answer.headers["x-failover-provider"] == provider
    assert answer.headers["x-failover-attempts"] == ("1" if provider == "first" else "2")


async def test_a_request_that_nobody_reads_leaves_no_connection_behind() -> None:
    second = BareProvider(always(SAYS))
    async with (
        slow_line(nothing) as port,
        a_bare_gateway(
            {"first": (OPENAI, BareProvider(always(SAYS))), "second": (OPENAI, second)},
            given=IMPATIENT,
            instead={"first": f"http://127.0.0.1:{port}"},
        ) as world,
    ):
        client = world.openai(max_retries=0)
        await client.models.list()  # so that its own connection is open
        before = len(os.listdir("/proc/self/fd"))

        await client.chat.completions.create(model="any", messages=[{"role": "user", "content": "x" * LENGTH}])

        theirs = 1  # the end of the line that does not read is open still
        await until(lambda: second.open == 0 and len(os.listdir("/proc/self/fd")) <= before + theirs, 20.0)
