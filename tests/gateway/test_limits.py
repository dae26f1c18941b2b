"""Limits as an application meets them: it waits a little, is served elsewhere, or is told when to come back."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

import openai
import pytest

from tests.gateway.asking import ANTHROPIC, OPENAI, asking
from tests.support.engine_world import a_spec
from tests.support.gateway_world import SAYS, GatewayWorld, a_gateway, rules, spec_of
from tui_failover.core.allowance import Quantity, Word
from tui_failover.core.copying import replace
from tui_failover.core.names import AgentId
from tui_failover.core.outcome import Outcome
from tui_failover.core.ports import Limits
from tui_failover.core.query import Query
from tui_failover.core.snapshot import Limited
from tui_failover.core.spec import Dialect, LimitRules, ProbeKind, ProviderLimits, Rules
from tui_failover.engine.errand import Open
from tui_failover.gateway.asked import Asked, Call
from tui_failover.gateway.errand import Errand
from tui_failover.gateway.rendering import Making
from tui_failover.gateway.settings import GatewaySettings
from tui_failover.rehearsal import Pace
from tui_failover.wire.forwarding import Forward
from tui_failover.wire.members import Members, read_members

SLOW = Pace(first_content_s=0.05, spread=0.0, between_s=0.0)


def patient(wait_s: float) -> Rules:
    """Return rules under which queries wait so long for room."""
    return replace(rules(), limit=LimitRules(wait_s=wait_s))


async def limit(world: GatewayWorld, name: str, dialect: Dialect = OPENAI, **limits: int) -> None:
    """Give a provider limits."""
    spec = spec_of(name, world[name], dialect)
    await world.manager.register_provider(replace(spec, limits=ProviderLimits(**limits)))


async def test_when_everybody_is_full_the_official_client_gets_a_429_and_the_time() -> None:
    async with a_gateway({"primary": OPENAI, "backup": ANTHROPIC}, given=patient(0.05)) as world:
        await limit(world, "primary", queries_per_min=1)
        await limit(world, "backup", ANTHROPIC, queries_per_min=1)
        served = [await asking(world, OPENAI, stream=False)() for _ in range(2)]

        with pytest.raises(openai.RateLimitError, match="at its limit: 1 of 1 queries") as raised:
            await asking(world, OPENAI, stream=False)()

        hits = world["primary"].hits, world["backup"].hits

    assert (served, hits) == ([SAYS, SAYS], (1, 1))
    assert 55 <= int(raised.value.response.headers["retry-after"]) <= 61
    assert raised.value.response.headers["x-should-retry"] == "false"


async def test_a_query_waits_for_a_place_and_is_served() -> None:
    async with a_gateway({"primary": OPENAI}, pace=SLOW, given=patient(20.0)) as world:
        await limit(world, "primary", concurrency=1)

        answers = await asyncio.gather(*(asking(world, OPENAI, stream=stream)() for stream in (True, False, True)))

        view = world.provider("primary")

    assert answers == [SAYS] * 3
    assert (view.failures, view.breaker.opened_count) == (0, 0)


async def test_whoever_is_full_is_skipped_and_not_failed() -> None:
    async with a_gateway({"primary": OPENAI, "backup": ANTHROPIC}) as world:
        await limit(world, "primary", queries_per_min=1)

        answers = [await asking(world, OPENAI, stream=True)() for _ in range(3)]

        hits = world["primary"].hits, world["backup"].hits
        agent = world.manager.snapshot().agents[0]

    assert (answers, hits) == ([SAYS] * 3, (1, 2))
    assert (agent.active, agent.failed, agent.failovers) == ("primary", 0, 0)


@pytest.mark.parametrize(("dialect", "most"), [(OPENAI, 10_000), (ANTHROPIC, 4_000)], ids=str)
async def test_limits_are_learnt_from_answers(dialect: Dialect, most: int) -> None:
    async with a_gateway({"primary": dialect}) as world:
        await asking(world, dialect, stream=False)()

        view = world.provider("primary")

    assert (Limited.QUERIES, most, True) in [(one.what, one.limit, one.learnt) for one in view.limits]


@dataclass
class _Answer:
    """An answer with these headers."""

    headers: Mapping[str, str]

    async def next(self) -> bytes | Outcome:
        return b""

    def close(self) -> None:
        pass


@dataclass
class _Answering:
    """A provider that gives it."""

    answer: _Answer

    async def forward(self, order: Forward, limits: Limits) -> _Answer:
        return self.answer

    async def close(self) -> None:
        pass

    async def send(self, query: Query, limits: Limits) -> Outcome:
        raise NotImplementedError

    async def probe(self, kind: ProbeKind, query: Query, timeout_s: float) -> Outcome:
        raise NotImplementedError


def an_errand(body: str) -> Errand:
    """Return the errand of a request to an OpenAI-dialect provider."""
    members = read_members(body.encode())
    assert isinstance(members, Members)
    asked = Asked(AgentId("my-agent"), OPENAI, "/chat/completions", Call.CHAT, members, {})
    return Errand(asked, GatewaySettings(), Making(lambda prefix: prefix, int))


@pytest.mark.parametrize(
    ("headers", "words"),
    [
        ({}, ()),
        (
            {
                "x-ratelimit-limit-requests": "60",
                "x-ratelimit-remaining-requests": "0",
                "x-ratelimit-reset-requests": "20ms",
            },
            (Word(Quantity.QUERIES, 60, 0, 0.02),),
        ),
    ],
    ids=["nothing", "a limit"],
)
async def test_what_an_answers_headers_say_is_told(headers: Mapping[str, str], words: tuple[Word, ...]) -> None:
    opened = await an_errand('{"model": "m", "messages": []}').attempt(
        _Answering(_Answer(headers)), a_spec("A"), Limits(1.0, 1.0, 1.0, 1.0)
    )

    assert opened == Open(words)


@pytest.mark.parametrize(("characters", "tokens"), [(400, 100), (5_000_000, 100_000)])
def test_tokens_are_guessed_from_the_requests_length(characters: int, tokens: int) -> None:
    body = '{"input": "' + "x" * (characters - len('{"input": ""}')) + '"}'

    assert an_errand(body).tokens == tokens
