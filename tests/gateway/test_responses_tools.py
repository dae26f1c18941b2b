"""Callers of the Responses API use tools: the call comes, its result goes back, whoever is behind the gateway."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

import httpx2
import openai
import pytest

from tests.gateway.asking import ANTHROPIC, OPENAI
from tests.support.dialects import (
    call_piece,
    calls,
    chunk,
    counted_ids,
    message_end,
    message_start,
    sse,
    text_block,
    tool_block,
    usage_chunk,
)
from tests.support.gateway_world import AGENT, MODELS, RESPONSES, SeededRng, rules
from tests.support.responses import worded
from tui_failover.control import ControlServer, ControlSettings, Listen
from tui_failover.core.names import AgentId, ProviderId
from tui_failover.core.spec import Dialect, FailoverConfig, ProviderSpec
from tui_failover.engine.clock import LoopClock
from tui_failover.engine.manager import FailoverManager
from tui_failover.gateway import Gateway
from tui_failover.providers import Connection, SdkUpstreams
from tui_failover.wire.answer import Answer, Stop
from tui_failover.wire.conversation import Text, ToolCall
from tui_failover.wire.openai_responses_writing import write_responses_answer
from tui_failover.wire.stream_translation import stream_of

Kind = Dialect | Literal["responses"]
KINDS: list[Kind] = [RESPONSES, OPENAI, ANTHROPIC]
TOOL: Any = {
    "type": "function",
    "name": "weather",
    "description": "Tells it.",
    "parameters": {
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
        "additionalProperties": False,
    },
    "strict": True,
}
CALLING = Answer(
    (
        Text("I look."),
        ToolCall("call_a", "weather", '{"city":"Bonn"}'),
        ToolCall("call_b", "weather", '{"city":"Rome"}'),
    ),
    Stop.TOOL,
)
SAYING = Answer((Text("Rain there, sun here."),), Stop.END)
ANSWERS: dict[Kind, list[bytes]] = {
    RESPONSES: [stream_of(OPENAI, answer, worded(), counted_ids(), 1) for answer in (CALLING, SAYING)],
    OPENAI: [
        sse(
            chunk({"role": "assistant", "content": "I look."}),
            calls(
                call_piece(0, '{"city"', "weather", "call_a"),
                call_piece(1, '{"city":"Rome"}', "weather", "call_b"),
            ),
            calls(call_piece(0, ':"Bonn"}')),
            chunk({}, "tool_calls"),
            usage_chunk(9, 4),
            "[DONE]",
        ),
        sse(chunk({"content": "Rain there, sun here."}), chunk({}, "stop"), usage_chunk(9, 4), "[DONE]"),
    ],
    ANTHROPIC: [
        sse(
            message_start(),
            *text_block(0, "I look."),
            *tool_block(1, "call_a", "weather", '{"city"', ':"Bonn"}'),
            *tool_block(2, "call_b", "weather", '{"city":"Rome"}'),
            *message_end("tool_use"),
            named=True,
        ),
        sse(message_start(), *text_block(0, "Rain there, sun here."), *message_end("end_turn"), named=True),
    ],
}
EVENTS = (b"200 OK", b"text/event-stream")
NOT_HERE = (b"404 Not Found", b"application/json")


@dataclass
class Talking:
    """A provider on a bare socket that gives its answers in turn, the last one again and again.

    Attributes:
        bodies: what it was sent.
    """

    answers: list[bytes]
    head: tuple[bytes, bytes] = EVENTS
    bodies: list[dict[str, Any]] = field(default_factory=list)

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0])
        self.bodies.append(json.loads(await reader.readexactly(length)))
        writer.write(b"HTTP/1.1 %b\r\nContent-Type: %b\r\nConnection: close\r\n\r\n" % self.head)
        writer.write(self.answers[min(len(self.bodies), len(self.answers)) - 1])
        await writer.drain()
        writer.close()


@asynccontextmanager
async def a_client(chain: Mapping[str, tuple[Kind, Talking]]) -> AsyncIterator[openai.AsyncOpenAI]:
    """Return the official client in front of a gateway to providers on bare sockets."""
    clock = LoopClock(asyncio.get_running_loop())
    connections: dict[ProviderId, Connection] = {}
    specs: list[ProviderSpec] = []
    sockets = []
    for name, (kind, provider) in chain.items():
        dialect = ANTHROPIC if kind is ANTHROPIC else OPENAI
        socket = await asyncio.start_server(provider, "127.0.0.1", 0)
        sockets.append(socket)
        base = f"http://127.0.0.1:{socket.sockets[0].getsockname()[1]}"
        connections[ProviderId(name)] = Connection(f"{base}/v1" if dialect is OPENAI else base, lambda: "key")
        spec = ProviderSpec(ProviderId(name), dialect, MODELS[dialect], base, "127.0.0.1", f"env:{name}")
        specs.append(spec if kind is not RESPONSES else with_responses(spec))
    first, *backups = connections
    config = FailoverConfig(AgentId(AGENT), first, tuple(backups), health_check_enabled=False)
    async with FailoverManager(SdkUpstreams(connections, clock), rules(), clock, SeededRng()) as manager:
        await manager.start(specs, [config])
        gateway = Gateway(manager, clock)
        listen = ControlSettings(Listen("127.0.0.1", 0))
        async with (
            ControlServer(manager, listen, data_path=gateway) as server,
            openai.AsyncOpenAI(base_url=f"{server.address}/v1", api_key="any", max_retries=0) as client,
        ):
            yield client
    for socket in sockets:
        socket.close()


def with_responses(spec: ProviderSpec) -> ProviderSpec:
    return ProviderSpec(
        spec.id, spec.dialect, spec.model, spec.endpoint, spec.host, spec.credential, responses=True
    )


async def asked(client: openai.AsyncOpenAI, said: list[Any], *, stream: bool) -> Any:
    """Ask with a tool at hand and return the whole response."""
    if not stream:
        return await client.responses.create(model="any", input=said, tools=[TOOL])
    async with client.responses.stream(model="any", input=said, tools=[TOOL]) as events:
        return await events.get_final_response()


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streaming"])
@pytest.mark.parametrize("kind", KINDS, ids=["responses", "chat-only", "anthropic"])
async def test_calls_come_and_their_results_go_back(kind: Kind, stream: bool) -> None:
    provider = Talking(ANSWERS[kind])
    said: list[Any] = [{"role": "user", "content": "Weather in Bonn and Rome?"}]
    async with a_client({"one": (kind, provider)}) as client:
        calling = await asked(client, said, stream=stream)
        made = [item for item in calling.output if item.type == "function_call"]
        said += [item.model_dump(exclude_unset=True) for item in calling.output]
        said += [
            {"type": "function_call_output", "call_id": item.call_id, "output": item.arguments} for item in made
        ]
        saying = await asked(client, said, stream=stream)

    assert [(item.call_id, json.loads(item.arguments)["city"]) for item in made] == [
        ("call_a", "Bonn"),
        ("call_b", "Rome"),
    ]
    assert calling.output_text == "I look."
    assert saying.output_text == "Rain there, sun here."
    assert results_in(provider.bodies[-1]) == {"call_a": '{"city":"Bonn"}', "call_b": '{"city":"Rome"}'}


def results_in(body: dict[str, Any]) -> dict[str, str]:
    """What a provider was told of the calls, by their ids, in whichever form it takes that."""
    if "input" in body:
        return {
            one["call_id"]: one["output"] for one in body["input"] if one.get("type") == "function_call_output"
        }
    told = [message for message in body["messages"] if message["role"] == "tool"]
    if told:
        return {one["tool_call_id"]: one["content"] for one in told}
    blocks = body["messages"][-1]["content"]
    return {one["tool_use_id"]: one["content"][0]["text"] for one in blocks if one["type"] == "tool_result"}


async def test_bytes_pass_as_they_are_where_the_api_is_offered() -> None:
    provider = Talking(ANSWERS[RESPONSES])
    sent: dict[str, Any] = {
        "model": "any",
        "input": "x",
        "stream": True,
        "previous_response_id": "resp_1",
        "store": True,
        "tools": [TOOL, {"type": "web_search"}],
        "brand_new": 1.5,
    }
    async with a_client({"one": (RESPONSES, provider)}) as client:
        answer = await client.post("/responses", cast_to=httpx2.Response, body=sent)
        body = await answer.aread()

    assert body == ANSWERS[RESPONSES][0]
    assert provider.bodies == [{**sent, "model": MODELS[OPENAI]}]


async def test_a_conversation_goes_on_with_a_provider_of_another_vendor() -> None:
    """What one made is understood by the next, and reasoning nobody signed is not shown to its vendor."""
    thinking = Answer((Text("Hi."),), Stop.END)
    vendor = Talking([stream_of(OPENAI, thinking, worded(), counted_ids(), 1)])
    history: list[Any] = [
        {"role": "user", "content": "Hello"},
        {"type": "reasoning", "id": "rs_unsigned_1", "summary": [{"type": "summary_text", "text": "Hm."}]},
        {"role": "assistant", "content": "Hello."},
        {"role": "user", "content": "Again"},
    ]
    async with a_client({"vendor": (RESPONSES, vendor)}) as client:
        answer = await asked(client, history, stream=False)

    assert answer.output_text == "Hi."
    assert [one.get("type", "message") for one in vendor.bodies[-1]["input"]] == ["message"] * 3


@pytest.mark.parametrize("page", [b'{"detail":"Not Found"}', b"", b'{"error":{"message":"Invalid URL"}}'])
async def test_a_server_without_the_api_is_passed_over_and_keeps_its_model(page: bytes) -> None:
    server, backup = Talking([page], NOT_HERE), Talking(ANSWERS[ANTHROPIC][1:])
    async with a_client({"server": (RESPONSES, server), "backup": (ANTHROPIC, backup)}) as client:
        first = await asked(client, [{"role": "user", "content": "x"}], stream=False)
        server.head, server.answers = EVENTS, ANSWERS[OPENAI][1:]
        chat = await client.chat.completions.with_raw_response.create(
            model="any", messages=[{"role": "user", "content": "x"}]
        )

    assert first.output_text == "Rain there, sun here."
    assert chat.headers["x-failover-provider"] == "server"


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streaming"])
async def test_an_answer_that_comes_whole_is_taken_although_a_stream_was_asked_for(stream: bool) -> None:
    body = json.dumps(write_responses_answer(CALLING, worded(), counted_ids(), 1)).encode()
    async with a_client({"one": (RESPONSES, Talking([body], (b"200 OK", b"application/json")))}) as client:
        response = await asked(client, [{"role": "user", "content": "x"}], stream=stream)

    assert response.output_text == "I look."
    assert [item.type for item in response.output] == ["message", "function_call", "function_call"]
