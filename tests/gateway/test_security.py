"""A provider that misleads, and a caller that tries to: keys stay here, and so do other people's addresses."""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from types import MappingProxyType

import aiohttp
import pytest

from tests.support.gateway_world import rules
from tui_failover.control import ControlServer, ControlSettings, Listen
from tui_failover.core.names import AgentId, ProviderId
from tui_failover.core.outcome import FailureKind
from tui_failover.core.spec import Dialect, FailoverConfig, ProviderSpec
from tui_failover.engine.clock import LoopClock
from tui_failover.engine.manager import FailoverManager
from tui_failover.gateway import Gateway
from tui_failover.providers import Connection, SdkUpstreams

KEY = "sk-never-to-be-seen-77"
GOOD = b'{"id":"c","choices":[{"index":0,"message":{"content":"yes"},"finish_reason":"stop"}]}'
JSON = b"Content-Type: application/json\r\n"


@dataclass
class Socket:
    """A provider on a bare socket: always the same bytes."""

    answer: bytes
    heads: list[bytes] = field(default_factory=list)

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        self.heads.append(head)
        lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")]
        await reader.readexactly(int(lengths[0].split(b":")[1]) if lengths else 0)
        writer.write(self.answer)
        writer.close()


def answer(body: bytes, status: str = "200 OK", headers: bytes = JSON) -> bytes:
    return b"HTTP/1.1 %b\r\n%bContent-Length: %d\r\n\r\n%b" % (status.encode(), headers, len(body), body)


@asynccontextmanager
async def listening(socket: Socket) -> AsyncIterator[str]:
    server = await asyncio.start_server(socket, "127.0.0.1", 0)
    yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    server.close()


@dataclass
class Told:
    """What the caller got."""

    status: int
    headers: dict[str, str]
    body: str


async def ask(
    socket: Socket, path: str = "/v1/chat/completions", headers: Mapping[str, str] = MappingProxyType({})
) -> Told:
    """Ask through a gateway whose only provider is the socket."""
    clock = LoopClock(asyncio.get_running_loop())
    name = ProviderId("one")
    async with listening(socket) as base:
        spec = ProviderSpec(name, Dialect.OPENAI, "m", base, "127.0.0.1", "env:KEY")
        upstreams = SdkUpstreams({name: Connection(f"{base}/v1", lambda: KEY, headers=headers)}, clock)
        async with FailoverManager(upstreams, rules(), clock) as manager:
            config = FailoverConfig(AgentId("a"), name, health_check_enabled=False, max_retries=0)
            await manager.start([spec], [config])
            settings = ControlSettings(Listen("127.0.0.1", 0))
            gateway = Gateway(manager, clock)
            async with (
                ControlServer(manager, settings, data_path=gateway) as server,
                aiohttp.ClientSession() as http,
            ):
                body = {"model": "m", "messages": [{"role": "user", "content": "x"}]}
                async with http.post(f"{server.address}{path}", json=body) as got:
                    back = {name.lower(): value for name, value in got.headers.items()}
                    return Told(got.status, back, await got.text())


async def test_a_redirect_is_not_followed_and_its_target_sees_nothing() -> None:
    elsewhere = Socket(answer(GOOD))
    async with listening(elsewhere) as target:
        location = f"Location: {target}/v1/chat/completions\r\n".encode()
        told = await ask(Socket(answer(b"", "307 Temporary Redirect", location)))

    assert told.status == 503
    assert elsewhere.heads == []


async def test_cookies_and_hop_headers_of_a_provider_stay_here() -> None:
    headers = (
        JSON + b"Set-Cookie: a=b\r\nAlt-Svc: h3\r\nX-Failover-Provider: liar\r\nKeep-Alive: 5\r\nX-Kept: yes\r\n"
    )
    told = await ask(Socket(answer(GOOD, headers=headers)))

    assert told.status == 200
    assert told.headers["x-kept"] == "yes"
    assert told.headers["x-failover-provider"] == "one"
    assert not {"set-cookie", "alt-svc", "keep-alive"} & set(told.headers)


async def test_what_frames_a_request_is_said_once_and_by_nobody_else() -> None:
    socket = Socket(answer(GOOD))
    theirs = {"Host": "elsewhere", "Content-Length": "1", "Transfer-Encoding": "chunked", "X-Kept": "yes"}

    told = await ask(socket, headers=theirs)

    lines = [line.partition(b":") for line in socket.heads[0].lower().split(b"\r\n")]
    names = [name for name, _, _ in lines]
    assert told.status == 200
    assert (names.count(b"host"), names.count(b"content-length"), b"transfer-encoding" in names) == (1, 1, False)
    assert b"elsewhere" not in socket.heads[0]
    assert (b"x-kept", b":", b" yes") in lines


@pytest.mark.parametrize("status", ["400 Bad Request", "401 Unauthorized", "500 Server Error"])
async def test_a_key_that_a_provider_quotes_does_not_reach_the_caller(status: str) -> None:
    body = json.dumps({"error": {"message": f"no good: {KEY}", "type": "invalid_request_error"}}).encode()
    told = await ask(Socket(answer(body, status)))

    assert told.status in {400, 503}
    assert KEY not in told.body + str(told.headers)


@pytest.mark.parametrize(
    "sent",
    [
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 100_000 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 1_000_000 + b"\r\n\r\n",
        answer(gzip.compress(b"x" * (64 << 20)), headers=JSON + b"Content-Encoding: gzip\r\n"),
        answer(GOOD, headers=JSON + b"Content-Encoding: rot13\r\n"),
        b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: " + b"x" * (6 << 20),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 999 Odd\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"SSH-2.0-nonsense\r\n",
    ],
    ids=[
        "many headers",
        "long header",
        "gzip bomb",
        "unknown coding",
        "endless event",
        "two lengths",
        "status 999",
        "broken chunk",
        "no http",
    ],
)
async def test_an_answer_that_is_an_attack_or_nonsense_is_the_providers_failure(sent: bytes) -> None:
    told = await ask(Socket(sent))

    assert told.status == 503
    assert f"one: {FailureKind.LOCAL}" not in told.body
    assert "one: " in told.body


async def test_other_calls_are_passed_on_as_they_are() -> None:
    socket = Socket(answer(b'{"object":"list", "data":[{"embedding":[0.10]}]}'))
    told = await ask(socket, "/v1/embeddings")

    assert (told.status, told.body) == (200, '{"object":"list", "data":[{"embedding":[0.10]}]}')
    assert socket.heads[0].startswith(b"POST /v1/embeddings HTTP/1.1\r\n")
