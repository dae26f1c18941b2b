"""A manager with scripted providers behind the real control API, on a real socket of this machine."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tui_failover.config.secret import EnvKey
from tui_failover.config.settings import Connection
from tui_failover.control import Access, Change, ControlServer, ControlSettings, Limits, Listen
from tui_failover.core.names import AgentId, ProviderId
from tui_failover.core.ports import Upstream
from tui_failover.core.spec import Dialect, FailoverConfig, ProviderSpec
from tui_failover.engine.clock import LoopClock
from tui_failover.engine.manager import FailoverManager
from tui_failover.engine.thread import EngineThread
from tui_failover.providers.scripted import Answer, ScriptedUpstreams

PROVIDERS = ("openai-agent", "claude-agent", "backup-openai-agent")
AGENT = "my-agent"
CURL_BODY = {
    "primary_provider_id": "openai-agent",
    "backup_provider_ids": ["claude-agent", "backup-openai-agent"],
    "health_check_enabled": True,
    "health_check_interval": 60,
    "health_check_timeout": 5,
    "max_consecutive_failures": 3,
    "auto_failover_enabled": True,
}
LOOPBACK = Listen("127.0.0.1", 0)


def spec_of(name: str) -> ProviderSpec:
    """Return a provider with an endpoint and a key of its own."""
    return ProviderSpec(
        id=ProviderId(name),
        dialect=Dialect.OPENAI,
        model=f"{name}-model",
        endpoint=f"https://{name}.example",
        host=f"{name}.example",
        credential=f"env:{name}",
    )


def agent_of(name: str = AGENT, chain: Sequence[str] = PROVIDERS) -> FailoverConfig:
    """Return an agent's failover that is not checked by itself."""
    first, *backups = (ProviderId(one) for one in chain)
    return FailoverConfig(AgentId(name), first, tuple(backups), health_check_enabled=False)


@dataclass(slots=True)
class Got:
    """An answer as it came.

    Attributes:
        status: 0 where the connection was closed without one.
        raw: everything that came.
    """

    status: int
    headers: dict[str, str]
    body: str
    raw: bytes

    @property
    def json(self) -> dict[str, object]:
        """The body as a JSON object."""
        value = json.loads(self.body)
        assert isinstance(value, dict), value
        return value

    @property
    def error(self) -> dict[str, object]:
        """The error in the one shape."""
        assert set(self.json) == {"error"}, self.body
        error = self.json["error"]
        assert isinstance(error, dict)
        assert {"code", "message", "details"} <= set(error)
        return error

    @property
    def fields(self) -> list[str]:
        """The fields the error names."""
        details = self.error["details"]
        assert isinstance(details, list)
        return [one["field"] for one in details]


@dataclass(slots=True)
class ControlWorld:
    """The server, what is behind it, and a caller that sends exactly the bytes it is told to."""

    server: ControlServer
    manager: FailoverManager
    upstreams: ScriptedUpstreams
    changes: list[Change] = field(default_factory=list)
    connected: list[Connection] = field(default_factory=list)
    disk_fault: Exception | None = None
    disk_is_slow: asyncio.Event | None = None

    @property
    def host(self) -> str:
        """The right `Host`."""
        return f"127.0.0.1:{self.server.port}"

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Open a connection."""
        return await asyncio.open_connection("127.0.0.1", self.server.port)

    async def sends(self, data: bytes) -> Got:
        """Send bytes as they are, and return the answer."""
        return await sends(self.server, data)

    async def asks(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        token: str = "",
        headers: dict[str, str] | None = None,
    ) -> Got:
        """Send a request as curl would, and return the answer."""
        bearer = {"Authorization": f"Bearer {token}"} if token else {}
        return await asks(self.server, method, path, body, {**bearer, **(headers or {})})

    async def kept(self, change: Change) -> None:
        """Record a change, as a state file would; on a slow disk once the event is set."""
        if self.disk_is_slow is not None:
            await self.disk_is_slow.wait()
        if self.disk_fault is not None:
            raise self.disk_fault
        self.changes.append(change)


async def sends(server: ControlServer, data: bytes) -> Got:
    """Send bytes as they are, and return the answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    try:
        writer.write(data)
        await writer.drain()
        return await read_answer(reader)
    finally:
        writer.close()


