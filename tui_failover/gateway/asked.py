"""What a caller asks: which call, for which agent, in which dialect, and whether it can be carried at all."""

import re
from collections.abc import Collection, Mapping
from enum import StrEnum
from functools import lru_cache
from http import HTTPStatus
from types import MappingProxyType
from urllib.parse import unquote

from msgspec import Struct
from multidict import istr

from tui_failover.core.names import AgentId
from tui_failover.gateway.settings import GatewaySettings
from tui_failover.serving import BodyBroken, BodyTooLong, Request
from tui_failover.wire.dialect import Dialect
from tui_failover.wire.error_writing import Fault
from tui_failover.wire.members import Members, read_members
from tui_failover.wire.verdict import Problem

AGENT_HEADER = istr("x-failover-agent")
STRICT_HEADER = istr("x-failover-strict")
CONVERSATION_HEADER = istr("x-failover-conversation")
_KIND_HEADER, _CODING_HEADER = istr("Content-Type"), istr("Content-Encoding")
_PATH = re.compile(
    r"(?:/agents/(?P<agent>[^/]{1,400}))?/v1(?:/models/(?P<model>.{1,400})|(?P<call>/[a-z0-9_/-]{1,100}))"
)
_JSON = "application/json"
_UNREADABLE = HTTPStatus.UNSUPPORTED_MEDIA_TYPE
# What a provider may see of the caller's headers: nothing that names a key, an account or a person.
_SHOWN = frozenset(
    {
        "accept", "anthropic-beta", "anthropic-version", "idempotency-key", "openai-beta", "traceparent",
        "tracestate", "user-agent", "x-client-request-id",
    }
)  # fmt: skip
_SHOWN_BEGINNING = "x-stainless-"
_NONE: Mapping[str, str] = MappingProxyType({})
CLOSE = MappingProxyType({"Connection": "close"})


class Call(StrEnum):
    """What a path stands for."""

    CHAT = "/chat/completions"
    RESPONSES = "/responses"
    MESSAGES = "/messages"
    COUNT = "/messages/count_tokens"
    MODELS = "/models"
    OTHER = "other"


_CALLS = {call.value: call for call in Call if call is not Call.OTHER}
_DIALECTS = {
    Call.CHAT: Dialect.OPENAI,
    Call.RESPONSES: Dialect.OPENAI,
    Call.MESSAGES: Dialect.ANTHROPIC,
    Call.COUNT: Dialect.ANTHROPIC,
}


class Path(Struct, frozen=True):
    """A path of the gateway.

    Attributes:
        path: below the version prefix.
        agent: named in it, or None.
        model: the one model it is about, or None.
        dialect: the caller's; None where not the path but its headers tell it.
    """

    call: Call
    path: str
    agent: str | None
    model: str | None = None
    dialect: Dialect | None = None


@lru_cache(maxsize=1024)  # applications have few addresses, and each request's is looked at more than once
def read_path(raw_path: str) -> Path | None:
    """Return what a request's target stands for; None where it is none of ours."""
    match = _PATH.fullmatch(raw_path.partition("?")[0])
    if match is None:
        return None
    path, agent, model = match["call"] or Call.MODELS.value, match["agent"], match["model"]
    call = _CALLS.get(path, Call.OTHER)
    dialect = _DIALECTS.get(call)
    return Path(call, path, agent and unquote(agent), model and unquote(model), dialect)


def dialect_of(request: Request) -> Dialect:
    """Return the dialect of a caller whose path does not tell it."""
    return Dialect.ANTHROPIC if "anthropic-version" in request.headers else Dialect.OPENAI


class Asked(Struct, frozen=True):
    """A request that can be carried.

    Attributes:
        agent: whose chain.
        dialect: the caller's.
        path: below the version prefix.
        call: what it stands for.
        body: as it came.
        headers: what a provider may see of the caller's.
        streams: the caller takes the answer as a stream.
        strict: nothing may be lost in translation.
        conversation: what the caller calls its conversation; "" where it does not say.
    """

    agent: AgentId
    dialect: Dialect
    path: str
    call: Call
    body: Members
    headers: Mapping[str, str]
    streams: bool = False
    strict: bool = False
    conversation: str = ""

    @property
    def spoken(self) -> str:
        """What the caller speaks, told from the other API of its dialect."""
        return f"{self.dialect}-responses" if self.call is Call.RESPONSES else self.dialect


