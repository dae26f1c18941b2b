"""What may be sent to the API and what it answers, field by field; the OpenAPI document is made from these."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema

from tui_failover.config import words
from tui_failover.config.tables import ProviderTable
from tui_failover.core.command import BreakerHand
from tui_failover.core.health import Status
from tui_failover.core.names import AgentId, ProviderId
from tui_failover.core.spec import FailbackMode, FailoverConfig, MidStream, Strategy
from tui_failover.core.text import scrub

_WEEK_S = 7 * 24 * 3600.0
_MOST_BACKUPS = 64
_LONGEST_QUERY = 500_000


def _text(longest: int, shortest: int = 1) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "minLength": shortest, "maxLength": longest})


Name = Annotated[words.Name, _text(64)]
Words = Annotated[words.Words, _text(4000)]
Remark = Annotated[str, Field(max_length=200)]
Who = Annotated[str, Field(min_length=1, max_length=64)]
HoldTime = Annotated[float, Field(ge=0, le=_WEEK_S)]
Revision = Annotated[int, Field(ge=0, le=2**53)]


class Asked(BaseModel):
    """What a caller sends; a field that is not known is a mistake."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False, defer_build=True)


class Told(BaseModel):
    """What a caller gets; only ever described, so that nothing is built to read it."""

    model_config = ConfigDict(extra="forbid", defer_build=True)


class OrderBody(Asked):
    """What every order may carry."""

    by: Who = Field(default="api", description="who gives the order; shown in the events")
    reason: Remark = Field(default="", description="why; shown in the events")
    order_id: Annotated[str, Field(max_length=200)] = Field(
        default="", description="makes a repeat harmless: an id seen before is answered, not carried out again"
    )
    seen_revision: Revision | None = Field(
        default=None, description="the snapshot the order was decided on; refused where things changed since"
    )


class ForceBody(OrderBody):
    """An order that may be insisted on."""

    force: bool = Field(default=False, description="go on although it does harm or the target is not available")


_PLAIN = FailoverConfig(AgentId(""), ProviderId(""))


class FailoverFields(Asked):
    """An agent's failover. Intervals and timeouts are seconds."""

    primary_provider_id: Name
    backup_provider_ids: Annotated[list[Name], Field(max_length=_MOST_BACKUPS)] = Field(default_factory=list)
    health_check_enabled: bool = _PLAIN.health_check_enabled
    health_check_interval: Annotated[float, Field(ge=1, le=_WEEK_S)] = _PLAIN.health_check_interval
    health_check_timeout: Annotated[float, Field(ge=0.1, le=600)] = _PLAIN.health_check_timeout
    max_consecutive_failures: Annotated[int, Field(ge=1, le=100)] = _PLAIN.max_consecutive_failures
    auto_failover_enabled: bool = _PLAIN.auto_failover_enabled
    health_check_query: Words = _PLAIN.health_check_query
    failback: Annotated[FailbackMode, Field(strict=False)] | None = Field(
        default=None, description="whether automation returns to an earlier provider; left out: as it was"
    )
    max_retries: Annotated[int, Field(ge=0, le=10)] | None = Field(
        default=None, description="further attempts at the same provider; left out: as it was"
    )
    mid_stream: Annotated[MidStream, Field(strict=False)] | None = Field(
        default=None, description="what becomes of a stream that breaks off after content; left out: as it was"
    )
    strategy: Annotated[Strategy, Field(strict=False)] | None = Field(
        default=None, description="who is asked first among those that have room; left out: as it was"
    )


class FailoverBody(FailoverFields):
    """An agent's failover; `agent_id` may be repeated as it stands in the path."""

    agent_id: Name | None = None


class NewAgent(FailoverFields):
    """An agent that is not there yet."""

    agent_id: Name


class NewProvider(ProviderTable):
    """A provider that is not there yet; the key stays where it is and is only named."""

    provider_id: Name


class ChangedProvider(ProviderTable):
    """A provider's new fields, all of them."""


class SwitchBody(ForceBody):
    """A switch."""

    provider_id: Name
    hold_s: HoldTime | None = Field(
        default=None,
        description="seconds until automation may move it again; 0: until undone; left out: the default",
    )
    trial: bool = Field(default=False, description="return by itself unless confirmed")
    hard: bool = Field(default=False, description="stay even where every query fails")


class TrialBody(ForceBody):
    """A switch that returns by itself unless it is confirmed."""

    provider_id: Name


class HoldBody(OrderBody):
    """Automation moves nothing until it is released."""

    strict: bool = Field(default=False, description="queries do not fail over one by one either")


