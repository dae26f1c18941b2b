"""Whether a provider has room for one more query. Full is not unavailable: it is passed over, never failed.

What is configured counts for itself; where nothing is, what the provider's own answers said of its limits.
"""

from tui_failover.core.allowance import LASTS_S, Allowance, AllowanceKey, Quantity, Word, halved, heard
from tui_failover.core.copying import replace
from tui_failover.core.fact import Permit
from tui_failover.core.fleet import Draft, Fleet
from tui_failover.core.names import ProviderId
from tui_failover.core.outcome import Failure, FailureKind
from tui_failover.core.provider_state import Obstacle, ProviderState
from tui_failover.core.query import Usage
from tui_failover.core.snapshot import Limited, LimitView, NotUsed
from tui_failover.core.spec import NO_LIMITS, ProviderLimits, ProviderSpec


def full(fleet: Fleet, provider: ProviderId, now: float, tokens: int = 0) -> Obstacle | None:
    """Return which limit leaves no room for one more query, or None where there is room.

    Args:
        fleet: as it stands.
        provider: who is to be asked; it is registered.
        now: monotonic seconds.
        tokens: about so many the query will take. One larger than the whole limit goes when nothing else does.
    """
    state = fleet.providers[provider]
    if state.spec.limits is NO_LIMITS and state.cap is None and not fleet.allowances:
        return None  # as nearly all are
    obstacle = _crowded(state, now) or _used_up(state, now, tokens)
    if obstacle is None and fleet.allowances:
        return _spent(fleet.allowances.get(allowance_key(state.spec)), state.spec.limits, now)
    return obstacle


def charge(draft: Draft, provider: ProviderId, tokens: int) -> tuple[int, int]:
    """Count one more query against the provider's limits; return `Allowance.asked` after it, zeros without one."""
    state = draft.fleet.providers[provider]
    if _metered(state.spec.limits):
        draft.keep_provider(
            replace(state, meter=state.meter.charged(draft.now, _counted(state.spec.limits, tokens)))
        )
    if not draft.fleet.allowances:
        return (0, 0)
    key = allowance_key(state.spec)
    allowance = draft.fleet.allowances.get(key)
    if allowance is None:
        return (0, 0)
    allowance = allowance.admitted(draft.now, tokens)
    draft.fleet = replace(draft.fleet, allowances={**draft.fleet.allowances, key: allowance})
    return allowance.asked


def refused(state: ProviderState, permit: Permit, failure: Failure, now: float) -> ProviderState:
    """Return the provider after an attempt has failed, which may have been one too many."""
    if failure.kind is not FailureKind.RATE_LIMITED or failure.retry_after_s is not None:
        return state
    return replace(state, cap=halved(state.cap, state.inflight, permit.at, now))


def taken(state: ProviderState, permit: Permit, usage: Usage | None, now: float) -> ProviderState:
    """Return the provider after an attempt has ended, and what it took is known."""
    if usage is None or state.spec.limits.tokens_per_min is None:
        return state
    more = usage.input_tokens + usage.output_tokens - _counted(state.spec.limits, permit.tokens)
    return replace(state, meter=state.meter.corrected(permit.at, now, more))


def hear(draft: Draft, permit: Permit, words: tuple[Word, ...]) -> None:
    """Take in what a provider's answer says of its limits."""
    state = draft.fleet.providers.get(permit.provider)
    if state is None:
        return
    key = allowance_key(state.spec)
    allowances = draft.fleet.allowances
    allowance = heard(allowances.get(key), words, permit.asked, draft.now)
    draft.fleet = replace(draft.fleet, allowances={**allowances, key: allowance})


def forget(draft: Draft) -> None:
    """Drop the allowances of which nothing was heard for long."""
    if any(not one.known(draft.now) for one in draft.fleet.allowances.values()):
        known = {key: one for key, one in draft.fleet.allowances.items() if one.known(draft.now)}
        draft.fleet = replace(draft.fleet, allowances=known)


def allowance_key(spec: ProviderSpec) -> AllowanceKey:
    """Return what providers have in common that share a learnt allowance."""
    return spec.credential, spec.model


