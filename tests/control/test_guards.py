"""What stands before every request: framing, Host, Origin, media type, sizes. Each fails without its guard."""

import asyncio
import json

import pytest

from tests.support.control_world import AGENT, ControlWorld, Got, control_world
from tui_failover.control import Access, Limits
from tui_failover.core.names import ProviderId

SWITCH = f"/api/agents/{AGENT}/failover/switch"
TO_CLAUDE = json.dumps({"provider_id": "claude-agent"}).encode()
TIGHT = Limits(header_s=0.05, body_s=0.05, idle_s=0.05, linger_s=0.02, body_bytes=2000, header_bytes=4096)


def get(world: ControlWorld, *lines: bytes, path: bytes = b"/healthz") -> bytes:
    """Return the bytes of a request, with a right Host unless the lines say one."""
    host = () if any(line.lower().startswith(b"host") for line in lines) else (b"Host: " + world.host.encode(),)
    return b"\r\n".join((b"GET " + path + b" HTTP/1.1", *host, *lines, b"", b""))


def post(world: ControlWorld, *lines: bytes, body: bytes = b"") -> bytes:
    """Return the bytes of a switch."""
    head = (f"POST {SWITCH} HTTP/1.1".encode(), b"Host: " + world.host.encode(), b"Content-Type: application/json")
    return b"\r\n".join((*head, *lines, b"", body))


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


HOSTS = {
    "with-question-mark": (b"Host: foo?", 421),
    "somebody-else": (b"Host: evil.example", 421),
    "right-name-wrong-port": (b"Host: localhost:1", 421),
    "ours-as-a-suffix": (b"Host: localhost.evil.example:%d", 421),
    "ours-with-a-user": (b"Host: x@localhost:%d", 421),
    "ours-with-a-path": (b"Host: localhost:%d/x", 421),
    "empty": (b"Host:", 421),
    "twice": (b"Host: localhost:%d\r\nHost: localhost:%d", 400),
}


@pytest.mark.parametrize(("line", "status"), HOSTS.values(), ids=HOSTS)
async def test_request_for_another_host_is_refused(world: ControlWorld, line: bytes, status: int) -> None:
    got = await world.sends(get(world, line.replace(b"%d", str(world.server.port).encode())))

    assert got.status == status


@pytest.mark.parametrize("version", [b"1.0", b"1.1"])
async def test_request_without_host_is_refused(world: ControlWorld, version: bytes) -> None:
    got = await world.sends(b"GET /healthz HTTP/" + version + b"\r\n\r\n")

    assert got.status == 400


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "[::1]", "LocalHost"])
async def test_every_name_of_this_machine_is_ours(world: ControlWorld, name: str) -> None:
    got = await world.asks("GET", "/healthz", headers={"Host": f"{name}:{world.server.port}"})

    assert got.status == 200


async def test_further_names_are_ours_where_the_settings_say_so() -> None:
    async with control_world(Access(hosts=("failover.example",))) as world:
        got = await world.asks("GET", "/healthz", headers={"Host": "failover.example"})

        assert got.status == 200


TARGETS = [b"http://evil.example/healthz", b"http://%s/healthz", b"*", b"evil.example:443"]


@pytest.mark.parametrize("target", TARGETS, ids=["absolute", "absolute-ours", "asterisk", "authority"])
async def test_targets_that_are_no_path_are_refused(world: ControlWorld, target: bytes) -> None:
    method = {b"*": b"OPTIONS", b"evil.example:443": b"CONNECT"}.get(target, b"GET")
    line = method + b" " + target.replace(b"%s", world.host.encode()) + b" HTTP/1.1\r\n"

    got = await world.sends(line + b"Host: " + world.host.encode() + b"\r\n\r\n")

    assert got.status == 400
    assert got.error["code"] == "bad-target"


