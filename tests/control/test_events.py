"""Events as they happen: nothing lost, nothing told twice, and nobody waits for a reader."""

import asyncio
import json
import re
import socket

import pytest

from tests.support.control_world import AGENT, ControlWorld, asks, control_world
from tui_failover.control import Limits

SWITCH = f"/api/agents/{AGENT}/failover/switch"


class Reader:
    """One open event stream."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def frame(self) -> dict[str, str]:
        """Return the next frame's fields; comments under ""."""
        while True:
            async with asyncio.timeout(5):
                text = (await self._reader.readuntil(b"\n\n")).decode()
            lines = [line for line in text.split("\r\n")[-1].split("\n") if ":" in line]
            fields = dict(line.partition(":")[::2] for line in lines)
            if fields:
                return {name: value.removeprefix(" ") for name, value in fields.items()}

    async def event(self) -> dict[str, str]:
        """Return the next frame that is no comment."""
        while "event" not in (fields := await self.frame()):
            pass
        return fields

    async def rest(self) -> bytes:
        """Return everything up to the end of the connection."""
        async with asyncio.timeout(5):
            return await self._reader.read()

    def close(self) -> None:
        """Leave."""
        self._writer.close()


async def stream(world: ControlWorld, last: str | None = None, *, receive_buffer: int = 0) -> Reader:
    """Open an event stream; its head has been read when this returns, unless nothing is to be read."""
    connection = socket.create_connection(("127.0.0.1", world.server.port))
    if receive_buffer:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    connection.setblocking(False)
    reader, writer = await asyncio.open_connection(sock=connection, limit=1024)
    resume = "" if last is None else f"Last-Event-ID: {last}\r\n"
    writer.write(f"GET /api/events HTTP/1.1\r\nHost: {world.host}\r\n{resume}\r\n".encode())
    if not receive_buffer:
        await reader.readuntil(b"events follow\n\n")
    return Reader(reader, writer)


async def test_what_happens_is_told_with_its_cause(world: ControlWorld) -> None:
    reader = await stream(world)

    await world.asks("POST", SWITCH, {"provider_id": "claude-agent", "by": "dana", "reason": "drill"})
    event = await reader.event()
    reader.close()

    told = json.loads(event["data"])
    assert event["event"] == "switched"
    assert event["id"] == str(told["number"])
    assert (told["agent"], told["provider"], told["actor"], told["cause"]) == (
        AGENT,
        "claude-agent",
        "dana",
        "drill",
    )


async def test_reader_that_returns_gets_what_it_missed_once_and_in_order(world: ControlWorld) -> None:
    reader = await stream(world)
    await world.asks("POST", SWITCH, {"provider_id": "claude-agent"})
    last = (await reader.event())["id"]
    reader.close()

    await world.asks("POST", SWITCH, {"provider_id": "backup-openai-agent"})
    again = await stream(world, last)
    await world.asks("POST", SWITCH, {"provider_id": "openai-agent"})
    told = [json.loads((await again.event())["data"]) for _ in range(2)]
    again.close()

    assert [one["number"] for one in told] == [int(last) + 1, int(last) + 2]
    assert [one["provider"] for one in told] == ["backup-openai-agent", "openai-agent"]


async def test_reader_that_was_away_too_long_is_told_how_many_are_lost(world: ControlWorld) -> None:
    for number in range(600):
        world.manager.notice(f"note {number}")
    known = world.manager.snapshot().events

    reader = await stream(world, "0")
    missed = await reader.event()
    first = await reader.event()
    reader.close()

    assert missed["event"] == "missed"
    assert json.loads(missed["data"]) == {"count": known[0].number - 1}
    assert int(first["id"]) == known[0].number


async def test_reader_of_an_earlier_process_is_told_so_and_gets_everything(world: ControlWorld) -> None:
    reader = await stream(world, "412")

    restarted = await reader.event()
    first = await reader.event()
    reader.close()

    assert (restarted["event"], first["id"]) == ("restarted", "1")


@pytest.mark.parametrize("last", ["-1", "abc", "1e3", "9" * 30, "٣"])
async def test_place_to_resume_from_must_be_a_number(world: ControlWorld, last: str) -> None:
    got = await world.asks("GET", "/api/events", headers={"Last-Event-ID": last})

    assert (got.status, got.error["code"]) == (400, "bad-event-id")


async def test_quiet_stream_gives_signs_of_life() -> None:
    async with control_world(limits=Limits(pulse_s=0.01)) as world:
        reader = await stream(world)

        frame = await reader.frame()
        reader.close()

        assert frame == {"": "still here"}


async def test_streams_beyond_the_cap_are_refused_and_a_place_is_free_again() -> None:
    async with control_world(limits=Limits(streams=1)) as world:
        reader = await stream(world)
        refused = await world.asks("GET", "/api/events")
        reader.close()

        while _figure(await world.asks("GET", "/metrics"), "tui_failover_event_streams") > 0:
            pass
        again = await stream(world)
        again.close()

        assert (refused.status, refused.headers["retry-after"]) == (429, "5")


async def test_reader_that_never_reads_is_dropped_with_a_notice() -> None:
    async with control_world(limits=Limits(stall_s=0.05)) as world:
        for number in range(600):
            world.manager.notice(f"note {number} " + "x" * 250, "y" * 250)

        reader = await stream(world, "0", receive_buffer=32_768)
        async with asyncio.timeout(5):
            while not _figure(await world.asks("GET", "/metrics"), "tui_failover_event_streams_dropped_total"):
                pass
        rest = await reader.rest()
        reader.close()

        assert b"event: dropped" in rest[-400:]
        assert b"resume with Last-Event-ID" in rest[-400:]
        assert not rest.endswith(b"0\r\n\r\n")


async def test_nobody_waits_for_a_reader_that_never_reads(world: ControlWorld) -> None:
    reader = await stream(world, receive_buffer=32_768)

    for number in range(3000):
        world.manager.notice(f"note {number} " + "x" * 250)
    got = await world.asks("GET", "/api/providers/health")
    reader.close()

    assert got.status == 200


async def test_streams_end_with_the_server_not_after_its_deadline() -> None:
    async with control_world(limits=Limits(stop_s=30.0)) as world:
        reader = await stream(world)
    event = await reader.event()
    reader.close()

    assert event["event"] == "end"


async def test_text_from_outside_cannot_forge_an_event(world: ControlWorld) -> None:
    reader = await stream(world)

    body = {"provider_id": "claude-agent", "reason": "x\n\nevent: forged\ndata: {}\n\n", "by": "a\r\nid: 7"}
    await asks(world.server, "POST", SWITCH, body)
    event = await reader.event()
    reader.close()

    assert event["event"] == "switched"
    assert json.loads(event["data"])["actor"] == "a id: 7"


def _figure(got: object, name: str) -> float:
    found = re.search(rf"^{name} ([0-9.]+)$", getattr(got, "body", ""), re.MULTILINE)
    assert found is not None, name
    return float(found[1])
