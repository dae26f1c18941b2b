"""What a body may be: sound JSON, of bounded size, depth and number of parts."""

import pytest

from tests.support.control_world import AGENT, SWITCH, ControlWorld
from tui_failover.core.names import ProviderId

BODIES = {
    "2000-levels": b"[" * 2000 + b"]" * 2000,
    "deep-objects": b'{"a":' * 40 + b"1" + b"}" * 40,
    "member-twice": b'{"provider_id": "claude-agent", "provider_id": "openai-agent"}',
    "not-a-number": b'{"hold_s": NaN}',
    "infinity": b'{"hold_s": -Infinity}',
    "number-of-5000-digits": b'{"hold_s": ' + b"9" * 5000 + b"}",
    "half-a-surrogate": b'{"provider_id": "\\ud800"}',
    "not-utf-8": b'{"provider_id": "\xff"}',
    "utf-16": '{"provider_id": "claude-agent"}'.encode("utf-16"),
    "cut": b'{"provider_id": ',
    "list": b"[]",
    "empty": b"",
    "two-values": b"{} {}",
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
async def test_body_that_is_no_sound_json_object_is_refused(world: ControlWorld, body: bytes) -> None:
    got = await world.asks("POST", SWITCH, body)

    assert got.status == 400
    assert got.error["code"] in {"not-json", "too-deep"}
    assert world.manager.get_active_provider(AGENT) == "openai-agent"


async def test_a_bracket_too_many_is_no_depth(world: ControlWorld) -> None:
    got = await world.asks("POST", SWITCH, b"{bad'")

    assert got.error["code"] == "not-json"


PARTS = {
    "200000-numbers": b'{"query": "x", "context": {"messages": [' + b"1," * 200_000 + b"1]}}",
    "50000-members": b"{" + b",".join(b'"m%d":1' % number for number in range(50_000)) + b"}",
    "100000-levels": b"[" * 100_000 + b"]" * 100_000,
    "empty-lists": b'{"query": [' + b"[]," * 100_000 + b"[]]}",
}


@pytest.mark.parametrize("body", PARTS.values(), ids=PARTS)
async def test_body_of_too_many_parts_is_refused_before_it_is_parsed(world: ControlWorld, body: bytes) -> None:
    got = await world.asks("POST", f"/api/agents/{AGENT}/query", body)

    assert (got.status, got.error["code"]) == (413, "too-many")


async def test_long_query_full_of_signs_is_no_danger(world: ControlWorld) -> None:
    text = 'if (a[0] == "b, c") { return [1, 2]; }\n' * 9000

    got = await world.asks("POST", f"/api/agents/{AGENT}/query", {"query": text})

    assert got.status == 200
    assert world.upstreams[ProviderId("openai-agent")].queries[-1].text == text


async def test_order_as_long_as_a_query_is_refused(world: ControlWorld) -> None:
    got = await world.asks("POST", SWITCH, {"provider_id": "claude-agent", "reason": "x" * 70_000})

    assert got.status == 413


async def test_number_beyond_every_range_is_told_by_its_field(world: ControlWorld) -> None:
    got = await world.asks("POST", SWITCH, b'{"provider_id": "claude-agent", "hold_s": 1e999}')

    assert (got.status, got.fields) == (422, ["hold_s"])


async def test_brackets_in_text_are_no_depth(world: ControlWorld) -> None:
    got = await world.asks("POST", SWITCH, {"provider_id": "claude-agent", "reason": '[[["\\' + "[" * 100})

    assert got.status == 200
