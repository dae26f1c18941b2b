"""Which providers a query is to try, in order, and a reason for each one passed over."""

from functools import partial

from msgspec import Struct

from tui_failover.core.agent_state import SHARES, AgentState, Ramp
from tui_failover.core.fleet import Fleet
from tui_failover.core.health import Status
from tui_failover.core.limits import full
from tui_failover.core.names import AgentId, ProviderId
from tui_failover.core.ports import Limits
from tui_failover.core.provider_state import Obstacle, ProviderState
from tui_failover.core.snapshot import NotUsed, WhyNot
from tui_failover.core.spec import AttemptRules, Strategy
from tui_failover.core.strategy import by_strategy

_HEALTHY, _ORDERED = Status.HEALTHY, Strategy.ORDERED  # a member costs ten times what a name of the module does
_P95_FACTOR = 4.0  # an answer that takes four times its provider's p95 is not coming
_ENOUGH = 5  # answers before a percentile means anything


class Plan(Struct, frozen=True):
    """What a query is to do.

    Attributes:
        candidates: whom to try, in order.
        passed_over: everyone else of the chain, with the reason.
        panic: nothing is available; the candidates are the least bad, to be tried sparingly.
        full: everybody who is available is at a limit; there is no candidate until a place becomes free.
    """

    candidates: tuple[ProviderId, ...]
    passed_over: tuple[WhyNot, ...]
    panic: bool = False
    full: bool = False

    @property
    def kept_out(self) -> tuple[ProviderId, ...]:
        """Whom nothing but automation keeps out beside the candidates, the least bad first.

        They are for a query that all candidates have failed; what a person has taken out stays out.
        """
        out = [one for one in self.passed_over if one.code in _BY_AUTOMATION]
        return tuple(one.provider for one in sorted(out, key=lambda one: DESPERATION[one.code]))


def plan(fleet: Fleet, agent_id: AgentId, now: float, home: ProviderId | None = None, tokens: int = 0) -> Plan:
    """Return whom the agent's next query tries. Everyone in its chain is either a candidate or passed over.

    Args:
        fleet: as it stands.
        agent_id: who asks.
        now: monotonic seconds.
        home: where the query's conversation is; it stays there, also while that is drained, unless a person has
            switched the agent to another provider.
        tokens: about so many the query will take.
    """
    agent = fleet.agents[agent_id]
    if agent.pin is not None and agent.pin.provider != home:
        home = None
    available = False
    open_to: list[ProviderId] = []
    passed: list[tuple[ProviderId, Obstacle]] = []
    alone = agent.alone
    for provider in (agent.active,) if alone else _from_active(agent):
        if fleet.free(provider):
            open_to.append(provider)
            continue
        obstacle = fleet.obstacle(provider, now)
        if obstacle is None or _kept(agent, provider, home, obstacle):
            available = True
            obstacle = full(fleet, provider, now, tokens)
        if obstacle is None:
            open_to.append(provider)
        else:
            passed.append((provider, obstacle))
    left_out = _left_out(agent) if alone else ()
    why = (*[WhyNot(one, by.code, by.text, by.until_at) for one, by in passed], *left_out) if passed else left_out
    if open_to:
        return Plan(_ordered(fleet, agent, open_to, home, now), why)
    if available:
        return Plan((), why, full=True)
    desperate = [
        (provider, one)
        for provider, one in passed
        if one.code in DESPERATION and full(fleet, provider, now, tokens) is None
    ]
    desperate.sort(key=lambda pair: _badness(pair[1], now))
    least_bad = tuple(provider for provider, _ in desperate)
    return Plan(least_bad, tuple(one for one in why if one.provider not in least_bad), panic=True)


def limits_for(fleet: Fleet, provider: ProviderId, left_s: float, *, last: bool) -> Limits:
    """Return how long an attempt at the provider may take.

    Args:
        fleet: as it stands.
        provider: who is to be tried.
        left_s: seconds until the query's deadline for its first content.
        last: nobody is left after it, so that waiting until the deadline is better than giving up.
    """
    rules = fleet.rules.attempt
    state = fleet.providers[provider]
    if last:
        first = left_s
    else:
        first = min(left_s, rules.first_content_reasoning_s if state.spec.reasoning else _usual_s(state, rules))
    progress = rules.progress_reasoning_s if state.spec.reasoning else rules.progress_s
    return Limits(rules.connect_s, first, progress, rules.total_s)


