"""Health and failover in the field names users of the library and the REST API know. Times are UTC."""

from datetime import UTC, datetime

from msgspec import Struct

from tui_failover.core.names import AgentId, Moment, ProviderId
from tui_failover.core.snapshot import AgentView, ProviderView, Snapshot


class ProviderHealth(Struct, frozen=True):
    """The eight health fields.

    Attributes:
        status: healthy, unhealthy, unknown or checking.
        last_check, last_success, last_failure: UTC; None where there was none.
        consecutive_failures: counted failures since the last success.
        response_time_ms: milliseconds to the first content of the newest success.
        error_message: why the newest failure failed, or what key to set; None after a success.
    """

    provider_id: ProviderId
    status: str
    last_check: datetime | None
    last_success: datetime | None
    last_failure: datetime | None
    consecutive_failures: int
    response_time_ms: float | None
    error_message: str | None


class FailoverStats(Struct, frozen=True):
    """An agent's failover at one instant.

    Attributes:
        in_flight: queries under way.
        queries_per_s: asked, over the last 30 s.
        tokens_per_s: output tokens of answered queries, over the last 30 s.
        error_share: share of the last minute's queries that nobody answered; None without any.
    """

    agent_id: AgentId
    primary_provider: ProviderId
    backup_providers: tuple[ProviderId, ...]
    active_provider: ProviderId
    provider_chain: tuple[ProviderId, ...]
    health_check_enabled: bool
    auto_failover_enabled: bool
    provider_health: dict[ProviderId, ProviderHealth]
    queries: int
    failed: int
    failovers: int
    saved_by_failover: int
    in_flight: int = 0
    queries_per_s: float = 0.0
    tokens_per_s: float = 0.0
    error_share: float | None = None


def health_of(view: ProviderView, moment: Moment) -> ProviderHealth:
    """Return the health fields of a view taken at `moment`."""
    response = view.response_time_s
    return ProviderHealth(
        provider_id=view.id,
        status=str(view.status),
        last_check=_utc(view.last_check_at, moment),
        last_success=_utc(view.last_success_at, moment),
        last_failure=_utc(view.last_failure_at, moment),
        consecutive_failures=view.failures,
        response_time_ms=None if response is None else round(response * 1000, 1),
        error_message=view.error or (f"no key: {view.missing_key}" if view.missing_key is not None else None),
    )


def stats_of(agent: AgentView, snapshot: Snapshot) -> FailoverStats:
    """Return an agent's failover as users know it."""
    views = [snapshot.provider(one) for one in agent.chain]
    return FailoverStats(
        agent_id=agent.id,
        primary_provider=agent.config.primary_provider_id,
        backup_providers=agent.config.backup_provider_ids,
        active_provider=agent.active,
        provider_chain=agent.chain,
        health_check_enabled=agent.config.health_check_enabled,
        auto_failover_enabled=agent.config.auto_failover_enabled,
        provider_health={view.id: health_of(view, snapshot.moment) for view in views if view is not None},
        queries=agent.queries,
        failed=agent.failed,
        failovers=agent.failovers,
        saved_by_failover=agent.saved,
        in_flight=agent.inflight,
        queries_per_s=agent.rate,
        tokens_per_s=agent.tokens_per_s,
        error_share=agent.error_share,
    )


def _utc(at: float | None, moment: Moment) -> datetime | None:
    return None if at is None else datetime.fromtimestamp(moment.wall(at), UTC)
