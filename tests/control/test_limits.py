"""What one caller may take: time for headers and bodies, bytes, connections."""

import asyncio

import pytest

from tests.support.control_world import ControlWorld, Got, control_world, get, post, read_answer
from tui_failover.control import Limits

END = b"\r\n\r\n"
SMALL = Limits(body_bytes=2000, header_bytes=4096, linger_s=0.02)


async def test_half_a_header_is_cut_at_the_deadline() -> None:
    async with control_world(limits=Limits(header_s=0.05)) as world:
        got = await world.sends(b"GET /healthz HTTP/1.1\r\nHost: " + world.host.encode())

        assert got.status == 408
        assert got.headers["connection"] == "close"


async def test_header_that_trickles_does_not_buy_time() -> None:
    async with control_world(limits=Limits(header_s=0.05)) as world:
        reader, writer = await world.connect()

        came = b""
        for byte in get(world, b"X-Slow: " + b"a" * 500):
            writer.write(bytes([byte]))
            came = await _read_within(reader, 0.005)
            if came:
                break
        writer.close()

        assert came.startswith(b"HTTP/1.1 408")


async def test_second_request_on_a_connection_has_a_deadline_of_its_own() -> None:
    async with control_world(limits=Limits(header_s=0.05)) as world:
        reader, writer = await world.connect()
        writer.write(get(world))
        await reader.readuntil(b"}")

        writer.write(b"GET /healthz HTTP/1.1\r\n")
        came = await reader.read()
        writer.close()

        assert b" 408 " in came


async def test_idle_connection_is_closed_without_a_word() -> None:
    async with control_world(limits=Limits(idle_s=0.05)) as world:
        reader, writer = await world.connect()
        writer.write(get(world))
        await reader.readuntil(b"}")

        came = await reader.read()
        writer.close()

        assert came == b""


async def test_body_that_does_not_come_is_cut_at_the_deadline() -> None:
    async with control_world(limits=Limits(body_s=0.05)) as world:
        got = await world.sends(post(world, b"Content-Length: 31", body=b"{"))

        assert got.status == 408
        assert got.error["message"] == "the body did not come within 0.05 s"


async def test_body_announced_too_long_is_refused_unread() -> None:
    async with control_world(limits=SMALL) as world:
        got = await world.sends(post(world, b"Content-Length: 33554432", body=b"{"))

        assert got.status == 413
        assert got.headers["connection"] == "close"


async def test_body_without_a_length_is_cut_at_the_same_size() -> None:
    async with control_world(limits=SMALL) as world:
        body = b"fff\r\n" + b" " * 4095 + b"\r\n0\r\n\r\n"

        got = await world.sends(post(world, b"Transfer-Encoding: chunked", body=body))

        assert got.status == 413


HEADERS = {
    "many-small": [b"X%d: a" % number for number in range(200)],
    "few-large": [b"X%d: %s" % (number, b"a" * 1000) for number in range(10)],
    "one-huge": [b"X: " + b"a" * 9000],
}


@pytest.mark.parametrize("lines", HEADERS.values(), ids=HEADERS)
async def test_headers_beyond_the_caps_are_refused(lines: list[bytes]) -> None:
    async with control_world(limits=SMALL) as world:
        got = await world.sends(get(world, *lines))

        assert got.status in {400, 431}


@pytest.mark.parametrize(("less", "status"), [(0, 200), (1, 431)], ids=["up to the cap", "beyond it"])
async def test_headers_together_are_capped_for_a_later_request_too(less: int, status: int) -> None:
    async with control_world(limits=Limits(header_bytes=2000 - less)) as world:
        reader, writer = await world.connect()
        writer.write(get(world))
        await read_answer(reader)

        bare = get(world, b"X: ").removesuffix(END)
        writer.write(bare + b"a" * (2000 - len(bare)) + END)
        got = await read_answer(reader)
        writer.close()

    assert got.status == status


async def test_number_and_length_of_headers_are_capped_each_for_itself(world: ControlWorld) -> None:
    number = await world.sends(get(world, *(b"X%d: a" % one for one in range(80))))
    length = await world.sends(get(world, b"X: " + b"a" * 5000))

    assert (number.status, length.status) == (400, 400)


async def test_request_line_beyond_the_cap_is_refused(world: ControlWorld) -> None:
    got = await world.sends(get(world, path=b"/" + b"a" * 9000))

    assert got.status in {400, 431}


CROWDS = {"in-all": Limits(connections=2), "from-one-address": Limits(per_source=2)}


@pytest.mark.parametrize("limits", CROWDS.values(), ids=CROWDS)
async def test_connection_beyond_the_cap_is_turned_away_and_a_place_is_free_again(limits: Limits) -> None:
    async with control_world(limits=limits) as world:
        held = [await world.connect() for _ in range(2)]
        for reader, writer in held:
            writer.write(get(world))
            await reader.readuntil(b"}")

        refused = await _greeting(world)
        for _, writer in held:
            writer.write_eof()
            writer.close()
            await writer.wait_closed()
        taken = await _until_taken(world)

        assert b" 503 " in refused
        assert taken.status == 200


async def test_caller_that_never_reads_its_answers_is_let_go() -> None:
    async with control_world(limits=Limits(connections=1, idle_s=0.05, linger_s=0.02)) as world:
        _, writer = await world.connect()
        writer.write(get(world, path=b"/api/openapi.json") * 200)

        taken = await _until_taken(world)
        writer.close()

        assert taken.status == 200


async def _read_within(reader: asyncio.StreamReader, seconds: float) -> bytes:
    try:
        async with asyncio.timeout(seconds):
            return await reader.read(200)
    except TimeoutError:
        return b""


async def _greeting(world: ControlWorld) -> bytes:
    reader, writer = await world.connect()
    try:
        return await reader.read()
    finally:
        writer.close()


async def _until_taken(world: ControlWorld) -> Got:
    """The server notices that a connection is gone when its loop comes to it, not at once."""
    async with asyncio.timeout(5):
        while (got := await world.sends(get(world))).status != 200:
            pass
    return got


async def test_a_body_is_taken_for_no_headers_where_their_end_came_in_two_pieces() -> None:
    async with control_world(limits=Limits(header_bytes=4096)) as world:
        reader, writer = await world.connect()
        writer.write(get(world))
        await reader.readuntil(b"}")
        head = post(world, b"Content-Length: 8000")

        writer.write(head[:-1])
        await _read_within(reader, 0.02)
        writer.write(head[-1:] + b" " * 8000)
        status = await reader.readline()
        writer.close()

    assert b" 431 " not in status
