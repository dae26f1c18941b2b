"""The API describes itself, for programs and for people, and gives its figures."""

import re
import shlex
from html import unescape
from html.parser import HTMLParser

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.support.control_world import AGENT, ControlWorld, control_world, spec_of, tokens
from tui_failover.control.openapi import document
from tui_failover.control.route import Route
from tui_failover.control.table import ROUTES
from tui_failover.core.copying import replace
from tui_failover.core.names import ProviderId
from tui_failover.core.outcome import FailureKind
from tui_failover.core.spec import ProviderLimits
from tui_failover.providers.scripted import failing


def name_of(route: Route) -> str:
    return f"{route.method} {route.path}"


async def test_document_is_openapi_3_1_and_names_every_route(world: ControlWorld) -> None:
    got = await world.asks("GET", "/api/openapi.json")

    paths = got.json["paths"]
    assert isinstance(paths, dict)
    assert got.json["openapi"] == "3.1.0"
    assert {(method.upper(), path) for path, methods in paths.items() for method in methods} == {
        (route.method, route.path) for route in ROUTES
    }


def test_document_is_the_same_every_time() -> None:
    assert document(ROUTES, "1") == document(ROUTES, "1")


def test_every_operation_has_a_name_of_its_own_and_the_one_error_shape() -> None:
    paths = document(ROUTES, "1")["paths"]
    assert isinstance(paths, dict)
    operations = [one for methods in paths.values() for one in methods.values()]

    names = [one["operationId"] for one in operations]
    refusals = {
        str(answer["content"]["application/json"]["schema"])
        for one in operations
        for status, answer in one["responses"].items()
        if status >= "4"
    }

    assert len(set(names)) == len(names)
    assert refusals == {str({"$ref": "#/components/schemas/ErrorAnswer"})}


@pytest.mark.parametrize("route", ROUTES, ids=name_of)
def test_examples_fit_their_models(route: Route) -> None:
    if route.body is not None:
        route.body.model_validate(dict(route.example))
    if route.query is not None:
        route.query.model_validate(dict(route.example))
    if not isinstance(route.answer, str):
        route.answer.model_validate(route.shows)


ORDERABLE = [route for route in ROUTES if route.body is not None or route.query is not None]


@pytest.mark.parametrize("route", ORDERABLE, ids=name_of)
async def test_example_on_the_page_can_be_sent_as_it_stands(world: ControlWorld, route: Route) -> None:
    page = await world.asks("GET", "/api/docs")
    heading = f"<h3>{route.method} {route.path}</h3>"
    text = unescape(page.body.partition(heading)[2].partition("<pre>")[2].partition("</pre>")[0])
    words = shlex.split(text)
    address = next(word for word in words if word.startswith("http"))

    body = words[words.index("-d") + 1].encode() if "-d" in words else None
    got = await world.asks(route.method, address.partition(world.host)[2], body)

    assert words[0] == "curl"
    assert address.startswith(f"http://{world.host}/")
    assert got.status in {200, 201, 409}, got.body


