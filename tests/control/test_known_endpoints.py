"""The six calls users know, as they write them."""

import json

import pytest

from tests.support.control_world import AGENT, CURL_BODY, PROVIDERS, ControlWorld, control_world
from tui_failover.core.names import ProviderId
from tui_failover.core.outcome import FailureKind
from tui_failover.providers.scripted import Answer, failing

NINE = {
    "agent_id",
    "primary_provider_id",
    "backup_provider_ids",
    "health_check_enabled",
    "health_check_interval",
    "health_check_timeout",
    "max_consecutive_failures",
    "auto_failover_enabled",
    "health_check_query",
}
EIGHT = {
    "provider_id",
    "status",
    "last_check",
    "last_success",
    "last_failure",
    "consecutive_failures",
    "response_time_ms",
    "error_message",
}


async def test_failover_is_configured_as_curl_sends_it() -> None:
    text = (
        '{"primary_provider_id": "openai-agent", "backup_provider_ids": ["claude-agent", "backup-openai-agent"], '
        '"health_check_enabled": true, "health_check_interval": 60, "health_check_timeout": 5, '
        '"max_consecutive_failures": 3, "auto_failover_enabled": true}'
    )
    async with control_world(agents=()) as world:
        got = await world.asks(
            "POST",
            f"/api/agents/{AGENT}/failover",
            text.encode(),
            headers={"Host": f"localhost:{world.server.port}"},
        )

        assert got.status == 200
        assert got.json["message"] == "my-agent: failover is configured"
        assert {name: got.json[name] for name in CURL_BODY} == json.loads(text)
        assert world.manager.get_active_provider(AGENT) == "openai-agent"


async def test_configuration_is_returned_in_its_nine_fields(world: ControlWorld) -> None:
    got = await world.asks("GET", f"/api/agents/{AGENT}/failover")

    assert got.status == 200
    assert set(got.json) == NINE
    assert got.json["backup_provider_ids"] == list(PROVIDERS[1:])
    assert '"health_check_interval":60,' in got.body


async def test_agent_that_is_not_configured_is_not_found(world: ControlWorld) -> None:
    got = await world.asks("GET", "/api/agents/nobody/failover")

    assert got.status == 404
    assert str(got.error["message"]).startswith("nobody: no such agent")


async def test_what_was_read_can_be_sent_back(world: ControlWorld) -> None:
    before = await world.asks("GET", f"/api/agents/{AGENT}/failover")

    got = await world.asks("POST", f"/api/agents/{AGENT}/failover", before.json)
    after = await world.asks("GET", f"/api/agents/{AGENT}/failover")

    assert got.status == 200
    assert after.json == before.json


async def test_fields_a_caller_does_not_know_stay_as_they_were(world: ControlWorld) -> None:
    ours = {"failback": "off", "max_retries": 0, "mid_stream": "continue", "strategy": "fastest"}
    await world.asks("POST", f"/api/agents/{AGENT}/failover", {**CURL_BODY, **ours})

    got = await world.asks("POST", f"/api/agents/{AGENT}/failover", CURL_BODY)

    assert {name: got.json[name] for name in ours} == ours


async def test_statistics_tell_where_the_agent_stands(world: ControlWorld) -> None:
    await world.asks("POST", f"/api/agents/{AGENT}/query", {"query": "Hello"})

    got = await world.asks("GET", f"/api/agents/{AGENT}/failover/stats")

    assert got.status == 200
    assert got.json["agent_id"] == AGENT
    assert got.json["primary_provider"] == "openai-agent"
    assert got.json["backup_providers"] == ["claude-agent", "backup-openai-agent"]
    assert got.json["active_provider"] == "openai-agent"
    assert got.json["provider_chain"] == list(PROVIDERS)
    assert got.json["auto_failover_enabled"] is True
    assert (got.json["queries"], got.json["in_flight"], got.json["error_share"]) == (1, 0, 0.0)
    assert got.json["queries_per_s"] == pytest.approx(1 / 30)
    assert got.json["tokens_per_s"] == pytest.approx(5 / 30)
    health = got.json["provider_health"]
    assert isinstance(health, dict)
    assert [set(health[name]) for name in PROVIDERS] == [EIGHT] * 3


async def test_asking_for_an_agents_health_checks_its_providers_now(world: ControlWorld) -> None:
    world.upstreams[ProviderId("claude-agent")].from_now_on(failing(FailureKind.SERVER, "503 server error"))

    got = await world.asks("GET", f"/api/agents/{AGENT}/failover/health")

    assert got.status == 200
    health = got.json["provider_health"]
    assert isinstance(health, dict)
    assert {name: health[name]["status"] for name in PROVIDERS} == {
        "openai-agent": "healthy",
        "claude-agent": "unhealthy",
        "backup-openai-agent": "healthy",
    }
    assert health["claude-agent"]["error_message"] == "503 server error"
    assert health["claude-agent"]["last_failure"].endswith("+00:00")


async def test_health_of_every_provider_has_eight_fields_and_checks_nobody(world: ControlWorld) -> None:
    got = await world.asks("GET", "/api/providers/health")

    health = got.json["provider_health"]
    assert isinstance(health, dict)
    assert {name: set(fields) for name, fields in health.items()} == dict.fromkeys(PROVIDERS, EIGHT)
    assert not world.upstreams[ProviderId("openai-agent")].probes


