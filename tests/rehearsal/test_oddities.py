"""Silence, closed ports, wrong bodies and hostile texts, observed byte by byte, and that no fault lasts."""

import pytest

from tests.support.rehearsal import (
    END_MARKS,
    InstantClock,
    a_request,
    ask,
    connect,
    error_in,
    http_request,
    is_complete,
    is_json,
    settled,
    text_in,
    until,
)
from tui_failover.core.spec import Dialect
from tui_failover.rehearsal import CATALOGUE, RehearsedProvider
from tui_failover.rehearsal.problems import HOSTILE_LINE, HOSTILE_TEXT

STREAM = pytest.mark.parametrize("stream", [True, False], ids=["stream", "whole"])


@STREAM
@pytest.mark.parametrize("fault", ["hang", "stall:0"])
async def test_silence_lasts_until_the_client_goes(
    fault: str, dialect: Dialect, provider: RehearsedProvider, clock: InstantClock, *, stream: bool
) -> None:
    provider.play(fault)
    client = await connect(provider)
    client.send(a_request(dialect, stream=stream))
    await until(clock, lambda: provider.hits == 1)

    await settled(clock)

    assert provider.open_connections == 1
    await client.close()
    await until(clock, lambda: provider.open_connections == 0)


async def test_refuse_closes_the_port_and_calm_opens_the_same_one(
    dialect: Dialect, provider: RehearsedProvider
) -> None:
    address = provider.base_url
    provider.play("refuse")
    with pytest.raises(ConnectionRefusedError):
        await connect(provider)

    provider.calm()
    seen = await ask(provider, a_request(dialect))

    assert (seen.status, provider.base_url) == (200, address)


async def test_refuse_closes_connections_that_are_open(dialect: Dialect, provider: RehearsedProvider) -> None:
    client = await connect(provider)
    client.send(a_request(dialect))
    await client.receive()

    provider.play("refuse")

    assert (await client.receive()).end == "reset"
    await client.close()


async def test_reset_ends_a_connection_as_soon_as_it_is_made(
    dialect: Dialect, provider: RehearsedProvider
) -> None:
    provider.play("reset")

    seen = await ask(provider, a_request(dialect))

    assert (seen.status, seen.end, provider.hits) == (0, "reset", 0)


async def test_reset_ends_a_connection_made_before_at_its_next_request(
    dialect: Dialect, provider: RehearsedProvider
) -> None:
    client = await connect(provider)
    client.send(a_request(dialect))
    await client.receive()
    provider.play("reset")

    client.send(a_request(dialect))

    assert (await client.receive()).end == "reset"
    await client.close()


@STREAM
async def test_empty_is_a_200_with_nothing_in_it(
    dialect: Dialect, provider: RehearsedProvider, *, stream: bool
) -> None:
    provider.play("empty")

    seen = await ask(provider, a_request(dialect, stream=stream))

    assert (seen.status, seen.end, seen.body) == (200, "complete", b"")
    assert ("event-stream" in (seen.header("content-type") or "")) is stream


@STREAM
async def test_html200_is_a_page_with_200(dialect: Dialect, provider: RehearsedProvider, *, stream: bool) -> None:
    provider.play("html200")

    seen = await ask(provider, a_request(dialect, stream=stream))

    assert (seen.status, seen.header("content-type")) == (200, "text/html; charset=UTF-8")
    assert seen.body.startswith(b"<!DOCTYPE html>")


async def test_nomark_tells_the_reason_but_sends_no_end_mark(
    dialect: Dialect, provider: RehearsedProvider
) -> None:
    provider.play("nomark")

    seen = await ask(provider, a_request(dialect, stream=True))

    reason = "finish_reason" if dialect is Dialect.OPENAI else "stop_reason"
    assert seen.end == "complete"
    assert END_MARKS[dialect] not in seen.events()
    assert f'"{reason}":"' in seen.events()[-1][1]


@STREAM
async def test_json_error_200_is_an_error_in_a_success(
    dialect: Dialect, provider: RehearsedProvider, *, stream: bool
) -> None:
    provider.play("json-error-200")

    seen = await ask(provider, a_request(dialect, stream=stream))

    assert (seen.status, seen.header("content-type")) == (200, "application/json")
    assert "message" in error_in(seen)


