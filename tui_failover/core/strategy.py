"""Whom an agent asks first, by its strategy; what a person imposed and a return under way stand above it."""

from collections.abc import Mapping, Sequence
from functools import lru_cache, reduce
from math import gcd, inf

from tui_failover.core.agent_state import FIRST, AgentState
from tui_failover.core.copying import replace
from tui_failover.core.event import EventKind, Source
from tui_failover.core.fleet import About, Draft, Fleet
from tui_failover.core.health import Status
from tui_failover.core.history import SLOT_S, Series
from tui_failover.core.names import ProviderId
from tui_failover.core.provider_state import ProviderState
from tui_failover.core.spec import FailoverConfig, ProviderSpec, Strategy

_BY_QUERY = (Strategy.WEIGHTED, Strategy.FASTEST)
_STICKS = 0.8  # another has to answer in less than this part of the active one's time to be asked before it
_LIVE_S = 300.0  # live answers older than this say less than a check


def preferred_order(config: FailoverConfig, specs: Mapping[ProviderId, ProviderSpec]) -> tuple[ProviderId, ...]:
    """Return the chain as the strategy wishes for it: `cheapest` by price, unknown ones last; else as it is."""
    if config.strategy is not Strategy.CHEAPEST:
        return config.chain
    return tuple(sorted(config.chain, key=lambda one: _price(specs.get(one))))


def fresh_agent(draft: Draft, config: FailoverConfig) -> AgentState:
    """Return an agent on its first choice."""
    order = _order(draft, config)
    return AgentState(config, order[0], draft.now, FIRST[config.strategy], order=order)


def reconfigured(draft: Draft, agent: AgentState, config: FailoverConfig) -> AgentState:
    """Return the agent with another failover; its route stays where it is as long as that is in the chain."""
    order, chain = _order(draft, config), config.chain
    pin = agent.pin if agent.pin is not None and agent.pin.provider in chain else None
    state = replace(agent, config=config, order=order, pin=pin, ramp=None)
    if agent.active in chain:
        return state
    return replace(state, active=order[0], active_since_at=draft.now, active_because=FIRST[config.strategy])


def rank_anew(draft: Draft) -> None:
    """Bring the agents' order of preference in line with what their providers cost, and say where it changes."""
    for agent in draft.fleet.agents.values():
        order = _order(draft, agent.config)
        if order != agent.order:
            draft.turn(replace(agent, order=order))
            text = f"prefers {' > '.join(order)}"
            draft.say(EventKind.CONFIG, text, "prices changed", Source.CONFIG, About(agent=agent.id))


def _order(draft: Draft, config: FailoverConfig) -> tuple[ProviderId, ...]:
    return preferred_order(config, {name: state.spec for name, state in draft.fleet.providers.items()})


def by_strategy(
    fleet: Fleet, agent: AgentState, open_to: Sequence[ProviderId], now: float
) -> tuple[ProviderId, ...] | None:
    """Return whom a query tries, in order, or None where it is the active provider and then the chain.

    Args:
        fleet: as it stands.
        agent: whose query.
        open_to: the available ones with room, from the active one onward, the trusted first.
        now: monotonic seconds.
    """
    if not chooses(agent):
        return None
    sound = [one for one in eligible(fleet, agent) if one in open_to]
    if not sound:
        return None
    if agent.config.strategy is Strategy.WEIGHTED:
        first = _turn_of(fleet, sound, agent.queries)
        return (first, *(one for one in open_to if one != first))
    ordered = _fastest_first(fleet, agent.active, sound, now)
    return (*ordered, *(one for one in open_to if one not in sound))


def chooses(agent: AgentState) -> bool:
    """Tell whether a choice is made for each query: nobody has ordered otherwise, and no return is under way."""
    return agent.config.strategy in _BY_QUERY and agent.automated and agent.pin is None and agent.ramp is None


def eligible(fleet: Fleet, agent: AgentState) -> tuple[ProviderId, ...]:
    """Return among whom the choice is made: not whom the route has yet to return to, nor who is failing."""
    chain = agent.preferred
    start = chain.index(agent.active) if agent.active in chain else 0
    return tuple(
        one
        for one in chain[start:]
        if one in fleet.providers and fleet.providers[one].health.verdict is not Status.UNHEALTHY
    )


def usual_s(state: ProviderState, now: float) -> float | None:
    """Return the usual seconds to first content: of live answers, where there are none of late of checks."""
    live = state.live
    if state.probes.recent and (not live.recent or now - _newest_at(live) > _LIVE_S):
        return state.probes.usual_s()
    return live.usual_s()


def share(fleet: Fleet, agent: AgentState, provider: ProviderId, now: float) -> float:
    """Return a provider's part of the queries by weight; 0 where it gets none at present."""
    among = [one for one in eligible(fleet, agent) if fleet.obstacle(one, now) is None]
    weights = {one: fleet.providers[one].spec.weight for one in among}
    return weights.get(provider, 0) / sum(weights.values()) if weights else 0.0


def _price(spec: ProviderSpec | None) -> float:
    if spec is None or spec.price is None:
        return inf
    return spec.price.input_per_million + spec.price.output_per_million


def _newest_at(series: Series) -> float:
    return -inf if series.newest is None else series.newest.number * SLOT_S


def _fastest_first(fleet: Fleet, active: ProviderId, sound: list[ProviderId], now: float) -> list[ProviderId]:
    usual = {one: usual_s(fleet.providers[one], now) for one in sound}
    known = {one: inf if seconds is None else seconds for one, seconds in usual.items()}
    ordered = sorted(sound, key=lambda one: known[one])
    mine = known.get(active, inf)
    if mine < inf and known[ordered[0]] >= _STICKS * mine:
        ordered.remove(active)
        ordered.insert(0, active)
    return ordered


def _turn_of(fleet: Fleet, sound: list[ProviderId], queries: int) -> ProviderId:
    """By the agent's count of queries, so that replay repeats it."""
    turns = spread(tuple(fleet.providers[one].spec.weight for one in sound))
    return sound[turns[queries % len(turns)]]


@lru_cache(maxsize=256)
def spread(weights: tuple[int, ...]) -> tuple[int, ...]:
    """Return whose turn it is, for one round: nobody is ever a whole turn before or behind its exact share.

    Each turn goes to whom it would soonest be overdue for, among those who are not yet ahead (Tijdeman, 1980).

    Args:
        weights: at least 1 each; the round is as long as their sum, without common factors.
    """
    factor = reduce(gcd, weights)
    parts = [weight // factor for weight in weights]
    total = sum(parts)
    had = [0] * len(parts)
    turns: list[int] = []
    for turn in range(1, total + 1):
        behind = [place for place, part in enumerate(parts) if had[place] * total < turn * part]
        first = min(behind, key=lambda place: (had[place] + 1) / parts[place])
        had[first] += 1
        turns.append(first)
    return tuple(turns)