CROSS_SITE = {
    "simple-post": {"Origin": "https://evil.example"},
    "sandboxed-page": {"Origin": "null"},
    "own-address-as-origin": {"Origin": "http://localhost:5000"},
    "picture-on-a-page": {"Sec-Fetch-Site": "cross-site"},
    "page-of-the-same-site": {"Sec-Fetch-Site": "same-site"},
}


@pytest.mark.parametrize("headers", CROSS_SITE.values(), ids=CROSS_SITE)
async def test_web_pages_may_not_call(world: ControlWorld, headers: dict[str, str]) -> None:
    got = await world.asks("POST", SWITCH, {"provider_id": "claude-agent"}, headers=headers)

    assert got.status == 403
    assert got.error["code"] == "wrong-origin"
    assert world.manager.get_active_provider(AGENT) == "openai-agent"


async def test_preflight_is_refused_and_grants_nothing(world: ControlWorld) -> None:
    headers = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}

    got = await world.asks("OPTIONS", SWITCH, headers=headers)

    assert got.status == 403
    assert not [name for name in got.headers if name.startswith("access-control")]


async def test_page_that_asks_for_health_causes_no_check(world: ControlWorld) -> None:
    path = f"/api/agents/{AGENT}/failover/health"

    got = await world.asks("GET", path, headers={"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"})

    assert got.status == 403
    assert not any(world.upstreams[view.id].probes for view in world.manager.snapshot().providers)


async def test_origin_the_settings_name_may_call() -> None:
    async with control_world(Access(origins=("https://board.example",))) as world:
        got = await world.asks("GET", "/healthz", headers={"Origin": "https://board.example"})

        assert got.status == 200


KINDS = {
    "form": "application/x-www-form-urlencoded",
    "text": "text/plain",
    "multipart": "multipart/form-data; boundary=x",
    "json-like": "application/json-patch+json",
    "none": "",
}


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
async def test_changes_in_anything_but_json_are_refused(world: ControlWorld, kind: str) -> None:
    got = await world.asks("POST", SWITCH, {"provider_id": "claude-agent"}, headers={"Content-Type": kind})

    assert got.status == 415
    assert world.manager.get_active_provider(AGENT) == "openai-agent"


async def test_charset_beside_json_is_fine(world: ControlWorld) -> None:
    headers = {"Content-Type": "application/json; charset=utf-8"}

    got = await world.asks("POST", SWITCH, {"provider_id": "claude-agent"}, headers=headers)

    assert got.status == 200


async def test_compressed_body_is_refused(world: ControlWorld) -> None:
    got = await world.asks("POST", SWITCH, b"\x1f\x8b\x08\x00", headers={"Content-Encoding": "gzip"})

    assert got.status == 415


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


async def test_half_a_header_is_cut_at_the_deadline() -> None:
    async with control_world(limits=TIGHT) as world:
        got = await world.sends(b"GET /healthz HTTP/1.1\r\nHost: " + world.host.encode())

        assert got.status == 408
        assert got.headers["connection"] == "close"


async def test_header_that_trickles_does_not_buy_time() -> None:
    async with control_world(limits=TIGHT) as world:
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
    async with control_world(limits=TIGHT) as world:
        reader, writer = await world.connect()
        writer.write(get(world))
        await reader.readuntil(b"}")

        writer.write(b"GET /healthz HTTP/1.1\r\n")
        came = await reader.read()
        writer.close()

        assert b" 408 " in came


async def test_idle_connection_is_closed_without_a_word() -> None:
    async with control_world(limits=TIGHT) as world:
        reader, writer = await world.connect()
        writer.write(get(world))
        await reader.readuntil(b"}")

        came = await reader.read()
        writer.close()

        assert came == b""


async def test_body_that_does_not_come_is_cut_at_the_deadline() -> None:
    async with control_world(limits=TIGHT) as world:
        got = await world.sends(post(world, b"Content-Length: 31", body=b"{"))

        assert got.status == 408
        assert got.error["message"] == "the body did not come within 0.05 s"