@STREAM
async def test_pings_never_end_and_carry_no_content(
    dialect: Dialect, provider: RehearsedProvider, clock: InstantClock, *, stream: bool
) -> None:
    pings = {Dialect.OPENAI: b": keep-alive\n\n", Dialect.ANTHROPIC: b"event: ping\n"}
    provider.play("pings")
    client = await connect(provider)
    client.send(a_request(dialect, stream=stream))

    came = b"".join(
        [await client.reader.readuntil(pings[dialect] if stream else b"\r\n1\r\n\n") for _ in range(20)]
    )

    assert not stream or text_in(_decoded_events(came)) == ""
    await client.close()
    await until(clock, lambda: provider.open_connections == 0)


def _decoded_events(raw: bytes) -> list[tuple[str | None, str]]:
    lines = raw.decode().split("\n")
    return [(None, line.removeprefix("data: ").strip()) for line in lines if line.startswith("data: ")]


@STREAM
async def test_truncated_json_stops_half_way_but_ends_cleanly(
    dialect: Dialect, provider: RehearsedProvider, *, stream: bool
) -> None:
    provider.play("truncated-json")

    seen = await ask(provider, a_request(dialect, stream=stream))

    assert (seen.status, seen.end, seen.header("content-type")) == (200, "complete", "application/json")
    assert not is_json(seen.body.decode())


@STREAM
async def test_length_too_long_promises_more_than_comes(
    dialect: Dialect, provider: RehearsedProvider, *, stream: bool
) -> None:
    provider.play("length-too-long")

    seen = await ask(provider, a_request(dialect, stream=stream))

    assert (seen.status, seen.end) == (200, "closed")
    assert int(seen.header("content-length") or 0) > len(seen.body) > 0


@STREAM
async def test_trickle_changes_nothing_but_the_packets(
    dialect: Dialect, provider: RehearsedProvider, clock: InstantClock, *, stream: bool
) -> None:
    provider.play("trickle")

    seen = await ask(provider, a_request(dialect, stream=stream))

    assert is_complete(seen, dialect, stream=stream)
    assert len(clock.waits) > len(seen.body)


async def test_hostile_is_an_error_text_of_escapes_and_markup(
    dialect: Dialect, provider: RehearsedProvider
) -> None:
    provider.play("hostile")

    seen = await ask(provider, a_request(dialect))

    message = str(error_in(seen)["message"])
    assert (seen.status, message) == (500, HOSTILE_LINE)
    assert len(message) > 200_000
    for attack in ("\x1b]52;", "\x1b[2J", "[@click=app.quit()]", "\u202e", "\x9b", "\x00", "\u200b"):
        assert attack in message


@STREAM
async def test_hostile_answer_is_a_200_of_escapes_and_markup(
    dialect: Dialect, provider: RehearsedProvider, *, stream: bool
) -> None:
    provider.play("hostile-answer")

    seen = await ask(provider, a_request(dialect, stream=stream))

    said = text_in(seen.events()) if stream else seen.body.decode("unicode_escape")
    assert seen.status == 200
    assert HOSTILE_TEXT in said if stream else "[@click=app.quit()]" in said


@STREAM
@pytest.mark.parametrize("name", CATALOGUE)
async def test_a_provider_is_itself_again_after_any_fault(
    name: str, dialect: Dialect, provider: RehearsedProvider, clock: InstantClock, *, stream: bool
) -> None:
    provider.play(CATALOGUE[name].example)
    if name != "refuse":
        client = await connect(provider)
        client.send(a_request(dialect, stream=stream))
        await settled(clock)
        await client.close()

    provider.calm()
    seen = await ask(provider, a_request(dialect, stream=stream))

    assert is_complete(seen, dialect, stream=stream)


@pytest.mark.parametrize("name", [name for name in CATALOGUE if name not in {"refuse", "reset", "hang", "pings"}])
async def test_faults_concern_the_list_of_models_too(
    name: str, provider: RehearsedProvider, clock: InstantClock
) -> None:
    calm = await ask(provider, http_request("GET", "/v1/models"))
    provider.play(CATALOGUE[name].example)
    client = await connect(provider)

    client.send(http_request("GET", "/v1/models"))

    if not name.startswith("stall"):
        seen = await client.receive()
        same = {"latency", "nomark", "trickle", "hostile-answer"}
        assert ((seen.status, seen.end) == (200, "complete") and seen.body == calm.body) is (name in same)
    await client.close()
