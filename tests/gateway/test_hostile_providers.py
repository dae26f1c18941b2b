"""Providers that send without end, and callers that do not read or leave: nothing piles up, nothing is left."""

import asyncio
import contextlib
import json
import os
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import openai
import pytest

from tests.gateway.asking import OPENAI, asking
from tests.gateway.test_leaving import until
from tests.support.bare_providers import STREAM, BareProvider, Script, Sent, a_bare_gateway, always, whole
from tests.support.dialects import chunk, sse, usage_chunk
from tests.support.gateway_world import AGENT, KEY, GatewayWorld, rules
from tests.support.rehearsal import RawClient, a_request
from tui_failover.core.copying import replace
from tui_failover.core.health import Status
from tui_failover.core.outcome import FailureKind
from tui_failover.core.spec import Dialect, MidStream
from tui_failover.engine.clock import LoopClock

PATIENT = rules(first_content_unknown_s=5.0, first_content_min_s=5.0, progress_s=5.0)
WORD = sse(chunk({"role": "assistant", "content": "word"}))
LETTERS = sse(chunk({"content": "x" * 65_536}))
END = sse(chunk({}, "stop"), usage_chunk(3, 1), "[DONE]")
MEGABYTE = 1 << 20
PATIENCE_S = 20.0  # far more than is needed where nothing is left behind


class Pouring:
    """Sends a stream that goes on until it has been told to stop, or nobody takes it any more.

    Attributes:
        poured: bytes taken from it.
    """

    def __init__(self, first: bytes, more: bytes, most: int = 1 << 40, pause_s: float = 0.0) -> None:
        self.first = first
        self.more = more
        self.most = most
        self.pause_s = pause_s
        self.poured = 0

    async def __call__(self, _: Sent, writer: asyncio.StreamWriter) -> None:
        writer.transport.set_write_buffer_limits(high=65_536)
        clock = LoopClock(asyncio.get_running_loop())
        with contextlib.suppress(ConnectionError):
            writer.write(STREAM + self.first)
            while self.poured < self.most:
                writer.write(self.more)
                await writer.drain()
                self.poured += len(self.more)
                await clock.sleep(self.pause_s)
            writer.write(END)
            await writer.drain()
        writer.close()


def streaming(world: GatewayWorld, **change: object) -> bytes:
    """Return a request for a stream as bytes."""
    headers = {"host": f"127.0.0.1:{world.server.port}", "content-type": "application/json"}
    return a_request(OPENAI, stream=True, headers=headers, change=change)


@asynccontextmanager
async def lazy_caller(world: GatewayWorld) -> AsyncIterator[RawClient]:
    """Connect with a small window, as a caller does who will not read."""
    narrow = socket.socket()
    narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    narrow.setblocking(False)
    await asyncio.get_running_loop().sock_connect(narrow, ("127.0.0.1", world.server.port))
    client = RawClient(*await asyncio.open_connection(sock=narrow, limit=4096))
    yield client
    await client.close()


async def test_a_line_of_fifty_megabytes_is_given_up_long_before_its_end() -> None:
    endless = Pouring(b"data: ", b"x" * MEGABYTE, most=50 * MEGABYTE)
    chain = {"flood": (OPENAI, BareProvider(endless)), "next": (OPENAI, BareProvider(always(STREAM + WORD + END)))}
    async with a_bare_gateway(chain) as world:
        answer = await asking(world, OPENAI, stream=True)()
        await until(lambda: chain["flood"][1].open == 0, PATIENCE_S)

        failures = world.provider("flood").failures

    assert (answer, failures) == ("word", 2), "it is asked twice"
    assert endless.poured <= 20 * MEGABYTE, "what the sockets hold and one event's worth"


async def test_a_stream_without_end_is_ended_by_the_time_an_answer_may_take() -> None:
    endless = Pouring(WORD, WORD, pause_s=0.01)
    provider = BareProvider(endless)
    async with a_bare_gateway({"one": (OPENAI, provider)}, given=rules(total_s=0.2)) as world:
        with pytest.raises(openai.APIError, match="one broke off"):
            await asking(world, OPENAI, stream=True)()
        await until(lambda: provider.open == 0, PATIENCE_S)

        failures = world.provider("one").failures

    assert failures == 1


@pytest.mark.parametrize("stream", [True, False], ids=["streaming", "whole"])
async def test_an_answer_without_end_is_ended_by_its_length(stream: bool) -> None:
    endless = Pouring(WORD, sse(chunk({"content": "x" * MEGABYTE})))
    provider = BareProvider(endless)
    async with a_bare_gateway({"one": (OPENAI, provider)}, given=PATIENT) as world:
        with pytest.raises(openai.APIError):
            await asking(world, OPENAI, stream=stream)()
        await until(lambda: provider.open == 0, PATIENCE_S)

        view = world.provider("one")

    assert view.failures == 1
    assert endless.poured <= 40 * MEGABYTE


