"""What the end of an attempt or a check means for the provider, its neighbours, and their breakers and holds."""

from collections.abc import Container

from tui_failover.core import breaker as breakers
from tui_failover.core import health as healths
from tui_failover.core.breaker import Breaker, Strike
from tui_failover.core.command import Imposed
from tui_failover.core.copying import replace
from tui_failover.core.event import EventKind, Source
from tui_failover.core.failure import POLICY, Effect, Policy, Scope
from tui_failover.core.fleet import About, Draft, Unbooked
from tui_failover.core.names import ProviderId
from tui_failover.core.outcome import Answered, Failed, Failure, FailureKind
from tui_failover.core.provider_state import (
    Hold,
    HoldKey,
    HoldScope,
    ProviderState,
    Spend,
    cost,
    hold_keys,
)
from tui_failover.core.query import Usage
from tui_failover.core.snapshot import NotUsed
from tui_failover.core.spec import ProbeKind
from tui_failover.core.transition import BreakerState

_CLOSED = BreakerState.CLOSED  # a member costs ten times what a name of the module does
_DAY_S = 86_400.0
_SET_ASIDE = 64  # failures that wait for the reference's word; it comes within seconds


def book_answer(
    draft: Draft, state: ProviderState, outcome: Answered, generation: int, kind: ProbeKind | None
) -> None:
    """Book a success; one of an older generation is history and changes nothing else.

    Args:
        draft: the fleet in the making.
        state: who answered; it is put back with the attempt or check over.
        outcome: what it answered.
        generation: of its breaker when the attempt was admitted.
        kind: how it was checked; None for a live query.
    """
    probe, took_s, now = kind is not None, outcome.first_content_s, draft.now
    health, before, breaker = state.health, state.breaker, state.breaker
    late = generation != before.generation
    proof = not late and kind is not ProbeKind.MODELS
    closed = before.state is _CLOSED
    if proof or (closed and not late):
        health = healths.succeeded(health, now, took_s, probe=probe, learn=closed)
    if proof:
        rules = draft.rules.breaker
        breaker = breakers.passed(before, now, rules, slow=took_s > rules.slow_s and not probe, probe=probe)
    moved = breaker.generation != before.generation
    counted = _answered(draft, state, outcome, probe=probe)
    after = replace(counted, health=health, breaker=before if moved else breaker)
    if health.verdict is state.health.verdict:
        draft.keep_provider(after)
    else:
        _word(draft, after, f"{'a check' if probe else 'a query'} was answered in {took_s:.1f} s", _source(kind))
    if draft.fleet.holds and not late:
        _lift(draft, state.spec.id, now - outcome.elapsed_s, _ANYTHING if proof else _THE_KEY)
    if moved:
        set_breaker(draft, state.spec.id, breaker, _source(kind))


def _answered(draft: Draft, state: ProviderState, outcome: Answered, *, probe: bool) -> ProviderState:
    """Return who answered with the attempt or check over, its time noted and its tokens paid for."""
    now, took_s, usage = draft.now, outcome.first_content_s, outcome.reply.usage
    spend = _paid(state, draft, usage, probe=probe)
    if probe:
        return replace(state, probes=state.probes.answered(now, took_s), spend=spend, checking=False)
    return replace(
        state,
        live=state.live.answered(now, took_s),
        spend=spend,
        inflight=state.inflight - 1 if state.inflight else 0,
        traffic=state.traffic if usage is None else state.traffic.added(now, usage),
    )


def book_failure(
    draft: Draft, provider: ProviderId, outcome: Failed, generation: int, kind: ProbeKind | None
) -> None:
    """Book the failure of `provider` against whom it concerns; the other arguments as for `book_answer`.

    One of an older generation is history and moves neither word nor breaker. A hold it asks for still begins: that
    concerns a credential or model, which have no generations.
    """
    state = draft.fleet.providers[provider]
    state = replace(state, spend=_paid(state, draft, outcome.usage, probe=kind is not None))
    failed = Unbooked(provider, outcome, generation, kind)
    if POLICY[outcome.failure.kind].scope is Scope.ENDPOINT and draft.fleet.local.frozen:
        _set_aside(draft, state, failed)
    else:
        _book(draft, state, failed)


