"""What was ordered survives the process, however it ends."""

import asyncio
import signal
from pathlib import Path

import httpx
import pytest

from tests.support.served import NOBODY, running, serving, settings_text

CYCLES = 10
NAMES = ("a", "b", "c")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "settings.toml").write_text(settings_text(dict.fromkeys(NAMES, NOBODY)))
    return tmp_path


@pytest.mark.timeout(240)
async def test_an_acknowledged_switch_survives_being_killed_at_once_ten_times_over(folder: Path) -> None:
    expected: tuple[str, str | None] = ("a", None)
    for cycle in range(CYCLES):
        async with serving(folder) as served:
            stats = await served.stats()
            assert (stats["active_provider"], stats["pinned_to"]) == expected, f"cycle {cycle}"

            target = NAMES[(cycle + 1) % len(NAMES)]
            await served.switch(target, by=f"cycle {cycle}")
            served.signal(signal.SIGKILL)

            assert await served.ended() == -signal.SIGKILL
            expected = (target, target)
    assert sorted(one.name for one in (folder / "state").iterdir()) == ["lock", "state.toml"]


@pytest.mark.timeout(120)
async def test_killed_in_the_middle_of_orders_it_knows_the_last_answered_one_or_the_one_under_way(
    folder: Path,
) -> None:
    for stop_after in (1, 7, 23):
        answered = -1
        async with serving(folder) as served:
            try:
                for number in range(1000):
                    await served.switch(NAMES[number % 3], by=f"order {number}")
                    answered = number
                    if number == stop_after:
                        asyncio.get_running_loop().call_later(0.003, served.signal, signal.SIGKILL)
            except httpx.TransportError:
                await served.ended()

        async with serving(folder) as served:
            because = (await served.stats())["active_because"]
            served.signal(signal.SIGTERM)
            await served.ended()

        assert answered >= stop_after
        assert because in {f"switched by order {answered}", f"switched by order {answered + 1}"}


async def test_everything_that_was_ordered_is_there_again_and_is_told_in_one_line(folder: Path) -> None:
    async with serving(folder) as served:
        await served.switch("b", by="ann")
        await served.post("/api/agents/my-agent/automation/hold", by="bob")
        await served.post("/api/providers/c/maintenance", by="eve", reason="a drill")
        await served.post("/api/providers/a/breaker", hand="open", by="dan", reason="a drill", force=True)
        served.signal(signal.SIGKILL)
        await served.ended()

    async with serving(folder) as served:
        line = await served.line("restored: ")
        stats = await served.stats()

    assert line.endswith(
        "INFO restored: my-agent on b, switched by ann; automation of my-agent held by bob; "
        "breaker of a held open by dan; c in maintenance by eve"
    )
    assert (stats["pinned_to"], stats["automation_held_by"]) == ("b", "bob")


async def test_what_was_registered_at_run_time_is_there_again_with_its_key_only_named(folder: Path) -> None:
    environ = {"LATE_KEY": "a-made-up-late-key"}
    table = {"dialect": "openai", "model": "m", "base_url": NOBODY, "api_key_env": "LATE_KEY"}
    async with serving(folder, environ=environ) as served:
        await served.post("/api/providers", provider_id="late", **table)
        await served.post("/api/agents", agent_id="other", primary_provider_id="late")
        served.signal(signal.SIGKILL)
        await served.ended()

    kept = (folder / "state" / "state.toml").read_text()
    async with serving(folder, environ=environ) as served:
        health = await served.get("/api/providers/health")
        config = await served.get("/api/agents/other/failover")

    assert "late" in str(health)
    assert config["primary_provider_id"] == "late"
    assert "LATE_KEY" in kept
    assert "a-made-up-late-key" not in kept


async def test_a_broken_state_file_is_set_aside_and_told_and_the_process_runs(folder: Path) -> None:
    (folder / "state").mkdir(mode=0o700)
    (folder / "state" / "state.toml").write_text("not ours")

    async with serving(folder) as served:
        line = await served.line("restored: ")
        await served.switch("c")
        served.signal(signal.SIGTERM)
        await served.ended()

    names = sorted(one.name for one in (folder / "state").iterdir())
    assert "the state file could not be used (it is no TOML) and is set aside as state.broken-" in line
    assert [name[:13] for name in names] == ["lock", "state.broken-", "state.toml"]


async def test_a_state_folder_that_cannot_be_written_is_said_in_every_answer(folder: Path) -> None:
    async with serving(folder, state="settings.toml/not-a-folder") as served:
        line = await served.line("will not survive")
        answer = await served.switch("b")

    assert " WARNING what is ordered now will not survive a restart, " in line
    assert "my-agent is on b for 30 min; it will not survive a restart: " in answer["message"]


async def test_a_second_process_on_the_same_state_is_refused_in_one_sentence(folder: Path) -> None:
    async with serving(folder) as first:
        places = ("--settings", str(folder / "settings.toml"), "--state", str(folder / "state"))
        async with running("serve", *places, "--listen", "127.0.0.1:0") as second:
            status = await second.ended()

        assert status == 2
        (line,) = second.lines
        assert (
            f"this state folder is in use by process {first.pid}; end that, or choose another with --state" in line
        )


async def test_after_a_reset_the_settings_alone_hold(folder: Path) -> None:
    async with serving(folder) as served:
        await served.switch("c")
        served.signal(signal.SIGTERM)
        await served.ended()

    async with running("reset-state", "--state", str(folder / "state")) as reset:
        assert await reset.ended() == 0

    async with serving(folder) as served:
        stats = await served.stats()
    assert (stats["active_provider"], stats["pinned_to"]) == ("a", None)