async def test_switch_moves_the_agent_and_names_the_new_active_provider(world: ControlWorld) -> None:
    got = await world.asks("POST", f"/api/agents/{AGENT}/failover/switch", {"provider_id": "claude-agent"})
    served = await world.asks("POST", f"/api/agents/{AGENT}/query", {"query": "Hello"})

    assert got.status == 200
    assert got.json["message"] == "my-agent is on claude-agent for 30 min"
    assert got.json["active_provider"] == "claude-agent"
    assert served.json["provider"] == "claude-agent"


@pytest.fixture
async def ailing(world: ControlWorld) -> ControlWorld:
    """The same with claude-agent out of service: its breaker is open."""
    upstream = world.upstreams[ProviderId("claude-agent")]
    upstream.from_now_on(failing(FailureKind.SERVER, "503 server error"))
    for _ in range(3):
        await world.manager.check_provider_health("claude-agent")
    return world


async def test_switch_to_an_unavailable_provider_is_refused_with_the_reason(ailing: ControlWorld) -> None:
    got = await ailing.asks("POST", f"/api/agents/{AGENT}/failover/switch", {"provider_id": "claude-agent"})

    assert got.status == 409
    assert got.error["code"] == "needs-force"
    assert got.error["needs_force"] is True
    assert got.fields == ["force"]
    assert "claude-agent is not available" in str(got.error["message"])
    assert ailing.manager.get_active_provider(AGENT) == "openai-agent"


async def test_forced_switch_goes_through(ailing: ControlWorld) -> None:
    body = {"provider_id": "claude-agent", "force": True}

    got = await ailing.asks("POST", f"/api/agents/{AGENT}/failover/switch", body)

    assert got.status == 200
    assert got.json["active_provider"] == "claude-agent"


async def test_query_is_rescued_and_tells_what_failed_before(world: ControlWorld) -> None:
    world.upstreams[ProviderId("openai-agent")].from_now_on(failing(FailureKind.OVERLOADED, "529 overloaded"))
    world.upstreams[ProviderId("claude-agent")].from_now_on(Answer("Good day", after_s=0.0))
    body = {"query": "Hello", "context": {"system_prompt": "Be brief.", "max_tokens": 9}}

    got = await world.asks("POST", f"/api/agents/{AGENT}/query", body)

    assert got.status == 200
    assert {name: got.json[name] for name in ("response", "model", "usage", "provider")} == {
        "response": "Good day",
        "model": "claude-agent-model",
        "usage": {"input_tokens": 10, "output_tokens": 5},
        "provider": "claude-agent",
    }
    assert [(one["provider"], one["kind"]) for one in got.json["attempts"]] == [("openai-agent", "overloaded")]  # type: ignore[attr-defined]
    asked = world.upstreams[ProviderId("claude-agent")].queries[-1]
    assert (asked.system, asked.max_tokens) == ("Be brief.", 9)


async def test_query_that_nobody_answers_names_every_attempt_and_asks_not_to_be_repeated(
    world: ControlWorld,
) -> None:
    for name in PROVIDERS:
        world.upstreams[ProviderId(name)].from_now_on(failing(FailureKind.AUTH, "401 key refused"))

    got = await world.asks("POST", f"/api/agents/{AGENT}/query", {"query": "Hello"})

    assert got.status == 503
    assert got.error["code"] == "nobody-answered"
    assert [one["provider"] for one in got.error["attempts"]] == list(PROVIDERS)  # type: ignore[attr-defined]
    assert got.headers["x-should-retry"] == "false"


STEERING = {
    "base_url": "https://evil.example",
    "api_base": "https://evil.example",
    "model": "dearest",
    "provider": "backup-openai-agent",
    "headers": {"Authorization": "Bearer stolen"},
}


@pytest.mark.parametrize("field", STEERING)
async def test_caller_cannot_choose_where_a_query_goes(world: ControlWorld, field: str) -> None:
    beside = await world.asks("POST", f"/api/agents/{AGENT}/query", {"query": "Hello", field: STEERING[field]})
    context = {"query": "Hello", "context": {field: STEERING[field]}}
    inside = await world.asks("POST", f"/api/agents/{AGENT}/query", context)

    assert (beside.status, beside.fields) == (422, [field])
    assert (inside.status, inside.fields) == (422, [f"context.{field}"])
    assert not any(world.upstreams[ProviderId(name)].queries for name in PROVIDERS)


async def test_callers_headers_change_nothing_about_a_query(world: ControlWorld) -> None:
    headers = {
        "X-Forwarded-Host": "evil.example",
        "X-Original-URL": "/api/undo",
        "X-HTTP-Method-Override": "DELETE",
    }

    got = await world.asks("POST", f"/api/agents/{AGENT}/query", {"query": "Hello"}, headers=headers)

    assert (got.status, got.json["provider"]) == (200, "openai-agent")


async def test_query_the_provider_refuses_is_the_callers_to_mend(world: ControlWorld) -> None:
    world.upstreams[ProviderId("openai-agent")].will(failing(FailureKind.CONTENT_POLICY, "refused by policy"))

    got = await world.asks("POST", f"/api/agents/{AGENT}/query", {"query": "Hello"})

    assert (got.status, got.error["code"]) == (422, "query-refused")
