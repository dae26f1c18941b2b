"""A manager with memory, log and control API, hosted in this process."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from tests.support.hosting import Hosting
from tests.support.served import NOBODY
from tui_failover.bootstrap.known_secrets import MARK
from tui_failover.config.settings import ListenAt
from tui_failover.control import CannotListen
from tui_failover.core.command import Accepted, SwitchTo
from tui_failover.core.event import EventKind
from tui_failover.core.names import AgentId, ProviderId
from tui_failover.journal.folder import StateInUse, held

AGENT, B = AgentId("my-agent"), ProviderId("b")
TABLE = {"provider_id": "late", "dialect": "openai", "model": "m", "base_url": NOBODY, "auth": "none"}


@pytest.fixture
async def taken() -> AsyncIterator[ListenAt]:
    """An address that another program listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield ListenAt("127.0.0.1", server.getsockname()[1])


async def test_what_was_ordered_holds_in_the_next_life(tmp_path: Path) -> None:
    async with Hosting(tmp_path).running() as manager:
        verdict = await manager.submit(SwitchTo(AGENT, B))
    next_life = Hosting(tmp_path)

    async with next_life.running() as manager:
        active = manager.get_active_provider(AGENT)

    assert isinstance(verdict, Accepted)
    assert active == B
    assert [line.split(" ", 1)[1] for line in next_life.told][:2] == [
        "INFO started with 2 providers and 1 agent",
        "INFO restored: my-agent on b, switched by operator",
    ]


async def test_what_nobody_waited_for_is_written_before_the_end(tmp_path: Path) -> None:
    async with Hosting(tmp_path).running() as manager:
        waiting = asyncio.ensure_future(manager.submit(SwitchTo(AGENT, B)))
        await asyncio.sleep(0)  # noqa: TID251 - lets the order be decided
        waiting.cancel()

    async with Hosting(tmp_path).running() as manager:
        assert manager.get_active_provider(AGENT) == B


async def test_a_taken_address_ends_a_host_that_has_to_listen(tmp_path: Path, taken: ListenAt) -> None:
    hosting = Hosting(tmp_path, taken)

    with pytest.raises(CannotListen, match="another program listens there already"):
        async with hosting.running():
            pass


async def test_a_taken_address_is_an_event_where_there_is_a_screen(tmp_path: Path, taken: ListenAt) -> None:
    hosting = Hosting(tmp_path, taken)
    hosting.host.must_listen = False

    async with hosting.running() as manager:
        (notice,) = [one for one in manager.snapshot().events if one.kind is EventKind.NOTICE]

    assert notice.text == "there is no control API"
    assert notice.cause == hosting.host.unheard
    assert hosting.host.unheard.startswith(f"the control API cannot listen on {taken}: ")


async def test_a_control_api_that_is_switched_off_opens_no_address(tmp_path: Path, taken: ListenAt) -> None:
    hosting = Hosting(tmp_path, taken, "[control]\nenabled = false\n")

    async with hosting.running():
        await hosting.host.stop_taking()

    assert not any("control API" in line for line in hosting.told)


async def test_a_state_in_use_is_refused_and_left_alone(tmp_path: Path) -> None:
    with held(tmp_path / "state"), pytest.raises(StateInUse):
        async with Hosting(tmp_path).running():
            pass

    assert [one.name for one in (tmp_path / "state").iterdir()] == ["lock"]


async def test_without_a_disk_the_answers_say_that_nothing_is_kept(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("no folder")
    hosting = Hosting(tmp_path)

    async with hosting.running() as manager:
        answers = await _registered(hosting)
        unkept = manager.snapshot().unkept

    assert unkept is not None
    assert "file exists" in unkept or "not a directory" in unkept
    assert answers["warnings"] != []


async def test_with_a_disk_nothing_is_said_about_it(tmp_path: Path) -> None:
    hosting = Hosting(tmp_path)

    async with hosting.running() as manager:
        answer = await _registered(hosting)
        shown = manager.snapshot().provider(ProviderId("late"))

    assert answer["warnings"] == []
    assert shown is not None
    assert shown.overridden


async def test_a_folder_that_others_may_look_into_is_warned_of(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "state").mkdir(mode=0o755)
    (tmp_path / "state").chmod(0o755)

    async with Hosting(tmp_path).running():
        pass

    assert "others may look into this folder (mode 0755)" in caplog.text


async def test_tokens_are_hidden_from_their_first_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("READ_TOKEN", "a-made-up-read-token")
    hosting = Hosting(tmp_path, more='[control]\nread_tokens = ["env:READ_TOKEN"]\n')

    async with hosting.running():
        hidden = hosting.secrets.hide("Bearer a-made-up-read-token")

    assert hidden == f"Bearer {MARK}"


async def test_told_to_stop_it_is_not_ready_any_more(tmp_path: Path) -> None:
    hosting = Hosting(tmp_path)

    async with hosting.running(), _client(hosting) as http:
        before = await http.get("/readyz")
        await hosting.host.stop_taking()
        after = await http.get("/readyz")

    assert (before.status_code, after.status_code) == (200, 503)


async def test_a_state_that_others_changed_is_read_by_the_rules_of_the_settings(tmp_path: Path) -> None:
    hosting = Hosting(tmp_path)
    async with hosting.running():
        await _registered(hosting)
    path = tmp_path / "state" / "state.toml"
    path.write_text(path.read_text().replace(NOBODY, "ftp://elsewhere"))
    next_life = Hosting(tmp_path)

    async with next_life.running() as manager:
        shown = manager.snapshot().provider(ProviderId("late"))

    assert shown is None
    assert any(
        "ignored: provider late: state: providers.late.base_url: must begin" in line for line in next_life.told
    )


@asynccontextmanager
async def _client(hosting: Hosting) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(trust_env=False, base_url=hosting.host.address) as http:
        yield http


async def _registered(hosting: Hosting) -> dict[str, object]:
    async with _client(hosting) as http:
        answer: dict[str, object] = (await http.post("/api/providers", json=TABLE)).raise_for_status().json()
    return answer
