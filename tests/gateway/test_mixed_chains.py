"""What each provider of a chain is sent, and what the caller is told, where the first of them fails."""

import json

import anthropic
import openai
import pytest

from tests.gateway.asking import ANTHROPIC, OPENAI
from tests.support.bare_providers import BareProvider, a_bare_gateway, always, whole
from tests.support.rehearsal import a_request, exchanged
from tui_failover.core.spec import Dialect

MESSAGE = {
    "id": "msg_1", "type": "message", "role": "assistant", "model": "served", "stop_reason": "end_turn",
    "stop_sequence": None, "content": [{"type": "text", "text": "yes"}],
    "usage": {"input_tokens": 3, "output_tokens": 1},
}  # fmt: skip
CHOICE = {"index": 0, "message": {"role": "assistant", "content": "yes"}, "finish_reason": "stop"}
COMPLETION = {"id": "c", "object": "chat.completion", "created": 1, "model": "served", "choices": [CHOICE]}
YES = {OPENAI: json.dumps(COMPLETION).encode(), ANTHROPIC: json.dumps(MESSAGE).encode()}
PREFILL = "This model does not support assistant message prefill. The conversation must end with a user message."
DOWN = whole(b'{"type":"error","error":{"type":"api_error","message":"we are down"}}', "500 Server Error")


def refusing(message: str) -> BareProvider:
    error = {"type": "error", "error": {"type": "invalid_request_error", "message": message}}
    return BareProvider(always(whole(json.dumps(error).encode(), "400 Bad Request")))


def answering(dialect: Dialect) -> BareProvider:
    return BareProvider(always(whole(YES[dialect])))


TRAILING = [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "The answer is ("}]


async def test_a_trailing_answer_one_model_refuses_goes_on_to_the_next() -> None:
    """BerriAI/litellm#27967: newer models refuse a trailing assistant turn, and the whole chain ended there."""
    chain = {"new": (ANTHROPIC, refusing(PREFILL)), "other": (OPENAI, answering(OPENAI))}
    async with a_bare_gateway(chain) as world:
        answer = await world.anthropic(max_retries=0).messages.with_raw_response.create(
            model="any",
            max_tokens=9,
            messages=TRAILING,  # type: ignore[arg-type]
        )
        sent = chain["other"][1].sent[0].json["messages"]

    assert answer.headers["x-failover-provider"] == "other"
    assert answer.headers["x-failover-reason"] == "new: dialect"
    assert [one["role"] for one in sent][:2] == ["user", "assistant"]


async def test_a_refusal_by_the_second_is_told_in_its_words_and_the_first_failure_beside_it() -> None:
    """BerriAI/litellm#30242: what the caller was told hid why the first provider had failed."""
    chain = {"first": (ANTHROPIC, BareProvider(always(DOWN))), "second": (ANTHROPIC, refusing("bad messages"))}
    async with a_bare_gateway(chain) as world:
        with pytest.raises(anthropic.BadRequestError, match="bad messages") as raised:
            await world.anthropic(max_retries=0).messages.create(
                model="any", max_tokens=9, messages=[{"role": "user", "content": "hi"}]
            )

    assert raised.value.response.headers["x-failover-reason"].split(", ")[::2] == [
        "first: server",
        "second: caller-fault",
    ]
    assert raised.value.response.headers["x-failover-attempts"] == "3", "the first is asked twice"


async def test_the_version_goes_out_once_though_the_caller_states_it_twice() -> None:
    """decolua/9router#2357: two `anthropic-version` headers arrived joined, which no version is."""
    provider = answering(ANTHROPIC)
    async with a_bare_gateway({"one": (ANTHROPIC, provider)}) as world:
        twice = {"Anthropic-Version": "2026-10-21"}  # beside the one that is sent anyway
        here = {"host": f"127.0.0.1:{world.server.port}", "content-type": "application/json"}
        sent = a_request(ANTHROPIC, headers={"anthropic-version": "2023-06-01", **twice, **here})
        answer = await exchanged(world.server.port, sent)

    assert answer.status == 200
    assert provider.sent[0].headers("anthropic-version") == ["2023-06-01"]


@pytest.mark.parametrize("stated", ["2023-06-01", "2026-10-21"])
async def test_the_version_a_caller_states_is_the_one_that_goes_out(stated: str) -> None:
    provider = answering(ANTHROPIC)
    async with a_bare_gateway({"one": (ANTHROPIC, provider)}) as world:
        await world.anthropic(default_headers={"anthropic-version": stated}).messages.create(
            model="any", max_tokens=9, messages=[{"role": "user", "content": "hi"}]
        )

    assert provider.sent[0].headers("anthropic-version") == [stated]


async def test_a_translated_request_goes_out_under_a_version_that_exists() -> None:
    """sseshachala/conductai#2179: a gateway made a version up, and every request was refused."""
    provider = answering(ANTHROPIC)
    async with a_bare_gateway({"one": (ANTHROPIC, provider)}) as world:
        await world.openai().chat.completions.create(model="any", messages=[{"role": "user", "content": "hi"}])

    assert provider.sent[0].headers("anthropic-version") == ["2023-06-01"]


async def test_betas_of_one_vendor_never_reach_the_other() -> None:
    """anthropics/claude-code#13770: a beta header was refused where its vendor was not."""
    first, second = BareProvider(always(DOWN)), answering(OPENAI)
    async with a_bare_gateway({"claude": (ANTHROPIC, first), "gpt": (OPENAI, second)}) as world:
        await world.anthropic(default_headers={"anthropic-beta": "context-1m"}).messages.create(
            model="any", max_tokens=9, messages=[{"role": "user", "content": "hi"}]
        )

    assert first.sent[0].headers("anthropic-beta") == ["context-1m"]
    assert not [line for line in second.sent[0].head.lower().split(b"\r\n") if line.startswith(b"anthropic")]


async def test_a_chain_of_refusals_is_told_in_the_words_of_the_first_that_speaks_the_callers_dialect() -> None:
    chain = {"gpt": (OPENAI, refusing(PREFILL)), "claude": (ANTHROPIC, refusing(PREFILL))}
    async with a_bare_gateway(chain) as world:
        with pytest.raises(anthropic.BadRequestError, match=PREFILL) as raised:
            await world.anthropic().messages.create(model="any", max_tokens=9, messages=TRAILING)  # type: ignore[arg-type]

        failures = [world.provider(name).failures for name in chain]

    assert failures == [0, 0]
    assert raised.value.response.headers["x-failover-attempts"] == "2"


async def test_an_exhausted_chain_tells_its_attempts_in_headers_too() -> None:
    chain = {"first": (OPENAI, BareProvider(always(DOWN))), "second": (OPENAI, BareProvider(always(DOWN)))}
    async with a_bare_gateway(chain) as world:
        with pytest.raises(openai.InternalServerError) as raised:
            await world.openai().chat.completions.create(model="any", messages=[{"role": "user", "content": "hi"}])

    tried = raised.value.response.headers
    assert int(tried["x-failover-attempts"]) == sum(len(one.sent) for _, one in chain.values())
    assert {"first: server", "second: server"} <= set(tried["x-failover-reason"].split(", "))
