"""The official SDKs, and httpx, take rehearsed providers for the real ones."""

import anthropic
import httpx
import openai
import pytest

from tests.support.rehearsal import CHAT_PATHS, MODELS
from tui_failover.core.spec import Dialect
from tui_failover.rehearsal import AT_ONCE, Rehearsal, RehearsedProvider
from tui_failover.rehearsal.phrases import GREETING

GPT, CLAUDE = MODELS[Dialect.OPENAI], MODELS[Dialect.ANTHROPIC]


@pytest.fixture
async def openai_provider(rehearsal: Rehearsal) -> RehearsedProvider:
    return await rehearsal.add("o", Dialect.OPENAI, model=GPT, pace=AT_ONCE, key="key")


@pytest.fixture
async def anthropic_provider(rehearsal: Rehearsal) -> RehearsedProvider:
    return await rehearsal.add("a", Dialect.ANTHROPIC, model=CLAUDE, pace=AT_ONCE, key="key")


def _openai(provider: RehearsedProvider) -> openai.AsyncOpenAI:
    return openai.AsyncOpenAI(base_url=provider.base_url, api_key="key", max_retries=0)


def _anthropic(provider: RehearsedProvider) -> anthropic.AsyncAnthropic:
    return anthropic.AsyncAnthropic(base_url=provider.base_url, api_key="key", max_retries=0)


async def test_openai_sdk_reads_a_whole_answer(openai_provider: RehearsedProvider) -> None:
    async with _openai(openai_provider) as client:
        answer = await client.chat.completions.create(model=GPT, messages=[{"role": "user", "content": "Hello"}])

    assert answer.choices[0].message.content == GREETING
    assert answer.choices[0].finish_reason == "stop"
    assert answer.usage is not None
    assert answer.usage.completion_tokens == 12
    assert answer.model == GPT


@pytest.mark.parametrize("most", [None, 3])
async def test_openai_sdk_reads_a_response(openai_provider: RehearsedProvider, most: int | None) -> None:
    async with _openai(openai_provider) as client:
        answer = await client.responses.create(model=GPT, input="Hello", max_output_tokens=most)

    assert answer.output_text == GREETING if most is None else GREETING.startswith(answer.output_text)
    assert answer.status == ("completed" if most is None else "incomplete")
    assert answer.usage is not None
    assert answer.usage.output_tokens == (most or 12)


async def test_openai_sdk_reads_a_streamed_response(openai_provider: RehearsedProvider) -> None:
    async with _openai(openai_provider) as client, client.responses.stream(model=GPT, input="Hello") as events:
        numbers = [event.sequence_number async for event in events]
        answer = await events.get_final_response()

    assert answer.output_text == GREETING
    assert numbers == list(range(len(numbers)))


async def test_openai_sdk_is_refused_a_response_as_by_the_vendor(openai_provider: RehearsedProvider) -> None:
    async with _openai(openai_provider) as client:
        with pytest.raises(openai.NotFoundError):
            await client.responses.create(model="gpt-none", input="Hello")
        with pytest.raises(openai.BadRequestError, match="Missing required parameter"):
            await client.responses.create(model=GPT)
        with pytest.raises(openai.BadRequestError) as raised:
            await client.responses.create(model=GPT, input="Hello", previous_response_id="resp_0")

    assert raised.value.code == "previous_response_not_found"


async def test_openai_sdk_reads_a_stream(openai_provider: RehearsedProvider) -> None:
    said, finish, tokens = "", None, 0

    async with _openai(openai_provider) as client:
        stream = await client.chat.completions.create(
            model=GPT,
            messages=[{"role": "user", "content": "Hello"}],
            stream=True,
            stream_options={"include_usage": True},
        )
        async for chunk in stream:
            tokens = chunk.usage.completion_tokens if chunk.usage else tokens
            for choice in chunk.choices:
                said += choice.delta.content or ""
                finish = choice.finish_reason or finish

    assert (said, finish, tokens) == (GREETING, "stop", 12)


async def test_openai_sdk_lists_models(openai_provider: RehearsedProvider) -> None:
    async with _openai(openai_provider) as client:
        models = await client.models.list()

    assert [model.id for model in models.data] == [GPT]


async def test_anthropic_sdk_reads_a_whole_answer(anthropic_provider: RehearsedProvider) -> None:
    async with _anthropic(anthropic_provider) as client:
        answer = await client.messages.create(
            model=CLAUDE, max_tokens=100, messages=[{"role": "user", "content": "Hello"}]
        )

    (block,) = answer.content
    assert block.type == "text"
    assert block.text == GREETING
    assert (answer.stop_reason, answer.usage.output_tokens) == ("end_turn", 12)


