"""How the official clients ask: each dialect, streaming or not, as one call that returns the text or raises."""

from collections.abc import Callable, Coroutine
from typing import Any

from tests.support.gateway_world import GatewayWorld
from tui_failover.core.spec import Dialect

Ask = Callable[[], Coroutine[Any, Any, str]]
QUESTION = "What does the gateway do?"
OPENAI, ANTHROPIC = Dialect.OPENAI, Dialect.ANTHROPIC
WAYS = [(dialect, stream) for dialect in Dialect for stream in (False, True)]


def way_id(value: object) -> str:
    """Return a test id for a dialect, or for whether the caller streams."""
    if isinstance(value, bool):
        return "streaming" if value else "whole"
    return str(value)


def asking(world: GatewayWorld, dialect: Dialect, *, stream: bool, model: str = "anything") -> Ask:
    """Return a call of the official client of `dialect`, which is made once."""
    return _openai(world, model, stream=stream) if dialect is OPENAI else _anthropic(world, model, stream=stream)


def _openai(world: GatewayWorld, model: str, *, stream: bool) -> Ask:
    client = world.openai()

    async def whole() -> str:
        answer = await client.chat.completions.create(
            model=model, messages=[{"role": "user", "content": QUESTION}]
        )
        return answer.choices[0].message.content or ""

    async def streamed() -> str:
        events = await client.chat.completions.create(
            model=model, messages=[{"role": "user", "content": QUESTION}], stream=True
        )
        return "".join([event.choices[0].delta.content or "" async for event in events])

    return streamed if stream else whole


def _anthropic(world: GatewayWorld, model: str, *, stream: bool) -> Ask:
    client = world.anthropic()

    async def whole() -> str:
        answer = await client.messages.create(
            model=model, max_tokens=200, messages=[{"role": "user", "content": QUESTION}]
        )
        return "".join(block.text for block in answer.content if block.type == "text")

    async def streamed() -> str:
        async with client.messages.stream(
            model=model, max_tokens=200, messages=[{"role": "user", "content": QUESTION}]
        ) as events:
            return "".join([text async for text in events.text_stream])

    return streamed if stream else whole