def book_set_aside(draft: Draft) -> None:
    """Book what waited for the reference's word: it was not us."""
    waiting = draft.fleet.local.unbooked
    draft.fleet = replace(draft.fleet, local=replace(draft.fleet.local, unbooked=()))
    for one in waiting:
        state = draft.fleet.providers.get(one.provider)
        if state is not None:
            _book(draft, state, one)


def _set_aside(draft: Draft, state: ProviderState, failed: Unbooked) -> None:
    """Hold a failure to connect against nobody, while it may be our own network that fails."""
    if failed.kind is not None:
        reason = failed.outcome.failure.reason
        state = replace(state, health=healths.inconclusive(state.health, draft.now, reason))
    draft.keep_provider(state)
    local = draft.fleet.local
    if local.since_at is None:
        waiting = (*local.unbooked, failed)[-_SET_ASIDE:]
        draft.fleet = replace(draft.fleet, local=replace(local, unbooked=waiting))


def _book(draft: Draft, state: ProviderState, failed: Unbooked) -> None:
    failure = failed.outcome.failure
    probe = failed.kind is not None
    source = _source(failed.kind)
    if POLICY[failure.kind].strike:
        state = _counted(state, draft.now, probe=probe)
        if failed.generation == state.breaker.generation:
            state = replace(state, health=healths.failed(state.health, draft.now, failure.reason, probe=probe))
    elif probe:
        state = replace(state, health=healths.inconclusive(state.health, draft.now, failure.reason))
    _word(draft, state, failure.reason, source)
    _take_effect(draft, state, failed, source)


def _source(kind: ProbeKind | None) -> Source:
    return Source.LIVE if kind is None else Source.PROBE


def _counted(state: ProviderState, now: float, *, probe: bool) -> ProviderState:
    if probe:
        return replace(state, probes=state.probes.failed(now))
    return replace(state, live=state.live.failed(now))


def _take_effect(draft: Draft, state: ProviderState, failed: Unbooked, source: Source) -> None:
    provider, failure = state.spec.id, failed.outcome.failure
    policy = POLICY[failure.kind]
    match policy.effect:
        case Effect.BREAKER:
            if failed.generation == draft.fleet.providers[provider].breaker.generation:
                _strike(draft, provider, failure, policy.weight, source, neighbour=False)
                _strike_neighbours(draft, provider, failure, policy, source)
        case Effect.HOLD:
            _hold(draft, state, failed.outcome, source)
        case Effect.NONE:
            pass


def set_breaker(draft: Draft, provider: ProviderId, after: Breaker, source: Source, actor: str = "") -> None:
    """Put a breaker back and say so if its state changed."""
    state = draft.fleet.providers[provider]
    before = state.breaker
    if after.generation == before.generation:
        draft.keep_provider(replace(state, breaker=after))
        return
    draft.turn(replace(state, breaker=after))
    about = About(provider, actor=actor, trigger=after.trigger)
    draft.say(_BREAKER_EVENT[after.state], f"breaker {before.state} -> {after.state}", after.reason, source, about)


_BREAKER_EVENT = {
    BreakerState.CLOSED: EventKind.BREAKER_CLOSED,
    BreakerState.OPEN: EventKind.BREAKER_OPENED,
    BreakerState.HALF_OPEN: EventKind.BREAKER_HALF_OPEN,
}


