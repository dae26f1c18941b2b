"""The route table: everything the API can do, who may do it, and an example of each that works as it stands."""

from collections.abc import Mapping
from http import HTTPStatus
from importlib.metadata import version
from typing import Final

from pydantic import BaseModel

from tui_failover.control import asking, changing, examples, looking, models, ordering
from tui_failover.control.answer import Answer
from tui_failover.control.docs_page import page, policy
from tui_failover.control.event_streams import EVENT_STREAM
from tui_failover.control.openapi import document
from tui_failover.control.preview_models import Preview
from tui_failover.control.route import Call, Handler, Route
from tui_failover.control.tokens import Scope
from tui_failover.core.command import Imposed

_ABSENT: Final = HTTPStatus.NOT_FOUND
_CONFLICT: Final = HTTPStatus.CONFLICT
_A: Final = "/api/agents/{agent_id}"
_P: Final = "/api/providers/{provider_id}"


def _look(
    path: str, handler: Handler, summary: str, answer: type[BaseModel], shows: Mapping[str, object]
) -> Route:
    absent = (_ABSENT,) if "{" in path else ()
    return Route("GET", path, Scope.READ, handler, summary, answer, shows=shows, refusals=absent)


def _agent_order(
    path: str,
    command: ordering.AgentOrder,
    summary: str,
    body: type[models.OrderBody],
    example: Mapping[str, object],
) -> Route:
    return Route(
        "POST",
        f"{_A}/{path}",
        Scope.WRITE,
        ordering.agent_order(command),
        summary,
        models.AgentDone,
        body,
        example=example,
        shows=examples.AGENT_DONE,
        refusals=(_ABSENT, _CONFLICT),
    )


def _provider_order(
    path: str,
    command: ordering.ProviderOrder,
    summary: str,
    body: type[models.OrderBody],
    example: Mapping[str, object],
) -> Route:
    return Route(
        "POST",
        f"{_P}/{path}",
        Scope.WRITE,
        ordering.provider_order(command),
        summary,
        models.ProviderDone,
        body,
        example=example,
        shows=examples.PROVIDER_DONE,
        refusals=(_ABSENT, _CONFLICT),
    )


def _removal(path: str, handler: Handler, summary: str, refusals: tuple[HTTPStatus, ...]) -> Route:
    return Route(
        "DELETE",
        path,
        Scope.WRITE,
        handler,
        summary,
        models.Done,
        query=models.Removal,
        example={"reason": "replaced", "by": "dana"},
        shows={**examples.DONE, "message": "claude-agent is removed"},
        refusals=refusals,
    )