async def test_a_caller_who_does_not_read_holds_its_own_provider_back_and_nobody_else() -> None:
    most = 200 * MEGABYTE
    flood = Pouring(WORD, LETTERS, most=most)
    quick = BareProvider(always(STREAM + WORD + END))

    async def by_turns(sent: Sent, writer: asyncio.StreamWriter) -> None:
        await (flood if sent.json.get("user") == "lazy" else quick.script)(sent, writer)

    provider = BareProvider(by_turns)
    clock = LoopClock(asyncio.get_running_loop())
    async with a_bare_gateway({"one": (OPENAI, provider)}, given=PATIENT) as world, lazy_caller(world) as lazy:
        lazy.send(streaming(world, user="lazy"))
        before = -1
        while flood.poured != before:
            before = flood.poured
            await clock.sleep(0.1)
        answers = [await asking(world, OPENAI, stream=True)() for _ in range(3)]
        held = flood.poured
        await lazy.close()
        await until(lambda: provider.open == 0 and world.gateway.under_way == 0, PATIENCE_S)

        view = world.provider("one")

    assert answers == ["word"] * 3
    assert held < 16 * MEGABYTE, "what sockets hold, and no more of it in the gateway"
    assert (view.failures, view.inflight) == (0, 0)


def lingering(body: bytes) -> Script:
    """Send a stream whose connection never comes to its end."""

    async def play(_: Sent, writer: asyncio.StreamWriter) -> None:
        writer.write(STREAM.replace(b"Connection: close\r\n", b"Transfer-Encoding: chunked\r\n"))
        writer.write(b"%x\r\n%b\r\n" % (len(body), body))  # and never the last chunk
        await writer.drain()
        await asyncio.Event().wait()

    return play


async def test_a_caller_who_leaves_after_the_end_mark_has_been_answered() -> None:
    provider = BareProvider(lingering(WORD + END))
    async with a_bare_gateway({"one": (OPENAI, provider)}, given=PATIENT) as world, lazy_caller(world) as caller:
        caller.send(streaming(world))
        came = await caller.reader.readuntil(b"[DONE]")
        await caller.close()
        await until(lambda: provider.open == 0 and world.gateway.under_way == 0, PATIENCE_S)
        await world.settled()

        view = world.provider("one")

    assert came.startswith(b"HTTP/1.1 200")
    assert (view.status, view.failures, view.inflight) == (Status.HEALTHY, 0, 0)


async def test_five_hundred_callers_who_leave_in_one_tick_leave_no_task_and_no_socket_behind() -> None:
    async def silent(_: Sent, __: asyncio.StreamWriter) -> None:
        await asyncio.Event().wait()

    provider = BareProvider(silent)
    async with a_bare_gateway({"one": (OPENAI, provider)}, given=PATIENT) as world:
        tasks, files = len(asyncio.all_tasks()), len(os.listdir("/proc/self/fd"))
        sent, port = streaming(world), world.server.port
        callers = [await asyncio.open_connection("127.0.0.1", port) for _ in range(500)]
        for _, writer in callers:
            writer.write(sent)
        await until(lambda: len(provider.sent) == 500, PATIENCE_S)

        for _, writer in callers:
            writer.transport.abort()

        await until(lambda: provider.open == 0 and world.gateway.under_way == 0, PATIENCE_S)
        await until(
            lambda: len(asyncio.all_tasks()) <= tasks and len(os.listdir("/proc/self/fd")) <= files, PATIENCE_S
        )
        view, agent = world.provider("one"), world.manager.snapshot().agents[0]

    assert (view.status, view.failures, view.inflight) == (Status.UNKNOWN, 0, 0)
    assert (agent.id, agent.failed) == (AGENT, 0)


WISHES = {
    "authorization": "Bearer callers-own", "x-api-key": "callers-own", "api-key": "callers-own", "cookie": "a=b",
    "x-forwarded-for": "10.0.0.1", "x-forwarded-host": "evil.example", "x-forwarded-proto": "https",
    "forwarded": "for=10.0.0.1;host=evil.example", "via": "1.1 evil", "x-real-ip": "10.0.0.1",
    "api-base": "http://evil.example", "base-url": "http://evil.example", "openai-organization": "org-callers",
    "openai-project": "proj-callers", "anthropic-organization-id": "org", "x-goog-api-key": "callers-own",
    "proxy-authorization": "Basic eDp5", "origin-form": "x", "x-original-url": "/v1/files", "trailer": "x",
    "x-http-method-override": "DELETE", "x-failover-provider": "other", "upgrade-insecure-requests": "1",
}  # fmt: skip
MEMBERS = {
    "api_base": "http://evil.example", "base_url": "http://evil.example", "api_key": "callers-own",
    "custom_llm_provider": "evil", "headers": {"authorization": "x"}, "extra_headers": {"authorization": "x"},
}  # fmt: skip


