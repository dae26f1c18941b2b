"""What the settings say about the gateway, seen by an application behind a whole host."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.gateway_world import MODELS, SeededRng
from tests.support.hosting import Hosting
from tui_failover.core.spec import Dialect
from tui_failover.engine.clock import LoopClock
from tui_failover.rehearsal import AT_ONCE, Rehearsal, RehearsedProvider

ANTHROPIC, OPENAI = Dialect.ANTHROPIC, Dialect.OPENAI
CHAT = "/v1/chat/completions"
PICTURE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}


def asking(model: str = "anything", **more: object) -> dict[str, object]:
    return {"model": model, "messages": [{"role": "user", "content": "Hello"}], **more}


class Installation:
    """A host with one agent for each rehearsed provider, and an application that speaks OpenAI's dialect."""

    def __init__(self, rehearsal: Rehearsal, http: httpx.AsyncClient) -> None:
        self._rehearsal = rehearsal
        self.http = http

    def __getitem__(self, name: str) -> RehearsedProvider:
        return self._rehearsal[name]

    def asked_for(self, name: str) -> object:
        """The model the provider was asked for last."""
        return self.received(name)["model"]

    def received(self, name: str) -> Any:
        """The body of the provider's last request."""
        return self._rehearsal[name].requests[-1].body

    async def ask(self, model: str = "anything", **more: object) -> httpx.Response:
        return await self.http.post(CHAT, json=asking(model, **more))


@asynccontextmanager
async def installed(folder: Path, more: str, **providers: tuple[Dialect, str]) -> AsyncIterator[Installation]:
    """Run a host.

    Args:
        folder: for its state.
        more: further tables of its settings.
        providers: of each the dialect, and further lines of its table.
    """
    clock = LoopClock(asyncio.get_running_loop())
    async with AsyncExitStack() as stack:
        rehearsal = await stack.enter_async_context(Rehearsal(clock, SeededRng()))
        text = "[rules.local_fault]\nreferences = []\n"
        for name, (dialect, lines) in providers.items():
            provider = await rehearsal.add(name, dialect, model=MODELS[dialect], pace=AT_ONCE)
            text += (
                f'[providers.{name}]\ndialect = "{dialect}"\nmodel = "{provider.model}"\nauth = "none"\n'
                f'base_url = "{provider.base_url}"\n{lines}\n'
                f'[agents.{name}-agent]\nprimary_provider_id = "{name}"\nhealth_check_enabled = false\n'
            )
        hosting = Hosting(folder, text=text + more)
        await stack.enter_async_context(hosting.running())
        http = httpx.AsyncClient(trust_env=False, base_url=hosting.host.address)
        yield Installation(rehearsal, await stack.enter_async_context(http))


@pytest.mark.parametrize(
    ("asked", "sent"), [("gpt-4o", "claude-haiku-5-5"), ("gpt-4", "claude-sonnet-5-5")], ids=["mapped", "other"]
)
async def test_a_provider_is_asked_for_its_own_name_of_a_model(tmp_path: Path, asked: str, sent: str) -> None:
    claude = ANTHROPIC, 'models = { "gpt-4o" = "claude-haiku-5-5" }'
    async with installed(tmp_path, "", claude=claude) as world:
        await world.ask(asked)
        models = (await world.http.get("/v1/models")).json()["data"]

        assert world.asked_for("claude") == sent
    assert [one["id"] for one in models] == ["claude-agent", "claude-sonnet-5-5", "gpt-4o"]


async def test_models_of_a_provider_registered_at_run_time_are_mapped_too(tmp_path: Path) -> None:
    async with installed(tmp_path, "", first=(OPENAI, "")) as world:
        late = {
            "provider_id": "late",
            "dialect": "openai",
            "model": "m",
            "auth": "none",
            "base_url": world["first"].base_url,
            "models": {"gpt-4o": "another"},
        }
        (await world.http.post("/api/providers", json=late)).raise_for_status()
        agent = {"agent_id": "late-agent", "primary_provider_id": "late", "health_check_enabled": False}
        (await world.http.post("/api/agents", json=agent)).raise_for_status()
        await world.http.post(f"/agents/late-agent{CHAT}", json=asking("gpt-4o"))

        assert world.asked_for("first") == "another"


async def test_a_capability_said_otherwise_decides_what_can_be_carried(tmp_path: Path) -> None:
    blind = ANTHROPIC, "capabilities = { vision = false }"
    async with installed(tmp_path, "", claude=(ANTHROPIC, ""), blind=blind) as world:
        seen = [{"role": "user", "content": [PICTURE]}]
        usual = await world.ask("claude-agent", messages=seen)
        refused = await world.ask("blind-agent", messages=seen)

    assert usual.status_code == 200
    assert refused.status_code == 400
    assert refused.json()["error"]["code"] == "unsupported_by_active_provider"


@pytest.mark.parametrize(
    ("more", "agent"),
    [("", "first"), ('[gateway]\ndefault_agent = "second-agent"\n', "second")],
    ids=["unsaid", "said"],
)
async def test_an_application_that_names_no_agent_gets_the_default_one(
    tmp_path: Path, more: str, agent: str
) -> None:
    async with installed(tmp_path, more, first=(OPENAI, ""), second=(OPENAI, "")) as world:
        answer = await world.ask()

    assert answer.headers["x-failover-provider"] == agent


@pytest.mark.parametrize(
    ("more", "status"),
    [("", 200), ("[gateway]\nstrict_translation = true\n", 400)],
    ids=["unsaid", "strict"],
)
async def test_what_translation_would_lose_is_refused_where_the_settings_say_so(
    tmp_path: Path, more: str, status: int
) -> None:
    async with installed(tmp_path, more, claude=(ANTHROPIC, "")) as world:
        answer = await world.ask(seed=7)

    assert answer.status_code == status


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streaming"])
@pytest.mark.parametrize(
    ("more", "agent", "named"),
    [
        ("", "claude-agent", "claude-agent"),
        ("[gateway]\necho_model = false\n", "claude-agent", "claude-sonnet-5-5"),
        ("", "gpt-agent", "gpt-5.6"),
    ],
    ids=["translated", "not-echoed", "same-dialect"],
)
async def test_an_answer_names_the_model_asked_for_where_it_was_translated(
    tmp_path: Path, more: str, agent: str, named: str, stream: bool
) -> None:
    async with installed(tmp_path, more, claude=(ANTHROPIC, ""), gpt=(OPENAI, "")) as world:
        answer = await world.ask(agent, stream=stream)

    assert f'"model":"{named}"' in answer.text.replace('": "', '":"')


async def test_a_request_beyond_the_longest_is_refused(tmp_path: Path) -> None:
    async with installed(tmp_path, "[gateway]\nbody_mb = 1\n", first=(OPENAI, "")) as world:
        short, long = [await world.ask(user="x" * size) for size in (1_000_000, 1_048_576)]

    assert (short.status_code, long.status_code) == (200, 413)


@pytest.mark.parametrize(("more", "streams"), [("", True), ("[gateway]\nrescue_whole = false\n", False)])
async def test_answers_nobody_streams_are_streamed_to_us_unless_switched_off(
    tmp_path: Path, more: str, streams: bool
) -> None:
    async with installed(tmp_path, more, first=(OPENAI, "")) as world:
        await world.ask()

        assert world.received("first").get("stream", False) is streams
