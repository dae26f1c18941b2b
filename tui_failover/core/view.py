"""The read model made from the fleet: pure, so that any thread may make one from the fleet it holds."""

from collections.abc import Iterator

from tui_failover.core.agent_state import SHARES, AgentState
from tui_failover.core.chain import next_available, worth_a_try
from tui_failover.core.event import Event
from tui_failover.core.fleet import Fleet
from tui_failover.core.health import Status
from tui_failover.core.limits import full, limits_of
from tui_failover.core.names import AgentId, Moment, ProviderId
from tui_failover.core.ports import Breathe, at_once
from tui_failover.core.provider_state import Obstacle, ProviderState
from tui_failover.core.route import unproven
from tui_failover.core.schedule import due_at, kind_of
from tui_failover.core.snapshot import (
    AgentView,
    BreakerView,
    Flag,
    NotUsed,
    PinView,
    ProviderView,
    RampView,
    Snapshot,
    UndoView,
    WhyNot,
)
from tui_failover.core.spec import FailbackMode, Strategy
from tui_failover.core.strategy import chooses, share, usual_s
from tui_failover.core.transition import BreakerState

_RATE_S = 30.0
_ERRORS_S = 60.0
_SLOW_FACTOR = 3.0
_SLOW_SLACK_S = 0.5


def snapshot_of(fleet: Fleet, moment: Moment, events: tuple[Event, ...], breathe: Breathe = at_once) -> Snapshot:
    """Return everything a screen or an API shows of the fleet at `moment`.

    Args:
        fleet: as it stands.
        moment: now; rates and countdowns are taken at this instant.
        events: the newest events, oldest first.
        breathe: called between providers; two hundred take milliseconds.
    """
    active = _active_for(fleet)
    ordered = _display_order(fleet)
    views = tuple(
        _provider(fleet, fleet.providers[one], moment, active.get(one, ())) for one in _each(ordered, breathe)
    )
    undo = fleet.undo
    fault = fleet.local.since_at
    return Snapshot(
        revision=fleet.revision,
        moment=moment,
        started_at=fleet.started.mono,
        data_at=fleet.data_at,
        providers=views,
        agents=tuple(_agent(fleet, agent, moment.mono, breathe) for agent in fleet.agents.values()),
        events=events,
        undo=None if undo is None or moment.mono >= undo.until_at else UndoView(undo.text, undo.until_at),
        local_fault=None if fault is None else "our own network is at fault: verdicts are frozen",
        shown={one: place for place, one in enumerate(ordered)},
        unkept=fleet.unkept or None,
    )


def _each(providers: tuple[ProviderId, ...], breathe: Breathe) -> Iterator[ProviderId]:
    for one in providers:
        breathe()
        yield one


def _display_order(fleet: Fleet) -> tuple[ProviderId, ...]:
    """Chain order is the meaning, and must not move while a cursor aims: by chains first, then as registered."""
    chains = (one for agent in fleet.agents.values() for one in agent.config.chain)
    return tuple(one for one in dict.fromkeys((*chains, *fleet.providers)) if one in fleet.providers)


def _active_for(fleet: Fleet) -> dict[ProviderId, tuple[AgentId, ...]]:
    active: dict[ProviderId, tuple[AgentId, ...]] = {}
    for agent in fleet.agents.values():
        active[agent.active] = (*active.get(agent.active, ()), agent.id)
    return active


