"""What the gateway costs, side by side: without anything between, with a bare pass-through, with the gateway.

Run with `python -m tests.benchmarks.gateway`. Upstream, pass-through and gateway are processes of their own; the
callers are this one. Latencies are milliseconds.
"""

import asyncio
import gc
import json
import socket
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from statistics import quantiles

import aiohttp
from aiohttp import web

from tui_failover.control import ControlServer, ControlSettings, Limits, Listen
from tui_failover.core.names import AgentId, ProviderId
from tui_failover.core.spec import Dialect, FailoverConfig, ProviderSpec
from tui_failover.engine.clock import LoopClock
from tui_failover.engine.manager import FailoverManager
from tui_failover.gateway import Gateway, GatewaySettings
from tui_failover.providers import Connection, SdkUpstreams

PARALLEL = (1, 16, 64)
SECONDS = 4.0
STREAMS = 1_000
PATH = "/v1/chat/completions"
_USAGE = {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12}
_HEAD = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "m"}
_MESSAGE = {"index": 0, "message": {"role": "assistant", "content": "Yes, it is."}, "finish_reason": "stop"}
_WHOLE = json.dumps({**_HEAD, "choices": [_MESSAGE], "usage": _USAGE}).encode()
_PIECES = [{"role": "assistant", "content": ""}, {"content": "Yes,"}, {"content": " it is."}]


def _event(delta: dict[str, str], finish: str | None = None) -> bytes:
    chunk = {**_HEAD, "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}
    return b"data: " + json.dumps(chunk).encode() + b"\n\n"


_LAST = b"data: " + json.dumps({**_HEAD, "choices": [], "usage": _USAGE}).encode() + b"\n\ndata: [DONE]\n\n"
_STREAM = [*map(_event, _PIECES), _event({}, "stop") + _LAST]


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


_ANSWERS = {
    False: b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"
    % (len(_WHOLE), _WHOLE),
    True: b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
    + b"".join(map(_chunk, [*_STREAM, b""])),
}


class Upstream(asyncio.Protocol):
    """Answers every request at once, with as little work as possible."""

    def __init__(self) -> None:
        self._pending = b""
        self._transport: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._pending += data
        while (end := self._pending.find(b"\r\n\r\n")) >= 0:
            head = self._pending[:end].lower()
            at = head.find(b"content-length:")
            length = int(head[at + 15 :].split(b"\r\n", 1)[0])
            if len(self._pending) < end + 4 + length:
                return
            body = self._pending[end + 4 : end + 4 + length]
            self._pending = self._pending[end + 4 + length :]
            streams = b'"stream":true' in body or b'"stream": true' in body
            assert self._transport is not None
            self._transport.write(_ANSWERS[streams])


async def upstream(_: str) -> str:
    server = await asyncio.get_running_loop().create_server(Upstream, "127.0.0.1", 0, backlog=2_048)
    _KEPT.append(server)
    return f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def bare(target: str) -> str:
    """Pass requests through with the same library, and do nothing else."""
    client = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), auto_decompress=False)

    async def serve(request: web.BaseRequest) -> web.StreamResponse:
        async with client.post(target + request.path, data=await request.read()) as answer:
            response = web.StreamResponse(headers={"Content-Type": answer.headers["Content-Type"]})
            await response.prepare(request)
            async for piece in answer.content.iter_any():
                await response.write(piece)
            await response.write_eof()
            return response

    server = await asyncio.get_running_loop().create_server(web.Server(serve), "127.0.0.1", 0, backlog=2_048)
    _KEPT.append(server)
    return f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def gateway(target: str, *, rescue: bool = True) -> str:
    clock = LoopClock(asyncio.get_running_loop())
    stack = AsyncExitStack()
    name = ProviderId("one")
    upstreams = SdkUpstreams({name: Connection(f"{target}/v1", lambda: "key")}, clock)
    manager = await stack.enter_async_context(FailoverManager(upstreams, clock=clock))
    spec = ProviderSpec(name, Dialect.OPENAI, "m", target, "127.0.0.1", "env:KEY")
    await manager.start([spec], [FailoverConfig(AgentId("agent"), name, health_check_enabled=False)])
    limits = Limits(connections=4_000, per_source=4_000)
    data_path = Gateway(manager, clock, GatewaySettings(rescue_whole=rescue))
    control = ControlServer(manager, ControlSettings(Listen("127.0.0.1", 0), limits=limits), data_path=data_path)
    server = await stack.enter_async_context(control)
    _KEPT.append(stack)
    return server.address


async def plain_gateway(target: str) -> str:
    return await gateway(target, rescue=False)


_KEPT: list[object] = []
ROLES: dict[str, Callable[[str], Awaitable[str]]] = {
    "upstream": upstream,
    "bare pass-through": bare,
    "gateway": gateway,
    "gateway, not rescuing": plain_gateway,
}


