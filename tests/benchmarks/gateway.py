"""What the gateway costs, side by side: without anything between, with a bare pass-through, with the gateway.

Run with `python -m tests.benchmarks.gateway [SECONDS]`. Upstream, pass-through and gateway are processes of their
own; the callers are this one. Latencies are milliseconds, and CPU is that of the process in the middle alone.
"""

import asyncio
import socket
import subprocess
import sys
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass

import aiohttp
import psutil
from aiohttp import web

from tests.benchmarks.load import LONG_CHUNKS, Upstream, at_length, crowd, load, percentile
from tui_failover.bootstrap.loops import new_loop
from tui_failover.bootstrap.tuning import tune
from tui_failover.control import ControlServer, ControlSettings, Limits, Listen
from tui_failover.core.names import AgentId, ProviderId
from tui_failover.core.spec import Dialect, FailoverConfig, ProviderSpec
from tui_failover.engine.clock import LoopClock
from tui_failover.engine.manager import FailoverManager
from tui_failover.gateway import Gateway, GatewaySettings
from tui_failover.providers import Connection, SdkUpstreams

PARALLEL = (1, 16, 64)


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
    tune()
    sys.stdout.write(f"{address}\n")
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.read)


@dataclass(frozen=True)
class Middle:
    """A process that stands between the callers and the upstream, or the upstream itself."""

    name: str
    address: str
    process: psutil.Process

    def cpu_s(self) -> float:
        """Return the seconds of processor time it has used."""
        times = self.process.cpu_times()
        return float(times.user + times.system)

    def resident_mb(self) -> float:
        """Return its memory."""
        return float(self.process.memory_info().rss / 1e6)


async def compare(middles: list[Middle], seconds: float) -> None:
    """Measure each in turn and print the figures."""
    say = sys.stdout.write
    say(f"resident when ready: {', '.join(f'{one.name} {one.resident_mb():.0f} MB' for one in middles)}\n")
    for stream in (False, True):
        say(f"\n{'streams: first byte' if stream else 'whole answers'}\n")
        for parallel in PARALLEL:
            for one in middles:
                await load(one.address, parallel, stream=stream, seconds=seconds / 6)
                used = one.cpu_s()
                got = await load(one.address, parallel, stream=stream, seconds=seconds)
                cpu = (one.cpu_s() - used) / len(got.whole) * 1e6
                values = got.first if stream else got.whole
                line = f"p50 {percentile(values, 50):7.3f}  p99 {percentile(values, 99):7.2f}  {got.per_s:8.0f}/s"
                say(f"  {parallel:3d} parallel  {one.name:24s} {line}  {cpu:6.0f} us of CPU\n")
    say("\nCPU of a streamed chunk, each a packet of its own\n")
    for one in middles[1:]:
        used = one.cpu_s()
        chunks = await at_length(one.address, seconds) * LONG_CHUNKS
        say(f"  {one.name:24s} {(one.cpu_s() - used) / chunks * 1e6:6.1f} us\n")
    say("\na thousand streams at once\n")
    for one in middles:
        failed, took_s = await crowd(one.address)
        say(f"  {one.name:24s} {failed} failed, {took_s:.2f} s\n")
    say(f"\nresident at the end: {', '.join(f'{one.name} {one.resident_mb():.0f} MB' for one in middles)}\n")


def main(seconds: float) -> None:
    """Start the processes, measure, end them."""
    running: list[subprocess.Popen[str]] = []
    middles: list[Middle] = []
    try:
        for role in ROLES:
            target = middles[0].address if middles else ""
            command = [sys.executable, "-m", "tests.benchmarks.gateway", role, target]
            process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)  # noqa: S603
            running.append(process)
            assert process.stdout is not None
            address = process.stdout.readline().strip()
            middles.append(Middle("direct" if not middles else role, address, psutil.Process(process.pid)))
        asyncio.run(compare(middles, seconds))
    finally:
        for process in running:
            process.communicate()


if __name__ == "__main__":
    socket.setdefaulttimeout(30.0)
    if len(sys.argv) > 2:
        with asyncio.Runner(loop_factory=new_loop) as runner:
            runner.run(play(sys.argv[1], sys.argv[2]))
    else:
        main(float(sys.argv[1]) if sys.argv[1:] else 4.0)
