"""Beginning, being told to stop, and what is said meanwhile, with real processes, signals and sockets."""

import asyncio
import base64
import json
import signal
import socket
import time
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random
from urllib.parse import quote

import pytest

from tests.support.served import NOBODY, SOON_S, Served, running, serving, settings_text
from tui_failover.core.spec import Dialect
from tui_failover.engine.clock import LoopClock
from tui_failover.rehearsal import Rehearsal, RehearsedProvider

CANARY = """c@n"a\\ry/+%&=<k>'7Q!z~{}|^`$#;:?,."""


@pytest.fixture
async def provider() -> AsyncIterator[RehearsedProvider]:
    """A provider that speaks OpenAI's dialect on a port of its own."""
    clock = LoopClock(asyncio.get_running_loop())
    async with Rehearsal(clock, Random(1)) as rehearsal:  # noqa: S311 - a rehearsal's jitter
        yield await rehearsal.add("a", Dialect.OPENAI, model="a-model", says="hello there")


def with_settings(folder: Path, url: str = NOBODY, more: str = "") -> Path:
    (folder / "settings.toml").write_text(settings_text({"a": url, "b": NOBODY}, more))
    return folder


async def asking(served: Served, provider: RehearsedProvider) -> "asyncio.Task[str]":
    """Ask the agent; returns once the provider has the question, with the answer still to come."""

    async def ask() -> str:
        answer = await served.post("/api/agents/my-agent/query", query="hello")
        return str(answer["response"])

    hits = provider.hits
    task = asyncio.ensure_future(ask())
    async with asyncio.timeout(SOON_S):
        while provider.hits == hits:
            await asyncio.wait({task}, timeout=0.02)
    return task


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP], ids=lambda one: one.name)
async def test_told_to_stop_it_ends_well(tmp_path: Path, number: signal.Signals) -> None:
    async with serving(with_settings(tmp_path)) as served:
        served.signal(number)

        assert await served.ended() == 0
        assert served.lines[0].endswith("INFO started with 2 providers and 1 agent")
        assert f" INFO tui_failover: {number.name}: not ready for more, 0 attempts" in served.lines[-2]
        assert served.lines[-1].endswith("every query has its answer; the process ends")


async def test_a_query_under_way_has_its_answer_before_the_end(
    tmp_path: Path, provider: RehearsedProvider
) -> None:
    provider.play("latency:1")
    async with serving(with_settings(tmp_path, provider.base_url)) as served:
        answer = await asking(served, provider)
        served.signal(signal.SIGTERM)
        await served.line("not ready for more, 1 attempt may take 30 s to finish")
        ready = await served.http.get("/readyz")

        assert ready.status_code == 503
        assert await answer == "hello there"
        assert await served.ended() == 0


async def test_a_query_that_does_not_end_in_time_is_cut_off_and_the_status_says_so(
    tmp_path: Path, provider: RehearsedProvider
) -> None:
    provider.play("latency:60")
    async with serving(with_settings(tmp_path, provider.base_url, "[process]\ndrain_s = 0.3\n")) as served:
        answer = await asking(served, provider)
        served.signal(signal.SIGTERM)

        assert await served.ended() == 1
        assert served.lines[-1].endswith("WARNING tui_failover: the time is up, 1 attempt cut off")
        assert isinstance((await asyncio.gather(answer, return_exceptions=True))[0], Exception)


@pytest.mark.parametrize("second", [signal.SIGTERM, signal.SIGINT], ids=lambda one: one.name)
async def test_a_second_signal_ends_it_at_once(
    tmp_path: Path, provider: RehearsedProvider, second: signal.Signals
) -> None:
    provider.play("latency:60")
    async with serving(with_settings(tmp_path, provider.base_url)) as served:
        answer = await asking(served, provider)
        served.signal(signal.SIGTERM)
        await served.line("not ready for more")
        began = time.perf_counter()
        served.signal(second)

        assert await served.ended() == 128 + second
        assert time.perf_counter() - began < 5.0
        assert served.lines[-1].endswith(f"{second.name}: stopped at once, 1 attempt cut off")
        await asyncio.gather(answer, return_exceptions=True)


