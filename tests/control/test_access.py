"""Who may do what. The matrix is made from the route table, so that no route can be forgotten."""

import base64
import json
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.support.control_world import AGENT, LOOPBACK, PROVIDERS, ControlWorld, a_manager, control_world, tokens
from tui_failover.config.secret import EnvKey, FileKey
from tui_failover.control import Access, ControlServer, ControlSettings, Listen, UnsafeListen
from tui_failover.control.route import Route
from tui_failover.control.table import ROUTES
from tui_failover.control.tokens import Scope

SECRETS = {"T_USE": "use-" + "u" * 40, "T_READ": "read-" + "r" * 40, "T_WRITE": "write-" + "w" * 40}
MAY = {
    "T_USE": {Scope.ANYONE, Scope.USE},
    "T_READ": {Scope.ANYONE, Scope.READ},
    "T_WRITE": {Scope.ANYONE, Scope.READ, Scope.WRITE},
}
WRONG = {
    "empty": "",
    "prefix": SECRETS["T_WRITE"][:-1],
    "longer": SECRETS["T_WRITE"] + "w",
    "other-case": SECRETS["T_WRITE"].upper(),
    "non-ascii": "schlüssel-\u2028-" + "x" * 30,
    "raw-bytes": "\udcff\udcfe" + "x" * 30,
    "its-name": "T_WRITE",
    "injection": "' OR 1=1; DROP TABLE tokens; --",
}


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def name_of(route: Route) -> str:
    return f"{route.method} {route.path}"


def sample(route: Route) -> tuple[str, object]:
    """Return the path and the body of a call that would do something."""
    path = route.path.format(agent_id=AGENT, provider_id=PROVIDERS[0])
    if route.query is not None:
        path += "?" + "&".join(f"{name}={value}" for name, value in route.example.items())
    return path, None if route.body is None else dict(route.example)


@pytest.mark.parametrize("token", [*SECRETS, ""], ids=[*SECRETS, "no-token"])
@pytest.mark.parametrize("route", ROUTES, ids=name_of)
async def test_every_route_lets_in_exactly_whom_the_table_says(route: Route, token: str) -> None:
    path, body = sample(route)
    may = route.scope in MAY.get(token, {Scope.ANYONE})
    async with control_world(tokens()) as world:
        before = world.manager.snapshot().revision

        got = await world.asks(route.method, path, body, token=SECRETS.get(token, ""))

        allowed = got.status not in {401, 403}
        assert allowed is may, (got.status, got.body[:200])
        assert got.status < 500
        if not may:
            assert got.status == (403 if token else 401)
            assert world.manager.snapshot().revision == before


@pytest.mark.parametrize("token", WRONG.values(), ids=WRONG)
async def test_wrong_token_is_unauthorized_never_a_fault(token: str) -> None:
    async with control_world(tokens()) as world:
        got = await world.asks("POST", "/api/undo", {}, headers={"Authorization": f"Bearer {token}"})

        assert got.status == 401
        assert got.headers["www-authenticate"].startswith("Bearer")
        assert not token or token not in got.body


