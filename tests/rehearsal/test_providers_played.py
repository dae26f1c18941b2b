"""Playing faults, keeping count, and leaving nothing behind."""

import asyncio
import logging
import socket

import pytest

from tests.support.rehearsal import (
    CHAT_PATHS,
    MODELS,
    InstantClock,
    a_random,
    a_request,
    ask,
    connect,
    http_request,
    port_of,
    settled,
    until,
)
from tui_failover.core.spec import Dialect
from tui_failover.rehearsal import AT_ONCE, BadFault, Rehearsal, RehearsedProvider
from tui_failover.rehearsal.http1 import BODY_MOST, HEAD_MOST
from tui_failover.rehearsal.provider import CONNECTIONS_MOST, REQUESTS_KEPT, Character


async def _statuses(provider: RehearsedProvider, dialect: Dialect, count: int) -> list[int]:
    return [(await ask(provider, a_request(dialect))).status for _ in range(count)]


async def test_a_fault_is_played_so_many_times_and_no_more(dialect: Dialect, provider: RehearsedProvider) -> None:
    provider.play("status:503", times=2)

    assert await _statuses(provider, dialect, 4) == [503, 503, 200, 200]
    assert provider.fault is None


async def test_a_counted_reset_counts_connections(dialect: Dialect, provider: RehearsedProvider) -> None:
    provider.play("reset", times=2)

    assert await _statuses(provider, dialect, 3) == [0, 0, 200]


async def test_a_share_of_the_requests_fails(dialect: Dialect, provider: RehearsedProvider) -> None:
    provider.play("status:500", share=0.3)

    failed = (await _statuses(provider, dialect, 200)).count(500)

    assert 35 <= failed <= 85


async def test_a_later_fault_replaces_the_earlier_one(dialect: Dialect, provider: RehearsedProvider) -> None:
    provider.play("refuse")
    provider.play("status:500", times=5)
    provider.play("status:503")

    assert await _statuses(provider, dialect, 2) == [503, 503]
    assert str(provider.fault) == "status:503"


@pytest.mark.parametrize("turns", [1, 2, 5])
async def test_refuse_and_calm_may_follow_each_other_at_once(
    turns: int, dialect: Dialect, provider: RehearsedProvider
) -> None:
    for _ in range(turns):
        provider.play("refuse")
        provider.calm()

    assert await _statuses(provider, dialect, 1) == [200]


@pytest.mark.parametrize(
    ("fault", "times", "share"),
    [
        ("status:503", 0, 1.0),
        ("status:503", None, 0.0),
        ("status:503", None, 1.5),
        ("status:503", None, float("nan")),
        ("refuse", 2, 1.0),
        ("refuse", None, 0.5),
        ("nonsense", None, 1.0),
    ],
)
async def test_what_cannot_be_played_is_refused_and_changes_nothing(
    fault: str, times: int | None, share: float, provider: RehearsedProvider
) -> None:
    provider.play("hang")

    with pytest.raises(BadFault):
        provider.play(fault, times=times, share=share)

    assert str(provider.fault) == "hang"


async def test_requests_are_kept_without_their_key(dialect: Dialect, provider: RehearsedProvider) -> None:
    await ask(provider, a_request(dialect, text="What now?", headers={"x-api-key": "sk-1", "cookie": "sk-2"}))

    (request,) = provider.requests
    assert (request.method, request.path) == ("POST", CHAT_PATHS[dialect])
    assert request.body is not None
    assert request.body["model"] == MODELS[dialect]
    assert not {"authorization", "x-api-key", "cookie"} & set(request.headers)
    assert "sk-" not in repr(request)


def test_the_key_of_a_provider_is_never_shown() -> None:
    character = Character("one", Dialect.OPENAI, "gpt-5.6", AT_ONCE, key="sk-secret")

    assert "'one'" in repr(character)
    assert "sk-secret" not in repr(character)


async def test_only_the_newest_requests_are_kept(provider: RehearsedProvider) -> None:
    client = await connect(provider)
    for number in range(REQUESTS_KEPT + 5):
        client.send(http_request("GET", f"/{number}"))
        await client.receive()

    assert provider.requests[0].path == "/5"
    assert (len(provider.requests), provider.hits) == (REQUESTS_KEPT, REQUESTS_KEPT + 5)
    await client.close()


async def test_providers_do_not_share_ports_or_faults(rehearsal: Rehearsal) -> None:
    one, two = [await rehearsal.add(name, Dialect.OPENAI, model="gpt-5.6", pace=AT_ONCE) for name in "ab"]

    one.play("status:503")

    assert one.base_url != two.base_url
    assert await _statuses(one, Dialect.OPENAI, 1) == [503]
    assert await _statuses(two, Dialect.OPENAI, 1) == [200]
    assert rehearsal["a"] is one


