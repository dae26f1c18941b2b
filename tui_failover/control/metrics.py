"""Figures for Prometheus, in a registry of their own, named after OpenTelemetry's conventions for GenAI.

See https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-metrics/ for the names that begin with `gen_ai`.
"""

from collections.abc import Callable, Iterable

from prometheus_client import CollectorRegistry, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from tui_failover.core.health import Status
from tui_failover.core.query import Usage
from tui_failover.core.snapshot import AgentView, ProviderView, Snapshot
from tui_failover.core.transition import BreakerState
from tui_failover.engine.manager import FailoverManager

METRICS_KIND = "text/plain; version=0.0.4"
_AGENT = ("gen_ai_agent_id",)
_PROVIDER = ("provider", "gen_ai_provider_name", "gen_ai_request_model")
# The boundaries the conventions recommend.
_SECONDS = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92)
_TOKENS = (1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864)
_OPERATION = "chat"


_AGENT_COUNTS: dict[str, tuple[str, Callable[[AgentView], float]]] = {
    "tui_failover_queries": ("Queries asked", lambda view: view.queries),
    "tui_failover_queries_failed": ("Queries that nobody answered", lambda view: view.failed),
    "tui_failover_failovers": ("Automatic switches of the active provider", lambda view: view.failovers),
    "tui_failover_queries_saved": ("Queries answered after the first try failed", lambda view: view.saved),
}
_AGENT_GAUGES: dict[str, tuple[str, Callable[[AgentView], float]]] = {
    "tui_failover_panic": ("Nothing is available, the least bad is tried", lambda view: view.panic),
    "tui_failover_automation_held": ("A person holds automation", lambda view: view.automation_held is not None),
    "tui_failover_pinned": ("A switch by hand holds", lambda view: view.pin is not None),
    "tui_failover_queries_inflight": ("Queries asked and not ended", lambda view: view.inflight),
    "tui_failover_queries_failed_share": (
        "Share of the last minute's queries that nobody answered",
        lambda view: view.error_share or 0.0,
    ),
    "tui_failover_tokens_per_second": ("Output tokens of answered queries", lambda view: view.tokens_per_s),
}
_PROVIDER_COUNTS: dict[str, tuple[str, Callable[[ProviderView], float]]] = {
    "tui_failover_breaker_opened": ("Openings of the breaker", lambda view: view.breaker.opened_count),
    "tui_failover_spend_usd": ("US dollars spent on queries", lambda view: view.spend / 1e6),
    "tui_failover_unpriced_attempts": ("Attempts whose cost is not known", lambda view: view.unpriced),
}
_PROVIDER_GAUGES: dict[str, tuple[str, Callable[[ProviderView], float]]] = {
    "tui_failover_provider_available": ("May get a query now", lambda view: view.available),
    "tui_failover_provider_active": ("Agents whose active provider it is", lambda view: len(view.active_for)),
    "tui_failover_provider_consecutive_failures": ("Failures in a row", lambda view: view.failures),
    "tui_failover_provider_inflight": ("Attempts under way", lambda view: view.inflight),
    "tui_failover_provider_tokens_per_second": ("Output tokens of attempts", lambda view: view.tokens_per_s),
    "tui_failover_breaker_open": (
        "0 closed, 0.5 half-open, 1 open",
        lambda view: {BreakerState.CLOSED: 0.0, BreakerState.HALF_OPEN: 0.5, BreakerState.OPEN: 1.0}[
            view.breaker.state
        ],
    ),
}