async def test_flood_of_wrong_tokens_is_slowed_and_hinders_no_right_one(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with control_world(tokens()) as world:
        statuses = [(await world.asks("GET", "/api/agents", token="wrong" * 8)).status for _ in range(102)]
        right = await world.asks("GET", "/api/agents", token=SECRETS["T_READ"])

        assert statuses == [401] * 100 + [429] * 2
        assert right.status == 200
        assert caplog.records == []


async def test_no_secret_is_in_any_answer_or_log(
    environment: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    canary = 'cAnArY"+/<' + "k" * 24
    environment.setenv("CANARY_KEY", canary)
    environment.setenv("T_WRITE", canary)
    forms = {canary, quote(canary), quote(canary, safe=""), json.dumps(canary)[1:-1], canary[4:]}
    forms.add(base64.b64encode(canary.encode()).decode().rstrip("="))
    provider = {"provider_id": "new", "dialect": "openai", "model": "m", "api_key_env": "CANARY_KEY"}
    async with control_world(tokens()) as world:
        got = [await world.asks("POST", "/api/providers", provider, token=canary)]
        got.append(await world.asks("POST", "/api/undo", b"not json " + canary.encode(), token=canary))
        for route in ROUTES:
            if route.path != "/api/events":
                path, body = sample(route)
                got.append(await world.asks(route.method, path, body, token=canary))

        assert got[0].status == 201
        told = "".join(one.raw.decode() for one in got) + caplog.text
        assert not [form for form in forms if form in told]


SCHEMES = {
    "basic": "Basic {token}",
    "bare": "{token}",
    "as-cookie-word": "token={token}",
}


@pytest.mark.parametrize("scheme", SCHEMES.values(), ids=SCHEMES)
async def test_token_counts_as_bearer_only(scheme: str) -> None:
    async with control_world(tokens()) as world:
        sent = scheme.format(token=SECRETS["T_WRITE"])

        got = await world.asks("POST", "/api/undo", {}, headers={"Authorization": sent})

        assert got.status == 401


async def test_token_elsewhere_than_in_its_header_counts_for_nothing() -> None:
    async with control_world(tokens()) as world:
        secret = SECRETS["T_WRITE"]

        cookie = await world.asks("GET", "/api/agents", headers={"Cookie": f"token={secret}"})
        query = await world.asks("GET", f"/api/agents?token={secret}")

        assert (cookie.status, query.status) == (401, 401)
        assert secret not in query.body


async def test_rotated_token_counts_at_once_and_the_old_one_no_more(environment: pytest.MonkeyPatch) -> None:
    async with control_world(tokens()) as world:
        old, new = SECRETS["T_READ"], "rotated-" + "n" * 40

        environment.setenv("T_READ", new)
        with_old = await world.asks("GET", "/api/agents", token=old)
        with_new = await world.asks("GET", "/api/agents", token=new)

        assert (with_old.status, with_new.status) == (401, 200)


async def test_caller_without_a_token_is_told_in_full_how_to_send_one() -> None:
    """What hides secrets in texts takes what stands behind "Bearer" for one."""
    async with control_world(tokens()) as world:
        got = await world.asks("GET", "/api/agents")

        assert got.error["message"] == "a token that is valid here is needed, as Authorization: Bearer"


async def test_token_that_is_gone_lets_nobody_in(environment: pytest.MonkeyPatch) -> None:
    async with control_world(tokens()) as world:
        environment.delenv("T_READ")

        got = await world.asks("GET", "/api/agents", token=SECRETS["T_READ"])

        assert got.status == 401


async def test_token_rotated_to_one_that_can_be_guessed_lets_nobody_in(environment: pytest.MonkeyPatch) -> None:
    async with control_world(tokens()) as world:
        environment.setenv("T_READ", "short")

        got = await world.asks("GET", "/api/agents", token="short")

        assert got.status == 401


async def test_token_from_a_file_counts(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("from-a-file-" + "f" * 40 + "\n")
    async with control_world(Access(read=(FileKey("token", path),))) as world:
        got = await world.asks("GET", "/api/agents", token="from-a-file-" + "f" * 40)

        assert got.status == 200


async def test_scope_without_a_token_is_closed_where_another_has_one() -> None:
    async with control_world(Access(read=(EnvKey("T_READ"),))) as world:
        got = await world.asks("POST", "/api/undo", {}, token=SECRETS["T_READ"])

        assert got.status == 403


async def test_outsiders_learn_up_or_down_and_nothing_else() -> None:
    async with control_world(tokens()) as world:
        outside = [(await world.asks("GET", path)).json for path in ("/healthz", "/readyz")]
        inside = await world.asks("GET", "/readyz", token=SECRETS["T_READ"])

        assert outside == [{"status": "up"}, {"status": "up"}]
        assert inside.json["providers"] == 3


async def test_gateway_token_learns_no_details_either() -> None:
    async with control_world(tokens()) as world:
        got = await world.asks("GET", "/readyz", token=SECRETS["T_USE"])

        assert got.json == {"status": "up"}


async def test_this_machine_needs_no_token_where_none_is_set(world: ControlWorld) -> None:
    got = await world.asks("POST", f"/api/agents/{AGENT}/automation/hold", {})

    assert got.status == 200


REFUSED = {
    "everywhere-without-tokens": (Listen("0.0.0.0", 0), Access(), "needs tokens"),  # noqa: S104 - it is refused
    "everywhere-in-ipv6": (Listen("::", 0), Access(), "needs tokens"),
    "a-name": (Listen("failover.example", 0), Access(), "needs tokens"),
    "token-not-set": (LOOPBACK, Access(read=(EnvKey("T_NONE"),)), "set T_NONE"),
    "token-too-short": (LOOPBACK, Access(read=(EnvKey("T_SHORT"),)), "shorter than 16"),
    "one-token-for-two": (
        LOOPBACK,
        Access(read=(EnvKey("T_READ"),), write=(EnvKey("T_TWIN"),)),
        "two different purposes",
    ),
}


@pytest.mark.parametrize(("listen", "access", "why"), REFUSED.values(), ids=REFUSED)
async def test_server_that_would_let_strangers_in_does_not_start(
    listen: Listen, access: Access, why: str, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("T_SHORT", "short")
    environment.setenv("T_TWIN", SECRETS["T_READ"])
    async with a_manager() as manager:
        with pytest.raises(UnsafeListen, match=why) as refusal:
            await ControlServer(manager, ControlSettings(listen, access)).__aenter__()

        assert "\n" not in str(refusal.value)
        assert not any(secret in str(refusal.value) for secret in SECRETS.values())


async def test_other_address_is_served_with_tokens() -> None:
    async with a_manager() as manager:
        settings = ControlSettings(Listen("0.0.0.0", 0), tokens())  # noqa: S104 - that is what is tried
        async with ControlServer(manager, settings) as server:
            assert server.port > 0