_AGENTS: Final = (
    _look("/api/agents", looking.agents, "Every agent", models.Anything, {"agents": []}),
    Route(
        "POST",
        "/api/agents",
        Scope.WRITE,
        changing.add_agent,
        "Add an agent",
        models.Configured,
        models.NewAgent,
        example={"agent_id": "new-agent", **examples.ASKED},
        shows={**examples.CONFIGURED, "agent_id": "new-agent"},
        refusals=(_CONFLICT,),
        made=HTTPStatus.CREATED,
    ),
    _look(_A, looking.agent, "One agent as the console shows it", models.Anything, {"agent_id": "my-agent"}),
    Route(
        "PUT",
        _A,
        Scope.WRITE,
        changing.change_agent,
        "Replace an agent's failover",
        models.Configured,
        models.FailoverBody,
        example=examples.ASKED,
        shows=examples.CONFIGURED,
        refusals=(_ABSENT,),
    ),
    _removal(_A, changing.remove_agent, "Remove an agent", (_ABSENT,)),
    Route(
        "POST",
        f"{_A}/failover",
        Scope.WRITE,
        changing.configure,
        "Configure an agent's failover; the agent is added where it is new",
        models.Configured,
        models.FailoverBody,
        example=examples.ASKED,
        shows=examples.CONFIGURED,
    ),
    _look(
        f"{_A}/failover", looking.failover, "The configuration in its nine fields", models.Config, examples.CONFIG
    ),
    _look(f"{_A}/failover/stats", looking.stats, "Where the agent stands", models.Stats, examples.STATS),
    Route(
        "GET",
        f"{_A}/failover/health",
        Scope.READ,
        looking.agent_health,
        "Check the agent's providers now and return their health",
        models.AgentHealth,
        shows={"agent_id": "my-agent", "active_provider": "openai-agent", "provider_health": examples.BY_NAME},
        refusals=(_ABSENT,),
    ),
    Route(
        "GET",
        f"{_A}/failover/preview",
        Scope.READ,
        looking.preview,
        "What a switch would mean",
        Preview,
        query=models.PreviewQuery,
        example={"provider_id": "claude-agent"},
        shows={
            "agent_id": "my-agent",
            "active_provider": "openai-agent",
            "provider_id": "claude-agent",
            "allowed": True,
            "needs_force": False,
            "consequences": ["new queries of my-agent go to claude-agent"],
            "source": {"provider_id": "openai-agent", "status": "healthy"},
            "target": {"provider_id": "claude-agent", "status": "healthy"},
            "in_flight": 3,
            "recent": examples.RECENT,
            "losses": [{"need": "JSON mode", "queries": 12}],
            "losses_known": True,
            "room": [{"limit": "queries_per_min", "most": 500, "used": 12, "adds": 144}],
            "revision": 411,
        },
        refusals=(_ABSENT,),
    ),
    Route(
        "POST",
        f"{_A}/query",
        Scope.USE,
        asking.ask,
        "Ask; retries and failover until somebody answers",
        models.QueryAnswer,
        models.QueryBody,
        example={"query": "Hello", "context": {"system_prompt": "Be brief.", "max_tokens": 200}},
        shows=examples.ANSWERED,
        refusals=(_ABSENT, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.TOO_MANY_REQUESTS),
    ),
)

_AGENT_ORDERS: Final = (
    _agent_order(
        "failover/switch",
        ordering.switch,
        "Move the agent to a provider of its chain and keep it there",
        models.SwitchBody,
        {"provider_id": "claude-agent"},
    ),
    _agent_order(
        "failover/trial",
        ordering.trial,
        "Move it for a trial: it returns by itself unless confirmed",
        models.TrialBody,
        {"provider_id": "claude-agent", **examples.WHY},
    ),
    _agent_order(
        "failover/confirm", ordering.confirm, "Keep what the trial tried", models.OrderBody, examples.WHY
    ),
    _agent_order(
        "failover/release",
        ordering.release_switch,
        "Give a switch back to automation",
        models.OrderBody,
        examples.WHY,
    ),
    _agent_order(
        "automation/hold", ordering.hold, "Automation moves nothing until released", models.HoldBody, examples.WHY
    ),
    _agent_order(
        "automation/release",
        ordering.release_automation,
        "Automation may move it again",
        models.OrderBody,
        examples.WHY,
    ),
)

