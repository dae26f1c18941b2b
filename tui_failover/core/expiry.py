"""What the passing of time alone changes: cooldowns, holds, switches, trials, ramps, stale words."""

from tui_failover.core import booking, limits, local_fault, route
from tui_failover.core.agent_state import AgentState, Pin
from tui_failover.core.breaker import expired
from tui_failover.core.copying import replace
from tui_failover.core.event import EventKind, Source
from tui_failover.core.fleet import HAND_WORDS, About, Draft
from tui_failover.core.health import forgotten, stale
from tui_failover.core.provider_state import ProviderState
from tui_failover.core.transition import Trigger


def pass_time(draft: Draft) -> None:
    """Bring the fleet up to `draft.now`."""
    local_fault.expire(draft)
    limits.forget(draft)
    booking.end_holds(draft)
    for state in draft.fleet.providers.values():
        _provider(draft, state)
    for agent in draft.fleet.agents.values():
        _pin(draft, agent)
        route.settle(draft, agent.id)
    undo = draft.fleet.undo
    if undo is not None and draft.now >= undo.until_at:
        draft.fleet = replace(draft.fleet, undo=None)


def _provider(draft: Draft, state: ProviderState) -> None:
    name = state.spec.id
    hand = state.hand
    if hand is not None and hand.until_at is not None and draft.now >= hand.until_at:
        draft.turn(replace(state, hand=None))
        cause = "its time is up"
        draft.say(EventKind.BREAKER_BY_HAND, HAND_WORDS[None], cause, Source.AUTO, About(name))
        state = draft.fleet.providers[name]
    jitter = draft.fleet.jitter(name, state.breaker.generation)
    after = expired(state.breaker, draft.now, draft.rules.breaker, jitter)
    if after is not state.breaker:
        booking.set_breaker(draft, name, after, Source.AUTO)
        state = draft.fleet.providers[name]
    limit = draft.rules.probe.stale_intervals * draft.fleet.demand(name).interval_s
    if stale(state.health, draft.now, limit):
        draft.turn(replace(state, health=forgotten(state.health)))
        text = f"{state.health.verdict} -> unknown"
        draft.say(EventKind.STALE, text, f"no news for {limit:.0f} s", Source.AUTO, About(name))


def _pin(draft: Draft, agent: AgentState) -> None:
    pin = agent.pin
    if pin is None or pin.until_at is None or draft.now < pin.until_at:
        return
    trigger = Trigger.TRIAL_ENDED if pin.trial else Trigger.PIN_ENDED
    freed = replace(agent, pin=None, ramp=None)
    if pin.trial:
        freed = _gone_back(draft, freed, pin)
    draft.turn(freed)
    text = f"back to {freed.active}" if pin.trial else f"stays on {freed.active}, automation may move it"
    about = About(freed.active, agent.id, trigger=trigger)
    draft.say(EventKind.PIN_ENDED, text, trigger.value, Source.AUTO, about)


def _gone_back(draft: Draft, agent: AgentState, pin: Pin) -> AgentState:
    """A trial returns where it came from, unless that is worse than where it is."""
    here = draft.fleet.obstacle(agent.active, draft.now)
    there = draft.fleet.obstacle(pin.came_from, draft.now)
    if pin.came_from not in agent.config.chain or (there is not None and here is None):
        return agent
    return replace(
        agent, active=pin.came_from, active_since_at=draft.now, active_because=Trigger.TRIAL_ENDED.value
    )
