"""Rehearsed providers behind the real gateway on a real socket, and the official clients in front of it."""

import asyncio
import random
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Literal

import aiohttp
import anthropic
import openai

from tui_failover.control import Access, ControlServer, ControlSettings, Limits, Listen
from tui_failover.core.copying import replace
from tui_failover.core.names import AgentId, ProviderId
from tui_failover.core.snapshot import ProviderView
from tui_failover.core.spec import (
    AttemptRules,
    Dialect,
    FailoverConfig,
    LocalFaultRules,
    MidStream,
    ProviderSpec,
    Rules,
)
from tui_failover.engine.clock import LoopClock
from tui_failover.engine.manager import FailoverManager
from tui_failover.gateway import Gateway, GatewaySettings
from tui_failover.providers import Connection, SdkUpstreams
from tui_failover.rehearsal import AT_ONCE, Pace, Rehearsal, RehearsedProvider

AGENT = "my-agent"
ANY_TOKEN = "any"
KEY = "sk-upstream-key-4f8e1c"
SAYS = "The gateway hands on what was said, word for word, and nothing else at all."
RESPONSES: Literal["responses"] = "responses"
"""A provider of OpenAI's dialect that offers the Responses API as well."""
MODELS = {Dialect.OPENAI: "gpt-5.6", Dialect.ANTHROPIC: "claude-sonnet-5-5"}

# Waiting is never the point of a test; real limits are tens of seconds.
QUICK = AttemptRules(first_content_unknown_s=0.6, first_content_min_s=0.6, progress_s=1.2, query_s=8.0)


class SeededRng:
    """Chance that repeats itself."""

    def __init__(self) -> None:
        self._random = random.Random(7)  # noqa: S311 - no secret depends on it

    def uniform(self, low: float, high: float) -> float:
        return self._random.uniform(low, high)


def rules(**attempt: float) -> Rules:
    """Return rules without long waits; `attempt` are fields of `AttemptRules`."""
    quiet = LocalFaultRules(hosts=1_000, references=())
    return Rules(attempt=replace(QUICK, **attempt), local_fault=quiet)  # type: ignore[arg-type]


@dataclass
class GatewayWorld:
    """What a test has in hand."""

    server: ControlServer
    gateway: Gateway
    manager: FailoverManager
    rehearsal: Rehearsal
    stack: AsyncExitStack
    made: list[object] = field(default_factory=list)

    def __getitem__(self, name: str) -> RehearsedProvider:
        return self.rehearsal[name]

    @property
    def address(self) -> str:
        """Where the gateway is."""
        return self.server.address

    def openai(self, token: str = ANY_TOKEN, path: str = "/v1", **options: object) -> openai.AsyncOpenAI:
        """Return the official client; its own retries are on, as everybody has them."""
        client = openai.AsyncOpenAI(base_url=f"{self.address}{path}", api_key=token, **options)  # type: ignore[arg-type]
        self.stack.push_async_callback(client.close)
        return client

    def anthropic(self, token: str = ANY_TOKEN, path: str = "", **options: object) -> anthropic.AsyncAnthropic:
        """Return the official client."""
        client = anthropic.AsyncAnthropic(base_url=f"{self.address}{path}", api_key=token, **options)  # type: ignore[arg-type]
        self.stack.push_async_callback(client.close)
        return client

    async def http(self) -> aiohttp.ClientSession:
        """Return a plain client."""
        return await self.stack.enter_async_context(aiohttp.ClientSession(auto_decompress=False))

    def provider(self, name: str) -> ProviderView:
        """Return a provider as shown."""
        view = self.manager.snapshot().provider(ProviderId(name))
        assert view is not None
        return view

    async def settled(self) -> None:
        """Wait until no query and no attempt is under way."""
        async with asyncio.timeout(5.0):
            while self.gateway.under_way or any(one.inflight for one in self.manager.snapshot().providers):
                await LoopClock(asyncio.get_running_loop()).sleep(0.005)


def spec_of(name: str, provider: RehearsedProvider, dialect: Dialect) -> ProviderSpec:
    """Return a rehearsed provider's specification, with an endpoint of its own."""
    endpoint = provider.base_url.removesuffix("/v1")
    return ProviderSpec(ProviderId(name), dialect, provider.model, endpoint, "127.0.0.1", f"env:{name}")


@asynccontextmanager
async def a_gateway(  # noqa: PLR0913 - all but the first have defaults, and a test names what it is about
    chain: Mapping[str, Dialect | Literal["responses"]],
    *,
    settings: GatewaySettings | None = None,
    given: Rules | None = None,
    access: Access | None = None,
    others: Mapping[str, Sequence[str]] | None = None,
    pace: Pace = AT_ONCE,
    mid_stream: MidStream = MidStream.ERROR,
    says: str = SAYS,
    models: Mapping[Dialect, str] = MODELS,
) -> AsyncIterator[GatewayWorld]:
    """Run a gateway for one agent with a chain of rehearsed providers.

    Args:
        chain: names and dialects, or `RESPONSES`.
        settings: of the gateway.
        given: the engine's rules.
        access: tokens.
        others: more agents and their chains.
        pace: how fast they are.
        mid_stream: what becomes of streams that break off.
        says: what every provider answers.
        models: what the providers of each dialect are asked for.
    """
    clock = LoopClock(asyncio.get_running_loop())
    async with AsyncExitStack() as stack:
        rehearsal = await stack.enter_async_context(Rehearsal(clock, SeededRng()))
        connections: dict[ProviderId, Connection] = {}
        specs: list[ProviderSpec] = []
        for name, kind in chain.items():
            dialect = Dialect.OPENAI if kind == RESPONSES else Dialect(kind)
            provider = await rehearsal.add(name, dialect, model=models[dialect], key=KEY, says=says, pace=pace)
            connections[ProviderId(name)] = Connection(provider.base_url, lambda: KEY)
            specs.append(replace(spec_of(name, provider, dialect), responses=kind == RESPONSES))
        manager = FailoverManager(SdkUpstreams(connections, clock), given or rules(), clock, SeededRng(), 5)
        await stack.enter_async_context(manager)
        agents = {AGENT: list(chain), **(others or {})}
        await manager.start(specs, [_config(name, members, mid_stream) for name, members in agents.items()])
        gateway = Gateway(manager, clock, settings or GatewaySettings(drain_s=1.0))
        limits = Limits(connections=2_000, per_source=2_000, stop_s=1.0)
        control = ControlSettings(Listen("127.0.0.1", 0), access or Access(), limits)
        server = await stack.enter_async_context(ControlServer(manager, control, data_path=gateway))
        clients = await stack.enter_async_context(AsyncExitStack())
        yield GatewayWorld(server, gateway, manager, rehearsal, clients)


def _config(name: str, chain: Sequence[str], mid_stream: MidStream) -> FailoverConfig:
    first, *backups = (ProviderId(one) for one in chain)
    return FailoverConfig(AgentId(name), first, tuple(backups), health_check_enabled=False, mid_stream=mid_stream)