def _usual_s(state: ProviderState, rules: AttemptRules) -> float:
    """Return how long a provider's first content is waited for, after what is usual for it."""
    live = state.live
    if live.samples < _ENOUGH:
        return rules.first_content_unknown_s
    if _P95_FACTOR * live.within_s <= rules.first_content_min_s <= rules.first_content_max_s:
        return rules.first_content_min_s  # whatever the percentile: to sort for it takes longer than to look at it
    p95 = live.percentile(0.95) or 0.0
    return min(max(_P95_FACTOR * p95, rules.first_content_min_s), rules.first_content_max_s)


def next_available(fleet: Fleet, agent: AgentState, now: float) -> ProviderId | None:
    """Return where the route goes if the active provider fails: onward in chain order, wrapping, healthy first."""
    others = [one for one in _from_active(agent) if one != agent.active and fleet.obstacle(one, now) is None]
    return min(others, key=lambda one: _trust(fleet, one), default=None)


# Without a key or registration there is nothing to try, and maintenance is a person's clear word.
DESPERATION: dict[NotUsed, int] = {
    NotUsed.HALF_OPEN: 0,
    NotUsed.BREAKER_OPEN: 1,
    NotUsed.RATE_LIMITED: 2,
    NotUsed.HELD_OPEN: 3,
    NotUsed.DRAINING: 3,
    NotUsed.MODEL_MISSING: 4,
    NotUsed.QUOTA: 5,
    NotUsed.AUTH: 5,
}


_BY_AUTOMATION = frozenset(DESPERATION) - {NotUsed.HELD_OPEN, NotUsed.DRAINING}


def worth_a_try(fleet: Fleet, agent: AgentState, now: float) -> bool:
    """Tell whether anybody of the chain can at least be tried: without keys, or in maintenance, nobody can."""
    obstacles = (fleet.obstacle(provider, now) for provider in agent.config.chain)
    return any(one is None or one.code in DESPERATION for one in obstacles)


def _badness(obstacle: Obstacle, now: float) -> tuple[int, float]:
    left = obstacle.until_at - now if obstacle.until_at is not None else float("inf")
    return DESPERATION[obstacle.code], left


def _left_out(agent: AgentState) -> tuple[WhyNot, ...]:
    """Whom a query that stays on the active provider leaves out."""
    text = f"automation is held by {agent.held_by}" if agent.held_by else "automatic failover is off"
    return tuple(
        WhyNot(provider, NotUsed.AUTOMATION_OFF, text) for provider in agent.preferred if provider != agent.active
    )


def _from_active(agent: AgentState) -> tuple[ProviderId, ...]:
    """The chain from the active provider onward, wrapping round."""
    chain = agent.preferred
    if agent.active == chain[0] or agent.active not in chain:
        return chain
    start = chain.index(agent.active)
    return chain[start:] + chain[:start]


def _kept(agent: AgentState, provider: ProviderId, home: ProviderId | None, obstacle: Obstacle) -> bool:
    """Whether the query goes there whatever stands against it: to finish there, or by a person's word."""
    finishing = provider == home and obstacle.code is NotUsed.DRAINING
    return finishing or _commanded(agent, provider, obstacle)


def _commanded(agent: AgentState, provider: ProviderId, obstacle: Obstacle) -> bool:
    """A hard pin is obeyed whatever the breaker says; only maintenance and a missing key stand above it."""
    pin = agent.pin
    return pin is not None and pin.hard and pin.provider == provider and obstacle.code in DESPERATION


def _ordered(
    fleet: Fleet, agent: AgentState, open_to: list[ProviderId], home: ProviderId | None, now: float
) -> tuple[ProviderId, ...]:
    if len(open_to) == 1:
        return tuple(open_to)
    if agent.config.strategy is not _ORDERED and home not in open_to:
        open_to.sort(key=partial(_trust, fleet))
        chosen = by_strategy(fleet, agent, open_to, now)
        if chosen is not None:
            return chosen
    first = agent.active
    if home in open_to:
        first = home
    elif agent.ramp is not None and _takes_candidate(agent.ramp, agent.queries):
        first = agent.ramp.candidate
    rest = [one for one in open_to if one != first]
    if len(rest) > 1:
        rest.sort(key=partial(_trust, fleet))
    return (first, *rest) if first in open_to else tuple(rest)


def _takes_candidate(ramp: Ramp, queries: int) -> bool:
    """Whether this query belongs to the share of the returning provider; by count, so that replay repeats it."""
    share = SHARES[ramp.stage]
    if share == 0.0:
        return not ramp.sent
    return queries % round(1 / share) == 0


def _trust(fleet: Fleet, provider: ProviderId) -> int:
    """Healthy before unknown before failing; sorting is stable, so that chain order decides among equals."""
    verdict = fleet.providers[provider].health.verdict
    if verdict is _HEALTHY:
        return 0
    return 2 if verdict is Status.UNHEALTHY else 1
