"""When a provider is to be checked next, how, and with what question."""

from tui_failover.core.command import Imposed
from tui_failover.core.fleet import Fleet
from tui_failover.core.health import Status
from tui_failover.core.names import ProviderId
from tui_failover.core.provider_state import ProviderState, hold_on
from tui_failover.core.spec import ProbeKind
from tui_failover.core.transition import BreakerState

_SPREAD_S = 2.0  # first checks are spread over this time, so that a start is no burst


def due_at(fleet: Fleet, provider: ProviderId, now: float) -> float | None:
    """Return when the provider's next check is due, in monotonic seconds; None while none is to run."""
    state = fleet.providers.get(provider)
    demand = fleet.demand(provider)
    if state is None or not demand.enabled or state.checking:
        return None
    if state.spec.missing_key is not None or state.imposed is Imposed.MAINTENANCE:
        return None
    last = state.health.last_check_at
    if last is None:
        return _first(fleet, state, demand.interval_s)
    due = max(_rhythm(fleet, state, demand.interval_s, demand.threshold, now), last)
    hold = hold_on(state.spec, fleet.holds, now)
    if hold is not None and hold.until_at is not None:
        # It asked to be left alone; a check would only be refused, and counts against the same limit.
        due = max(due, min(hold.until_at, last + max(demand.interval_s, fleet.rules.hold.rate_cap_s)))
    return due


def kind_of(state: ProviderState, utc: float) -> ProbeKind:
    """Return how the provider is checked: as configured, or for free once today's budget is spent."""
    probe = state.spec.probe
    today = state.spend.day == int(utc // 86_400)
    if probe.daily_budget is not None and today and state.spend.probes >= probe.daily_budget:
        return ProbeKind.MODELS
    return probe.kind


def _first(fleet: Fleet, state: ProviderState, interval_s: float) -> float:
    share = (fleet.jitter(state.spec.id, 0) + 1.0) / 2.0
    return state.registered_at + share * min(_SPREAD_S, interval_s)


def _rhythm(fleet: Fleet, state: ProviderState, interval_s: float, threshold: int, now: float) -> float:
    rules = fleet.rules.probe
    health = state.health
    last = _known(state.probe_started_at, health.last_check_at)
    # The configured interval is the longest: jitter only shortens it, so that detection keeps its promise.
    wobble = 1.0 - rules.jitter * (fleet.jitter(state.spec.id, int(last)) + 1.0) / 2.0
    match state.breaker.state:
        case BreakerState.OPEN:
            return max(last + rules.open_s * wobble, state.breaker.quiet_until_at or 0.0)
        case BreakerState.HALF_OPEN:
            return last + rules.burst_s
        case BreakerState.CLOSED:
            pass
    evidence = _known(health.evidence_at, last)
    if health.verdict is Status.UNHEALTHY and hold_on(state.spec, fleet.holds, now) is None:
        if health.consecutive_failures < threshold:
            # A few failures in a row open the breaker: find out now whether this is the first of them.
            return (evidence if evidence > _known(health.last_check_at) else last) + rules.burst_s
    elif _spoken_for(state, interval_s, rules.live_outcomes_instead, now):
        return evidence + interval_s * wobble
    return last + interval_s * wobble


def _known(at: float | None, otherwise: float | None = None) -> float:
    """Return the first instant that is known; an instant may well be 0."""
    return at if at is not None else otherwise or 0.0


def _spoken_for(state: ProviderState, interval_s: float, enough: int, now: float) -> bool:
    """Live traffic is the better signal: a provider that has just answered it needs no check."""
    ok, failed = state.live.counts(now, interval_s)
    return ok + failed >= enough
