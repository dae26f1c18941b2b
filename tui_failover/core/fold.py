"""State is the fold of facts: `apply(fleet, fact, moment)` returns the next fleet and what happened.

`core.admission` has the one other door for what the engine does: it gives out the right to make an attempt.
"""

from collections.abc import Callable
from typing import Any

from tui_failover.core import booking, limits, local_fault, route, strategy
from tui_failover.core.admission import query_asked
from tui_failover.core.agent_state import AgentState, Ramp
from tui_failover.core.breaker import returned
from tui_failover.core.copying import replace
from tui_failover.core.event import Event, EventKind, Source
from tui_failover.core.expiry import pass_time
from tui_failover.core.fact import (
    AgentConfigured,
    AgentRemoved,
    AnswerTakenOver,
    AttemptEnded,
    ContentCame,
    Fact,
    KeepingTurned,
    Noticed,
    Permit,
    ProbeEnded,
    ProbeStarted,
    ProviderRegistered,
    ProviderRemoved,
    QueryAsked,
    QueryEnded,
    ReferenceChecked,
    Restored,
    Started,
    Ticked,
    WorkerFailed,
)
from tui_failover.core.failure import POLICY, Scope
from tui_failover.core.fleet import About, Draft, Fleet
from tui_failover.core.names import Moment, ProviderId
from tui_failover.core.outcome import Answered, Cancelled, Failed
from tui_failover.core.provider_state import ProviderState, hold_keys
from tui_failover.core.restore import restore
from tui_failover.core.spec import NO_LIMITS, ProbeKind
from tui_failover.core.text import counted

_STORM_S = 10.0  # between two events of the same sort that many queries cause together


def apply(fleet: Fleet, fact: Fact, moment: Moment, also: Fact | None = None) -> tuple[Fleet, tuple[Event, ...]]:
    """Fold one fact into the fleet, or two that are true together.

    Args:
        fleet: as it stands; it is not changed.
        fact: what happened outside.
        moment: when; never before the moment of the previous fact.
        also: what else happened in the same instant, after it.

    Returns:
        The next fleet, one revision on, and the events that tell what changed and why.
    """
    draft = Draft(fleet, moment)
    _FOLDS[type(fact)](draft, fact)
    if also is not None:
        _FOLDS[type(also)](draft, also)
    return draft.done()


def _query_asked(draft: Draft, fact: QueryAsked) -> None:
    query_asked(draft, fact.agent)


def _content_came(draft: Draft, fact: ContentCame) -> None:
    permit = fact.permit
    if fact.words:
        limits.hear(draft, permit, fact.words)
    state = draft.fleet.providers.get(permit.provider)
    if state is not None and permit.trial and permit.generation == state.breaker.generation:
        draft.keep_provider(replace(state, breaker=returned(state.breaker)))


def _attempt_ended(draft: Draft, fact: AttemptEnded) -> None:
    permit, outcome = fact.permit, fact.outcome
    state = draft.fleet.providers.get(permit.provider)
    if state is None:
        return
    if permit.trial and permit.generation == state.breaker.generation:
        state = replace(state, breaker=returned(state.breaker))
    if isinstance(outcome, Answered):
        _attempt_answered(draft, permit, state, outcome)
    else:
        _attempt_in_vain(draft, permit, state, outcome)
    _settle_users(draft, permit.provider)


def _attempt_answered(draft: Draft, permit: Permit, state: ProviderState, outcome: Answered) -> None:
    if state.spec.limits is not NO_LIMITS:
        state = limits.taken(state, permit, outcome.reply.usage, draft.now)
    if draft.fleet.local.since_at is not None:
        local_fault.note_answer(draft, state.spec)
    booking.book_answer(draft, state, outcome, permit.generation, None)
    agent = draft.fleet.agents.get(permit.agent)
    if agent is not None and agent.ramp is not None:
        _canary_passed(draft, agent, agent.ramp, permit.provider)


def _canary_passed(draft: Draft, agent: AgentState, ramp: Ramp, provider: ProviderId) -> None:
    if ramp.candidate == provider and not ramp.stage:
        draft.keep_agent(replace(agent, ramp=replace(ramp, answered=ramp.answered + 1)))


def _attempt_in_vain(draft: Draft, permit: Permit, state: ProviderState, outcome: Failed | Cancelled) -> None:
    inflight, late = max(0, state.inflight - 1), permit.generation != state.breaker.generation
    if isinstance(outcome, Cancelled):
        draft.keep_provider(replace(state, inflight=inflight))
        return
    state = limits.refused(state, permit, outcome.failure, draft.now)
    state = limits.taken(state, permit, outcome.usage, draft.now)
    local_fault.note_failure(draft, state.spec, outcome.failure)
    traffic = state.traffic if outcome.usage is None else state.traffic.added(draft.now, outcome.usage)
    draft.keep_provider(replace(state, inflight=inflight, traffic=traffic))
    booking.book_failure(draft, permit.provider, outcome, permit.generation, None)
    if not late:
        _candidate_failed(draft, permit, outcome)