class Refused(Exception):
    """A request that is answered without asking anybody.

    Attributes:
        headers: of the answer, besides those every answer has.
    """

    def __init__(
        self,
        fault: Fault,
        message: str,
        *,
        status: int | None = None,
        field: str = "",
        headers: Mapping[str, str] = _NONE,
    ) -> None:
        self.fault = fault
        self.message = message
        self.status = status
        self.field = field
        self.headers = headers
        super().__init__(message)


def check_method(request: Request, method: str) -> None:
    """Raise `Refused` for every other method; who may get an answer may ask for its head alone (RFC 9110, 9.1)."""
    if request.method != method and (request.method, method) != ("HEAD", "GET"):
        status, allow = HTTPStatus.METHOD_NOT_ALLOWED, {"Allow": method}
        raise Refused(Fault.BAD_REQUEST, f"This path takes {method} only.", status=status, headers=allow)


async def read_asked(
    request: Request, path: Path, dialect: Dialect, settings: GatewaySettings, agents: Collection[AgentId]
) -> Asked:
    """Return what is asked in that dialect; raises `Refused`."""
    _check_form(request)
    try:
        body = read_members(await request.body(settings.body_bytes, settings.body_s))
    except (BodyTooLong, TimeoutError, BodyBroken) as error:
        raise _unread(error, settings) from None
    if isinstance(body, Problem):
        raise Refused(Fault.BAD_REQUEST, body.text, field=body.field)
    stream = body.values.get("stream")
    if not isinstance(stream, bool | None):
        raise Refused(Fault.BAD_REQUEST, "stream must be true or false.", field="stream")
    if path.call is Call.OTHER and stream:
        raise Refused(Fault.BAD_REQUEST, "Streaming is not offered on this path.", field="stream")
    headers = request.headers
    return Asked(
        _agent(request, path, settings, agents, body.values.get("model")),
        dialect,
        path.path,
        path.call,
        body,
        _shown(headers),
        streams=stream is True,
        strict=settings.strict_translation or headers.get(STRICT_HEADER) == "1",
        conversation=headers.get(CONVERSATION_HEADER, ""),
    )


def _agent(
    request: Request,
    path: Path,
    settings: GatewaySettings,
    agents: Collection[AgentId],
    model: object,
) -> AgentId:
    named = path.agent or request.headers.get(AGENT_HEADER)
    if named is None:
        if isinstance(model, str) and model in agents:
            return AgentId(model)
        named = settings.default_agent or next(iter(agents), None)
    if named is None or named not in agents:
        known = ", ".join(sorted(agents)) or "none"
        raise Refused(Fault.NO_SUCH_MODEL, f"There is no such agent; configured are: {known}.")
    return AgentId(named)


def _shown(headers: Mapping[str, str]) -> dict[str, str]:
    shown: dict[str, str] = {}
    for name, said in headers.items():
        lower = _as_shown(name)
        if lower is not None and lower not in shown and said.isascii():
            shown[lower] = said
    return shown


@lru_cache(maxsize=256)  # clients send the same few again and again
def _as_shown(name: str) -> str | None:
    """Return a header's name as a provider gets it; None where it gets none."""
    lower = name.lower()
    return lower if lower in _SHOWN or lower.startswith(_SHOWN_BEGINNING) else None


def _check_form(request: Request) -> None:
    headers = request.headers
    if request.method != "POST":
        check_method(request, "POST")
    # Most say just that; what comes with parameters, or in capitals, has to be taken apart.
    if headers.get(_KIND_HEADER) != _JSON and request.kind != _JSON:
        raise Refused(Fault.BAD_REQUEST, f"Send Content-Type: {_JSON}.", status=_UNREADABLE)
    if headers.get(_CODING_HEADER, "identity").lower() != "identity":
        raise Refused(Fault.BAD_REQUEST, "A body must not be compressed.", status=_UNREADABLE)


def _unread(error: Exception, settings: GatewaySettings) -> Refused:
    """Return what a caller is told whose body could not be read; its connection is of no more use."""
    match error:
        case BodyTooLong():
            message = f"The body is longer than {settings.body_bytes} bytes."
            status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
            return Refused(Fault.TOO_LARGE, message, status=status, headers=CLOSE)
        case TimeoutError():
            message = f"The body did not come within {settings.body_s:g} s."
            return Refused(Fault.BAD_REQUEST, message, status=HTTPStatus.REQUEST_TIMEOUT, headers=CLOSE)
        case _:
            return Refused(Fault.BAD_REQUEST, "The body broke off.", headers=CLOSE)