async def test_a_name_is_taken_once(rehearsal: Rehearsal) -> None:
    await rehearsal.add("one", Dialect.OPENAI, model="gpt-5.6")

    with pytest.raises(ValueError, match="'one' already"):
        await rehearsal.add("one", Dialect.OPENAI, model="gpt-5.6")


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"GET /v1/models HTTP/2\r\n\r\n", 400),
        (b"GET /v1/models HTTP/1.1\r\nno colon\r\n\r\n", 400),
        (b"GET /v1/models HTTP/1.1\r\nspace : x\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\ncontent-length: -1\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\ncontent-length: %d\r\n\r\n" % (BODY_MOST + 1), 413),
        (b"POST / HTTP/1.1\r\ncontent-length: 99999999999999999999\r\n\r\n", 413),
        (b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n", 411),
        (b"GET / HTTP/1.1\r\nx: " + b"y" * (2 * HEAD_MOST) + b"\r\n\r\n", 431),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),
    ],
    ids=["words", "version", "colon", "space", "minus", "large", "huge", "chunked", "head", "tls"],
)
async def test_what_is_no_request_is_refused_and_the_connection_closed(
    sent: bytes, status: int, dialect: Dialect, provider: RehearsedProvider
) -> None:
    client = await connect(provider)
    client.send(sent)

    seen = await client.receive()

    assert seen.status == status
    assert (await client.receive()).end in {"closed", "reset"}
    await client.close()
    assert await _statuses(provider, dialect, 1) == [200]


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
async def test_a_client_may_go_in_the_middle_of_its_request(
    share: float, dialect: Dialect, provider: RehearsedProvider, clock: InstantClock
) -> None:
    whole = a_request(dialect)
    client = await connect(provider)
    client.send(whole[: int(len(whole) * share)])
    await client.close()
    await until(clock, lambda: provider.accepted == 1 and provider.open_connections == 0)

    assert provider.hits == 0
    assert await _statuses(provider, dialect, 1) == [200]


@pytest.mark.parametrize("fault", ["trickle", "pings", "hostile"])
async def test_a_client_may_go_in_the_middle_of_an_answer(
    fault: str,
    dialect: Dialect,
    provider: RehearsedProvider,
    clock: InstantClock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    provider.play(fault, times=1)
    client = await connect(provider)
    client.send(a_request(dialect, stream=True))
    await client.reader.readexactly(10)

    client.writer.transport.abort()
    await until(clock, lambda: provider.open_connections == 0)

    assert await _statuses(provider, dialect, 1) == [200]
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


async def test_a_client_that_does_not_read_is_not_sent_without_end(
    dialect: Dialect, provider: RehearsedProvider, clock: InstantClock
) -> None:
    requests = 200
    provider.play("hostile")
    client = await connect(provider)
    client.send(a_request(dialect) * requests)

    seen = -1
    while seen != provider.hits:
        seen = provider.hits
        await settled(clock)

    assert 0 < seen < requests
    assert [(await client.receive()).end for _ in range(requests)] == ["complete"] * requests
    await client.close()


async def test_too_many_connections_are_reset(provider: RehearsedProvider, clock: InstantClock) -> None:
    clients = [await connect(provider) for _ in range(CONNECTIONS_MOST)]
    await until(clock, lambda: provider.open_connections == CONNECTIONS_MOST)

    one_more = await connect(provider)

    assert (await one_more.receive()).end == "reset"
    for client in (*clients, one_more):
        client.writer.transport.abort()
    await until(clock, lambda: provider.open_connections == 0)


@pytest.mark.parametrize("fault", [None, "hang", "pings", "refuse", "stall:1"])
async def test_closing_leaves_no_task_and_no_open_port(fault: str | None, dialect: Dialect) -> None:
    clock = InstantClock()
    before = asyncio.all_tasks()
    async with Rehearsal(clock=clock, rng=a_random()) as rehearsal:
        provider = await rehearsal.add("one", dialect, model=MODELS[dialect], pace=AT_ONCE)
        client = await connect(provider)
        client.send(a_request(dialect, stream=True))
        await until(clock, lambda: provider.hits == 1)
        if fault is not None:
            provider.play(fault)
            client.send(a_request(dialect, stream=True))

        await rehearsal.close()

    assert asyncio.all_tasks() == before
    assert provider.open_connections == 0
    with pytest.raises(ConnectionRefusedError):
        await connect(provider)
    await client.close()


@pytest.mark.parametrize("turns", range(6))
async def test_a_connection_that_comes_while_closing_leaves_nothing(turns: int) -> None:
    clock = InstantClock()
    before = asyncio.all_tasks()
    async with Rehearsal(clock=clock, rng=a_random()) as rehearsal:
        provider = await rehearsal.add("one", Dialect.OPENAI, model="gpt-5.6")
        await settled(clock)
        with socket.create_connection(("127.0.0.1", port_of(provider))):
            for _ in range(turns):
                await clock.sleep(0)

            await rehearsal.close()

            await settled(clock)
    assert asyncio.all_tasks() == before
    assert provider.open_connections == 0


class _Broken:
    """Chance that fails."""

    def uniform(self, low: float, high: float) -> float:
        message = "no chance"
        raise RuntimeError(message)


async def test_an_error_of_our_own_ends_one_connection_and_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    async with Rehearsal(clock=InstantClock(), rng=_Broken()) as rehearsal:
        provider = await rehearsal.add("one", Dialect.OPENAI, model="gpt-5.6")

        ends = [(await ask(provider, a_request(Dialect.OPENAI))).end for _ in range(2)]

    assert ends == ["closed", "closed"]
    assert ["failed to answer" in record.message for record in caplog.records] == [True, True]


async def test_closing_just_after_adding_leaves_nothing() -> None:
    before = asyncio.all_tasks()

    async with Rehearsal(clock=InstantClock(), rng=a_random()) as rehearsal:
        await rehearsal.add("one", Dialect.OPENAI, model="gpt-5.6")

    assert asyncio.all_tasks() == before