def _candidate_failed(draft: Draft, permit: Permit, outcome: Failed) -> None:
    agent = draft.fleet.agents.get(permit.agent)
    if agent is None or agent.ramp is None or agent.ramp.candidate != permit.provider:
        return
    policy = POLICY[outcome.failure.kind]
    if policy.strike and not (policy.scope is Scope.ENDPOINT and draft.fleet.local.frozen):
        route.relapse(draft, agent, permit.provider, outcome.failure.reason)


def _answer_taken_over(draft: Draft, fact: AnswerTakenOver) -> None:
    """Say it once in a while: where a provider goes down, all its streams break off together."""
    agent = draft.fleet.agents.get(fact.agent)
    if agent is None or draft.now < agent.quiet_until_at:
        return
    draft.keep_agent(replace(agent, quiet_until_at=draft.now + _STORM_S))
    text = f"{fact.by} goes on with an answer that broke off"
    draft.say(EventKind.CONTINUED, text, fact.broken, Source.LIVE, About(agent=agent.id))


def _query_ended(draft: Draft, fact: QueryEnded) -> None:
    agent = draft.fleet.agents.get(fact.agent)
    if agent is None:
        return
    answered = fact.served_by is not None
    failed = not answered and not fact.callers_fault
    unmetered = answered and fact.usage is None
    agent = replace(
        agent,
        failed=agent.failed + failed,
        saved=agent.saved + (answered and fact.served_by != fact.first_tried),
        inflight=agent.inflight - 1 if agent.inflight else 0,
        traffic=agent.traffic.added(draft.now, fact.usage, fact.needs, failed=failed, unmetered=unmetered),
    )
    if answered and agent.ramp is not None and agent.ramp.stage > 0:
        agent = replace(agent, ramp=replace(agent.ramp, answered=agent.ramp.answered + 1))
    draft.keep_agent(agent)
    if agent.exhausted is answered and not fact.callers_fault:
        _tell_exhausted(draft, agent, fact.reason)
    if agent.ramp is not None:
        route.settle(draft, agent.id)


def _tell_exhausted(draft: Draft, agent: AgentState, reason: str) -> None:
    """Say it at the first query of a run that nobody answered, not at each; the first answer ends the run."""
    draft.turn(replace(agent, exhausted=not agent.exhausted))
    if not agent.exhausted:
        text = "a query found no provider that answers"
        draft.say(EventKind.EXHAUSTED, text, reason, Source.LIVE, About(agent=agent.id))


def _probe_started(draft: Draft, fact: ProbeStarted) -> None:
    state = draft.fleet.providers.get(fact.provider)
    if state is not None:
        draft.keep_provider(replace(state, checking=True, probe_started_at=draft.now))
        if state.spec.probe.kind is not ProbeKind.MODELS:
            limits.charge(draft, fact.provider, 0)


def _probe_ended(draft: Draft, fact: ProbeEnded) -> None:
    state = draft.fleet.providers.get(fact.provider)
    if state is None:
        return
    state = replace(state, checking=False)
    draft.keep_provider(state)
    match fact.outcome:
        case Answered():
            local_fault.note_answer(draft, state.spec)
            booking.book_answer(draft, state, fact.outcome, fact.generation, fact.kind)
        case Failed():
            local_fault.note_failure(draft, state.spec, fact.outcome.failure)
            booking.book_failure(draft, fact.provider, fact.outcome, fact.generation, fact.kind)
        case Cancelled():
            pass
    state = draft.fleet.providers[fact.provider]
    draft.keep_provider(replace(state, health=replace(state.health, last_check_at=draft.now)))
    _settle_users(draft, fact.provider)


def _reference_checked(draft: Draft, fact: ReferenceChecked) -> None:
    local_fault.judge(draft, reachable=fact.reachable)
    if draft.events:
        for agent in draft.fleet.agents:
            route.settle(draft, agent)


def _settle_users(draft: Draft, provider: ProviderId) -> None:
    """Move the routes that may have to: all where something turned, else only those on their way back."""
    if draft.events:
        for agent in draft.fleet.agents:
            route.settle(draft, agent)
        return
    for agent in draft.fleet.users.get(provider, ()):
        if draft.fleet.agents[agent].ramp is not None:
            route.settle(draft, agent)


def _started(draft: Draft, fact: Started) -> None:
    specs = {spec.id: spec for spec in fact.providers}
    configs = {config.agent_id: config for config in fact.agents}
    draft.fleet = replace(draft.fleet, given=(specs, configs), registered=frozenset())
    for spec in fact.providers:
        draft.keep_provider(ProviderState(spec, draft.now, since_at=draft.now))
    for config in fact.agents:
        draft.keep_agent(strategy.fresh_agent(draft, config))
    draft.derive()
    text = f"started with {counted(len(fact.providers), 'provider')} and {counted(len(fact.agents), 'agent')}"
    draft.say(EventKind.STARTED, text, "", Source.CONFIG, About())
    if fact.restored is not None:
        restore(draft, fact.restored.kept, fact.restored.ignored)
        pass_time(draft)
        return
    for config in fact.agents:
        route.settle(draft, config.agent_id)


