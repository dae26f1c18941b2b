"""What was kept of an earlier fleet put in force again, as far as its names are still known."""

from collections.abc import Mapping
from typing import TypeVar

from tui_failover.core.agent_state import AgentState, Pin
from tui_failover.core.command import Imposed
from tui_failover.core.copying import replace
from tui_failover.core.event import EventKind, Source
from tui_failover.core.fleet import About, Draft
from tui_failover.core.kept import Kept, KeptPin, KeptRoute, KeptService
from tui_failover.core.names import AgentId, ProviderId
from tui_failover.core.provider_state import Hand, ProviderState
from tui_failover.core.strategy import fresh_agent, rank_anew

_Name = TypeVar("_Name", AgentId, ProviderId)
_State = TypeVar("_State", AgentState, ProviderState)
_MOST_TOLD = 8
_NOT_CONFIGURED = "is not configured any more"


def restore(draft: Draft, kept: Kept, ignored: tuple[str, ...]) -> None:
    """Put in force what was kept, and say in one event what that is and what was ignored.

    What has expired meanwhile is put in force all the same; the passing of time ends it as always.

    Args:
        draft: the fleet in the making, as the settings say.
        kept: of the earlier fleet.
        ignored: sentences on what of it could not even be read.
    """
    told: list[str] = []
    notes = list(ignored)
    _providers(draft, kept, told)
    _agents(draft, kept, told, notes)
    _removed_providers(draft, kept, told, notes)
    for agent_id in kept.routes:
        agent = draft.fleet.agents.get(agent_id)
        if agent is not None:
            told += _route(draft, agent, kept, notes)
        elif agent_id not in kept.removed_agents:
            notes.append(f"agent {agent_id} {_NOT_CONFIGURED}")
    for provider, service in kept.services.items():
        state = draft.fleet.providers.get(provider)
        if state is not None:
            told += _service(draft, state, kept, service)
        elif provider not in kept.removed_providers:
            notes.append(f"provider {provider} {_NOT_CONFIGURED}")
    text = f"restored: {_listed(told)}" if told else "restored: nothing was imposed"
    cause = f"ignored: {_listed(notes)}" if notes else ""
    draft.say(EventKind.RESTORED, text, cause, Source.CONFIG, About())


def _listed(parts: list[str]) -> str:
    more = f"; and {len(parts) - _MOST_TOLD} more" if len(parts) > _MOST_TOLD else ""
    return "; ".join(parts[:_MOST_TOLD]) + more


def _providers(draft: Draft, kept: Kept, told: list[str]) -> None:
    """Register as was done at run time."""
    for name, spec in kept.providers.items():
        old = draft.fleet.providers.get(name)
        fresh = ProviderState(spec, draft.now, since_at=draft.now)
        draft.turn(fresh if old is None else replace(old, spec=spec))
        told.append(f"provider {name} as {'registered' if old is None else 'changed'} at run time")
    draft.fleet = replace(draft.fleet, registered=draft.fleet.registered | kept.providers.keys())
    rank_anew(draft)


def _agents(draft: Draft, kept: Kept, told: list[str], notes: list[str]) -> None:
    """Configure and remove as was done at run time."""
    for agent, config in kept.agents.items():
        unknown = [one for one in config.chain if one not in draft.fleet.providers]
        if unknown:
            notes.append(f"failover of {agent}: {', '.join(unknown)} {_NOT_CONFIGURED}")
            continue
        draft.turn(fresh_agent(draft, config))
        told.append(f"failover of {agent} as set at run time")
    for agent in kept.removed_agents:
        if agent in draft.fleet.agents:
            draft.fleet = replace(draft.fleet, agents=_without(draft.fleet.agents, agent))
            told.append(f"agent {agent} removed")
    draft.derive()


def _removed_providers(draft: Draft, kept: Kept, told: list[str], notes: list[str]) -> None:
    """Remove as was done at run time, but for what a chain has come to need."""
    for provider in kept.removed_providers:
        if draft.fleet.users.get(provider):
            notes.append(f"removal of {provider}: it is in the chain of {', '.join(draft.fleet.users[provider])}")
        elif provider in draft.fleet.providers:
            draft.fleet = replace(draft.fleet, providers=_without(draft.fleet.providers, provider))
            told.append(f"provider {provider} removed")


def _route(draft: Draft, agent: AgentState, kept: Kept, notes: list[str]) -> list[str]:
    route = kept.routes[agent.id]
    chain = agent.config.chain
    restored = replace(agent, held_by=route.held_by, strict=route.strict, suspended=route.suspended)
    pin = route.pin
    if pin is not None and pin.provider not in chain:
        notes.append(f"switch of {agent.id} to {pin.provider}: it is not in its chain any more")
        pin = None
    if pin is not None:
        restored = replace(restored, pin=_pin(draft, pin, kept))
    if route.active in chain and (pin is not None or not route.first or route.active == agent.ranked[0]):
        age_s = max(0.0, draft.moment.utc - route.since_utc)
        restored = replace(
            restored, active=route.active, active_since_at=draft.now - age_s, active_because=route.because
        )
    elif route.active not in chain:
        notes.append(f"route of {agent.id}: {route.active} is not in its chain any more")
    draft.turn(restored)
    return _route_told(restored, route)


def _route_told(agent: AgentState, route: KeptRoute) -> list[str]:
    told = []
    if agent.pin is not None:
        told.append(f"{agent.id} on {agent.active}, switched by {agent.pin.by}")
    elif agent.active != agent.ranked[0]:
        told.append(f"{agent.id} on {agent.active}")
    if route.held_by is not None:
        told.append(f"automation of {agent.id} held by {route.held_by}")
    if route.suspended:
        told.append(f"failback of {agent.id} suspended")
    return told


def _pin(draft: Draft, pin: KeptPin, kept: Kept) -> Pin:
    until = _at(draft, pin.until_utc, kept)
    return Pin(pin.provider, until, pin.by, pin.reason, pin.trial, pin.hard, pin.came_from)


def _service(draft: Draft, state: ProviderState, kept: Kept, service: KeptService) -> list[str]:
    kept_hand = service.hand
    hand = None if kept_hand is None else Hand(kept_hand.way, _at(draft, kept_hand.until_utc, kept), kept_hand.by)
    draft.turn(replace(state, imposed=service.imposed, imposed_by=service.by, hand=hand))
    name = state.spec.id
    told = []
    if service.imposed is not Imposed.NOTHING:
        told.append(f"{name} in {service.imposed} by {service.by}")
    if hand is not None:
        told.append(f"breaker of {name} held {hand.way} by {hand.by}")
    return told


def _at(draft: Draft, until_utc: float | None, kept: Kept) -> float | None:
    """The monotonic instant of an expiry: the time that was left, less what has passed on the wall clock."""
    if until_utc is None:
        return None
    return draft.now + min(until_utc - draft.moment.utc, until_utc - kept.taken_utc)


def _without(table: Mapping[_Name, _State], name: _Name) -> dict[_Name, _State]:
    return {key: value for key, value in table.items() if key != name}