class BreakerBody(ForceBody):
    """A breaker held by hand, or given back to the rules."""

    hand: Annotated[BreakerHand, Field(strict=False)] | None = Field(
        description="open, closed, or null to give it back to the rules"
    )
    hold_s: HoldTime | None = None


class Turn(Asked):
    """An earlier message."""

    role: Literal["user", "assistant"]
    content: Annotated[str, Field(max_length=_LONGEST_QUERY)]


class ContextBody(Asked):
    """What a query stands in."""

    system_prompt: Annotated[str, Field(max_length=_LONGEST_QUERY)] | None = None
    messages: Annotated[list[Turn], Field(max_length=1000)] = Field(default_factory=list)
    max_tokens: Annotated[int, Field(ge=1, le=1_000_000)] | None = None


class QueryBody(Asked):
    """A question to an agent."""

    query: Annotated[str, Field(min_length=1, max_length=_LONGEST_QUERY)]
    context: ContextBody | None = None


class CheckBody(Asked):
    """A check wanted now; there is nothing to say about it."""


class Removal(Asked):
    """Why something is taken away, and by whom."""

    reason: Annotated[str, Field(min_length=1, max_length=200)]
    by: Who = "api"


class PreviewQuery(Asked):
    """Where a switch would go."""

    provider_id: Name


class Health(Told):
    """A provider's health in the eight fields."""

    provider_id: str
    status: Status
    last_check: str | None
    last_success: str | None
    last_failure: str | None
    consecutive_failures: int
    response_time_ms: float | None
    error_message: str | None


class AllHealth(Told):
    """The health of every provider registered, by its id."""

    provider_health: dict[str, Health]


class AgentHealth(Told):
    """The health of an agent's providers after a check."""

    agent_id: str
    active_provider: str
    provider_health: dict[str, Health]


class Config(Told):
    """An agent's failover in the nine fields."""

    agent_id: str
    primary_provider_id: str
    backup_provider_ids: list[str]
    health_check_enabled: bool
    health_check_interval: float
    health_check_timeout: float
    max_consecutive_failures: int
    auto_failover_enabled: bool
    health_check_query: str


class Configured(Config):
    """What is so after a configuration."""

    failback: FailbackMode
    max_retries: int
    mid_stream: MidStream
    strategy: Strategy
    message: str
    warnings: list[str]


class Stats(Told):
    """Where an agent stands."""

    agent_id: str
    primary_provider: str
    backup_providers: list[str]
    active_provider: str
    provider_chain: list[str]
    health_check_enabled: bool
    auto_failover_enabled: bool
    provider_health: dict[str, Health]
    queries: int
    failed: int
    failovers: int
    saved_by_failover: int
    in_flight: int
    queries_per_s: float
    tokens_per_s: float
    error_share: float | None
    next_provider: str | None
    active_since: str
    active_because: str
    pinned_to: str | None
    automation_held_by: str | None
    panic: bool


class Done(Told):
    """What is so after an order; `revision` is the first snapshot that shows it."""

    message: str
    revision: int
    warnings: list[str]


class AgentDone(Done):
    """What is so after an order about an agent."""

    agent_id: str
    active_provider: str


class ProviderDone(Done):
    """What is so after an order about a provider."""

    provider_id: str
    status: Status
    available: bool


class Usage(Told):
    """Tokens as the provider counted them."""

    input_tokens: int
    output_tokens: int


class Attempt(Told):
    """An attempt that failed before, or a provider passed over (`kind` null)."""

    provider: str
    kind: str | None
    reason: str
    elapsed_ms: float


class QueryAnswer(Told):
    """An answer, who gave it, and what failed before."""

    response: str
    model: str
    usage: Usage | None
    provider: str
    attempts: list[Attempt]
    finish: str
    elapsed_ms: float


class Anything(BaseModel):
    """A picture whose fields follow the read model."""

    model_config = ConfigDict(extra="allow", defer_build=True)


class Up(BaseModel):
    """Up or down; callers who may look get more."""

    model_config = ConfigDict(extra="allow", defer_build=True)

    status: Literal["up", "down"]


class ErrorDetail(Told):
    """What is wrong with one field."""

    field: str
    message: str


class ErrorBody(Told):
    """Why a request was not carried out."""

    code: str
    message: str
    details: list[ErrorDetail]
    needs_force: bool | None = None
    attempts: list[Attempt] | None = None


class ErrorAnswer(Told):
    """The one shape of errors."""

    error: ErrorBody


def one_line(text: str, longest: int = 200) -> str:
    """Return foreign text as one harmless line."""
    return scrub(text, longest)
