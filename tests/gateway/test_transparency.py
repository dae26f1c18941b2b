"""Between a caller and a provider of the same dialect not a byte of the answer changes, however it is cut."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import aiohttp
import pytest

from tests.gateway.asking import ANTHROPIC, OPENAI
from tests.support.gateway_world import rules
from tui_failover.control import ControlServer, ControlSettings, Listen
from tui_failover.core.names import AgentId, ProviderId
from tui_failover.core.spec import Dialect, FailoverConfig, ProviderSpec
from tui_failover.engine.clock import LoopClock
from tui_failover.engine.manager import FailoverManager
from tui_failover.gateway import Gateway
from tui_failover.providers import Connection, SdkUpstreams

PATHS = {OPENAI: "/v1/chat/completions", ANTHROPIC: "/v1/messages"}
CHAT_EVENTS = [
    b": a comment of the relay\r\n\r\n",
    b'data: {"id":"c","choices":[{"index":0,"delta":{"role":"assistant"}}],"x_unknown":[1, 2.50]}\r\n\r\n',
    'data:{"id":"c","choices":[{"index":0,"delta":{"content":"héé €\\ud83d"}}]}\n\n'.encode(),
    b'id: 7\ndata: {"id":"c","choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"t"}]}}]}\n\n',
    b'data: {"id":"c","choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}],\ndata: "usage":null}\n\n',
    b"data: [DONE]\n\n",
]
MESSAGE_EVENTS = [
    b'event: message_start\ndata: {"type":"message_start","message":{"id":"m","usage":{"input_tokens":3}}}\n\n',
    b'event: ping\ndata: {"type": "ping"}\n\n',
    b'data: {"type":"content_block_start","index":0,"content_block":{"type":"thinking"}}\n\n',
    b'data: {"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"hm"}}\n\n',
    'data: {"type":"content_block_delta","delta":{"type":"signature_delta","signature":"é"}}\r\n\r\n'.encode(),
    b'event: brand_new\ndata: {"type":"brand_new","a":1.0}\n\n',
    b'event: message_delta\ndata: {"type":"message_delta","delta":{"stop_reason":"end_turn"}}\n\n',
    b'event: message_stop\ndata: {"type":"message_stop"}\n\n',
]
# A picture in an answer is one line of megabytes.
LONG = b'data: {"id":"c","choices":[{"index":0,"delta":{"content":"' + b"x" * (3 << 20) + b'"}}]}\n\n'
EVENTS = {OPENAI: CHAT_EVENTS, ANTHROPIC: MESSAGE_EVENTS}
REQUEST = (
    b'{ "messages":[{"role":"user","content":"h\\u00e9 \xe2\x82\xac"}],'
    b'"stream" : true,"max_tokens":9, "model":"m",  "odd":1.50 }'
)


class Speaking:
    """A provider on a bare socket that sends the pieces it is given and remembers what it was sent."""

    def __init__(self, pieces: Sequence[bytes]) -> None:
        self.pieces = pieces
        self.received = b""

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(
            int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length")
        )
        self.received = await reader.readexactly(length)
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n")
        clock = LoopClock(asyncio.get_running_loop())
        for piece in self.pieces:
            writer.write(piece)
            await writer.drain()
            await clock.sleep(0)
        writer.close()


@asynccontextmanager
async def gateway_to(dialect: Dialect, provider: Speaking) -> AsyncIterator[str]:
    clock = LoopClock(asyncio.get_running_loop())
    socket = await asyncio.start_server(provider, "127.0.0.1", 0)
    base = f"http://127.0.0.1:{socket.sockets[0].getsockname()[1]}"
    reached = Connection(f"{base}/v1" if dialect is OPENAI else base, lambda: "key", usage_in_stream=False)
    name = ProviderId("one")
    spec = ProviderSpec(name, dialect, "provider-model", base, "127.0.0.1", "env:KEY")
    async with FailoverManager(SdkUpstreams({name: reached}, clock), rules(), clock) as manager:
        await manager.start([spec], [FailoverConfig(AgentId("a"), name, health_check_enabled=False)])
        settings = ControlSettings(Listen("127.0.0.1", 0))
        async with ControlServer(manager, settings, data_path=Gateway(manager, clock)) as server:
            yield server.address
    socket.close()


def cut(stream: bytes, size: int) -> list[bytes]:
    return [stream[start : start + size] for start in range(0, len(stream), size)]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64, 100_000])
@pytest.mark.parametrize("dialect", Dialect, ids=str)
async def test_a_stream_arrives_byte_for_byte_however_it_was_cut(dialect: Dialect, size: int) -> None:
    """Oaklight/llm-rosetta#518: blocks that had gone through a form of the gateway's own came out changed."""
    stream = b"".join(EVENTS[dialect])
    provider = Speaking(cut(stream, size))
    async with gateway_to(dialect, provider) as address, aiohttp.ClientSession() as http:
        sent = {"Content-Type": "application/json"}
        async with http.post(f"{address}{PATHS[dialect]}", data=REQUEST, headers=sent) as answer:
            body = await answer.read()

    assert answer.status == 200
    assert body == stream
    assert provider.received == REQUEST.replace(b'"m"', b'"provider-model"')


@pytest.mark.parametrize("size", [65_536, 4 << 20])
async def test_a_line_of_megabytes_arrives_whole(size: int) -> None:
    """openclaw/openclaw#29320: a proxy cut lines that did not fit its buffer."""
    stream = b"".join([CHAT_EVENTS[1], LONG, *CHAT_EVENTS[-2:]])
    async with gateway_to(OPENAI, Speaking(cut(stream, size))) as address, aiohttp.ClientSession() as http:
        sent = {"Content-Type": "application/json"}
        async with http.post(f"{address}{PATHS[OPENAI]}", data=REQUEST, headers=sent) as answer:
            body = await answer.read()

    assert body == stream
