"""Providers on bare sockets, which send whatever bytes a test wants, behind the real gateway."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.support.gateway_world import AGENT, KEY, MODELS, GatewayWorld, SeededRng, rules
from tui_failover.control import ControlServer, ControlSettings, Limits, Listen
from tui_failover.core.names import AgentId, ProviderId
from tui_failover.core.spec import Dialect, FailoverConfig, ProviderSpec, Rules
from tui_failover.engine.clock import LoopClock
from tui_failover.engine.manager import FailoverManager
from tui_failover.gateway import Gateway, GatewaySettings
from tui_failover.providers import Connection, SdkUpstreams
from tui_failover.rehearsal import Rehearsal

JSON = b"application/json"
EVENTS = b"text/event-stream"
_AS_THEY_ARE: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Sent:
    """One request as a provider got it."""

    head: bytes
    body: bytes

    def headers(self, name: str) -> list[str]:
        """Return every value of a header."""
        lines = self.head.decode("latin-1").split("\r\n")[1:]
        pairs = (line.partition(":") for line in lines)
        return [value.strip() for key, _, value in pairs if key.lower() == name.lower()]

    @property
    def json(self) -> dict[str, Any]:
        """The body as an object."""
        value = json.loads(self.body)
        assert isinstance(value, dict)
        return value


Script = Callable[[Sent, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class BareProvider:
    """A provider that reads requests and leaves every byte of the answer to its script.

    Attributes:
        sent: what it was asked, oldest first.
        open: connections that are open.
    """

    script: Script
    sent: list[Sent] = field(default_factory=list)
    open: int = 0

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open += 1
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                while not writer.is_closing():
                    request = await _request(reader)
                    self.sent.append(request)
                    await self._answered(request, reader, writer)
        finally:
            self.open -= 1
            writer.close()

    async def _answered(self, request: Sent, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Play the script until it ends or the other side hangs up, whichever comes first."""
        playing = asyncio.ensure_future(self.script(request, writer))
        hung_up = asyncio.ensure_future(reader.read(1))
        try:
            await asyncio.wait({playing, hung_up}, return_when=asyncio.FIRST_COMPLETED)
            if not playing.done():
                raise ConnectionResetError
            await playing
        finally:
            playing.cancel()
            hung_up.cancel()
            await asyncio.gather(playing, hung_up, return_exceptions=True)


async def _request(reader: asyncio.StreamReader) -> Sent:
    head = await reader.readuntil(b"\r\n\r\n")
    lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    return Sent(head, await reader.readexactly(int(lengths[0].split(b":")[1]) if lengths else 0))


def whole(body: bytes, status: str = "200 OK", kind: bytes = JSON, more: bytes = b"") -> bytes:
    """Return an answer that came whole, headers and all."""
    head = b"HTTP/1.1 %b\r\nContent-Type: %b\r\nContent-Length: %d\r\n%b\r\n"
    return head % (status.encode(), kind, len(body), more) + body


STREAM = b"HTTP/1.1 200 OK\r\nContent-Type: %b\r\nConnection: close\r\n\r\n" % EVENTS


def always(answer: bytes, *, close: bool = True) -> Script:
    """Send the same bytes to everybody, and hang up or keep the connection."""

    async def play(_: Sent, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        with contextlib.suppress(ConnectionError):
            await writer.drain()
        if close:
            writer.close()

    return play


@asynccontextmanager
async def a_bare_gateway(
    chain: Mapping[str, tuple[Dialect, BareProvider]],
    *,
    settings: GatewaySettings | None = None,
    given: Rules | None = None,
    instead: Mapping[str, str] = _AS_THEY_ARE,
) -> AsyncIterator[GatewayWorld]:
    """Run a gateway for one agent with a chain of providers on bare sockets; each holds one model and our key.

    Args:
        chain: names, dialects and providers.
        settings: of the gateway.
        given: the engine's rules.
        instead: addresses of providers that are reached elsewhere.
    """
    clock = LoopClock(asyncio.get_running_loop())
    async with AsyncExitStack() as stack:
        rehearsal = await stack.enter_async_context(Rehearsal(clock, SeededRng()))
        connections: dict[ProviderId, Connection] = {}
        specs: list[ProviderSpec] = []
        for name, (dialect, provider) in chain.items():
            address = instead[name] if name in instead else await stack.enter_async_context(listening(provider))
            base = f"{address}/v1" if dialect is Dialect.OPENAI else address
            connections[ProviderId(name)] = Connection(base, lambda: KEY)
            specs.append(
                ProviderSpec(ProviderId(name), dialect, MODELS[dialect], address, "127.0.0.1", f"env:{name}")
            )
        manager = FailoverManager(SdkUpstreams(connections, clock), given or rules(), clock, SeededRng(), 5)
        await stack.enter_async_context(manager)
        first, *backups = (ProviderId(name) for name in chain)
        config = FailoverConfig(AgentId(AGENT), first, tuple(backups), health_check_enabled=False)
        await manager.start(specs, [config])
        gateway = Gateway(manager, clock, settings or GatewaySettings(drain_s=0.0))
        limits = Limits(connections=2_000, per_source=2_000, stop_s=1.0)
        control = ControlSettings(Listen("127.0.0.1", 0), limits=limits)
        server = await stack.enter_async_context(ControlServer(manager, control, data_path=gateway))
        clients = await stack.enter_async_context(AsyncExitStack())
        yield GatewayWorld(server, gateway, manager, rehearsal, clients)


@asynccontextmanager
async def listening(provider: BareProvider) -> AsyncIterator[str]:
    """Put a provider on a port of its own, and return its address."""
    server = await asyncio.start_server(provider, "127.0.0.1", 0, limit=1 << 26)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
