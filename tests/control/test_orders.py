"""Orders over REST are the orders of the keys: the same commands, the same verdicts, each carried out once."""

from typing import get_args

import pytest

from tests.support.control_world import AGENT, PROVIDERS, ControlWorld
from tui_failover.control import ChangeKind
from tui_failover.control.route import Route
from tui_failover.control.table import ROUTES
from tui_failover.core.command import Command, Imposed
from tui_failover.core.event import EventKind
from tui_failover.core.names import AgentId, ProviderId
from tui_failover.core.snapshot import AgentView

A = f"/api/agents/{AGENT}"
P = f"/api/providers/{PROVIDERS[0]}"


def told(world: ControlWorld) -> list[EventKind]:
    return [event.kind for event in world.manager.snapshot().events]


def agent(world: ControlWorld) -> AgentView:
    view = world.manager.snapshot().agent(AgentId(AGENT))
    assert view is not None
    return view


def imposed(world: ControlWorld) -> object:
    """Everything a person has imposed."""
    snapshot = world.manager.snapshot()
    return (
        [(view.pin, view.automation_held, view.strict) for view in snapshot.agents],
        [(view.imposed, view.breaker.hand) for view in snapshot.providers],
    )


ORDERS = {
    "switch": (f"{A}/failover/switch", {"provider_id": "claude-agent"}, EventKind.SWITCHED),
    "trial": (f"{A}/failover/trial", {"provider_id": "claude-agent"}, EventKind.SWITCHED),
    "hold": (f"{A}/automation/hold", {"strict": True}, EventKind.AUTOMATION_HELD),
    "drain": (f"{P}/drain", {}, EventKind.DRAINED),
    "maintenance": (f"{P}/maintenance", {}, EventKind.MAINTENANCE),
    "breaker": (f"{P}/breaker", {"hand": "open", "hold_s": 60}, EventKind.BREAKER_BY_HAND),
}


@pytest.mark.parametrize(("path", "body", "kind"), ORDERS.values(), ids=ORDERS)
async def test_order_is_carried_out_and_told_with_its_giver_and_reason(
    world: ControlWorld, path: str, body: dict[str, object], kind: EventKind
) -> None:
    got = await world.asks("POST", path, {**body, "by": "dana", "reason": "drill"})

    (event,) = [one for one in world.manager.snapshot().events if one.kind is kind]
    assert got.status == 200, got.body
    assert (event.actor, event.cause) == ("dana", "drill")
    assert got.json["message"]
    assert got.json["warnings"] == []


@pytest.mark.parametrize(("path", "body", "kind"), ORDERS.values(), ids=ORDERS)
async def test_order_is_undone(world: ControlWorld, path: str, body: dict[str, object], kind: EventKind) -> None:
    before = imposed(world)
    await world.asks("POST", path, body)
    between = imposed(world)

    got = await world.asks("POST", "/api/undo", {"by": "dana"})

    assert got.status == 200
    assert between != before
    assert imposed(world) == before


async def test_trial_is_confirmed_and_given_back(world: ControlWorld) -> None:
    await world.asks("POST", f"{A}/failover/trial", {"provider_id": "claude-agent"})

    confirmed = await world.asks("POST", f"{A}/failover/confirm", {})
    pinned = agent(world).pin
    assert pinned is not None
    released = await world.asks("POST", f"{A}/failover/release", {})

    assert (confirmed.status, released.status) == (200, 200)
    assert (pinned.provider, pinned.trial) == ("claude-agent", False)
    assert agent(world).pin is None


async def test_automation_is_held_and_released(world: ControlWorld) -> None:
    await world.asks("POST", f"{A}/automation/hold", {"by": "dana"})
    held = agent(world).automation_held

    got = await world.asks("POST", f"{A}/automation/release", {})

    assert (held, got.status, agent(world).automation_held) == ("dana", 200, None)


async def test_provider_returns_to_service(world: ControlWorld) -> None:
    await world.asks("POST", f"{P}/maintenance", {})

    got = await world.asks("POST", f"{P}/return", {})

    view = world.manager.snapshot().provider(ProviderId(PROVIDERS[0]))
    assert got.json["available"] is True
    assert view is not None
    assert view.imposed is Imposed.NOTHING


async def test_breaker_is_given_back_and_reset(world: ControlWorld) -> None:
    await world.asks("POST", f"{P}/breaker", {"hand": "closed"})

    back = await world.asks("POST", f"{P}/breaker", {"hand": None})
    reset = await world.asks("POST", f"{P}/reset", {})

    assert back.status == 200
    assert (reset.status, reset.error["code"]) == (409, "refused")  # there was nothing to forget


async def test_repeat_of_an_order_is_answered_and_carried_out_once(world: ControlWorld) -> None:
    body = {"provider_id": "claude-agent", "order_id": "incident-7-switch"}

    first = await world.asks("POST", f"{A}/failover/switch", body)
    await world.asks("POST", f"{A}/failover/switch", {"provider_id": "backup-openai-agent"})
    second = await world.asks("POST", f"{A}/failover/switch", body)

    assert (first.json["message"], first.json["revision"]) == (second.json["message"], second.json["revision"])
    assert told(world).count(EventKind.SWITCHED) == 2
    assert second.json["active_provider"] == "backup-openai-agent"
    assert len(world.changes) == 2


