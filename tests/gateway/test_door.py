"""Who may ask, for whom, and what is refused before anybody is asked."""

import json
from typing import Any

import anthropic
import openai
import pytest

from tests.gateway.asking import ANTHROPIC, OPENAI
from tests.support.gateway_world import AGENT, KEY, SAYS, GatewayWorld, a_gateway
from tui_failover.config.secret import EnvKey
from tui_failover.control import Access
from tui_failover.core.names import ProviderId
from tui_failover.core.spec import Dialect
from tui_failover.gateway import GatewaySettings

TOKEN = "a-token-long-enough"
QUESTION = [{"role": "user", "content": "hi"}]
CHAT = {"model": "any", "messages": QUESTION}
TWO_AGENTS = {"other-agent": ["second"]}


async def posted(
    world: GatewayWorld, path: str = "/v1/chat/completions", body: object = CHAT, **headers: str
) -> tuple[int, dict[str, Any], dict[str, str]]:
    """Send a body and return status, JSON and headers."""
    http = await world.http()
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    sent = {
        "Content-Type": "application/json",
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    async with http.post(f"{world.address}{path}", data=data, headers=sent) as answer:
        return answer.status, await answer.json(), {name.lower(): value for name, value in answer.headers.items()}


@pytest.mark.parametrize(
    ("path", "model", "headers", "provider"),
    [
        ("/v1/chat/completions", "gpt-4", {}, "first"),
        ("/v1/chat/completions", "other-agent", {}, "second"),
        ("/v1/chat/completions", "gpt-4", {"x_failover_agent": "other-agent"}, "second"),
        ("/agents/other-agent/v1/chat/completions", "gpt-4", {}, "second"),
        ("/agents/other-agent/v1/chat/completions", "gpt-4", {"x_failover_agent": AGENT}, "second"),
    ],
    ids=["default", "model", "header", "path", "path before header"],
)
async def test_an_agent_is_named_by(path: str, model: str, headers: dict[str, str], provider: str) -> None:
    async with a_gateway({"first": OPENAI, "second": OPENAI}, others=TWO_AGENTS) as world:
        status, _, got = await posted(world, path, CHAT | {"model": model}, **headers)

    assert (status, got["x-failover-provider"]) == (200, provider)


async def test_the_default_agent_is_a_setting() -> None:
    settings = GatewaySettings(default_agent="other-agent")
    async with a_gateway({"first": OPENAI, "second": OPENAI}, settings=settings, others=TWO_AGENTS) as world:
        _, _, got = await posted(world)

    assert got["x-failover-provider"] == "second"


async def test_an_agent_nobody_knows_is_not_found() -> None:
    async with a_gateway({"first": OPENAI}) as world:
        status, answer, _ = await posted(world, "/agents/nobody/v1/chat/completions")

    assert status == 404
    assert AGENT in answer["error"]["message"]


async def test_models_are_mapped_by_the_settings_and_a_provider_is_asked_for_its_own_otherwise() -> None:
    settings = GatewaySettings(models={"first": {"gpt-4": "gpt-5.6"}})  # type: ignore[dict-item]
    async with a_gateway({"first": OPENAI}, settings=settings) as world:
        await posted(world, body=CHAT | {"model": "gpt-4"})
        await posted(world, body=CHAT | {"model": "whatever"})

        models = [one.body["model"] for one in world["first"].requests if one.body]

    assert models == ["gpt-5.6", "gpt-5.6"]


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": f"Bearer {TOKEN}"},
        {"x_api_key": TOKEN},
        {"Authorization": "Bearer no", "x_api_key": TOKEN},
    ],
    ids=["bearer", "x-api-key", "one of both"],
)
async def test_a_token_lets_in(headers: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """pydantic/pydantic-ai-gateway#75, BerriAI/litellm#30935: each vendor's clients use another header."""
    monkeypatch.setenv("GATEWAY_TOKEN", TOKEN)
    async with a_gateway({"first": OPENAI}, access=Access(gateway=(EnvKey("GATEWAY_TOKEN"),))) as world:
        status, _, _ = await posted(world, **headers)

    assert status == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer wrong"},
        {"x_api_key": "wrong"},
        {"x_api_key": "kéy"},
        {"Authorization": TOKEN},
    ],
    ids=["none", "wrong bearer", "wrong x-api-key", "not ascii", "no scheme"],
)
async def test_without_a_good_token_nobody_is_asked(
    headers: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GATEWAY_TOKEN", TOKEN)
    async with a_gateway({"first": OPENAI}, access=Access(gateway=(EnvKey("GATEWAY_TOKEN"),))) as world:
        status, answer, _ = await posted(world, **headers)

        hits = world["first"].hits

    assert (status, hits) == (401, 0)
    assert answer["error"]["code"] == "invalid_api_key"


async def test_official_clients_take_a_refused_token_for_what_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_TOKEN", TOKEN)
    access = Access(gateway=(EnvKey("GATEWAY_TOKEN"),))
    async with a_gateway({"first": OPENAI}, access=access) as world:
        with pytest.raises(openai.AuthenticationError):
            await world.openai("wrong").chat.completions.create(
                model="any", messages=[{"role": "user", "content": "x"}]
            )
        with pytest.raises(anthropic.AuthenticationError):
            await world.anthropic("wrong").messages.create(
                model="any", max_tokens=9, messages=[{"role": "user", "content": "x"}]
            )
        answer = await world.openai(TOKEN).chat.completions.create(
            model="any", messages=[{"role": "user", "content": "x"}]
        )

    assert answer.choices[0].message.content == SAYS


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"{", {}, 400),
        (b"[]", {}, 400),
        (b'{"model": "a", "model": "b"}', {}, 400),
        (b'{"a": NaN}', {}, 400),
        (b'{"a": ' + b"[" * 100_000, {}, 400),
        (b"\xff", {}, 400),
        (b"x" * 2_000, {}, 413),
        (b"{}", {"Content_Type": "text/plain"}, 415),
        (b"{}", {"Content_Encoding": "gzip"}, 415),
    ],
    ids=["cut", "list", "twice", "nan", "deep", "no utf-8", "long", "kind", "compressed"],
)
@pytest.mark.parametrize("dialect", Dialect, ids=str)
async def test_what_cannot_be_read_is_refused_in_the_callers_dialect(
    dialect: Dialect, body: bytes, headers: dict[str, str], status: int
) -> None:
    path = "/v1/messages" if dialect is ANTHROPIC else "/v1/chat/completions"
    async with a_gateway(
        {"first": dialect}, settings=GatewaySettings(body_bytes=1_000_000 if body.startswith(b'{"a"') else 1_000)
    ) as world:
        got, answer, sent = await posted(
            world, path, body, **{name.replace("_", "-"): v for name, v in headers.items()}
        )

        hits = world["first"].hits

    assert (got, hits) == (status, 0)
    assert ("type" in answer) is (dialect is ANTHROPIC)
    assert answer["error"]["message"]
    assert sent["x-should-retry"] == "false"