class Outside(HTMLParser):
    """Collects whatever a page would fetch or run."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        wanted = [
            f"{name}={value}" for name, value in attrs if name in {"src", "srcset", "style"} or name[:2] == "on"
        ]
        if tag in {"script", "link", "img", "iframe", "object", "base", "form"}:
            wanted.append(tag)
        self.found += wanted


async def test_page_needs_nothing_from_anywhere(world: ControlWorld) -> None:
    got = await world.asks("GET", "/api/docs")

    outside = Outside()
    outside.feed(got.body)
    assert got.headers["content-type"] == "text/html; charset=utf-8"
    assert outside.found == []
    assert "url(" not in got.body
    assert "@import" not in got.body
    assert got.headers["content-security-policy"].startswith("default-src 'none'; style-src 'sha256-")


async def test_description_is_open_to_everybody() -> None:
    async with control_world(tokens("PATH_USE", "PATH_READ", "PATH_WRITE")) as world:
        statuses = [(await world.asks("GET", path)).status for path in ("/api/docs", "/api/openapi.json")]

        assert statuses == [200, 200]


@pytest.fixture(autouse=True)
def some_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PATH_USE", "PATH_READ", "PATH_WRITE"):
        monkeypatch.setenv(name, name.lower() * 4)


async def test_figures_are_named_after_the_conventions_and_count_what_happened(world: ControlWorld) -> None:
    world.upstreams[ProviderId("openai-agent")].will(failing(FailureKind.OVERLOADED))
    await world.asks("POST", f"/api/agents/{AGENT}/query", {"query": "Hello"})
    await world.asks("POST", "/api/providers/claude-agent/drain", {})

    got = await world.asks("GET", "/metrics")

    samples = {
        (one.name, *sorted(one.labels.items())): one.value
        for family in text_string_to_metric_families(got.body)
        for one in family.samples
    }
    agent, provider = ("gen_ai_agent_id", AGENT), ("provider", "claude-agent")
    about = (("gen_ai_provider_name", "openai"), ("gen_ai_request_model", "claude-agent-model"), provider)
    chat = ("gen_ai_operation_name", "chat")
    tokens_in = ("gen_ai_client_token_usage_sum", agent, chat, ("gen_ai_token_type", "input"), provider)
    seconds = ("gen_ai_client_operation_duration_seconds_count", ("error_type", ""), agent, chat, provider)
    assert got.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert samples[("tui_failover_queries_total", agent)] == 1
    assert samples[("tui_failover_queries_saved_total", agent)] == 1
    assert samples[("tui_failover_provider_available", *about)] == 0
    assert samples[("tui_failover_provider_status", *about, ("status", "healthy"))] == 1
    assert samples[seconds] == 1
    assert samples[tokens_in] == 10
    assert samples[("tui_failover_queries_inflight", agent)] == 0
    assert samples[("tui_failover_queries_failed_share", agent)] == 0
    assert samples[("tui_failover_tokens_per_second", agent)] == pytest.approx(5 / 30)
    assert samples[("tui_failover_provider_tokens_per_second", *about)] == pytest.approx(5 / 30)


async def test_limits_in_force_and_what_is_used_of_them_are_shown(world: ControlWorld) -> None:
    spec = replace(spec_of("openai-agent"), limits=ProviderLimits(queries_per_min=2, concurrency=9))
    await world.manager.register_provider(spec, world.upstreams(spec))
    for _ in range(2):
        await world.asks("POST", f"/api/agents/{AGENT}/query", {"query": "Hello"})

    shown = (await world.asks("GET", "/api/providers/openai-agent")).json
    figures = (await world.asks("GET", "/metrics")).body

    assert shown["limits"] == [
        {"what": "queries_per_min", "limit": 2, "used": 2, "learnt": False},
        {"what": "concurrency", "limit": 9, "used": 0, "learnt": False},
    ]
    assert (shown["available"], shown["flags"]) == (True, ["limited"])
    assert re.search(
        r'tui_failover_provider_limit\{.*limit="queries_per_min".*provider="openai-agent".*\} 2', figures
    )
    assert re.search(
        r'tui_failover_provider_limit_used\{.*limit="concurrency".*provider="openai-agent".*\} 0', figures
    )


async def test_snapshot_shows_everything_without_histories(world: ControlWorld) -> None:
    await world.asks("POST", f"/api/agents/{AGENT}/failover/switch", {"provider_id": "claude-agent", "by": "dana"})

    got = await world.asks("GET", "/api/snapshot")

    agents = got.json["agents"]
    assert isinstance(agents, list)
    (agent,) = agents
    assert agent["agent_id"] == AGENT
    assert agent["pin"]["by"] == "dana"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+\+00:00", agent["pin"]["until_at"])
    assert "slots" not in got.body
    assert got.json["undo"]


async def test_one_agent_and_one_provider_are_shown_as_on_the_screen(world: ControlWorld) -> None:
    agent = await world.asks("GET", f"/api/agents/{AGENT}")
    provider = await world.asks("GET", "/api/providers/claude-agent")

    plan = agent.json["plan"]
    assert isinstance(plan, list)
    assert [(one["provider"], one["code"]) for one in plan[:1]] == [("openai-agent", "active")]
    assert (provider.json["credential"], provider.json["agents"]) == ("env:claude-agent", [AGENT])
