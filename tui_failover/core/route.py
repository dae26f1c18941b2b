"""Where an agent's route goes by itself: away from an unavailable provider, and back when it has proven itself."""

from tui_failover.core.agent_state import FIRST, SHARES, AgentState, Ramp
from tui_failover.core.chain import next_available, worth_a_try
from tui_failover.core.copying import replace
from tui_failover.core.event import EventKind, Source
from tui_failover.core.fleet import About, Draft, Fleet
from tui_failover.core.health import Health, Status
from tui_failover.core.names import AgentId, ProviderId
from tui_failover.core.provider_state import Obstacle, ProviderState
from tui_failover.core.snapshot import NotUsed
from tui_failover.core.spec import FailbackMode, FailbackRules
from tui_failover.core.text import span
from tui_failover.core.transition import BreakerState, Trigger

_MOST_DOUBLINGS = 16  # far beyond the longest stay, small enough for a float
_SLACK_S = 0.25  # below this a slower first content is noise, whatever the baseline


def settle(draft: Draft, agent_id: AgentId) -> None:
    """Bring one agent's route in line with what is available now."""
    agent = draft.fleet.agents[agent_id]
    obstacle = draft.fleet.obstacle(agent.active, draft.now)
    if obstacle is None:
        _calm(draft, agent)
        _return(draft, draft.fleet.agents[agent_id])
    elif agent.automated and draft.fleet.local.since_at is None and not _commanded(agent):
        _fail_over(draft, agent, obstacle)
    _panic(draft, draft.fleet.agents[agent_id])


def relapse(draft: Draft, agent: AgentState, candidate: ProviderId, cause: str) -> None:
    """Drop a return whose candidate failed; the next one waits longer, and after too many an operator decides."""
    about = About(candidate, agent.id, trigger=Trigger.RELAPSED)
    draft.say(EventKind.FAILBACK_STAGE, f"return to {candidate} broken off", cause, Source.AUTO, about)
    draft.turn(_relapsed(replace(agent, ramp=None), draft.now, draft.rules.failback))
    _suspend(draft, draft.fleet.agents[agent.id])


def min_stay_s(agent: AgentState, rules: FailbackRules) -> float:
    """Return how long the route stays on a backup at least: doubled by every return that failed in a row."""
    return min(rules.min_stay_s * 2.0 ** min(agent.setbacks, _MOST_DOUBLINGS), rules.min_stay_max_s)


def unproven(fleet: Fleet, agent: AgentState, provider: ProviderId, now: float) -> str:
    """Return what an earlier provider still has to show before the route returns to it, or "" when it has."""
    rules = fleet.rules.failback
    state = fleet.providers.get(provider)
    if state is None:
        return "not registered"
    obstacle = fleet.obstacle(provider, now)
    if obstacle is not None:
        return obstacle.text
    stay = min_stay_s(agent, rules) - (now - agent.active_since_at)
    if proof_by_queries(fleet, state):
        return _staying(stay)
    if state.breaker.state is not BreakerState.CLOSED or state.health.verdict is not Status.HEALTHY:
        return "not healthy yet"
    if state.health.passes < rules.passes:
        return f"{state.health.passes} of {rules.passes} checks passed"
    since = state.health.passing_since_at
    proof = 0.0 if since is None else now - since
    if proof < rules.proof_s:
        return f"healthy for {proof:.0f} of {rules.proof_s:.0f} s"
    if _sluggish(state.health, rules):
        return "answers, but slower than it used to"
    return _staying(stay)


def proof_by_queries(fleet: Fleet, state: ProviderState) -> bool:
    """Tell whether only queries can prove it: no check is able to, or checks had their time in vain."""
    return state.breaker.state is not BreakerState.CLOSED or not fleet.probed(state.spec.id)


def _staying(left_s: float) -> str:
    return f"the route stays {span(left_s)} more where it is" if left_s > 0 else ""


def _sluggish(health: Health, rules: FailbackRules) -> bool:
    normal = health.baseline_s or 0.0
    return (health.response_time_s or 0.0) > max(rules.baseline_factor * normal, normal + _SLACK_S)


def _commanded(agent: AgentState) -> bool:
    return agent.pin is not None and agent.pin.hard and agent.active == agent.pin.provider


def _calm(draft: Draft, agent: AgentState) -> None:
    if agent.hold_down:
        draft.keep_agent(replace(agent, hold_down=False))