def limits_of(fleet: Fleet, state: ProviderState, now: float) -> tuple[LimitView, ...]:
    """Return the limits in force, configured or learnt, and what is used of each."""
    limits, meter = state.spec.limits, state.meter.at(now)
    found: list[LimitView] = []
    if limits.queries_per_min is not None:
        found.append(LimitView(Limited.QUERIES, limits.queries_per_min, meter.queries))
    if limits.tokens_per_min is not None:
        found.append(LimitView(Limited.TOKENS, limits.tokens_per_min, meter.tokens))
    most, learnt = _at_once(state, now)
    if most is not None:
        found.append(LimitView(Limited.CONCURRENCY, most, state.inflight, learnt=learnt))
    allowance = fleet.allowances.get(allowance_key(state.spec))
    if allowance is None or not allowance.known(now):
        return tuple(found)
    for quantity, left in allowance.left.items():
        if not _set(limits, quantity):
            used = max(0, left.limit - left.at(now))
            found.append(LimitView(_SHOWN[quantity], left.limit, used, learnt=True))
    return tuple(found)


_SHOWN = {
    Quantity.QUERIES: Limited.QUERIES,
    Quantity.TOKENS: Limited.TOKENS,
    Quantity.WRITTEN: Limited.WRITTEN,
}


def _crowded(state: ProviderState, now: float) -> Obstacle | None:
    most, _ = _at_once(state, now)
    if most is None or state.inflight < most:
        return None
    return Obstacle(NotUsed.FULL, f"at its limit: {state.inflight} of {most} queries under way")


def _at_once(state: ProviderState, now: float) -> tuple[int | None, bool]:
    """How many attempts may be under way, and whether that was learnt from refusals."""
    most = state.spec.limits.concurrency
    learnt = None if state.cap is None else state.cap.at(now)
    if learnt is None or (most is not None and most <= learnt):
        return most, False
    return learnt, True


def _used_up(state: ProviderState, now: float, tokens: int) -> Obstacle | None:
    """What was taken in the last minute leaves no room."""
    limits = state.spec.limits
    if not _metered(limits):
        return None
    meter = state.meter.at(now)
    queries = 0 if limits.queries_per_min is None else meter.queries + 1 - limits.queries_per_min
    if queries > 0:
        until = meter.frees_at(now, queries=queries, tokens=0)
        text = f"at its limit: {meter.queries} of {limits.queries_per_min} queries this minute"
        return Obstacle(NotUsed.FULL, text, until)
    if limits.tokens_per_min is None:
        return None
    over = meter.tokens + _counted(limits, tokens) - limits.tokens_per_min
    if over <= 0 and meter.tokens < limits.tokens_per_min:
        return None
    until = meter.frees_at(now, queries=0, tokens=max(1, over))
    text = f"at its limit: {meter.tokens} of {limits.tokens_per_min} tokens this minute"
    return Obstacle(NotUsed.FULL, text, until)


def _spent(allowance: Allowance | None, limits: ProviderLimits, now: float) -> Obstacle | None:
    """Its own answers said that nothing is left, or what they said was left has been asked for since."""
    if allowance is None or not allowance.known(now):
        return None
    for quantity, left in allowance.left.items():
        if left.at(now) <= 0 and not _set(limits, quantity):
            text = f"at its limit: it allows {left.limit} {quantity}, none are left"
            return Obstacle(NotUsed.FULL, text, min(left.reset_at, allowance.told_at + LASTS_S))
    return None


def _metered(limits: ProviderLimits) -> bool:
    return limits.queries_per_min is not None or limits.tokens_per_min is not None


def _counted(limits: ProviderLimits, tokens: int) -> int:
    """An estimate beyond the whole limit would never find room: it goes when nothing else does."""
    return tokens if limits.tokens_per_min is None else min(tokens, limits.tokens_per_min)


def _set(limits: ProviderLimits, quantity: Quantity) -> bool:
    """Whether the settings say the limit, so that what was learnt of it does not count."""
    if quantity is Quantity.QUERIES:
        return limits.queries_per_min is not None
    return limits.tokens_per_min is not None