def _word(draft: Draft, state: ProviderState, reason: str, source: Source) -> None:
    """Put a provider back and say so if its public word changed."""
    before = draft.fleet.providers[state.spec.id].health.verdict
    after = state.health.verdict
    if before is after:
        draft.keep_provider(state)
        return
    draft.turn(state)
    kind = EventKind.HEALTHY if after is healths.Status.HEALTHY else EventKind.UNHEALTHY
    draft.say(kind, f"{before} -> {after}", reason, source, About(state.spec.id))


def _paid(state: ProviderState, draft: Draft, usage: Usage | None, *, probe: bool) -> Spend:
    day, old = int(draft.moment.utc // _DAY_S), state.spend
    today = old.probes if old.day == day else 0
    price = cost(usage, state.spec.price)
    if price is None:
        return Spend(old.live, today, day, old.unpriced + (1 if usage is not None or not probe else 0))
    if not probe:
        return Spend(old.live + price, today, day, old.unpriced)
    _tell_budget(draft, state, today + price)
    return Spend(old.live, today + price, day, old.unpriced)


def _tell_budget(draft: Draft, state: ProviderState, spent: int) -> None:
    cap = state.spec.probe.daily_budget
    if cap is not None and state.spend.probes < cap <= spent:
        text = "checks list models only for the rest of the day (UTC)"
        cause = f"today's checks cost ${spent / 1e6:.2f}"
        draft.say(EventKind.PROBE_BUDGET, text, cause, Source.AUTO, About(state.spec.id))


def _strike(
    draft: Draft, provider: ProviderId, failure: Failure, weight: float, source: Source, *, neighbour: bool
) -> None:
    state = draft.fleet.providers[provider]
    strike = Strike(
        weight,
        failure.reason,
        draft.fleet.demand(provider).threshold,
        draft.fleet.jitter(provider, state.breaker.generation),
        failure.retry_after_s if failure.kind is FailureKind.SERVER else None,
        may_open=not neighbour or weight >= 1.0,
    )
    set_breaker(draft, provider, breakers.struck(state.breaker, draft.now, draft.rules.breaker, strike), source)


def _strike_neighbours(
    draft: Draft, provider: ProviderId, failure: Failure, policy: Policy, source: Source
) -> None:
    """An endpoint that cannot be reached is so for everybody there; a server error is a hint to them."""
    if not policy.sibling_weight:
        return
    endpoint = draft.fleet.providers[provider].spec.endpoint
    for other, state in draft.fleet.providers.items():
        if other != provider and state.spec.endpoint == endpoint and state.imposed is not Imposed.MAINTENANCE:
            _strike(draft, other, failure, policy.sibling_weight, source, neighbour=True)


_HOLDS: dict[FailureKind, tuple[HoldScope, NotUsed]] = {
    FailureKind.RATE_LIMITED: (HoldScope.CREDENTIAL_AND_MODEL, NotUsed.RATE_LIMITED),
    FailureKind.QUOTA: (HoldScope.CREDENTIAL, NotUsed.QUOTA),
    FailureKind.AUTH: (HoldScope.CREDENTIAL, NotUsed.AUTH),
    FailureKind.MODEL_MISSING: (HoldScope.MODEL, NotUsed.MODEL_MISSING),
}


_LASTING = {NotUsed.AUTH: "until a check passes", NotUsed.QUOTA: "until it answers or is reset"}
# What is in order after an answer (key, quota and model), and after a list of models.
_ANYTHING = frozenset(code for _, code in _HOLDS.values())
_THE_KEY = frozenset({NotUsed.AUTH})


def _hold(draft: Draft, state: ProviderState, outcome: Failed, source: Source) -> None:
    """Keep a credential or model out. A new hold only lengthens an old one of its kind."""
    failure = outcome.failure
    scope, code = _HOLDS[failure.kind]
    key = dict(hold_keys(state.spec))[scope]
    old = draft.fleet.holds.get((scope, key))
    level = 0
    if old is not None and failure.retry_after_s is None:
        # Attempts of one burst are refused together: that is one refusal, and doubles once.
        level = old.level + (1 if draft.now - outcome.elapsed_s >= old.since_at else 0)
    until = _hold_until(draft, failure, level)
    hold = Hold(code, until, failure.reason, draft.now, level)
    standing = old if old is not None and old.keeps_out(draft.now) else None
    if standing is not None and _outlasts(standing, until):
        hold = replace(standing, since_at=draft.now, level=level)
    draft.fleet = replace(draft.fleet, holds={**draft.fleet.holds, (scope, key): hold})
    if standing is not None and standing.code is hold.code:
        return
    lasting = f"for {until - draft.now:.0f} s" if until is not None else _LASTING[hold.code]
    text = f"held {lasting}: {POLICY[failure.kind].words}"
    for one in _sharers(draft, (scope, key)):
        cause = failure.reason if one.spec.id == state.spec.id else f"{state.spec.id}: {failure.reason}"
        draft.turn(one)
        draft.say(EventKind.HOLD_BEGAN, text, cause, source, About(one.spec.id))


def _outlasts(hold: Hold, until: float | None) -> bool:
    return hold.until_at is None or (until is not None and hold.until_at >= until)


def _sharers(draft: Draft, key: HoldKey) -> list[ProviderState]:
    return [one for one in draft.fleet.providers.values() if key in hold_keys(one.spec)]


def _hold_until(draft: Draft, failure: Failure, level: int) -> float | None:
    rules = draft.rules.hold
    match failure.kind:
        case FailureKind.RATE_LIMITED if failure.retry_after_s is not None:
            return draft.now + min(max(failure.retry_after_s, rules.rate_floor_s), rules.rate_cap_s)
        case FailureKind.RATE_LIMITED:
            return draft.now + min(rules.rate_unstated_s * 2.0**level, rules.rate_unstated_max_s)
        case FailureKind.MODEL_MISSING:
            return draft.now + rules.model_missing_s
        case FailureKind.QUOTA if failure.retry_after_s is not None:
            return draft.now + failure.retry_after_s
        case _:
            return None


def _lift(draft: Draft, provider: ProviderId, began_at: float, proven: Container[NotUsed]) -> None:
    """Lift what an answer refutes; a rate limit's wait is waited out all the same."""
    for key in hold_keys(draft.fleet.providers[provider].spec):
        hold = draft.fleet.holds.get(key)
        if hold is None or began_at < hold.since_at or hold.code not in proven:
            continue
        if hold.code is not NotUsed.RATE_LIMITED or not hold.keeps_out(draft.now):
            lift(draft, key, "it answers again", Source.AUTO)


def lift(draft: Draft, key: HoldKey, cause: str, source: Source, actor: str = "") -> None:
    """Forget a hold, and say so for every provider it kept out."""
    hold = draft.fleet.holds[key]
    holds = {other: one for other, one in draft.fleet.holds.items() if other != key}
    draft.fleet = replace(draft.fleet, holds=holds)
    for state in _sharers(draft, key) if hold.keeps_out(draft.now) else ():
        draft.turn(state)
        draft.say(EventKind.HOLD_ENDED, "hold lifted", cause, source, About(state.spec.id, actor=actor))


def end_holds(draft: Draft) -> None:
    """Say which holds have run out; they are remembered a while for the doubling of the next one."""
    for key, hold in draft.fleet.holds.items():
        if hold.until_at is None or draft.now < hold.until_at:
            continue
        if not hold.over:
            draft.fleet = replace(draft.fleet, holds={**draft.fleet.holds, key: replace(hold, over=True)})
            for state in _sharers(draft, key):
                draft.turn(state)
                draft.say(EventKind.HOLD_ENDED, "hold over", "its time is up", Source.AUTO, About(state.spec.id))
        elif draft.now - hold.until_at > draft.rules.hold.rate_unstated_max_s:
            holds = {other: one for other, one in draft.fleet.holds.items() if other != key}
            draft.fleet = replace(draft.fleet, holds=holds)