_PROVIDERS: Final = (
    _look("/api/providers", looking.providers, "Every provider", models.Anything, {"providers": []}),
    Route(
        "POST",
        "/api/providers",
        Scope.WRITE,
        changing.add_provider,
        "Register a provider; its key is named, never sent",
        models.ProviderDone,
        models.NewProvider,
        example={"provider_id": "new-provider", **examples.PROVIDER},
        shows={**examples.PROVIDER_DONE, "message": "new-provider is registered", "provider_id": "new-provider"},
        refusals=(_CONFLICT,),
        made=HTTPStatus.CREATED,
    ),
    _look(
        "/api/providers/health",
        looking.all_health,
        "The health of every provider",
        models.AllHealth,
        {"provider_health": examples.BY_NAME},
    ),
    Route(
        "POST",
        "/api/providers/check",
        Scope.WRITE,
        looking.check_all,
        "Check every provider now",
        models.AllHealth,
        models.CheckBody,
        shows={"provider_health": examples.BY_NAME},
    ),
    _look(_P, looking.provider, "One provider as the console shows it", models.Anything, {"provider_id": "a"}),
    Route(
        "PUT",
        _P,
        Scope.WRITE,
        changing.change_provider,
        "Replace a provider's fields; its history is kept",
        models.ProviderDone,
        models.ChangedProvider,
        example=examples.PROVIDER,
        shows={**examples.PROVIDER_DONE, "message": "openai-agent is changed"},
        refusals=(_ABSENT, _CONFLICT),
    ),
    _removal(_P, changing.remove_provider, "Remove a provider that no chain names", (_ABSENT, _CONFLICT)),
    _look(
        f"{_P}/health",
        looking.provider_health,
        "A provider's health as last known",
        models.Health,
        examples.HEALTH,
    ),
    Route(
        "POST",
        f"{_P}/check",
        Scope.WRITE,
        looking.check_one,
        "Check a provider now and return its health",
        models.Health,
        models.CheckBody,
        shows=examples.HEALTH,
        refusals=(_ABSENT,),
    ),
    _provider_order(
        "drain",
        ordering.impose(Imposed.DRAIN),
        "No new queries, running ones finish",
        models.ForceBody,
        examples.WHY,
    ),
    _provider_order(
        "maintenance",
        ordering.impose(Imposed.MAINTENANCE),
        "No queries, no checks",
        models.ForceBody,
        examples.WHY,
    ),
    _provider_order("return", ordering.impose(Imposed.NOTHING), "Back in service", models.OrderBody, examples.WHY),
    _provider_order(
        "breaker",
        ordering.breaker,
        "Hold the breaker open or closed by hand, or give it back",
        models.BreakerBody,
        {"hand": "open", "hold_s": 600, **examples.WHY},
    ),
    _provider_order(
        "reset", ordering.reset, "Close the breaker and forget its failures", models.OrderBody, examples.WHY
    ),
)


async def _openapi(_: Call) -> Answer:
    return Answer(document(ROUTES, version("tui-failover")))


async def _docs(call: Call) -> Answer:
    headers = {"Content-Security-Policy": policy()}
    return Answer(page(ROUTES, call.services.address), kind="text/html", headers=headers)


_FLEET: Final = (
    Route(
        "POST",
        "/api/undo",
        Scope.WRITE,
        ordering.undo,
        "Take back the last order",
        models.Done,
        models.OrderBody,
        example=examples.WHY,
        shows={**examples.DONE, "message": "undone: my-agent: openai-agent -> claude-agent"},
        refusals=(_CONFLICT,),
    ),
    _look("/api/snapshot", looking.snapshot, "Everything at one instant", models.Anything, {"revision": 412}),
    Route(
        "GET",
        "/api/events",
        Scope.READ,
        looking.events,
        "Events as they happen; resume with Last-Event-ID",
        EVENT_STREAM,
        refusals=(HTTPStatus.TOO_MANY_REQUESTS,),
    ),
    Route("GET", "/metrics", Scope.READ, looking.metrics, "Figures for Prometheus", "text/plain"),
    Route(
        "GET",
        "/healthz",
        Scope.ANYONE,
        looking.healthz,
        "Whether the process lives",
        models.Up,
        shows={"status": "up"},
    ),
    Route(
        "GET",
        "/readyz",
        Scope.ANYONE,
        looking.readyz,
        "Whether work may be sent here",
        models.Up,
        shows={"status": "up"},
        refusals=(HTTPStatus.SERVICE_UNAVAILABLE,),
    ),
    Route(
        "GET",
        "/api/openapi.json",
        Scope.ANYONE,
        _openapi,
        "This description",
        models.Anything,
        shows={"openapi": "3.1.0"},
    ),
    Route("GET", "/api/docs", Scope.ANYONE, _docs, "This description as a page", "text/html"),
)

ROUTES: Final[tuple[Route, ...]] = (*_AGENTS, *_AGENT_ORDERS, *_PROVIDERS, *_FLEET)
