"""One request is one request: whatever could be read in two ways is refused, and the connection closed."""

import json

import pytest

from tests.support.control_world import AGENT, TO_CLAUDE, ControlWorld, post

FRAMINGS = {
    "length-and-chunks": (b"Content-Length: 31", b"Transfer-Encoding: chunked"),
    "two-lengths": (b"Content-Length: 31", b"Content-Length: 30"),
    "the-same-length-twice": (b"Content-Length: 31", b"Content-Length: 31"),
    "signed-length": (b"Content-Length: +31",),
    "listed-length": (b"Content-Length: 31, 31",),
    "space-before-colon": (b"Content-Length : 31",),
    "folded-header": (b"X-Note: one\r\n two", b"Content-Length: 31"),
    "nul-in-header": (b"X-Note: one\0two", b"Content-Length: 31"),
    "unknown-coding": (b"Transfer-Encoding: xchunked",),
    "chunked-not-last": (b"Transfer-Encoding: chunked, identity",),
    "line-without-colon": (b"Content-Length: 31", b"Nonsense"),
}


@pytest.mark.parametrize("lines", FRAMINGS.values(), ids=FRAMINGS)
async def test_ambiguous_framing_is_refused_and_the_connection_closed(
    world: ControlWorld, lines: tuple[bytes, ...]
) -> None:
    reader, writer = await world.connect()

    writer.write(post(world, *lines, body=TO_CLAUDE))
    came = await reader.read()
    writer.close()

    assert came.startswith(b"HTTP/1.0 400") or came.startswith(b"HTTP/1.1 400")
    assert json.loads(came.partition(b"\r\n\r\n")[2])["error"]["code"] == "bad-request"
    assert world.manager.get_active_provider(AGENT) == "openai-agent"


async def test_lines_that_end_without_carriage_return_are_refused(world: ControlWorld) -> None:
    got = await world.sends(b"GET /healthz HTTP/1.1\nHost: " + world.host.encode() + b"\n\n")

    assert got.status == 400


async def test_signed_chunk_size_is_refused(world: ControlWorld) -> None:
    body = b"+1f\r\n" + TO_CLAUDE + b"\r\n0\r\n\r\n"

    got = await world.sends(post(world, b"Transfer-Encoding: chunked", body=body))

    assert got.status == 400
    assert world.manager.get_active_provider(AGENT) == "openai-agent"


async def test_plain_chunks_are_understood(world: ControlWorld) -> None:
    body = b"%x\r\n%s\r\n0\r\n\r\n" % (len(TO_CLAUDE), TO_CLAUDE)

    got = await world.sends(post(world, b"Transfer-Encoding: chunked", body=body))

    assert got.status == 200


TARGETS = [b"http://evil.example/healthz", b"http://%s/healthz", b"*", b"evil.example:443"]


@pytest.mark.parametrize("target", TARGETS, ids=["absolute", "absolute-ours", "asterisk", "authority"])
async def test_targets_that_are_no_path_are_refused(world: ControlWorld, target: bytes) -> None:
    method = {b"*": b"OPTIONS", b"evil.example:443": b"CONNECT"}.get(target, b"GET")
    line = method + b" " + target.replace(b"%s", world.host.encode()) + b" HTTP/1.1\r\n"

    got = await world.sends(line + b"Host: " + world.host.encode() + b"\r\n\r\n")

    assert got.status == 400
    assert got.error["code"] == "bad-target"


async def test_client_that_asks_before_sending_is_told_to_go_on(world: ControlWorld) -> None:
    reader, writer = await world.connect()
    writer.write(post(world, b"Expect: 100-continue", b"Content-Length: %d" % len(TO_CLAUDE)))

    first = await reader.readuntil(b"\r\n\r\n")
    writer.write(TO_CLAUDE)
    second = await reader.readuntil(b"\r\n")
    writer.close()

    assert first == b"HTTP/1.1 100 Continue\r\n\r\n"
    assert second == b"HTTP/1.1 200 OK\r\n"
