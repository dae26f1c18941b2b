"""Where nothing fails, an official client cannot tell the gateway from its provider.

Each scenario is one answer, worded once for each dialect. A provider on a bare socket gives it whole or streamed,
as it is asked. Within a dialect the client's object through the gateway must equal the one it gets from the
provider itself; across dialects, what was said, called, counted and why it ended must be the same after the rules.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import anthropic
import openai
import pytest
import pytest_asyncio
from openai.lib.streaming.chat import ChatCompletionStreamState

from tests.gateway.asking import ANTHROPIC, OPENAI
from tests.support.bare_providers import STREAM, BareProvider, Sent, a_bare_gateway, listening, whole
from tests.support.dialects import (
    block,
    call_piece,
    calls,
    chunk,
    message_end,
    message_start,
    sse,
    text_block,
    tool_block,
    usage_chunk,
)
from tests.support.gateway_world import KEY, MODELS, GatewayWorld
from tui_failover.core.spec import Dialect

ONE_MODULE_ONE_LOOP = pytest.mark.asyncio(loop_scope="module")
PARIS, ROME = '{"city":"Paris","days":[1,2.50],"é":"€"}', '{"city":"Rome"}'
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII="
ASK = [{"role": "user", "content": "Weather?"}]


@dataclass(frozen=True)
class Called:
    """A call of a tool as anybody would understand it."""

    id: str
    name: str
    arguments: object


@dataclass(frozen=True)
class Meant:
    """What an answer means, in no dialect."""

    text: str
    calls: tuple[Called, ...]
    reasoning: str
    stop: str
    usage: tuple[int, int, int]  # input with what came from the cache, output, of the input from the cache


@dataclass(frozen=True)
class Scenario:
    """One answer in both dialects, and the question that gets it."""

    name: str
    meant: Meant
    chat: list[object]
    messages: list[object]
    ask_chat: dict[str, Any]
    ask_messages: dict[str, Any]


CALLS = (Called("call_a", "weather", json.loads(PARIS)), Called("call_b", "weather", json.loads(ROME)))
CHAT_TOOLS = {"tools": [{"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}]}
MESSAGES_TOOLS = {"tools": [{"name": "weather", "input_schema": {"type": "object"}}]}
ROLE = chunk({"role": "assistant", "content": ""})
CHAT_TEXT = [ROLE, chunk({"content": "It is "}), chunk({"content": "sunny – 20 °C."})]
CACHED = {"prompt_tokens_details": {"cached_tokens": 4}}


def chat_end(finish: str) -> list[object]:
    return [chunk({}, finish), usage_chunk(14, 6, **CACHED), "[DONE]"]


def pieces(text: str) -> list[str]:
    return [text[:9], text[9:]]


START = message_start(input_tokens=10, cache_read_input_tokens=4, cache_creation_input_tokens=0)
SUNNY = text_block(0, "It is ", "sunny – 20 °C.")
CHAT_PARIS = [calls(call_piece(0, "", "weather", "call_a")), *(calls(call_piece(0, one)) for one in pieces(PARIS))]
CHAT_ROME = [calls(call_piece(1, "", "weather", "call_b")), *(calls(call_piece(1, one)) for one in pieces(ROME))]
SAID = "It is sunny – 20 °C."
USAGE = (14, 6, 4)
CHAT_HISTORY = {
    "messages": [
        *ASK,
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [
                {"id": "call_a", "type": "function", "function": {"name": "weather", "arguments": PARIS}}
            ],
        },
        {"role": "tool", "tool_call_id": "call_a", "content": "sunny"},
    ],
    **CHAT_TOOLS,
}
MESSAGES_HISTORY = {
    "messages": [
        *ASK,
        {
            "role": "assistant",
            "content": [{"type": "tool_use", "id": "call_a", "name": "weather", "input": json.loads(PARIS)}],
        },
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "call_a", "content": "sunny"}]},
    ],
    **MESSAGES_TOOLS,
}
CHAT_PICTURE = [
    {"type": "text", "text": "Weather?"},
    {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG}"}},
]
MESSAGES_PICTURE = [
    {"type": "text", "text": "Weather?"},
    {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}},
]
TEXT_ANSWER: tuple[Meant, list[object], list[object]] = (
    Meant(SAID, (), "", "stop", USAGE),
    [*CHAT_TEXT, *chat_end("stop")],
    [START, *SUNNY, *message_end("end_turn", 6)],
)
SCENARIOS = [
    Scenario("text", *TEXT_ANSWER, {"messages": ASK}, {"messages": ASK}),
    Scenario(
        "cut short",
        Meant(SAID, (), "", "length", USAGE),
        [*CHAT_TEXT, *chat_end("length")],
        [START, *SUNNY, *message_end("max_tokens", 6)],
        {"messages": ASK},
        {"messages": ASK},
    ),
    Scenario(
        "one call",
        Meant("", CALLS[:1], "", "tool_calls", USAGE),
        [chunk({"role": "assistant", "content": None}), *CHAT_PARIS, *chat_end("tool_calls")],
        [START, *tool_block(0, "call_a", "weather", *pieces(PARIS)), *message_end("tool_use", 6)],
        {"messages": ASK, **CHAT_TOOLS},
        {"messages": ASK, **MESSAGES_TOOLS},
    ),
    Scenario(
        "words and two calls",
        Meant(SAID, CALLS, "", "tool_calls", USAGE),
        [*CHAT_TEXT, *CHAT_PARIS, *CHAT_ROME, *chat_end("tool_calls")],
        [
            START,
            *SUNNY,
            *tool_block(1, "call_a", "weather", *pieces(PARIS)),
            *tool_block(2, "call_b", "weather", *pieces(ROME)),
            *message_end("tool_use", 6),
        ],
        {"messages": ASK, **CHAT_TOOLS},
        {"messages": ASK, **MESSAGES_TOOLS},
    ),
    Scenario("result in", *TEXT_ANSWER, CHAT_HISTORY, MESSAGES_HISTORY),
    Scenario(
        "picture in",
        *TEXT_ANSWER,
        {"messages": [{"role": "user", "content": CHAT_PICTURE}]},
        {"messages": [{"role": "user", "content": MESSAGES_PICTURE}]},
    ),
    Scenario(
        "reasoning",
        Meant(SAID, (), "Look outside.", "stop", USAGE),
        [ROLE, chunk({"reasoning_content": "Look "}), chunk({"reasoning_content": "outside."}), *CHAT_TEXT[1:],
         *chat_end("stop")],
        [
            START,
            *block(
                0,
                {"type": "thinking", "thinking": "", "signature": ""},
                {"type": "thinking_delta", "thinking": "Look outside."},
                {"type": "signature_delta", "signature": "sig"},
            ),
            *text_block(1, "It is ", "sunny – 20 °C."),
            *message_end("end_turn", 6),
        ],
        {"messages": ASK, "reasoning_effort": "low"},
        {"messages": ASK},
    ),
]  # fmt: skip


def whole_chat(scenario: Scenario) -> dict[str, object]:
    """The answer as this vendor gives it to whoever does not stream."""
    meant = scenario.meant
    message: dict[str, object] = {"role": "assistant", "content": meant.text or None, "refusal": None}
    if meant.reasoning:
        message["reasoning_content"] = meant.reasoning
    if meant.calls:
        texts = (PARIS, ROME)
        message["tool_calls"] = [
            {"id": one.id, "type": "function", "function": {"name": one.name, "arguments": text}}
            for one, text in zip(meant.calls, texts, strict=False)
        ]
    usage = {"prompt_tokens": 14, "completion_tokens": 6, "total_tokens": 20, **CACHED}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": meant.stop}
    return {
        "id": "chatcmpl-up",
        "object": "chat.completion",
        "created": 1,
        "model": "served",
        "choices": [choice],
        "usage": usage,
    }


def whole_message(scenario: Scenario) -> dict[str, object]:
    """The answer as this vendor gives it to whoever does not stream."""
    meant = scenario.meant
    content: list[dict[str, object]] = []
    if meant.reasoning:
        content.append({"type": "thinking", "thinking": meant.reasoning, "signature": "sig"})
    if meant.text:
        content.append({"type": "text", "text": meant.text})
    content += [
        {"type": "tool_use", "id": one.id, "name": one.name, "input": one.arguments} for one in meant.calls
    ]
    usage = {
        "input_tokens": 10, "cache_read_input_tokens": 4, "cache_creation_input_tokens": 0, "output_tokens": 6
    }  # fmt: skip
    reason = {"stop": "end_turn", "length": "max_tokens", "tool_calls": "tool_use"}[meant.stop]
    return {
        "id": "msg_up",
        "type": "message",
        "role": "assistant",
        "model": "served",
        "content": content,
        "stop_reason": reason,
        "stop_sequence": None,
        "usage": usage,
    }


class Actor:
    """A provider that gives the answer of the scenario it is told, whole or streamed as it is asked."""

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect
        self.scenario = SCENARIOS[0]

    async def __call__(self, sent: Sent, writer: asyncio.StreamWriter) -> None:
        chat, scenario = self.dialect is OPENAI, self.scenario
        if sent.json.get("stream") is True:
            writer.write(STREAM + sse(*(scenario.chat if chat else scenario.messages), named=not chat))
        else:
            document = whole_chat(scenario) if chat else whole_message(scenario)
            writer.write(whole(json.dumps(document).encode()))
        await writer.drain()
        writer.close()


@dataclass
class Pair:
    """A gateway in front of one provider, and the provider itself."""

    world: GatewayWorld
    provider: BareProvider
    actor: Actor
    direct: str
    openai: openai.AsyncOpenAI
    anthropic: anthropic.AsyncAnthropic


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=list(Dialect), ids=lambda one: f"by-{one}")
async def pair(request: pytest.FixtureRequest) -> AsyncIterator[Pair]:
    dialect: Dialect = request.param
    actor = Actor(dialect)
    provider = BareProvider(actor)
    async with a_bare_gateway({"one": (dialect, provider)}) as world, listening(provider) as direct:
        clients = world.openai(KEY, max_retries=0), world.anthropic(KEY, max_retries=0)
        yield Pair(world, provider, actor, direct, *clients)


async def answer_of(pair: Pair, dialect: Dialect, *, stream: bool, direct: bool) -> Any:
    """Return what the official client makes of the answer."""
    scenario, base = pair.actor.scenario, pair.direct if direct else pair.world.address
    if dialect is OPENAI:
        return await _completion(pair.openai.with_options(base_url=f"{base}/v1"), scenario, stream=stream)
    return await _message(pair.anthropic.with_options(base_url=base), scenario, stream=stream)


async def _completion(client: openai.AsyncOpenAI, scenario: Scenario, *, stream: bool) -> Any:
    asked = {"model": MODELS[OPENAI], **scenario.ask_chat}
    if not stream:
        return await client.chat.completions.create(**asked)
    state: ChatCompletionStreamState[None] = ChatCompletionStreamState()
    asked |= {"stream": True, "stream_options": {"include_usage": True}}
    async for event in await client.chat.completions.create(**asked):
        state.handle_chunk(event)
    return state.current_completion_snapshot


async def _message(client: anthropic.AsyncAnthropic, scenario: Scenario, *, stream: bool) -> Any:
    asked = {"model": MODELS[ANTHROPIC], "max_tokens": 100, **scenario.ask_messages}
    if not stream:
        return await client.messages.create(**asked)
    async with client.messages.stream(**asked) as parts:
        return await parts.get_final_message()


def meaning(answer: Any, dialect: Dialect) -> Meant:
    """Return what an official client's object means."""
    if dialect is OPENAI:
        (choice,) = answer.choices
        said = choice.message
        made = tuple(
            Called(one.id, one.function.name, json.loads(one.function.arguments)) for one in said.tool_calls or ()
        )
        cached = answer.usage.prompt_tokens_details.cached_tokens
        usage = (answer.usage.prompt_tokens, answer.usage.completion_tokens, cached)
        reasoning = getattr(said, "reasoning_content", None) or ""
        return Meant(said.content or "", made, reasoning, choice.finish_reason, usage)
    told = {"end_turn": "stop", "max_tokens": "length", "tool_use": "tool_calls"}
    count = answer.usage
    return Meant(
        "".join(one.text for one in answer.content if one.type == "text"),
        tuple(Called(one.id, one.name, one.input) for one in answer.content if one.type == "tool_use"),
        "".join(one.thinking for one in answer.content if one.type == "thinking"),
        told[answer.stop_reason],
        (
            count.input_tokens + (count.cache_read_input_tokens or 0),
            count.output_tokens,
            count.cache_read_input_tokens or 0,
        ),
    )