async def test_a_provider_sees_our_key_and_nothing_that_names_the_caller() -> None:
    hidden = {
        "Authorization": "Bearer callers-own", "x_api_key": "callers-own", "Cookie": "a=b", "Forwarded": "for=me",
        "x_forwarded_for": "me", "openai_organization": "org-callers", "x_failover_agent": AGENT,
    }  # fmt: skip
    shown = {
        "openai_beta": "responses=v1",
        "traceparent": "00-1-2-3",
        "User_Agent": "app/1",
        "x_stainless_lang": "python",
    }
    async with a_gateway({"first": OPENAI}) as world:
        status, _, _ = await posted(world, **hidden, **shown)

        received = world["first"].requests[-1].headers

    assert status == 200, "the rehearsed provider takes our key only"
    assert {name: received[name] for name in ("openai-beta", "user-agent")} == {
        "openai-beta": "responses=v1",
        "user-agent": "app/1",
    }
    assert not [name for name in hidden if name.lower().replace("_", "-") in received]
    assert not [value for value in received.values() if "callers" in value]
    assert KEY not in str(received)


async def test_a_caller_cannot_name_a_destination() -> None:
    wishes = {"base_url": "http://evil.example", "api_base": "http://evil.example", "api_key": "mine"}
    async with a_gateway({"first": OPENAI}) as world:
        status, _, got = await posted(world, body=CHAT | wishes, x_failover_provider="second", Host="localhost:1")
        listed, _, _ = await posted(world, body=CHAT | wishes)

    assert status == 421
    assert listed == 200
    assert "x-failover-provider" not in got