def _provider(fleet: Fleet, state: ProviderState, moment: Moment, active_for: tuple[AgentId, ...]) -> ProviderView:
    spec, health, now = state.spec, state.health, moment.mono
    obstacle = fleet.obstacle(spec.id, now)
    limit = full(fleet, spec.id, now)
    demand = fleet.demand(spec.id)
    series = state.live if state.live.recent else state.probes
    p50 = series.percentile(0.5)
    ok, bad = state.live.counts(now, _ERRORS_S)
    answered, failed = state.live.counts(now, _RATE_S)
    flags = _flags(fleet, state, obstacle, limit)
    today = int(moment.utc // 86_400) == state.spend.day
    return ProviderView(
        id=spec.id,
        dialect=spec.dialect,
        model=spec.model,
        endpoint=spec.endpoint,
        credential=spec.credential,
        missing_key=spec.missing_key,
        status=health.status(checking=state.checking),
        verdict=health.verdict,
        checking=state.checking,
        available=obstacle is None,
        why_not=_why(spec.id, obstacle),
        imposed=state.imposed,
        flags=flags,
        reason=_reason(state, obstacle or limit, flags),
        since_at=state.since_at,
        breaker=_breaker(fleet, state),
        failures=health.consecutive_failures,
        threshold=demand.threshold,
        last_check_at=health.last_check_at,
        last_success_at=health.last_success_at,
        last_failure_at=health.last_failure_at,
        response_time_s=health.response_time_s,
        error=health.error,
        last_error=health.last_error,
        p50_s=p50,
        p95_s=series.percentile(0.95),
        samples=len(series.recent),
        error_share=bad / (ok + bad) if ok + bad else None,
        rate=(answered + failed) / _RATE_S,
        inflight=state.inflight,
        live=state.live,
        probes=state.probes,
        probe_kind=kind_of(state, moment.utc),
        next_probe_at=due_at(fleet, spec.id, now),
        interval_s=demand.interval_s,
        spend=state.spend.live,
        probe_spend=state.spend.probes if today else 0,
        unpriced=state.spend.unpriced,
        agents=fleet.users.get(spec.id, ()),
        active_for=active_for,
        changed_revision=state.changed_revision,
        overridden=fleet.given is not None and spec.id in fleet.registered,
        full=_why(spec.id, limit),
        limits=limits_of(fleet, state, now),
        tokens_per_s=state.traffic.tokens_per_s(now, _RATE_S),
        price=spec.price,
        carries=spec.carries,
        context_window=spec.context_window,
    )


def _why(provider: ProviderId, obstacle: Obstacle | None) -> WhyNot | None:
    return None if obstacle is None else WhyNot(provider, obstacle.code, obstacle.text, obstacle.until_at)


def _breaker(fleet: Fleet, state: ProviderState) -> BreakerView:
    breaker, hand = state.breaker, state.hand
    return BreakerView(
        state=breaker.state,
        until_at=breaker.until_at,
        successes=breaker.successes,
        needed=fleet.rules.breaker.successes_to_close,
        hand=None if hand is None else hand.way,
        hand_until_at=None if hand is None else hand.until_at,
        opened_count=breaker.opened,
        reason=breaker.reason,
    )


_OBSTACLE_FLAGS = {
    NotUsed.NO_KEY: Flag.NO_KEY,
    NotUsed.MAINTENANCE: Flag.MAINTENANCE,
    NotUsed.DRAINING: Flag.DRAINING,
    NotUsed.RATE_LIMITED: Flag.LIMITED,
    NotUsed.QUOTA: Flag.LIMITED,
    NotUsed.FULL: Flag.LIMITED,
    NotUsed.HALF_OPEN: Flag.RECOVERING,
}


def _flags(
    fleet: Fleet, state: ProviderState, obstacle: Obstacle | None, limit: Obstacle | None
) -> frozenset[Flag]:
    reasons = (one.code for one in (obstacle, limit) if one is not None)
    flags = {_OBSTACLE_FLAGS[code] for code in reasons if code in _OBSTACLE_FLAGS}
    if obstacle is None and state.health.verdict is Status.UNHEALTHY:
        flags.add(Flag.DEGRADED)
    if obstacle is None and _slow(state):
        flags.add(Flag.SLOW)
    if state.breaker.state is BreakerState.HALF_OPEN:
        flags.add(Flag.RECOVERING)
    pins = (fleet.agents[agent].pin for agent in fleet.users.get(state.spec.id, ()))
    if any(pin is not None and pin.provider == state.spec.id for pin in pins):
        flags.add(Flag.PINNED)
    return frozenset(flags)


def _slow(state: ProviderState) -> bool:
    """Slow against its own normal: the middle of the newest few answers, not one outlier."""
    baseline = state.health.baseline_s
    newest = sorted((state.live.recent or state.probes.recent)[-5:])
    if baseline is None or len(newest) < 3:
        return False
    return newest[len(newest) // 2] > _SLOW_FACTOR * baseline + _SLOW_SLACK_S


def _reason(state: ProviderState, obstacle: Obstacle | None, flags: frozenset[Flag]) -> str:
    """One sentence, without the provider's name, on why it is as it is."""
    if obstacle is not None:
        return obstacle.text
    if Flag.DEGRADED in flags:
        return state.health.error
    if Flag.SLOW in flags:
        return f"first content normally takes {state.health.baseline_s or 0.0:.1f} s"
    if state.health.verdict is Status.UNKNOWN:
        return "not checked yet" if state.health.last_check_at is None else "no recent news"
    return ""


def _agent(fleet: Fleet, agent: AgentState, now: float, breathe: Breathe) -> AgentView:
    pin, ramp = agent.pin, agent.ramp
    answered, _ = agent.arrivals.counts(now, _RATE_S)
    chain, before = agent.ranked, _before_active(agent)
    return AgentView(
        id=agent.id,
        config=agent.config,
        chain=chain,
        active=agent.active,
        active_since_at=agent.active_since_at,
        active_because=agent.active_because,
        plan=tuple(_place(fleet, agent, one, one in before, now) for one in _each(chain, breathe)),
        next_best=None if agent.alone else next_available(fleet, agent, now),
        pin=None if pin is None else PinView(pin.provider, pin.by, pin.reason, pin.until_at, pin.trial, pin.hard),
        automation_held=agent.held_by,
        strict=agent.strict,
        panic=agent.panic and worth_a_try(fleet, agent, now),
        ramp=None if ramp is None else RampView(ramp.candidate, SHARES[ramp.stage], ramp.stage + 1, len(SHARES)),
        failback_note=_failback_note(fleet, agent, before, now),
        rate=answered / _RATE_S,
        queries=agent.queries,
        failed=agent.failed,
        failovers=agent.failovers,
        saved=agent.saved,
        changed_revision=agent.changed_revision,
        overridden=fleet.overridden(agent.config),
        inflight=agent.inflight,
        tokens_per_s=agent.traffic.tokens_per_s(now, _RATE_S),
        error_share=agent.traffic.failed_share(now, _ERRORS_S),
        traffic=agent.traffic,
    )


def _before_active(agent: AgentState) -> tuple[ProviderId, ...]:
    """The providers a return could go to, the most wanted first."""
    preferred = agent.preferred
    return preferred[: preferred.index(agent.active)] if agent.active in preferred else ()


def _place(fleet: Fleet, agent: AgentState, provider: ProviderId, earlier: bool, now: float) -> WhyNot:  # noqa: FBT001 - private
    obstacle = fleet.obstacle(provider, now)
    if obstacle is not None:
        return WhyNot(provider, obstacle.code, obstacle.text, obstacle.until_at)
    limit = full(fleet, provider, now)
    if provider == agent.active:
        more = _its_part(fleet, agent, provider, now) if limit is None else limit.text
        text = f"active: {agent.active_because}" + (f", {more}" if more else "")
        return WhyNot(provider, NotUsed.ACTIVE, text, None if limit is None else limit.until_at)
    if limit is not None:
        return WhyNot(provider, limit.code, limit.text, limit.until_at)
    if agent.pin is not None:
        return WhyNot(provider, NotUsed.PINNED_ELSEWHERE, f"switched to {agent.pin.provider} by {agent.pin.by}")
    if agent.held_by is not None:
        return WhyNot(provider, NotUsed.AUTOMATION_OFF, f"automation is held by {agent.held_by}")
    if not agent.config.auto_failover_enabled:
        return WhyNot(provider, NotUsed.AUTOMATION_OFF, "automatic failover is off")
    note = _return_note(fleet, agent, provider, now) if earlier else _later_note(fleet, agent, provider, now)
    return WhyNot(provider, NotUsed.READY, note)


def _later_note(fleet: Fleet, agent: AgentState, provider: ProviderId, now: float) -> str:
    """For a provider after the active one: what it gets, or when its turn comes."""
    if agent.config.strategy is Strategy.CHEAPEST:
        return "available, dearer or without a price"
    return f"available, {_its_part(fleet, agent, provider, now) or 'later in the chain'}"


def _its_part(fleet: Fleet, agent: AgentState, provider: ProviderId, now: float) -> str:
    """What the agent's strategy gives the provider without anybody having failed, or ""."""
    if not chooses(agent):
        return ""
    if agent.config.strategy is Strategy.WEIGHTED:
        part = share(fleet, agent, provider, now)
        return f"gets {part:.0%} of the queries" if part else "gets no share while it fails"
    seconds = usual_s(fleet.providers[provider], now)
    return "no speed known yet" if seconds is None else f"answers in {seconds:.2g} s, the fastest is asked first"


def _return_note(fleet: Fleet, agent: AgentState, provider: ProviderId, now: float) -> str:
    """For a provider before the active one: what its return waits for."""
    if agent.ramp is not None and agent.ramp.candidate == provider:
        share = SHARES[agent.ramp.stage]
        return f"returning: {share:.0%} of the queries" if share else "returning: one canary query"
    if agent.config.failback is not FailbackMode.AUTO:
        return f"available, failback is {agent.config.failback}"
    if agent.suspended:
        return "available, automatic failback is suspended: resume it by hand"
    waits = unproven(fleet, agent, provider, now)
    return f"available, returns when proven: {waits}" if waits else "available, about to return"


def _failback_note(fleet: Fleet, agent: AgentState, before: tuple[ProviderId, ...], now: float) -> str:
    for provider in before:
        if fleet.obstacle(provider, now) is None:
            return f"{provider}: {_return_note(fleet, agent, provider, now)}"
    return ""