def _fail_over(draft: Draft, agent: AgentState, obstacle: Obstacle) -> None:
    rules = draft.rules.failback
    target = next_available(draft.fleet, agent, draft.now)
    if target is None:
        return
    cause = f"{agent.active}: {obstacle.text}"
    if not _may_switch(agent, draft.now, rules):
        _hold_down(draft, agent, cause)
        return
    agent = _judged(agent, draft.now, rules)
    about = About(target, agent.id, trigger=Trigger.UNAVAILABLE, left=agent.active)
    draft.say(EventKind.FAILOVER, f"{agent.active} -> {target}", cause, Source.AUTO, about)
    draft.turn(
        replace(
            agent,
            active=target,
            active_since_at=draft.now,
            active_because=cause,
            ramp=None,
            hold_down=False,
            switched_at=_recent(agent.switched_at, draft.now, rules.switches_window_s),
            failovers=agent.failovers + 1,
        )
    )
    _suspend(draft, draft.fleet.agents[agent.id])


def _hold_down(draft: Draft, agent: AgentState, cause: str) -> None:
    if agent.hold_down:
        return
    rules = draft.rules.failback
    text = f"route stays on {agent.active}, its queries fail over one by one"
    why = f"{rules.switches_max} automatic switches in {rules.switches_window_s:.0f} s; {cause}"
    draft.say(EventKind.HOLD_DOWN, text, why, Source.AUTO, About(agent.active, agent.id))
    draft.turn(replace(agent, hold_down=True))


def _return(draft: Draft, agent: AgentState) -> None:
    """Take the next step back towards an earlier provider, if there is one to take."""
    if not _may_return(draft, agent):
        if agent.ramp is not None:
            _stop(draft, agent, agent.ramp)
        return
    if agent.ramp is not None:
        _ramp_on(draft, agent, agent.ramp)
        return
    preferred = agent.preferred
    place = preferred.index(agent.active) if agent.active in preferred else len(preferred)
    for candidate in preferred[:place]:
        if not unproven(draft.fleet, agent, candidate, draft.now):
            _start_ramp(draft, agent, candidate)
            return


def _may_return(draft: Draft, agent: AgentState) -> bool:
    return (
        agent.automated
        and agent.config.failback is FailbackMode.AUTO
        and not agent.suspended
        and draft.fleet.local.since_at is None
        and _may_switch(agent, draft.now, draft.rules.failback)
    )


def _stop(draft: Draft, agent: AgentState, ramp: Ramp) -> None:
    about = About(ramp.candidate, agent.id, trigger=Trigger.STOPPED)
    text = f"return to {ramp.candidate} stopped"
    draft.say(EventKind.FAILBACK_STAGE, text, "automation may not move the route now", Source.AUTO, about)
    draft.turn(replace(agent, ramp=None))


def _start_ramp(draft: Draft, agent: AgentState, candidate: ProviderId) -> None:
    rules = draft.rules.failback
    cause = f"{rules.passes} checks passed in a row over {rules.proof_s:.0f} s"
    about = About(candidate, agent.id, trigger=Trigger.PROVEN)
    draft.say(EventKind.FAILBACK_STAGE, f"returning to {candidate}: one canary query", cause, Source.AUTO, about)
    draft.turn(replace(agent, ramp=Ramp(candidate, 0, draft.now)))


def _ramp_on(draft: Draft, agent: AgentState, ramp: Ramp) -> None:
    obstacle = draft.fleet.obstacle(ramp.candidate, draft.now)
    if obstacle is not None and obstacle.code is not NotUsed.HALF_OPEN:
        relapse(draft, agent, ramp.candidate, f"{ramp.candidate}: {obstacle.text}")
        return
    if not _stage_done(draft, ramp):
        return
    if ramp.stage + 1 == len(SHARES):
        _arrive(draft, agent, ramp.candidate)
        return
    share = SHARES[ramp.stage + 1]
    text = f"returning to {ramp.candidate}: {share:.0%} of the queries"
    passed = "the canary query passed" if ramp.stage == 0 else f"{SHARES[ramp.stage]:.0%} of them went well"
    cause = passed if ramp.answered else "nothing failed meanwhile"
    draft.say(EventKind.FAILBACK_STAGE, text, cause, Source.AUTO, About(ramp.candidate, agent.id))
    draft.turn(replace(agent, ramp=Ramp(ramp.candidate, ramp.stage + 1, draft.now)))