async def test_agents_and_their_models_are_listed_for_both_clients() -> None:
    async with a_gateway({"first": OPENAI, "claude": ANTHROPIC}) as world:
        ours = [one.id async for one in world.openai().models.list()]
        theirs = [one.id async for one in world.anthropic().models.list()]

    assert ours == theirs == [AGENT, "gpt-5.6", "claude-sonnet-5-5"]


@pytest.mark.parametrize("name", [AGENT, "gpt-5.6", "meta/llama 3"])
async def test_a_model_that_is_listed_can_be_looked_up(name: str) -> None:
    settings = GatewaySettings(models={ProviderId("first"): {"meta/llama 3": "gpt-5.6"}})
    async with a_gateway({"first": OPENAI}, settings=settings) as world:
        ours = await world.openai().models.retrieve(name)
        theirs = await world.anthropic().models.retrieve(name)

    assert ours.id == theirs.id == name


async def test_a_model_that_nobody_has_is_not_found_and_the_others_are_named() -> None:
    async with a_gateway({"first": OPENAI}) as world:
        with pytest.raises(openai.NotFoundError, match=f"{AGENT}, gpt-5.6"):
            await world.openai().models.retrieve("gpt-2")


async def test_tokens_are_counted_here_and_marked_as_a_guess() -> None:
    async with a_gateway({"first": OPENAI}) as world:
        counted = await world.anthropic().messages.with_raw_response.count_tokens(
            model="any", messages=[{"role": "user", "content": "word " * 100}]
        )
        tokens = (await counted.parse()).input_tokens

        hits = world["first"].hits

    assert 80 <= tokens <= 200
    assert counted.headers["x-failover-estimated"] == "true"
    assert hits == 0


async def test_an_answer_tells_who_gave_it_after_what() -> None:
    async with a_gateway({"first": OPENAI, "second": OPENAI}) as world:
        world["first"].play("overloaded")

        _, _, got = await posted(world)

    assert got["x-failover-provider"] == "second"
    assert got["x-failover-model"] == "gpt-5.6"
    assert got["x-failover-attempts"] == "2"
    assert got["x-failover-reason"] == "first: overloaded"
    assert got["x-failover-query-id"].startswith("fq_")
    assert got["x-failover-upstream-request-id"] == got["x-request-id"]
    assert "set-cookie" not in got
    assert "openai-organization" not in got


async def test_other_calls_of_the_dialect_are_not_sent_to_providers_of_another() -> None:
    async with a_gateway({"claude": ANTHROPIC}) as world:
        status, answer, _ = await posted(world, "/v1/embeddings", {"model": "any", "input": "x"})

        hits = world["claude"].hits

    assert (status, hits) == (503, 0)
    assert "another dialect" in answer["error"]["message"]


async def test_a_stream_of_an_unknown_call_is_refused() -> None:
    async with a_gateway({"first": OPENAI}) as world:
        status, answer, _ = await posted(world, "/v1/completions", {"model": "any", "prompt": "x", "stream": True})

    assert (status, answer["error"]["param"]) == (400, "stream")
