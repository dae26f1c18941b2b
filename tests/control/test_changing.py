"""Providers and agents that come, change and go while the process runs."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.control_world import (
    AGENT,
    CURL_BODY,
    LOOPBACK,
    PROVIDERS,
    TO_CLAUDE,
    ControlWorld,
    a_manager,
    asks,
    control_world,
    post,
)
from tui_failover.config.generated import table_of
from tui_failover.config.secret import EnvKey, FileKey
from tui_failover.control import ChangeKind, ControlServer, ControlSettings
from tui_failover.control.models import FailoverFields
from tui_failover.core.errors import NotKept
from tui_failover.core.names import ProviderId
from tui_failover.core.spec import Dialect, FailoverConfig
from tui_failover.providers.scripted import Answer

NEW = {
    "provider_id": "new-provider",
    "dialect": "anthropic",
    "model": "claude-new",
    "base_url": "https://relay.example/anthropic",
    "api_key_env": "RELAY_API_KEY",
}
FIELDS = {name: value for name, value in NEW.items() if name != "provider_id"}


async def test_provider_is_registered_connected_and_asked(
    world: ControlWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RELAY_API_KEY", "relay-key-0123456789")
    world.upstreams[ProviderId("new-provider")].from_now_on(Answer("from the new one", after_s=0.0))

    registered = await world.asks("POST", "/api/providers", NEW)
    await world.asks("POST", f"/api/agents/{AGENT}/failover", {"primary_provider_id": "new-provider"})
    served = await world.asks("POST", f"/api/agents/{AGENT}/query", {"query": "Hello"})

    view = world.manager.snapshot().provider(ProviderId("new-provider"))
    assert registered.status == 201
    assert registered.json["warnings"] == []
    assert view is not None
    assert (view.dialect, view.model, view.endpoint) == (Dialect.ANTHROPIC, "claude-new", "https://relay.example")
    assert served.json["response"] == "from the new one"
    (connection,) = world.connected
    assert (connection.base_url, connection.key) == (NEW["base_url"], EnvKey("RELAY_API_KEY"))


async def test_provider_without_its_key_is_registered_with_a_warning(world: ControlWorld) -> None:
    got = await world.asks("POST", "/api/providers", {**NEW, "api_key_env": "NOT_SET_ANYWHERE"})

    assert (got.status, got.json["available"]) == (201, False)
    assert got.json["warnings"] == ["new-provider has no key: set NOT_SET_ANYWHERE"]


async def test_key_file_is_looked_for_beside_the_settings(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("relay-key-0123456789")
    body = {name: value for name, value in NEW.items() if name != "api_key_env"} | {"api_key_file": "key"}
    async with control_world(folder=tmp_path) as world:
        got = await world.asks("POST", "/api/providers", body)

        assert got.json["warnings"] == []
        assert world.connected[0].key == FileKey("key", tmp_path / "key")


BAD_PROVIDERS = {
    "literal-key": ({**NEW, "api_key": "sk-live-0123456789abcdef"}, "api_key"),
    "literal-key-in-place-of-a-name": ({**NEW, "api_key_env": "sk-live-0123456789abcdef"}, "api_key_env"),
    "key-in-a-header": ({**NEW, "headers": {"X-Note": "sk-live-0123456789abcdef"}}, "headers.X-Note"),
    "key-in-the-address": ({**NEW, "base_url": "https://user:secret-pass@relay.example"}, "base_url"),
    "address-of-another-kind": ({**NEW, "base_url": "file:///etc/passwd"}, "base_url"),
    "no-key-at-all": ({name: value for name, value in NEW.items() if name != "api_key_env"}, ""),
    "two-keys": ({**NEW, "api_key_file": "key"}, "api_key_file"),
    "unknown-dialect": ({**NEW, "dialect": "morse"}, "dialect"),
    "unknown-field": ({**NEW, "api_base": "https://evil.example"}, "api_base"),
    "control-characters-in-the-name": ({**NEW, "provider_id": "new\x1b[2J"}, "provider_id"),
    "name-of-a-path": ({**NEW, "provider_id": "health"}, "provider_id"),
    "nothing": ({}, "provider_id"),
}


@pytest.mark.parametrize(("body", "field"), BAD_PROVIDERS.values(), ids=BAD_PROVIDERS)
async def test_provider_that_cannot_be_used_is_refused_by_its_field(
    world: ControlWorld, body: dict[str, object], field: str
) -> None:
    got = await world.asks("POST", "/api/providers", body)

    assert got.status == 422
    assert field in got.fields
    assert "0123456789abcdef" not in got.body
    assert "secret-pass" not in got.body
    assert len(world.manager.snapshot().providers) == 3


async def test_every_mistake_is_told_at_once(world: ControlWorld) -> None:
    body = {"health_check_interval": "60", "max_consecutive_failures": 0, "colour": "red"}

    got = await world.asks("POST", f"/api/agents/{AGENT}/failover", body)

    assert set(got.fields) == {
        "primary_provider_id",
        "health_check_interval",
        "max_consecutive_failures",
        "colour",
    }


async def test_provider_that_is_there_is_not_registered_again(world: ControlWorld) -> None:
    got = await world.asks("POST", "/api/providers", {**NEW, "provider_id": PROVIDERS[0]})

    assert got.status == 409
    assert "PUT /api/providers/openai-agent" in str(got.error["message"])


async def test_changed_provider_keeps_its_history(world: ControlWorld) -> None:
    await world.asks("POST", "/api/providers/openai-agent/check", {})

    got = await world.asks("PUT", "/api/providers/openai-agent", FIELDS)

    view = world.manager.snapshot().provider(ProviderId("openai-agent"))
    assert got.status == 200
    assert view is not None
    assert (view.model, view.last_success_at is not None) == ("claude-new", True)


async def test_provider_in_a_chain_is_not_removed(world: ControlWorld) -> None:
    got = await world.asks("DELETE", "/api/providers/claude-agent?reason=gone")

    assert got.status == 409
    assert "my-agent" in str(got.error["message"])


@pytest.mark.parametrize("path", ["/api/providers/claude-agent", f"/api/agents/{AGENT}"])
async def test_nothing_is_removed_without_a_reason(world: ControlWorld, path: str) -> None:
    got = await world.asks("DELETE", path)

    assert (got.status, got.fields) == (400, ["reason"])
    assert len(world.manager.snapshot().agents) == 1


async def test_removals_are_recorded_with_who_and_why(world: ControlWorld) -> None:
    await world.asks("DELETE", f"/api/agents/{AGENT}?reason=moved&by=dana")
    await world.asks("DELETE", "/api/providers/claude-agent?reason=contract%20ended&by=dana")

    assert [(one.kind, one.subject, one.by, one.reason) for one in world.changes] == [
        (ChangeKind.AGENT_REMOVED, AGENT, "dana", "moved"),
        (ChangeKind.PROVIDER_REMOVED, "claude-agent", "dana", "contract ended"),
    ]
    assert world.manager.snapshot().provider(ProviderId("claude-agent")) is None


async def test_agent_is_added_once(world: ControlWorld) -> None:
    body = {"agent_id": "second", **CURL_BODY}

    first = await world.asks("POST", "/api/agents", body)
    second = await world.asks("POST", "/api/agents", body)

    assert (first.status, second.status) == (201, 409)


async def test_agent_without_backup_is_taken_with_a_warning(world: ControlWorld) -> None:
    got = await world.asks("PUT", f"/api/agents/{AGENT}", {"primary_provider_id": "claude-agent"})

    assert got.json["warnings"] == ["my-agent has no backup to fail over to"]


async def test_chain_of_strangers_is_refused_by_place(world: ControlWorld) -> None:
    body = {"primary_provider_id": "openai-agent", "backup_provider_ids": ["claude-agent", "nobody"]}

    got = await world.asks("POST", f"/api/agents/{AGENT}/failover", body)

    assert (got.status, got.fields) == (422, ["backup_provider_ids[1]"])


async def test_agent_in_the_body_must_be_the_one_in_the_path(world: ControlWorld) -> None:
    got = await world.asks("POST", f"/api/agents/{AGENT}/failover", {**CURL_BODY, "agent_id": "other"})

    assert (got.status, got.fields) == (422, ["agent_id"])


async def test_agent_with_a_name_no_screen_can_show_is_refused(world: ControlWorld) -> None:
    got = await world.asks("POST", "/api/agents/a%1b%5b2J/failover", CURL_BODY)

    assert (got.status, got.fields) == (422, ["agent_id"])
    assert "\x1b" not in got.body


async def test_changes_are_handed_on_as_plain_values(world: ControlWorld) -> None:
    await world.asks("POST", "/api/providers", NEW)
    await world.asks("PUT", "/api/providers/new-provider", FIELDS)
    await world.asks("POST", f"/api/agents/{AGENT}/failover", CURL_BODY)

    assert [(one.kind, one.subject) for one in world.changes] == [
        (ChangeKind.PROVIDER_REGISTERED, "new-provider"),
        (ChangeKind.PROVIDER_CHANGED, "new-provider"),
        (ChangeKind.AGENT_CONFIGURED, AGENT),
    ]
    assert world.changes[0].values == FIELDS
    assert {name: world.changes[2].values[name] for name in CURL_BODY} == CURL_BODY


async def test_provider_nobody_can_connect_is_refused() -> None:
    async with a_manager() as manager, ControlServer(manager, ControlSettings(LOOPBACK)) as server:
        got = await asks(server, "POST", "/api/providers", NEW)

        assert got.status == 409


FAULTS = {
    "told": (NotKept("the disk is full"), "the disk is full"),
    "unforeseen": (OSError("no space left on device"), "the log names the fault"),
}


@pytest.mark.parametrize(("fault", "why"), FAULTS.values(), ids=FAULTS)
async def test_change_that_cannot_be_kept_counts_and_says_so(
    world: ControlWorld, fault: Exception, why: str
) -> None:
    world.disk_fault = fault

    got = await world.asks("POST", f"/api/agents/{AGENT}/failover", CURL_BODY)

    assert got.status == 200
    assert got.json["warnings"] == [f"carried out, but it would not survive a restart: {why}"]


async def test_change_is_seen_through_although_its_caller_leaves(world: ControlWorld) -> None:
    world.disk_is_slow = asyncio.Event()
    _, writer = await world.connect()
    writer.write(post(world, b"Content-Length: %d" % len(TO_CLAUDE), body=TO_CLAUDE))
    await _until(world, lambda: world.manager.get_active_provider(AGENT) == "claude-agent")

    writer.close()
    await writer.wait_closed()
    await world.asks("GET", "/healthz")
    world.disk_is_slow.set()
    await _until(world, lambda: bool(world.changes))

    assert world.changes[0].kind is ChangeKind.ORDER_ACCEPTED


async def test_server_waits_for_a_change_that_is_being_kept() -> None:
    disk = asyncio.Event()
    async with control_world() as world:
        world.disk_is_slow = disk
        _, writer = await world.connect()
        writer.write(post(world, b"Content-Length: %d" % len(TO_CLAUDE), body=TO_CLAUDE))
        await _until(world, lambda: world.manager.get_active_provider(AGENT) == "claude-agent")
        writer.close()
        await writer.wait_closed()
        asyncio.get_running_loop().call_later(0.03, disk.set)

    assert world.changes[0].kind is ChangeKind.ORDER_ACCEPTED


async def _until(world: ControlWorld, holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(2):
        while not holds():
            await world.asks("GET", "/healthz")


def test_limits_of_the_api_are_those_of_the_settings() -> None:
    ours = FailoverFields.model_json_schema()["properties"]
    settings = table_of(FailoverConfig, without=frozenset({"agent_id"})).model_json_schema()["properties"]

    assert set(ours) == set(settings)
    for name, field in settings.items():
        limits = [field.get("minimum"), field.get("maximum"), field.get("default")]
        if name not in {"failback", "max_retries", "mid_stream", "strategy", "backup_provider_ids"}:
            assert [ours[name].get(key) for key in ("minimum", "maximum", "default")] == limits, name
