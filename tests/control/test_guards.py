"""Who may be spoken to from where, and in what form. Each test fails without its guard."""

import pytest

from tests.support.control_world import AGENT, SWITCH, ControlWorld, control_world, get
from tui_failover.control import Access

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


async def test_who_is_refused_for_its_host_is_told_which_and_what_to_do(world: ControlWorld) -> None:
    got = await world.sends(get(world, b"Host: failover.example"))

    said = (
        "the Host header names failover.example, which is not us; if it is, add it to allowed_hosts of [control]"
    )
    assert got.error["message"] == said


@pytest.mark.parametrize(("version", "status"), [(b"1.0", 200), (b"1.1", 400)])
async def test_only_the_old_version_may_leave_the_host_out(
    world: ControlWorld, version: bytes, status: int
) -> None:
    """HAProxy's manual: `option httpchk` asks by HTTP/1.0 and without one, unless told otherwise."""
    got = await world.sends(b"GET /healthz HTTP/" + version + b"\r\n\r\n")

    assert got.status == status


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "[::1]", "LocalHost"])
async def test_every_name_of_this_machine_is_ours(world: ControlWorld, name: str) -> None:
    got = await world.asks("GET", "/healthz", headers={"Host": f"{name}:{world.server.port}"})

    assert got.status == 200


async def test_further_names_are_ours_where_the_settings_say_so() -> None:
    async with control_world(Access(hosts=("failover.example",))) as world:
        got = await world.asks("GET", "/healthz", headers={"Host": "failover.example"})

        assert got.status == 200


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


@pytest.mark.parametrize("path", [b"/healthz", b"/metrics", b"/api/providers/health"])
async def test_head_of_an_answer_can_be_had_alone(world: ControlWorld, path: bytes) -> None:
    reader, writer = await world.connect()
    writer.write(get(world, path=path).replace(b"GET", b"HEAD", 1))
    head = await reader.readuntil(b"\r\n\r\n")
    writer.write(get(world))
    after = await reader.readuntil(b"\r\n\r\n")
    writer.close()

    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert after.startswith(b"HTTP/1.1 200 OK\r\n"), "no body came between"


async def test_answer_that_goes_on_has_no_head_of_its_own(world: ControlWorld) -> None:
    reader, writer = await world.connect()
    writer.write(get(world, path=b"/api/events").replace(b"GET", b"HEAD", 1))
    head = await reader.readuntil(b"\r\n\r\n")
    writer.close()

    assert head.startswith(b"HTTP/1.1 405 ")


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