def _provider_registered(draft: Draft, fact: ProviderRegistered) -> None:
    spec = fact.spec
    old = draft.fleet.providers.get(spec.id)
    draft.turn(ProviderState(spec, draft.now) if old is None else replace(old, spec=spec))
    draft.fleet = replace(draft.fleet, registered=draft.fleet.registered | {spec.id})
    for key in hold_keys(spec):
        if key in draft.fleet.holds and draft.fleet.holds[key].until_at is None:
            booking.lift(draft, key, "its provider was registered anew", Source.CONFIG)
    text = "registered" if old is None else "changed"
    draft.say(EventKind.CONFIG, text, "", Source.CONFIG, About(spec.id))
    strategy.rank_anew(draft)
    _settle_users(draft, spec.id)


def _provider_removed(draft: Draft, fact: ProviderRemoved) -> None:
    provider = fact.provider
    if provider not in draft.fleet.providers:
        return
    remaining = {key: state for key, state in draft.fleet.providers.items() if key != provider}
    registered = draft.fleet.registered - {provider}
    draft.fleet = replace(draft.fleet, providers=remaining, registered=registered)
    draft.say(EventKind.CONFIG, "removed", "", Source.CONFIG, About(provider))
    for agent in draft.fleet.users.get(provider, ()):
        route.settle(draft, agent)


def _agent_configured(draft: Draft, fact: AgentConfigured) -> None:
    config = fact.config
    old = draft.fleet.agents.get(config.agent_id)
    fresh = strategy.fresh_agent(draft, config)
    draft.turn(fresh if old is None else strategy.reconfigured(draft, old, config))
    draft.derive()
    text = f"failover set to {' > '.join(fresh.ranked)}"
    draft.say(EventKind.CONFIG, text, "", Source.CONFIG, About(agent=config.agent_id))
    route.settle(draft, config.agent_id)


def _agent_removed(draft: Draft, fact: AgentRemoved) -> None:
    agent = fact.agent
    if agent not in draft.fleet.agents:
        return
    agents = {key: state for key, state in draft.fleet.agents.items() if key != agent}
    draft.fleet = replace(draft.fleet, agents=agents)
    draft.derive()
    draft.say(EventKind.CONFIG, "removed", "", Source.CONFIG, About(agent=agent))


def _worker_failed(draft: Draft, fact: WorkerFailed) -> None:
    state = draft.fleet.providers.get(fact.provider)
    if state is not None:
        health = replace(state.health, last_check_at=draft.now)
        draft.keep_provider(replace(state, checking=False, health=health))
    text = "its check met something unforeseen"
    draft.say(EventKind.WORKER_FAULT, text, fact.text, Source.PROBE, About(fact.provider))


def _keeping_turned(draft: Draft, fact: KeepingTurned) -> None:
    """Say it at the first failure and at the first success after it, not at each."""
    before, problem = draft.fleet.unkept, fact.problem
    draft.fleet = replace(draft.fleet, unkept=problem)
    if problem and not before:
        text = "what is ordered now will not survive a restart"
        draft.say(EventKind.UNKEPT, text, problem, Source.AUTO, About())
    elif before and not problem:
        text = "what was ordered survives a restart again"
        draft.say(EventKind.KEPT_AGAIN, text, "it could be written", Source.AUTO, About())


def _restored(draft: Draft, fact: Restored) -> None:
    restore(draft, fact.kept, fact.ignored)
    pass_time(draft)


def _noticed(draft: Draft, fact: Noticed) -> None:
    draft.say(EventKind.NOTICE, fact.text, fact.cause, Source.AUTO, About())


def _ticked(draft: Draft, _: Ticked) -> None:
    pass_time(draft)


_FOLDS: dict[type[Any], Callable[[Draft, Any], None]] = {
    Started: _started,
    Restored: _restored,
    ProviderRegistered: _provider_registered,
    ProviderRemoved: _provider_removed,
    AgentConfigured: _agent_configured,
    AgentRemoved: _agent_removed,
    QueryAsked: _query_asked,
    ContentCame: _content_came,
    AttemptEnded: _attempt_ended,
    AnswerTakenOver: _answer_taken_over,
    QueryEnded: _query_ended,
    ProbeStarted: _probe_started,
    ProbeEnded: _probe_ended,
    ReferenceChecked: _reference_checked,
    WorkerFailed: _worker_failed,
    KeepingTurned: _keeping_turned,
    Noticed: _noticed,
    Ticked: _ticked,
}