async def asks(
    server: ControlServer, method: str, path: str, body: object = None, headers: dict[str, str] | None = None
) -> Got:
    """Send a request as curl would, and return the answer."""
    sent = {"Host": f"127.0.0.1:{server.port}", "User-Agent": "curl/8.5.0", "Accept": "*/*"}
    data = b""
    if body is not None or method in {"POST", "PUT"}:
        data = body if isinstance(body, bytes) else json.dumps({} if body is None else body).encode()
        sent |= {"Content-Type": "application/json", "Content-Length": str(len(data))}
    sent |= headers or {}
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in sent.items())]
    return await sends(server, "\r\n".join((*lines, "", "")).encode("utf-8", "surrogateescape") + data)


async def read_answer(reader: asyncio.StreamReader) -> Got:
    """Return one answer; what never comes is a failure of the test."""
    async with asyncio.timeout(5):
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            return Got(0, {}, "", b"")
        status, *lines = head.decode().split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines if line)}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Got(int(status.split()[1]), headers, body.decode(), head + body)


def tokens(use: str = "T_USE", read: str = "T_READ", write: str = "T_WRITE") -> Access:
    """Return an access with one token of each kind, each in the environment variable of that name."""
    return Access(gateway=(EnvKey(use),), read=(EnvKey(read),), write=(EnvKey(write),))


def a_manager() -> FailoverManager:
    """Return a manager without providers, to be entered."""
    clock = LoopClock(asyncio.get_running_loop())
    return FailoverManager(ScriptedUpstreams(clock), clock=clock)


@asynccontextmanager
async def control_world(
    access: Access | None = None,
    limits: Limits | None = None,
    *,
    providers: Sequence[str] = PROVIDERS,
    agents: Sequence[FailoverConfig] | None = None,
    folder: Path = Path(),
) -> AsyncIterator[ControlWorld]:
    """Run a server over a manager whose providers answer at once."""
    clock = LoopClock(asyncio.get_running_loop())
    upstreams = ScriptedUpstreams(clock)
    for name in providers:
        upstreams[ProviderId(name)].from_now_on(Answer(after_s=0.0))
    async with FailoverManager(upstreams, clock=clock, seed=1) as manager:
        await manager.start([spec_of(name) for name in providers], (agent_of(),) if agents is None else agents)
        connected: list[Connection] = []

        async def kept(change: Change) -> None:
            await world.kept(change)

        async def connect(spec: ProviderSpec, connection: Connection) -> tuple[ProviderSpec, Upstream]:
            connected.append(connection)
            return spec, upstreams(spec)

        settings = ControlSettings(LOOPBACK, access or Access(), limits or Limits())
        async with ControlServer(manager, settings, connect, kept, folder) as server:
            world = ControlWorld(server, manager, upstreams, connected=connected)
            yield world


class LiveControl:
    """The same in a thread of its own, for callers that block."""

    def __init__(self, access: Access | None = None) -> None:
        self._access = access
        self._engine = EngineThread(self._make)
        self._world: ControlWorld | None = None

    def __enter__(self) -> "LiveControl":
        self._engine.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._engine.stop()

    @property
    def address(self) -> str:
        """Where it listens."""
        assert self._world is not None
        return self._world.server.address

    def as_new(self) -> None:
        """Put everything back to how it was at the start, where anything was changed meanwhile."""
        assert self._world is not None
        if self._world.changes:
            self._engine.call(self._as_new).result()

    @asynccontextmanager
    async def _make(self) -> AsyncIterator[FailoverManager]:
        async with control_world(self._access) as self._world:
            yield self._world.manager

    async def _as_new(self, manager: FailoverManager) -> None:
        assert self._world is not None
        for view in manager.snapshot().agents:
            await manager.remove_agent(view.id)
        for provider in manager.snapshot().providers:
            await manager.remove_provider(provider.id)
        for name in PROVIDERS:
            await manager.register_provider(spec_of(name), self._world.upstreams(spec_of(name)))
        await manager.configure_failover(agent_of())
        self._world.changes.clear()


SWITCH = f"/api/agents/{AGENT}/failover/switch"
TO_CLAUDE = json.dumps({"provider_id": "claude-agent"}).encode()


def get(world: ControlWorld, *lines: bytes, path: bytes = b"/healthz") -> bytes:
    """Return the bytes of a request, with a right Host unless the lines say one."""
    host = () if any(line.lower().startswith(b"host") for line in lines) else (b"Host: " + world.host.encode(),)
    return b"\r\n".join((b"GET " + path + b" HTTP/1.1", *host, *lines, b"", b""))


def post(world: ControlWorld, *lines: bytes, body: bytes = b"") -> bytes:
    """Return the bytes of a switch."""
    head = (f"POST {SWITCH} HTTP/1.1".encode(), b"Host: " + world.host.encode(), b"Content-Type: application/json")
    return b"\r\n".join((*head, *lines, b"", body))