async def test_anthropic_sdk_assembles_a_stream(anthropic_provider: RehearsedProvider) -> None:
    question = [anthropic.types.TextBlockParam(type="text", text="Hello")]

    async with (
        _anthropic(anthropic_provider) as client,
        client.messages.stream(
            model=CLAUDE, max_tokens=100, messages=[{"role": "user", "content": question}]
        ) as stream,
    ):
        answer = await stream.get_final_message()

    (block,) = answer.content
    assert block.type == "text"
    assert block.text == GREETING
    assert (answer.stop_reason, answer.usage.input_tokens, answer.usage.output_tokens) == ("end_turn", 8, 12)


async def test_anthropic_sdk_lists_models(anthropic_provider: RehearsedProvider) -> None:
    async with _anthropic(anthropic_provider) as client:
        models = await client.models.list()

    assert [model.id for model in models.data] == [CLAUDE]


@pytest.mark.parametrize(
    ("fault", "raised"),
    [
        ("wrong-key", openai.AuthenticationError),
        ("quota", openai.RateLimitError),
        ("status:503", openai.InternalServerError),
        ("no-model", openai.NotFoundError),
        ("cut:3", openai.APIConnectionError),
        ("refuse", openai.APIConnectionError),
        ("reset", openai.APIConnectionError),
        ("error-event:3", openai.APIError),
    ],
)
async def test_openai_sdk_raises_what_it_raises_for_the_real_thing(
    fault: str, raised: type[Exception], openai_provider: RehearsedProvider
) -> None:
    openai_provider.play(fault)

    with pytest.raises(raised):
        await _stream_openai(openai_provider)


async def _stream_openai(provider: RehearsedProvider) -> None:
    async with _openai(provider) as client:
        stream = await client.chat.completions.create(
            model=GPT, messages=[{"role": "user", "content": "Hello"}], stream=True
        )
        async for _ in stream:
            pass


@pytest.mark.parametrize(
    ("fault", "raised"),
    [
        ("wrong-key", anthropic.AuthenticationError),
        ("quota", anthropic.RateLimitError),
        ("overloaded", anthropic.InternalServerError),
        ("no-model", anthropic.NotFoundError),
        ("refuse", anthropic.APIConnectionError),
        ("reset", anthropic.APIConnectionError),
        ("error-event:3", anthropic.APIStatusError),
    ],
)
async def test_anthropic_sdk_raises_what_it_raises_for_the_real_thing(
    fault: str, raised: type[Exception], anthropic_provider: RehearsedProvider
) -> None:
    anthropic_provider.play(fault)

    with pytest.raises(raised):
        await _stream_anthropic(anthropic_provider)


async def _stream_anthropic(provider: RehearsedProvider) -> None:
    async with _anthropic(provider) as client:
        stream = await client.messages.create(
            model=CLAUDE, max_tokens=100, messages=[{"role": "user", "content": "Hello"}], stream=True
        )
        async for _ in stream:
            pass


@pytest.mark.parametrize(
    ("fault", "raised"),
    [
        ("refuse", httpx.ConnectError),
        ("reset", httpx.ReadError),
        ("cut:3", httpx.RemoteProtocolError),
        ("reset-after:3", httpx.ReadError),
        ("length-too-long", httpx.RemoteProtocolError),
    ],
)
async def test_a_broken_connection_is_seen_by_httpx(
    fault: str, raised: type[Exception], dialect: Dialect, provider: RehearsedProvider
) -> None:
    provider.play(fault)

    async with _http(provider) as client:
        with pytest.raises(raised):
            await client.post(CHAT_PATHS[dialect], json=_body(dialect))


@pytest.mark.parametrize("fault", ["status:503", "bad-gateway", "rate-limit:20", "html200", "empty", "nomark"])
async def test_a_connection_is_used_again_after_a_fault_that_kept_it(
    fault: str, dialect: Dialect, provider: RehearsedProvider
) -> None:
    async with _http(provider) as client:
        provider.play(fault, times=1)
        await client.post(CHAT_PATHS[dialect], json=_body(dialect))
        answer = await client.post(CHAT_PATHS[dialect], json=_body(dialect))

    assert answer.status_code == 200
    assert provider.accepted == 1


async def test_silence_runs_into_the_clients_own_limit(dialect: Dialect, provider: RehearsedProvider) -> None:
    provider.play("hang")

    async with _http(provider, httpx.Timeout(5.0, read=0.01)) as client:
        with pytest.raises(httpx.ReadTimeout):
            await client.post(CHAT_PATHS[dialect], json=_body(dialect))


def _http(provider: RehearsedProvider, timeout: httpx.Timeout | None = None) -> httpx.AsyncClient:
    origin = provider.base_url.removesuffix("/v1")
    return httpx.AsyncClient(
        base_url=origin, timeout=timeout, trust_env=False, headers={"anthropic-version": "2026-10-21"}
    )


def _body(dialect: Dialect) -> dict[str, object]:
    body: dict[str, object] = {
        "model": MODELS[dialect],
        "messages": [{"role": "user", "content": "Hello"}],
        "stream": True,
    }
    return body if dialect is Dialect.OPENAI else {**body, "max_tokens": 100}