@ONE_MODULE_ONE_LOOP
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streaming"])
@pytest.mark.parametrize("dialect", Dialect, ids=lambda one: f"ask-{one}")
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda one: one.name)
async def test_an_answer_means_the_same_through_the_gateway(
    pair: Pair, scenario: Scenario, dialect: Dialect, stream: bool
) -> None:
    pair.actor.scenario = scenario

    answer = await answer_of(pair, dialect, stream=stream, direct=False)

    assert meaning(answer, dialect) == scenario.meant
    if dialect is pair.actor.dialect:
        assert answer.to_dict() == (await answer_of(pair, dialect, stream=stream, direct=True)).to_dict()


@ONE_MODULE_ONE_LOOP
@pytest.mark.parametrize("dialect", Dialect, ids=lambda one: f"ask-{one}")
async def test_a_tools_result_and_a_picture_reach_the_provider_in_its_own_words(
    pair: Pair, dialect: Dialect
) -> None:
    theirs = "ask_chat" if pair.actor.dialect is OPENAI else "ask_messages"
    for name in ("result in", "picture in"):
        pair.actor.scenario = next(one for one in SCENARIOS if one.name == name)

        await answer_of(pair, dialect, stream=False, direct=False)

        got, own = pair.provider.sent[-1].json["messages"], getattr(pair.actor.scenario, theirs)["messages"]
        assert _plain(got) == _plain(own)


def _plain(messages: Any) -> Any:
    """Return messages with what may be worded in two ways worded in one."""
    plain = json.loads(json.dumps(messages))
    for message in plain:
        content = message.get("content")
        if isinstance(content, list) and len(content) == 1 and content[0].get("type") == "text":
            message["content"] = content[0]["text"]
        for part in content if isinstance(content, list) else ():
            if isinstance(part.get("content"), list):
                part["content"] = "".join(one["text"] for one in part["content"])
        for call in message.get("tool_calls") or ():
            call["function"]["arguments"] = json.loads(call["function"]["arguments"])
        if "tool_calls" in message and not content:
            message.pop("content", None)
    return plain
