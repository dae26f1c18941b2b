"""What is configured: providers, agents' failover, and the numbers the rules use.

The nine fields of `FailoverConfig` keep the names users of the REST API and `settings.toml` know.
"""

from enum import StrEnum

from msgspec import Struct, field

from tui_failover.core.names import AgentId, ProviderId
from tui_failover.core.need import Needs


class Dialect(StrEnum):
    """The wire protocol a provider speaks."""

    OPENAI = "openai"
    ANTHROPIC = "anthropic"


class ProbeKind(StrEnum):
    """How a provider is checked: by a real query, by listing models (free, proves less), or against a text."""

    QUERY = "query"
    MODELS = "models"
    CUSTOM = "custom"


class FailbackMode(StrEnum):
    """Whether automation may return an agent to an earlier provider of its chain."""

    AUTO = "auto"
    MANUAL = "manual"
    OFF = "off"


class MidStream(StrEnum):
    """What becomes of a streaming caller when its provider fails after the first content.

    ERROR ends the stream with the dialect's error event and without its end mark. BUFFER holds the answer back,
    up to a limit, so that another provider can still give it unseen. CONTINUE has another provider go on where
    the text broke off.
    """

    ERROR = "error"
    BUFFER = "buffer"
    CONTINUE = "continue"


class Strategy(StrEnum):
    """Who of an agent's chain is asked first, among those that are available and have room.

    ORDERED goes by the chain, CHEAPEST by price, FASTEST by the usual time to first content, WEIGHTED spreads the
    queries by the providers' weights.
    """

    ORDERED = "ordered"
    CHEAPEST = "cheapest"
    FASTEST = "fastest"
    WEIGHTED = "weighted"


class ProviderLimits(Struct, frozen=True):
    """How much a provider may be asked for; None is not set, and then learnt from what the provider says of it.

    Attributes:
        queries_per_min: attempts and checks begun in any minute.
        tokens_per_min: tokens read and written by attempts begun in any minute.
        concurrency: attempts under way at the same time.
    """

    queries_per_min: int | None = None
    tokens_per_min: int | None = None
    concurrency: int | None = None


NO_LIMITS = ProviderLimits()


class Price(Struct, frozen=True):
    """Micro-dollars (1e-6 USD) per million tokens; integers, so that sums are exact."""

    input_per_million: int
    output_per_million: int


class ProbeSpec(Struct, frozen=True):
    """How one provider is checked.

    Attributes:
        kind: see `ProbeKind`.
        query: replaces the agents' `health_check_query` for this provider; None uses theirs.
        expect: for `custom`: the text an answer must contain (case is ignored).
        daily_budget: micro-dollars a day; beyond it the kind falls to `models`. None: no cap.
    """

    kind: ProbeKind = ProbeKind.QUERY
    query: str | None = None
    expect: str | None = None
    daily_budget: int | None = 500_000


class ProviderSpec(Struct, frozen=True):
    """One configured upstream.

    Attributes:
        id: its name in chains and on the screen.
        dialect: the protocol it speaks.
        model: the model asked for.
        endpoint: scheme, host and port; providers that share it share verdicts on reachability.
        host: the host alone, for telling a local fault from a provider's.
        credential: a label such as "env:OPENAI_API_KEY", never the secret; sharers share auth and quota verdicts.
        missing_key: None, or the sentence that says what to set ("set OPENAI_API_KEY").
        reasoning: a reasoning model gets the longer first-content limits.
        responses: beside Chat Completions it offers the Responses API of the same dialect.
        price: None where unknown; unknown cost is counted apart, never as zero.
        probe: how it is checked.
        limits: how much it may be asked for.
        weight: its share of the queries of agents whose strategy is `weighted`, against the others' weights.
        carries: what its model can carry; None where that is not known.
        context_window: most tokens its model reads and writes for one query; None where that is not known.
    """

    id: ProviderId
    dialect: Dialect
    model: str
    endpoint: str
    host: str
    credential: str
    missing_key: str | None = None
    reasoning: bool = False
    responses: bool = False
    price: Price | None = None
    probe: ProbeSpec = field(default_factory=ProbeSpec)
    limits: ProviderLimits = NO_LIMITS
    weight: int = 1
    carries: Needs | None = None
    context_window: int | None = None


class FailoverConfig(Struct, frozen=True):
    """An agent's failover, in the nine fields its users know; intervals and timeouts are seconds.

    `failback`, `max_retries`, `mid_stream` and `strategy` are ours: whether automation returns to an earlier
    provider, how many more attempts at the same provider a query may make, what becomes of a stream that breaks
    off, and who is asked first.
    """

    agent_id: AgentId
    primary_provider_id: ProviderId
    backup_provider_ids: tuple[ProviderId, ...] = ()
    health_check_enabled: bool = True
    health_check_interval: float = 60.0
    health_check_timeout: float = 5.0
    max_consecutive_failures: int = 3
    auto_failover_enabled: bool = True
    health_check_query: str = "Hello"
    failback: FailbackMode = FailbackMode.AUTO
    max_retries: int = 1
    mid_stream: MidStream = MidStream.ERROR
    strategy: Strategy = Strategy.ORDERED

    @property
    def chain(self) -> tuple[ProviderId, ...]:
        """The ordered providers: primary, then backups; a repeated name counts once, at its first place."""
        return tuple(dict.fromkeys((self.primary_provider_id, *self.backup_provider_ids)))