@pytest.mark.parametrize("dialect", Dialect, ids=str)
async def test_nothing_a_caller_says_changes_where_a_request_goes_or_under_which_key(dialect: Dialect) -> None:
    provider = BareProvider(always(whole(b"{}", "500 Server Error")))
    async with a_bare_gateway({"one": (dialect, provider)}) as world:
        here = {"host": f"127.0.0.1:{world.server.port}", "content-type": "application/json"}
        for wishes, members in ((NONE, NONE), (WISHES, MEMBERS)):
            reader, writer = await asyncio.open_connection("127.0.0.1", world.server.port)
            sent = a_request(dialect, headers={**here, **wishes}, change={**members, "user": "x"})
            writer.write(sent)
            await reader.readuntil(b"\r\n\r\n")
            writer.close()

    plain, wishful = (_without_length(provider.sent[number].head) for number in (0, -1))
    assert plain == wishful
    assert b"authorization: Bearer " + KEY.encode() in wishful
    assert all(not one.headers("cookie") for one in provider.sent)


NONE: Mapping[str, str] = {}


def _without_length(head: bytes) -> list[bytes]:
    return [line for line in head.split(b"\r\n") if not line.lower().startswith(b"content-length")]


COOKIES = (
    b"Set-Cookie: a=b\r\nConnection: x-hop\r\nX-Hop: 1\r\nProxy-Authenticate: Basic\r\nKeep-Alive: timeout=5\r\n"
)


@pytest.mark.parametrize("stream", [True, False], ids=["streaming", "whole"])
async def test_what_concerns_the_connection_to_a_provider_stays_there(stream: bool) -> None:
    head = STREAM.replace(b"Connection: close\r\n", COOKIES + b"Kept: yes\r\n")
    provider = BareProvider(always(head + WORD + END))
    async with a_bare_gateway({"one": (OPENAI, provider)}) as world:
        http = await world.http()
        body = {"model": "any", "stream": stream, "messages": [{"role": "user", "content": "hi"}]}
        async with http.post(f"{world.address}/v1/chat/completions", json=body) as answer:
            await answer.read()
            headers = {name.lower() for name in answer.headers}

    assert answer.status == 200
    assert "kept" in headers
    assert not headers & {"set-cookie", "x-hop", "proxy-authenticate", "keep-alive"}


@pytest.mark.parametrize(
    ("status", "kind"),
    [("429 Too Many Requests", FailureKind.RATE_LIMITED), ("529 Overloaded", FailureKind.OVERLOADED)],
    ids=["429", "529"],
)
async def test_whom_waiting_alone_would_help_is_not_waited_for(status: str, kind: FailureKind) -> None:
    error = json.dumps({"error": {"message": "slow down", "type": "x"}}).encode()
    first = BareProvider(always(whole(error, status, more=b"Retry-After: 20\r\n")))
    second = BareProvider(always(STREAM + WORD + END))
    async with a_bare_gateway({"first": (OPENAI, first), "second": (OPENAI, second)}) as world:
        told = await world.openai(max_retries=0).chat.completions.with_raw_response.create(
            model="any", messages=[{"role": "user", "content": "hi"}]
        )
        for _ in range(5):
            await asking(world, OPENAI, stream=True)()

    assert told.headers["x-failover-reason"] == f"first: {kind}"
    assert told.headers["x-failover-attempts"] == "2"
    assert len(first.sent) <= 3


async def test_a_caller_who_leaves_after_the_end_mark_of_what_another_went_on_with_has_been_answered() -> None:
    begun = "The answer that was begun by the first of the two providers"
    first = BareProvider(always(STREAM + sse(chunk({"role": "assistant", "content": begun}))))
    backup = BareProvider(lingering(sse(chunk({"role": "assistant", "content": f"{begun}, and ended."})) + END))
    chain = {"one": (OPENAI, first), "two": (OPENAI, backup)}
    async with a_bare_gateway(chain, given=PATIENT) as world, lazy_caller(world) as caller:
        [agent] = world.manager.snapshot().agents
        await world.manager.configure_failover(replace(agent.config, mid_stream=MidStream.CONTINUE))
        caller.send(streaming(world))
        await caller.reader.readuntil(b"[DONE]")
        await caller.close()
        await until(lambda: backup.open == 0 and world.gateway.under_way == 0, PATIENCE_S)
        await world.settled()

        view, [agent] = world.provider("two"), world.manager.snapshot().agents

    assert (view.status, view.failures, view.inflight) == (Status.HEALTHY, 0, 0)
    assert (agent.failed, agent.saved) == (0, 1)