async def play(role: str, target: str) -> None:
    """Be one of the processes until standard input is closed."""
    address = await ROLES[role](target)
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
    sys.stdout.write(f"{address}\n")
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.read)


@dataclass(frozen=True)
class Figures:
    """Of one run: milliseconds until the first byte of the body and until the end, and how many in a second."""

    first: list[float]
    whole: list[float]
    per_s: float


def _request(address: str, *, stream: bool) -> bytes:
    body = json.dumps(
        {"model": "m", "messages": [{"role": "user", "content": "Is it?"}], "stream": stream}
    ).encode()
    host = address.removeprefix("http://")
    head = f"POST {PATH} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
    return head.encode() + b"\r\n\r\n" + body


class Caller:
    """One connection that asks again and again."""

    def __init__(self, address: str, *, stream: bool) -> None:
        self._host, _, port = address.removeprefix("http://").partition(":")
        self._port = int(port)
        self._request = _request(address, stream=stream)
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self) -> tuple[float, float]:
        """Return the milliseconds to the first byte of the body and to the end of the answer."""
        if self._streams is None:
            self._streams = await asyncio.open_connection(self._host, self._port)
        reader, writer = self._streams
        began = time.perf_counter()
        writer.write(self._request)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        assert head.startswith(b"http/1.1 200"), head
        first = time.perf_counter() - began
        at = head.find(b"content-length:")
        if at >= 0:
            await reader.readexactly(int(head[at + 15 :].split(b"\r\n", 1)[0]))
        else:
            while size := int(await reader.readline(), 16):
                await reader.readexactly(size + 2)
            await reader.readline()
        return first * 1e3, (time.perf_counter() - began) * 1e3

    def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()


async def load(address: str, parallel: int, *, stream: bool, seconds: float = SECONDS) -> Figures:
    """Let so many callers ask one after the other, each on its own connection."""
    ends = time.perf_counter() + seconds
    figures = Figures([], [], 0.0)

    async def caller() -> None:
        one = Caller(address, stream=stream)
        while time.perf_counter() < ends:
            first, whole = await one.ask()
            figures.first.append(first)
            figures.whole.append(whole)
        one.close()

    async with asyncio.TaskGroup() as group:
        for _ in range(parallel):
            group.create_task(caller())
    return Figures(figures.first, figures.whole, len(figures.whole) / seconds)


async def crowd(address: str) -> tuple[int, float]:
    """Open a thousand streams at once; return how many failed, and the seconds it took."""
    callers = [Caller(address, stream=True) for _ in range(STREAMS)]
    began = time.perf_counter()
    ended = await asyncio.gather(*(one.ask() for one in callers), return_exceptions=True)
    for one in callers:
        one.close()
    return sum(isinstance(one, BaseException) for one in ended), time.perf_counter() - began


def _p(values: list[float], percent: int) -> float:
    return quantiles(values, n=100)[percent - 1]


async def compare(addresses: dict[str, str]) -> None:
    """Measure every address in turn and print the figures."""
    say = sys.stdout.write
    for stream in (False, True):
        say(f"\n{'streams: first byte' if stream else 'whole answers'}\n")
        for parallel in PARALLEL:
            for name, address in addresses.items():
                await load(address, parallel, stream=stream, seconds=0.7)
                got = await load(address, parallel, stream=stream)
                values = got.first if stream else got.whole
                line = f"p50 {_p(values, 50):7.3f}  p99 {_p(values, 99):7.2f}  {got.per_s:8.0f}/s"
                say(f"  {parallel:3d} parallel  {name:24s} {line}\n")
    say("\na thousand streams at once\n")
    for name, address in addresses.items():
        failed, seconds = await crowd(address)
        say(f"  {name:24s} {failed} failed, {seconds:.2f} s\n")


def main() -> None:
    """Start the processes, measure, end them."""
    running: list[subprocess.Popen[str]] = []
    addresses: dict[str, str] = {}
    try:
        for role in ROLES:
            command = [sys.executable, "-m", "tests.benchmarks.gateway", role, addresses.get("upstream", "")]
            began = time.perf_counter()
            process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)  # noqa: S603
            running.append(process)
            assert process.stdout is not None
            addresses[role] = process.stdout.readline().strip()
            sys.stdout.write(f"{role}: ready after {time.perf_counter() - began:.2f} s\n")
        asyncio.run(compare({("direct" if role == "upstream" else role): at for role, at in addresses.items()}))
    finally:
        for process in running:
            process.communicate()


if __name__ == "__main__":
    socket.setdefaulttimeout(30.0)
    if len(sys.argv) > 1:
        asyncio.run(play(sys.argv[1], sys.argv[2]))
    else:
        main()