class BreakerRules(Struct, frozen=True):
    """When a breaker opens, for how long, and what closes it. Seconds and shares of 1."""

    window_s: float = 30.0
    min_outcomes: int = 8
    failure_share: float = 0.5
    min_slow_outcomes: int = 5
    slow_share: float = 0.8
    slow_s: float = 20.0
    open_s: float = 10.0
    open_max_s: float = 60.0
    retry_after_max_s: float = 300.0
    jitter: float = 0.1
    lease_s: float = 30.0
    successes_to_close: int = 3
    calm_successes: int = 20
    calm_s: float = 600.0


class HoldRules(Struct, frozen=True):
    """How long a refusal keeps a credential or model out. Seconds."""

    rate_floor_s: float = 1.0
    rate_cap_s: float = 900.0
    rate_unstated_s: float = 10.0
    rate_unstated_max_s: float = 300.0
    model_missing_s: float = 600.0


class ProbeRules(Struct, frozen=True):
    """The rhythm of health checks. Seconds."""

    burst_s: float = 5.0
    open_s: float = 10.0
    jitter: float = 0.1
    at_once: int = 4
    live_outcomes_instead: int = 3
    stale_intervals: float = 3.0


class AttemptRules(Struct, frozen=True):
    """What one query may spend. Seconds, counts and shares of 1.

    Attributes:
        per_query: attempts at all providers together; a longer chain gets one for each of its providers.
    """

    per_query: int = 4
    query_s: float = 60.0
    connect_s: float = 3.0
    first_content_min_s: float = 8.0
    first_content_max_s: float = 60.0
    first_content_unknown_s: float = 12.0
    first_content_reasoning_s: float = 45.0
    progress_s: float = 20.0
    progress_reasoning_s: float = 45.0
    total_s: float = 600.0
    backoff_base_s: float = 0.3
    backoff_cap_s: float = 5.0
    retry_share: float = 0.2
    retry_floor_per_s: float = 3.0
    retry_window_s: float = 10.0


class FailbackRules(Struct, frozen=True):
    """What proves a recovery, and how the return is paced. Seconds and counts."""

    passes: int = 3
    proof_s: float = 10.0
    baseline_factor: float = 2.0
    min_stay_s: float = 30.0
    min_stay_max_s: float = 900.0
    stage_s: float = 5.0
    stage_queries: int = 5
    relapse_s: float = 600.0
    suspend_after: int = 3
    suspend_window_s: float = 900.0
    switches_max: int = 3
    switches_window_s: float = 300.0


class OverrideRules(Struct, frozen=True):
    """How long what a human ordered lasts. Seconds; 0 means until undone."""

    pin_s: float = 1800.0
    trial_s: float = 60.0
    undo_s: float = 30.0


class PanicRules(Struct, frozen=True):
    """How a query is tried when nothing in the chain is available."""

    per_s: float = 2.0
    wait_s: float = 10.0
    queue: int = 100


class AffinityRules(Struct, frozen=True):
    """How long a conversation stays with the provider that answered it. Seconds; counts."""

    idle_s: float = 300.0
    stay_s: float = 1800.0
    remembered: int = 10_000


class LimitRules(Struct, frozen=True):
    """How a query waits while every available provider is at its limit."""

    wait_s: float = 2.0
    queue: int = 100


class LocalFaultRules(Struct, frozen=True):
    """When several providers fail at once because of us. Seconds.

    `references` ("host:port") are connected to, and nothing is sent, only when several hosts fail at once; with
    none named a fault is never taken as our own.
    """

    hosts: int = 2
    window_s: float = 5.0
    reference_timeout_s: float = 2.0
    references: tuple[str, ...] = ("1.1.1.1:443", "8.8.8.8:443")


class Rules(Struct, frozen=True):
    """Every number of the semantics in one value."""

    breaker: BreakerRules = field(default_factory=BreakerRules)
    hold: HoldRules = field(default_factory=HoldRules)
    probe: ProbeRules = field(default_factory=ProbeRules)
    attempt: AttemptRules = field(default_factory=AttemptRules)
    failback: FailbackRules = field(default_factory=FailbackRules)
    override: OverrideRules = field(default_factory=OverrideRules)
    panic: PanicRules = field(default_factory=PanicRules)
    limit: LimitRules = field(default_factory=LimitRules)
    affinity: AffinityRules = field(default_factory=AffinityRules)
    local_fault: LocalFaultRules = field(default_factory=LocalFaultRules)