def _stage_done(draft: Draft, ramp: Ramp) -> bool:
    """Enough queries or enough time; where queries are the only proof, time alone proves nothing."""
    rules = draft.rules.failback
    state = draft.fleet.providers[ramp.candidate]
    first, last = ramp.stage == 0, ramp.stage + 1 == len(SHARES)
    if last and not _passes_all(state):
        return False
    if ramp.answered >= (1 if first else rules.stage_queries):
        return True
    awaited = first and proof_by_queries(draft.fleet, state)
    return not awaited and draft.now - ramp.since_at >= rules.stage_s


def _passes_all(state: ProviderState) -> bool:
    return state.breaker.state is BreakerState.CLOSED or state.hand is not None


def _arrive(draft: Draft, agent: AgentState, candidate: ProviderId) -> None:
    rules = draft.rules.failback
    about = About(candidate, agent.id, trigger=Trigger.RAMP_DONE, left=agent.active)
    cause = "it has proven itself, step by step"
    draft.say(EventKind.FAILBACK, f"{agent.active} -> {candidate}", cause, Source.AUTO, about)
    first = candidate == agent.ranked[0]
    draft.turn(
        replace(
            agent,
            active=candidate,
            active_since_at=draft.now,
            active_because=FIRST[agent.config.strategy] if first else f"returned: {cause}",
            ramp=None,
            switched_at=_recent(agent.switched_at, draft.now, rules.switches_window_s),
            returned_at=draft.now,
        )
    )


def _may_switch(agent: AgentState, now: float, rules: FailbackRules) -> bool:
    return sum(now - at < rules.switches_window_s for at in agent.switched_at) < rules.switches_max


def _recent(instants: tuple[float, ...], now: float, window_s: float) -> tuple[float, ...]:
    return (*(at for at in instants if now - at < window_s), now)


def _judged(agent: AgentState, now: float, rules: FailbackRules) -> AgentState:
    """Return the agent as it leaves the provider it had returned to: soon is a setback, late ends their row."""
    if agent.returned_at is None or agent.returned_at != agent.active_since_at:
        return agent
    agent = replace(agent, returned_at=None)
    if now - agent.active_since_at < rules.relapse_s:
        return _relapsed(agent, now, rules)
    return replace(agent, setbacks=0)


def _relapsed(agent: AgentState, now: float, rules: FailbackRules) -> AgentState:
    relapsed_at = _recent(agent.relapsed_at, now, rules.suspend_window_s)
    return replace(agent, relapsed_at=relapsed_at, setbacks=agent.setbacks + 1)


def _suspend(draft: Draft, agent: AgentState) -> None:
    rules = draft.rules.failback
    if agent.suspended or len(agent.relapsed_at) < rules.suspend_after:
        return
    text = "automatic failback suspended until an operator resumes it"
    cause = f"{len(agent.relapsed_at)} returns failed within {rules.suspend_window_s / 60:.0f} min"
    draft.say(EventKind.FAILBACK_SUSPENDED, text, cause, Source.AUTO, About(agent.active, agent.id))
    draft.turn(replace(agent, suspended=True))


def _panic(draft: Draft, agent: AgentState) -> None:
    """Say once when nothing in the chain is available any more, and once when something is again."""
    panic = all(draft.fleet.obstacle(provider, draft.now) is not None for provider in agent.config.chain)
    if panic is agent.panic:
        return
    draft.turn(replace(agent, panic=panic))
    about = About(agent=agent.id)
    if panic:
        tried = worth_a_try(draft.fleet, agent, draft.now)
        then = "the least bad provider is tried" if tried else "no query is served"
        text = f"nothing in its chain is available: {then}"
        draft.say(EventKind.PANIC_BEGAN, text, _why_nothing(draft, agent), Source.AUTO, about)
    else:
        draft.say(EventKind.PANIC_ENDED, "a provider is available again", "", Source.AUTO, about)


def _why_nothing(draft: Draft, agent: AgentState) -> str:
    parts = []
    for provider in agent.config.chain:
        obstacle = draft.fleet.obstacle(provider, draft.now)
        parts.append(f"{provider}: {obstacle.text if obstacle else 'available'}")
    return "; ".join(parts)
