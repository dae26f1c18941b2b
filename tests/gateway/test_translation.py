"""Where a provider speaks the other dialect: nothing is lost without a word, and nobody is blamed for it."""

import anthropic
import openai
import pytest

from tests.gateway.asking import ANTHROPIC, OPENAI
from tests.support.gateway_world import AGENT, SAYS, a_gateway
from tui_failover.core.health import Status

TOOL = {"type": "function", "function": {"name": "look", "parameters": {"type": "object", "properties": {}}}}


async def test_a_translated_answer_says_so_and_warns_of_what_was_left_out() -> None:
    async with a_gateway({"claude": ANTHROPIC}) as world:
        answer = await world.openai().chat.completions.with_raw_response.create(
            model="gpt-5.6", messages=[{"role": "user", "content": "x"}], seed=7, temperature=0.2
        )

    assert answer.headers["x-failover-translated"] == "openai>anthropic"
    assert "sampling_dropped" in answer.headers["x-failover-warnings"]
    assert answer.parse().choices[0].message.content == SAYS


async def test_a_strict_caller_is_refused_rather_than_given_less() -> None:
    async with a_gateway({"claude": ANTHROPIC}) as world:
        with pytest.raises(openai.BadRequestError) as raised:
            await world.openai().chat.completions.create(
                model="any",
                messages=[{"role": "user", "content": "x"}],
                seed=7,
                extra_headers={"x-failover-strict": "1"},
            )

        view, agent = world.provider("claude"), world.manager.snapshot().agents[0]
        hits = world["claude"].hits

    assert raised.value.code == "unsupported_by_active_provider"
    assert hits == 0
    assert (view.status, view.failures) == (Status.UNKNOWN, 0)
    assert agent.id == AGENT


async def test_a_provider_that_can_carry_the_request_is_preferred() -> None:
    async with a_gateway({"claude": ANTHROPIC, "gpt": OPENAI}) as world:
        answer = await world.openai().chat.completions.with_raw_response.create(
            model="any", messages=[{"role": "user", "content": "x"}], n=2
        )

        hits = world["claude"].hits
        failures = world.provider("claude").failures

    assert answer.headers["x-failover-provider"] == "gpt"
    assert answer.headers["x-failover-attempts"] == "1"
    assert (hits, failures) == (0, 0)


async def test_a_request_no_provider_can_carry_is_a_400_in_the_callers_dialect() -> None:
    async with a_gateway({"gpt": OPENAI}) as world:
        with pytest.raises(anthropic.BadRequestError) as raised:
            await world.anthropic().messages.create(
                model="any",
                max_tokens=9,
                messages=[{"role": "user", "content": "x"}],
                tools=[{"type": "web_search_20250305", "name": "web_search"}],
            )

        hits = world["gpt"].hits

    assert hits == 0
    assert "x-should-retry" in raised.value.response.headers


async def test_tools_go_out_in_the_providers_dialect_and_the_key_stays_ours() -> None:
    async with a_gateway({"claude": ANTHROPIC}) as world:
        await world.openai().chat.completions.create(
            model="any",
            messages=[{"role": "system", "content": "be brief"}, {"role": "user", "content": "x"}],
            tools=[TOOL],  # type: ignore[list-item]
        )

        received = world["claude"].requests[-1]

    assert received.path == "/v1/messages"
    assert received.body is not None
    assert received.body["model"] == "claude-sonnet-5-5"
    assert received.body["tools"]
    assert received.body["system"]
    assert received.headers["anthropic-version"] == "2023-06-01"