class Metrics:
    """The figures of one server: most are read from the fleet at the moment they are asked for."""

    def __init__(self, manager: FailoverManager, streams: Callable[[], tuple[int, int]]) -> None:
        """Prepare.

        Args:
            manager: whose fleet is read.
            streams: returns how many event streams are open, and how many were dropped.
        """
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(_Fleet(manager, streams))
        self._duration = Histogram(
            "gen_ai_client_operation_duration_seconds",
            "From a query to its answer, failover included",
            ("gen_ai_operation_name", *_AGENT, *_PROVIDER[:1], "error_type"),
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._tokens = Histogram(
            "gen_ai_client_token_usage",
            "Tokens of answered queries",
            ("gen_ai_operation_name", *_AGENT, *_PROVIDER[:1], "gen_ai_token_type"),
            buckets=_TOKENS,
            registry=self._registry,
        )

    def text(self) -> str:
        """Return every figure in Prometheus' text format."""
        return generate_latest(self._registry).decode()

    def answered(self, agent: str, provider: str, elapsed_s: float, usage: Usage | None) -> None:
        """Count a query that was answered."""
        self._duration.labels(_OPERATION, agent, provider, "").observe(elapsed_s)
        if usage is not None:
            self._tokens.labels(_OPERATION, agent, provider, "input").observe(usage.input_tokens)
            self._tokens.labels(_OPERATION, agent, provider, "output").observe(usage.output_tokens)

    def failed(self, agent: str, elapsed_s: float, error: str) -> None:
        """Count a query that was not answered."""
        self._duration.labels(_OPERATION, agent, "", error).observe(elapsed_s)


class _Fleet(Collector):
    """Reads the fleet whenever figures are asked for."""

    def __init__(self, manager: FailoverManager, streams: Callable[[], tuple[int, int]]) -> None:
        self._manager = manager
        self._streams = streams

    def collect(self) -> Iterable[Metric]:
        snapshot = self._manager.snapshot()
        yield from _of_agents(snapshot)
        yield from _of_providers(snapshot)
        opened, dropped = self._streams()
        yield GaugeMetricFamily("tui_failover_event_streams", "Event streams open", value=opened)
        yield CounterMetricFamily("tui_failover_event_streams_dropped", "Readers let go", value=dropped)


def _of_agents(snapshot: Snapshot) -> Iterable[Metric]:
    for name, (help_text, value) in _AGENT_COUNTS.items():
        counter = CounterMetricFamily(name, help_text, labels=_AGENT)
        for view in snapshot.agents:
            counter.add_metric((view.id,), value(view))
        yield counter
    for name, (help_text, value) in _AGENT_GAUGES.items():
        gauge = GaugeMetricFamily(name, help_text, labels=_AGENT)
        for view in snapshot.agents:
            gauge.add_metric((view.id,), value(view))
        yield gauge


def _of_providers(snapshot: Snapshot) -> Iterable[Metric]:
    for name, (help_text, value) in _PROVIDER_COUNTS.items():
        counter = CounterMetricFamily(name, help_text, labels=_PROVIDER)
        for view in snapshot.providers:
            counter.add_metric(_labels(view), value(view))
        yield counter
    for name, (help_text, value) in _PROVIDER_GAUGES.items():
        gauge = GaugeMetricFamily(name, help_text, labels=_PROVIDER)
        for view in snapshot.providers:
            gauge.add_metric(_labels(view), value(view))
        yield gauge
    yield _status(snapshot)
    yield _first_content(snapshot)
    yield from _limits(snapshot)


def _limits(snapshot: Snapshot) -> Iterable[Metric]:
    labels = (*_PROVIDER, "limit")
    most = GaugeMetricFamily("tui_failover_provider_limit", "A limit in force", labels=labels)
    used = GaugeMetricFamily("tui_failover_provider_limit_used", "What is used of it", labels=labels)
    for view in snapshot.providers:
        for one in view.limits:
            most.add_metric((*_labels(view), one.what.value), one.limit)
            used.add_metric((*_labels(view), one.what.value), one.used)
    return most, used


def _status(snapshot: Snapshot) -> Metric:
    gauge = GaugeMetricFamily(
        "tui_failover_provider_status", "1 for the word that holds", labels=(*_PROVIDER, "status")
    )
    for view in snapshot.providers:
        for word in Status:
            gauge.add_metric((*_labels(view), word.value), view.status is word)
    return gauge


def _first_content(snapshot: Snapshot) -> Metric:
    gauge = GaugeMetricFamily(
        "gen_ai_server_time_to_first_token_seconds",
        "Time to first content over the newest answers",
        labels=(*_PROVIDER, "quantile"),
    )
    for view in snapshot.providers:
        for quantile, value in (("0.5", view.p50_s), ("0.95", view.p95_s)):
            if value is not None:
                gauge.add_metric((*_labels(view), quantile), value)
    return gauge


def _labels(view: ProviderView) -> tuple[str, str, str]:
    return view.id, view.dialect.value, view.model