async def test_body_announced_too_long_is_refused_unread() -> None:
    async with control_world(limits=TIGHT) as world:
        got = await world.sends(post(world, b"Content-Length: 33554432", body=b"{"))

        assert got.status == 413
        assert got.headers["connection"] == "close"


async def test_body_without_a_length_is_cut_at_the_same_size() -> None:
    async with control_world(limits=TIGHT) as world:
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
    async with control_world(limits=TIGHT) as world:
        got = await world.sends(get(world, *lines))

        assert got.status in {400, 431}


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


async def test_client_that_asks_before_sending_is_told_to_go_on(world: ControlWorld) -> None:
    reader, writer = await world.connect()
    writer.write(post(world, b"Expect: 100-continue", b"Content-Length: %d" % len(TO_CLAUDE)))

    first = await reader.readuntil(b"\r\n\r\n")
    writer.write(TO_CLAUDE)
    second = await reader.readuntil(b"\r\n")
    writer.close()

    assert first == b"HTTP/1.1 100 Continue\r\n\r\n"
    assert second == b"HTTP/1.1 200 OK\r\n"


PATHS = {
    "nothing-there": (b"/api/nothing", 404),
    "dots": (b"/api/agents/../agents", 404),
    "encoded-dots": (b"/api/agents/%2e%2e/failover", 404),
    "encoded-slash": (b"/api/agents/a%2Fb", 404),
    "double-slash": (b"/api//agents", 404),
    "trailing-slash": (b"/api/agents/", 404),
    "empty-name": (b"/api/agents//failover", 404),
    "other-case": (b"/API/agents", 404),
    "not-utf-8": (b"/api/agents/%ff", 400),
    "surrogate": (b"/api/agents/%ed%a0%80", 400),
    "very-long-name": (b"/api/agents/" + b"a" * 500, 404),
    "unknown-parameter": (b"/api/agents?all=1", 400),
    "parameter-twice": (f"/api/agents/{AGENT}/failover/preview?provider_id=a&provider_id=b".encode(), 400),
}


@pytest.mark.parametrize(("path", "status"), PATHS.values(), ids=PATHS)
async def test_path_that_leads_nowhere_is_told_in_the_one_shape(
    world: ControlWorld, path: bytes, status: int
) -> None:
    got = await world.sends(get(world, path=path))

    assert (got.status, set(got.error)) == (status, {"code", "message", "details"})


async def test_method_that_a_path_does_not_take_is_refused_with_those_it_takes(world: ControlWorld) -> None:
    got = await world.asks("DELETE", f"/api/agents/{AGENT}/failover")

    assert got.status == 405
    assert got.headers["allow"] == "GET, POST"


async def test_fixed_path_never_stands_for_a_provider_of_that_name(world: ControlWorld) -> None:
    got = await world.asks("DELETE", "/api/providers/health?reason=gone")

    assert (got.status, got.headers["allow"]) == (405, "GET")


async def test_what_is_quoted_in_an_error_is_harmless_and_shows_no_key(world: ControlWorld) -> None:
    got = await world.asks("GET", "/api/agents/%1b%5b2J%E2%80%AE%20sk-live-0123456789abcdef%0aforged")

    assert got.error["message"] == "[2J ******** forged: no such agent"


async def test_body_where_none_belongs_is_refused(world: ControlWorld) -> None:
    got = await world.asks("GET", "/api/agents", {"a": 1})

    assert got.status == 400


async def test_answers_tell_nothing_of_what_serves_them_and_may_not_be_framed(world: ControlWorld) -> None:
    got = await world.asks("GET", "/api/agents")

    assert got.headers["server"] == "tui-failover"
    assert got.headers["x-content-type-options"] == "nosniff"
    assert got.headers["cache-control"] == "no-store"
    assert "frame-ancestors 'none'" in got.headers["content-security-policy"]


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
    for _ in range(50):
        got = await world.sends(get(world))
        if got.status == 200:
            return got
    return got