async def test_a_taken_port_is_one_sentence_and_status_2(tmp_path: Path) -> None:
    with_settings(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        places = ("--settings", str(tmp_path / "settings.toml"), "--state", str(tmp_path / "state"))
        async with running("serve", *places, "--listen", address) as served:
            assert await served.ended() == 2

    line = served.lines[-1]
    assert "Traceback" not in " ".join(served.lines)
    assert f"the control API cannot listen on {address}: another program listens there already" in line


async def test_the_console_runs_without_a_port_that_is_taken(tmp_path: Path) -> None:
    with_settings(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        places = ("--settings", str(tmp_path / "settings.toml"), "--state", str(tmp_path / "state"))
        async with running(*places, "--listen", address, "--plain", "--for", "0.5") as console:
            assert await console.ended() == 0

    (line,) = console.lines
    assert line.endswith("choose another address with --listen; the console runs without it")


async def test_beside_a_console_the_log_goes_to_a_file_for_its_owner_only(tmp_path: Path) -> None:
    with_settings(tmp_path)
    places = ("--settings", str(tmp_path / "settings.toml"), "--state", str(tmp_path / "state"))
    async with running(*places, "--listen", "127.0.0.1:0", "--plain", "--for", "0.5") as console:
        assert await console.ended() == 0

    log = tmp_path / "state" / "tui-failover.log"
    assert console.lines == []
    assert "started with 2 providers and 1 agent" in log.read_text()
    assert log.stat().st_mode & 0o777 == 0o600


async def test_a_console_on_a_state_in_use_says_so_and_ends(tmp_path: Path) -> None:
    async with serving(with_settings(tmp_path)) as served:
        places = ("--settings", str(tmp_path / "settings.toml"), "--state", str(tmp_path / "state"))
        async with running(*places, "--listen", "127.0.0.1:0", "--plain") as console:
            assert await console.ended() == 2

    (line,) = console.lines
    assert line.startswith("tui-failover: ")
    assert f"this state folder is in use by process {served.pid}" in line


async def test_another_address_than_this_machines_needs_a_token(tmp_path: Path) -> None:
    with_settings(tmp_path)
    places = ("--settings", str(tmp_path / "settings.toml"), "--state", str(tmp_path / "state"))
    async with running("serve", *places, "--listen", "0.0.0.0:0") as served:
        assert await served.ended() == 2

    line = served.lines[-1]
    assert "Traceback" not in " ".join(served.lines)
    assert "can be reached from other machines, so the control API needs tokens" in line


async def test_a_token_that_cannot_be_had_is_refused_by_its_name(tmp_path: Path) -> None:
    with_settings(tmp_path, more='[control]\nwrite_tokens = ["env:WRITE_TOKEN"]\n')
    places = ("--settings", str(tmp_path / "settings.toml"), "--state", str(tmp_path / "state"))
    async with running("serve", *places, "--listen", "127.0.0.1:0") as served:
        assert await served.ended() == 2

    line = served.lines[-1]
    assert "Traceback" not in " ".join(served.lines)
    assert "env:WRITE_TOKEN" in line


async def test_with_tokens_only_their_holders_get_in(tmp_path: Path) -> None:
    tokens = {"READ_TOKEN": "read-read-read-read-1", "WRITE_TOKEN": "write-write-write-write-2"}
    table = '[control]\nread_tokens = ["env:READ_TOKEN"]\nwrite_tokens = ["env:WRITE_TOKEN"]\n'
    path = "/api/agents/my-agent/automation/hold"
    async with serving(with_settings(tmp_path, more=table), environ=tokens) as served:
        nobody = await served.http.post(path, json={})
        reader = await served.http.post(path, json={}, headers={"Authorization": f"Bearer {tokens['READ_TOKEN']}"})
        writer = await served.http.post(
            path, json={}, headers={"Authorization": f"Bearer {tokens['WRITE_TOKEN']}"}
        )

    assert [one.status_code for one in (nobody, reader, writer)] == [401, 403, 200]


async def test_the_service_manager_is_told_when_it_is_ready_and_when_it_stops(tmp_path: Path) -> None:
    path = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.settimeout(SOON_S)
        manager.bind(path)
        async with serving(with_settings(tmp_path), environ={"NOTIFY_SOCKET": path}) as served:
            ready = await asyncio.to_thread(manager.recv, 100)
            served.signal(signal.SIGTERM)
            await served.ended()
            stopping = await asyncio.to_thread(manager.recv, 100)

    assert (ready, stopping) == (b"READY=1", b"STOPPING=1")


async def test_every_line_of_a_json_log_is_an_object(tmp_path: Path) -> None:
    async with serving(with_settings(tmp_path), "--log", "json") as served:
        await served.http.post("/api/agents/my-agent/query", json={"query": "hello"})
        served.signal(signal.SIGTERM)
        await served.ended()

    said = [json.loads(line) for line in served.lines]
    assert all({"time", "level", "message"} <= one.keys() for one in said)
    assert "exhausted" in {one.get("event") for one in said}


async def echo_the_key(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Refuse a request as a careless provider does: with the key it was sent, in several forms."""
    head = await reader.readuntil(b"\r\n\r\n")
    key = head.partition(b"Bearer ")[2].partition(b"\r\n")[0].decode()
    seen.append(key)
    forms = [key, quote(key, safe=""), base64.b64encode(key.encode()).decode()]
    body = json.dumps({"error": {"message": f"Incorrect API key: {' or '.join(forms)}", "code": key}}).encode()
    writer.write(b"HTTP/1.1 401 Unauthorized\r\nContent-Type: application/json\r\nConnection: close\r\n")
    writer.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
    await writer.drain()
    writer.close()


seen: list[str] = []


async def test_a_key_reaches_neither_log_nor_answer_nor_state(tmp_path: Path) -> None:
    careless = await asyncio.start_server(echo_the_key, "127.0.0.1", 0)
    port = careless.sockets[0].getsockname()[1]
    text = settings_text({"a": f"http://127.0.0.1:{port}/v1", "b": NOBODY}).replace(
        'auth = "none"', 'api_key_env = "CANARY_KEY"'
    )
    (tmp_path / "settings.toml").write_text(text)
    async with careless, serving(tmp_path, environ={"CANARY_KEY": CANARY}) as served:
        answer = await served.http.post("/api/agents/my-agent/query", json={"query": "hello"})
        pictures = [(await served.http.get(path)).text for path in ("/api/snapshot", "/metrics")]
        served.signal(signal.SIGTERM)
        await served.ended()

    assert seen == [CANARY]
    kept = (tmp_path / "state" / "state.toml").read_text()
    forms = (CANARY, quote(CANARY, safe=""), base64.b64encode(CANARY.encode()).decode(), json.dumps(CANARY)[1:-1])
    for said in (*served.lines, answer.text, *pictures, kept):
        for form in forms:
            assert form[:10] not in said
