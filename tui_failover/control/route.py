"""What a route is, and how a request finds its own: default deny, on the raw path, segment by segment."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from http import HTTPStatus
from urllib.parse import unquote

from msgspec import Struct, field
from pydantic import BaseModel

from tui_failover.control.answer import Answer
from tui_failover.control.event_streams import EVENT_STREAM
from tui_failover.control.problem import Problem, bad_request, not_found
from tui_failover.control.services import Services
from tui_failover.control.tokens import Scope
from tui_failover.serving import Request, Stream


class Call(Struct, frozen=True):
    """A request that has passed every guard.

    Attributes:
        services: what handlers work with.
        request: as it came; only event streams need it.
        path: the variable parts of the path.
        asked: the body or the query parameters, checked; None where the route takes none.
        raw: the body as it came, a JSON object.
        scopes: what the caller may do.
    """

    services: Services
    request: Request
    path: Mapping[str, str]
    asked: BaseModel | None
    raw: Mapping[str, object]
    scopes: frozenset[Scope]


Handler = Callable[[Call], Awaitable[Answer | Stream]]


class Route(Struct, frozen=True):
    """One row of the route table; routing, documentation and the access tests are made from it.

    Attributes:
        method: the HTTP method.
        path: with variable parts in braces.
        scope: what a token must allow, where tokens are set.
        handler: answers.
        summary: one line for the documentation.
        answer: the model of a good answer; a media type where it is not JSON.
        body: the model of the body.
        query: the model of the query parameters.
        example: a body, or query parameters, that can be sent as they are.
        shows: a good answer to it.
        refusals: the statuses of refusals besides those that every route has.
        made: the status of a good answer.
    """

    method: str
    path: str
    scope: Scope
    handler: Handler
    summary: str
    answer: type[BaseModel] | str
    body: type[BaseModel] | None = None
    query: type[BaseModel] | None = None
    example: Mapping[str, object] = field(default_factory=dict)
    shows: object = None
    refusals: Sequence[HTTPStatus] = ()
    made: HTTPStatus = HTTPStatus.OK

    @property
    def segments(self) -> tuple[str, ...]:
        """The path in parts."""
        return tuple(self.path.strip("/").split("/"))

    @property
    def variables(self) -> tuple[str, ...]:
        """The names of the path's variable parts."""
        return tuple(part[1:-1] for part in self.segments if part.startswith("{"))

    @property
    def has_head(self) -> bool:
        """Whether the head of its answer can be had alone (RFC 9110, 9.3.2): not of one that goes on."""
        return self.method == "GET" and self.answer != EVENT_STREAM


class Found(Struct, frozen=True):
    """A route, and what its path's variable parts are."""

    route: Route
    path: Mapping[str, str]


class Router:
    """Finds routes; a fixed part wins over a variable one, whatever the method."""

    def __init__(self, routes: Sequence[Route]) -> None:
        self._routes = sorted(routes, key=lambda route: len(route.variables))

    def find(self, method: str, raw_path: str) -> Found:
        """Return the route of a request; raises `Problem` where there is none."""
        parts = _decoded(raw_path)
        fitting: list[Found] = []
        for route in self._routes:
            path = _fit(route.segments, parts)
            if path is not None:
                fitting.append(Found(route, path))
        if not fitting:
            message = "there is nothing at this path; /api/docs lists what there is"
            raise not_found(message)
        fitting = [found for found in fitting if found.route.path == fitting[0].route.path]
        for found in fitting:
            if found.route.method == method or (method == "HEAD" and found.route.has_head):
                return found
        allowed = ", ".join(sorted({found.route.method for found in fitting}))
        message = f"this path takes {allowed} only"
        raise Problem(HTTPStatus.METHOD_NOT_ALLOWED, "method-not-allowed", message, headers={"Allow": allowed})


def _decoded(raw_path: str) -> tuple[str, ...]:
    path = raw_path.partition("?")[0].partition("#")[0]
    raw = path.removeprefix("/").split("/")
    try:
        return tuple(unquote(part, errors="strict") for part in raw)
    except UnicodeDecodeError:
        message = "the path is not percent-encoded UTF-8"
        raise bad_request(message, "bad-target") from None


def _fit(segments: Sequence[str], parts: Sequence[str]) -> dict[str, str] | None:
    if len(segments) != len(parts):
        return None
    path: dict[str, str] = {}
    for segment, part in zip(segments, parts, strict=True):
        if segment.startswith("{") and part:
            path[segment[1:-1]] = part
        elif segment != part:
            return None
    return path