async def test_order_decided_on_an_old_picture_is_refused(world: ControlWorld) -> None:
    seen = (await world.asks("GET", "/api/snapshot")).json["revision"]
    await world.asks("POST", f"{A}/failover/switch", {"provider_id": "claude-agent"})

    body = {"provider_id": "backup-openai-agent", "seen_revision": seen}
    got = await world.asks("POST", f"{A}/failover/switch", body)

    assert got.status == 409
    assert "has changed meanwhile" in str(got.error["message"])
    assert world.manager.get_active_provider(AGENT) == "claude-agent"


async def test_order_decided_on_the_present_picture_goes_through(world: ControlWorld) -> None:
    seen = (await world.asks("GET", "/api/snapshot")).json["revision"]

    got = await world.asks("POST", f"{P}/drain", {"seen_revision": seen})

    assert got.status == 200


async def test_last_available_provider_is_taken_away_by_force_only(world: ControlWorld) -> None:
    for name in PROVIDERS[1:]:
        await world.asks("POST", f"/api/providers/{name}/drain", {})

    refused = await world.asks("POST", f"{P}/drain", {})
    forced = await world.asks("POST", f"{P}/drain", {"force": True})

    assert (refused.status, refused.error["needs_force"], forced.status) == (409, True, 200)


ABSENT = [route for route in ROUTES if route.variables]


@pytest.mark.parametrize("route", ABSENT, ids=lambda route: f"{route.method} {route.path}")
async def test_what_does_not_exist_is_not_found(world: ControlWorld, route: Route) -> None:
    path = route.path.format(agent_id="nobody", provider_id="nobody")
    if route.query is not None:
        path += "?reason=x" if route.method == "DELETE" else "?provider_id=claude-agent"
    body = None if route.body is None else dict(route.example)

    got = await world.asks(route.method, path, body)

    makes = route.path.endswith("/failover") and route.method == "POST"
    assert got.status == (200 if makes else 404)


async def test_accepted_order_is_handed_on_to_be_kept_before_it_is_answered(world: ControlWorld) -> None:
    got = await world.asks("POST", f"{A}/failover/switch", {"provider_id": "claude-agent", "reason": "drill"})

    (change,) = world.changes
    assert (change.kind, change.subject, change.reason) == (ChangeKind.ORDER_ACCEPTED, AGENT, "drill")
    assert change.values["command"] == "SwitchTo"
    assert change.values["provider_id"] == "claude-agent"
    assert change.revision == got.json["revision"]


def test_every_command_of_the_console_has_its_route() -> None:
    commands = {kind.__name__ for kind in get_args(Command)}
    paths = {route.path.rsplit("/", 1)[-1] for route in ROUTES if route.method == "POST"}
    routes = {
        "SwitchTo": "switch",
        "ConfirmTrial": "confirm",
        "ReleasePin": "release",
        "HoldAutomation": "hold",
        "ReleaseAutomation": "release",
        "Impose": "drain",
        "HoldBreaker": "breaker",
        "ResetBreaker": "reset",
        "Undo": "undo",
    }

    assert set(routes) == commands
    assert set(routes.values()) <= paths


async def test_preview_tells_what_a_switch_would_mean_and_changes_nothing(world: ControlWorld) -> None:
    before = world.manager.snapshot().revision

    got = await world.asks("GET", f"{A}/failover/preview?provider_id=claude-agent")

    assert got.status == 200
    assert (got.json["allowed"], got.json["needs_force"]) == (True, False)
    assert got.json["consequences"] == [
        "new queries of my-agent go to claude-agent",
        "0 attempts under way at openai-agent are finished there",
        "loses nothing known: no query has ended in the last 30 s",
    ]
    assert world.manager.snapshot().revision == before


async def test_preview_tells_what_recent_queries_took_and_would_lose(world: ControlWorld) -> None:
    await world.asks("POST", "/api/agents/my-agent/query", {"query": "Hello"})

    got = await world.asks("GET", f"{A}/failover/preview?provider_id=claude-agent")

    recent = got.json["recent"]
    assert isinstance(recent, dict)
    assert (recent["queries"], recent["input_tokens"], recent["output_tokens"]) == (1, 10, 5)
    assert (got.json["in_flight"], got.json["losses"], got.json["losses_known"]) == (0, [], False)
    assert got.json["source"]["p95_now"]["samples"] == 1  # type: ignore[index]
    assert got.json["target"]["micro_dollars_per_hour"] is None  # type: ignore[index]
    assert got.json["consequences"][-1] == "loses nothing known: what claude-agent carries is not told"  # type: ignore[index]


async def test_preview_tells_why_a_switch_would_be_refused(world: ControlWorld) -> None:
    await world.asks("POST", "/api/providers/claude-agent/drain", {})

    got = await world.asks("GET", f"{A}/failover/preview?provider_id=claude-agent")

    assert (got.json["allowed"], got.json["needs_force"]) == (False, True)
    assert "claude-agent is not available" in got.json["consequences"][0]  # type: ignore[index]


async def test_check_of_one_and_of_all_returns_fresh_health(world: ControlWorld) -> None:
    one = await world.asks("POST", f"{P}/check", {})
    every = await world.asks("POST", "/api/providers/check", {})

    health = every.json["provider_health"]
    assert one.json["status"] == "healthy"
    assert isinstance(health, dict)
    assert [health[name]["status"] for name in PROVIDERS] == ["healthy"] * 3
