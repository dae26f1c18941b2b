"""Answers that begin well: late, broken off, stalled or garbled, observed byte by byte."""

import json
from collections.abc import Callable
from email.utils import parsedate_to_datetime

import pytest

from tests.support.rehearsal import (
    END_MARKS,
    EPOCH,
    InstantClock,
    Seen,
    a_request,
    ask,
    connect,
    is_complete,
    is_json,
    settled,
    text_in,
    until,
)
from tui_failover.core.spec import Dialect
from tui_failover.rehearsal import RehearsedProvider
from tui_failover.rehearsal.faults import Break

STREAM = pytest.mark.parametrize("stream", [True, False], ids=["stream", "whole"])


async def test_dates_are_measured_on_the_providers_clock(dialect: Dialect, provider: RehearsedProvider) -> None:
    seen = await ask(provider, a_request(dialect))

    assert parsedate_to_datetime(seen.header("date") or "").timestamp() == EPOCH


@STREAM
async def test_latency_comes_before_the_right_answer(
    dialect: Dialect, provider: RehearsedProvider, clock: InstantClock, *, stream: bool
) -> None:
    provider.play("latency:5")

    seen = await ask(provider, a_request(dialect, stream=stream))

    assert clock.waits[0] == 5.0
    assert is_complete(seen, dialect, stream=stream)


STREAM_ENDS: dict[str, Callable[[Seen], bool]] = {
    "cut": lambda seen: seen.end == "closed",
    "cleancut": lambda seen: seen.end == "complete",
    "reset-after": lambda seen: seen.end == "reset",
}


@pytest.mark.parametrize("how", STREAM_ENDS)
@pytest.mark.parametrize("tokens", [0, 1, 5])
async def test_a_stream_breaks_after_just_so_many_tokens(
    how: str, tokens: int, dialect: Dialect, provider: RehearsedProvider
) -> None:
    provider.play(f"{how}:{tokens}")

    seen = await ask(provider, a_request(dialect, stream=True, text="Hello"))

    assert STREAM_ENDS[how](seen)
    assert text_in(seen.events()) == "".join(["Hello,", " I", " am", " here", " and"][:tokens])
    assert END_MARKS[dialect] not in seen.events()
    assert '"finish_reason":"stop"' not in seen.body.decode()
    assert '"stop_reason":"end_turn"' not in seen.body.decode()


async def test_a_stall_sends_the_tokens_and_then_nothing(
    dialect: Dialect, provider: RehearsedProvider, clock: InstantClock
) -> None:
    provider.play("stall:2")
    client = await connect(provider)
    client.send(a_request(dialect, stream=True, text="Hello"))
    await client.reader.readuntil(b'" I"')

    await settled(clock)

    assert provider.open_connections == 1
    client.reader.feed_eof()  # reads what has come so far
    assert b'" am"' not in await client.reader.read()
    await client.close()
    await until(clock, lambda: provider.open_connections == 0)


async def test_a_malformed_event_is_one_among_good_ones(dialect: Dialect, provider: RehearsedProvider) -> None:
    provider.play("malformed:3")

    seen = await ask(provider, a_request(dialect, stream=True, text="Hello"))

    bad = [event for event in seen.events() if event[1] != "[DONE]" and not is_json(event[1])]
    assert len(bad) == 1
    assert text_in([event for event in seen.events() if event not in bad]).startswith("Hello, I am here")
    assert seen.events()[-1] == END_MARKS[dialect]


@pytest.mark.parametrize(("tokens", "said"), [(0, ""), (2, "Hello, I")])
async def test_an_error_event_ends_a_stream_that_began_with_200(
    tokens: int, said: str, dialect: Dialect, provider: RehearsedProvider
) -> None:
    provider.play(f"error-event:{tokens}")

    seen = await ask(provider, a_request(dialect, stream=True, text="Hello"))

    name, data = seen.events()[-1]
    assert (seen.status, seen.end) == (200, "complete")
    assert name == (None if dialect is Dialect.OPENAI else "error")
    assert "message" in json.loads(data)["error"]
    assert text_in(seen.events()[:-1]) == said
    assert tokens > 0 or len(seen.events()) == 1


WHOLE_BREAKS: dict[Break, Callable[[Seen], bool]] = {
    Break.CUT: lambda seen: seen.end == "closed",
    Break.CLEAN_CUT: lambda seen: seen.end == "complete" and not is_json(seen.body.decode()),
    Break.MALFORMED: lambda seen: seen.end == "complete" and not is_json(seen.body.decode()),
    Break.ERROR_EVENT: lambda seen: seen.end == "complete" and "error" in seen.json(),
    Break.RESET: lambda seen: seen.end == "reset",
}


@pytest.mark.parametrize("how", WHOLE_BREAKS)
async def test_a_whole_answer_breaks_half_way(how: Break, dialect: Dialect, provider: RehearsedProvider) -> None:
    provider.play(f"{how.value}:3")

    seen = await ask(provider, a_request(dialect))

    assert seen.status == 200
    assert WHOLE_BREAKS[how](seen)
