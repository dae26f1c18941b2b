"""What becomes of a person's order: carried out and answered, or refused with the reason.

No order changes an automation setting on the side: a switch switches and nothing else.
"""

from typing import assert_never

from tui_failover.core import booking, breaker, route
from tui_failover.core.agent_state import AgentState, Pin
from tui_failover.core.command import (
    Accepted,
    BreakerHand,
    Command,
    ConfirmTrial,
    HoldAutomation,
    HoldBreaker,
    Impose,
    Imposed,
    Order,
    Refused,
    ReleaseAutomation,
    ReleasePin,
    ResetBreaker,
    SwitchTo,
    Undo,
    Verdict,
)
from tui_failover.core.copying import replace
from tui_failover.core.event import Event, EventKind, Source
from tui_failover.core.fleet import (
    HAND_WORDS,
    About,
    Draft,
    Fleet,
    ImposedBefore,
    RouteBefore,
    UndoRecord,
)
from tui_failover.core.names import AgentId, Moment, ProviderId
from tui_failover.core.provider_state import Hand, ProviderState, hold_keys
from tui_failover.core.snapshot import NotUsed
from tui_failover.core.text import scrub, span
from tui_failover.core.transition import Trigger

_REMEMBERED = 256  # orders whose verdict a repeat gets again
_BEYOND_FORCE = {NotUsed.NO_KEY, NotUsed.REMOVED, NotUsed.MAINTENANCE}


def decide(fleet: Fleet, command: Command, moment: Moment) -> tuple[Fleet, tuple[Event, ...], Verdict]:
    """Carry an order out, or refuse it.

    Args:
        fleet: as it stands; it is not changed.
        command: the order.
        moment: now.

    Returns:
        The next fleet, what happened, and the verdict. A refused order changes nothing.
    """
    order = command.order
    if order.id and order.id in fleet.answered_orders:
        return fleet, (), fleet.answered_orders[order.id]
    draft = Draft(fleet, moment)
    answer = _stale(fleet, command) or _carry_out(draft, command)
    if isinstance(answer, Refused):
        return fleet, (), answer
    for agent in draft.fleet.agents:
        route.settle(draft, agent)
    verdict = Accepted(answer, fleet.revision + 1)
    if order.id:
        known = dict(list(draft.fleet.answered_orders.items())[-_REMEMBERED + 1 :])
        draft.fleet = replace(draft.fleet, answered_orders={**known, order.id: verdict})
    return *draft.done(), verdict


Answer = str | Refused


def _stale(fleet: Fleet, command: Command) -> Refused | None:
    """Refuse what was decided on a picture that is no longer true."""
    seen = command.order.seen_revision
    if seen is None:
        return None
    agent = fleet.agents.get(getattr(command, "agent", AgentId("")))
    if agent is not None and agent.changed_revision > seen:
        return Refused(f"{agent.id}: its route has changed meanwhile, it is on {agent.active} now; look again")
    state = fleet.providers.get(getattr(command, "provider", ProviderId("")))
    if state is not None and state.changed_revision > seen:
        return Refused(f"{state.spec.id}: its state has changed meanwhile, {state.health.verdict} now; look again")
    return None


def _carry_out(draft: Draft, command: Command) -> Answer:
    match command:
        case SwitchTo() | ConfirmTrial() | ReleasePin() | HoldAutomation() | ReleaseAutomation():
            agent = draft.fleet.agents.get(command.agent)
            if agent is None:
                return Refused(f"{command.agent}: no such agent")
            return _for_agent(draft, agent, command)
        case Impose() | HoldBreaker() | ResetBreaker():
            state = draft.fleet.providers.get(command.provider)
            if state is None:
                return Refused(f"{command.provider}: no such provider")
            return _for_provider(draft, state, command)
        case Undo(order):
            return _undo(draft, order)
        case _:
            assert_never(command)


def _for_agent(
    draft: Draft,
    agent: AgentState,
    command: SwitchTo | ConfirmTrial | ReleasePin | HoldAutomation | ReleaseAutomation,
) -> Answer:
    match command:
        case SwitchTo():
            return _switch(draft, agent, command)
        case ConfirmTrial(order=order):
            return _confirm(draft, agent, order)
        case ReleasePin(order=order):
            return _release_pin(draft, agent, order)
        case HoldAutomation(strict=strict, order=order):
            return _hold(draft, agent, order, strict=strict)
        case ReleaseAutomation(order=order):
            return _release(draft, agent, order)
        case _:
            assert_never(command)


def _for_provider(draft: Draft, state: ProviderState, command: Impose | HoldBreaker | ResetBreaker) -> Answer:
    match command:
        case Impose():
            return _impose(draft, state, command)
        case HoldBreaker():
            return _hold_breaker(draft, state, command)
        case ResetBreaker(order=order):
            return _reset(draft, state, order)
        case _:
            assert_never(command)


def _switch(draft: Draft, agent: AgentState, command: SwitchTo) -> Answer:
    target = command.provider
    if target not in agent.config.chain:
        return Refused(f"{target} is not in the chain of {agent.id}: {' > '.join(agent.config.chain)}")
    obstacle = draft.fleet.obstacle(target, draft.now)
    if obstacle is not None and obstacle.code in _BEYOND_FORCE:
        return Refused(f"{target}: {obstacle.text}")
    if obstacle is not None and not command.order.force:
        return Refused(f"{target} is not available: {obstacle.text}", needs_force=True)
    _remember_route(draft, f"{agent.id}: {agent.active} -> {target}", agent, agent.active)
    until = _until(draft, command.hold_s, draft.rules.override.pin_s)
    if command.trial:
        until = draft.now + draft.rules.override.trial_s
    # A soft switch would yield to the open breaker at once; whoever insists means it.
    hard = command.hard or obstacle is not None
    by = _name(command.order)
    pin = Pin(target, until, by, _words(command.order), command.trial, hard, agent.active)
    because = f"switched by {by}" + (f": {pin.reason}" if pin.reason else "")
    text = f"{agent.active} -> {target}{_lasting(draft, pin)}"
    about = About(target, agent.id, by, Trigger.SWITCHED, left=agent.active)
    draft.say(EventKind.SWITCHED, text, pin.reason or "ordered", Source.OPERATOR, about)
    draft.turn(
        replace(
            agent,
            active=target,
            active_since_at=draft.now,
            active_because=because,
            pin=pin,
            ramp=None,
            returned_at=None,
        )
    )
    return f"{agent.id} is on {target}{_lasting(draft, pin)}"


def _lasting(draft: Draft, pin: Pin) -> str:
    if pin.until_at is None:
        return " until undone"
    left = span(pin.until_at - draft.now)
    return f" on trial for {left}" if pin.trial else f" for {left}"


def _confirm(draft: Draft, agent: AgentState, order: Order) -> Answer:
    pin = agent.pin
    if pin is None or not pin.trial:
        return Refused(f"{agent.id}: no trial is running")
    until = _until(draft, None, draft.rules.override.pin_s)
    kept = replace(pin, trial=False, until_at=until)
    _remember_route(draft, f"{agent.id}: trial kept", agent, None)
    draft.turn(replace(agent, pin=kept))
    about = About(pin.provider, agent.id, _name(order))
    draft.say(EventKind.SWITCHED, f"trial kept{_lasting(draft, kept)}", "confirmed", Source.OPERATOR, about)
    return f"{agent.id} stays on {pin.provider}{_lasting(draft, kept)}"


def _release_pin(draft: Draft, agent: AgentState, order: Order) -> Answer:
    if agent.pin is None:
        return Refused(f"{agent.id}: no switch to give back")
    _remember_route(draft, f"{agent.id}: switch given back", agent, agent.active)
    draft.turn(replace(agent, pin=None, ramp=None))
    about = About(agent.active, agent.id, _name(order), Trigger.PIN_ENDED)
    cause = _words(order) or "given back"
    draft.say(EventKind.PIN_ENDED, "automation may move the route", cause, Source.OPERATOR, about)
    return f"{agent.id}: automation may move the route"


def _hold(draft: Draft, agent: AgentState, order: Order, *, strict: bool) -> Answer:
    if agent.held_by is not None and agent.strict is strict:
        return Refused(f"{agent.id}: automation is already held by {agent.held_by}")
    _remember_route(draft, f"{agent.id}: automation held", agent, None)
    draft.turn(replace(agent, held_by=_name(order), strict=strict, ramp=None))
    text = "automation held: nothing moves the route, " + (
        "queries do not fail over" if strict else "queries still fail over one by one"
    )
    about = About(agent.active, agent.id, _name(order), None if agent.ramp is None else Trigger.STOPPED)
    draft.say(EventKind.AUTOMATION_HELD, text, _words(order) or "ordered", Source.OPERATOR, about)
    return f"{agent.id}: automation held on {agent.active}"


def _release(draft: Draft, agent: AgentState, order: Order) -> Answer:
    if agent.held_by is None and not agent.suspended:
        return Refused(f"{agent.id}: automation is not held")
    _remember_route(draft, f"{agent.id}: automation released", agent, None)
    draft.turn(replace(agent, held_by=None, strict=False, suspended=False, relapsed_at=(), setbacks=0))
    about = About(agent.active, agent.id, _name(order))
    cause = _words(order) or "ordered"
    draft.say(EventKind.AUTOMATION_RELEASED, "automation may move the route", cause, Source.OPERATOR, about)
    return f"{agent.id}: automation may move the route"


_IMPOSED: dict[Imposed, tuple[EventKind, str]] = {
    Imposed.NOTHING: (EventKind.RETURNED, "back in service"),
    Imposed.DRAIN: (EventKind.DRAINED, "drained: no new queries, running ones finish"),
    Imposed.MAINTENANCE: (EventKind.MAINTENANCE, "in maintenance: no queries, no checks"),
}


def _impose(draft: Draft, state: ProviderState, command: Impose) -> Answer:
    name = state.spec.id
    if state.imposed is command.what:
        return Refused(f"{name}: already {_IMPOSED[command.what][1].partition(':')[0].removeprefix('back ')}")
    if command.what is not Imposed.NOTHING and not command.order.force:
        last = _last_resort(draft, name)
        if last:
            return Refused(f"{name} is the only available provider of {', '.join(last)}", needs_force=True)
    kind, words = _IMPOSED[command.what]
    _remember_imposed(draft, f"{name}: {words}", state)
    by = "" if command.what is Imposed.NOTHING else _name(command.order)
    draft.turn(replace(state, imposed=command.what, imposed_by=by))
    about = About(name, actor=_name(command.order))
    draft.say(kind, words, _words(command.order) or "ordered", Source.OPERATOR, about)
    return f"{name} is {words}"


def _last_resort(draft: Draft, provider: ProviderId) -> list[AgentId]:
    """The agents that would be left without any available provider."""
    if draft.fleet.obstacle(provider, draft.now) is not None:
        return []
    return [
        agent
        for agent in draft.fleet.users.get(provider, ())
        if all(
            other == provider or draft.fleet.obstacle(other, draft.now) is not None
            for other in draft.fleet.agents[agent].config.chain
        )
    ]


def _hold_breaker(draft: Draft, state: ProviderState, command: HoldBreaker) -> Answer:
    name = state.spec.id
    if command.hand is None and state.hand is None:
        return Refused(f"{name}: its breaker is not held by hand")
    if command.hand is BreakerHand.OPEN and not command.order.force:
        last = _last_resort(draft, name)
        if last:
            return Refused(f"{name} is the only available provider of {', '.join(last)}", needs_force=True)
    words = HAND_WORDS[command.hand]
    _remember_imposed(draft, f"{name}: {words}", state)
    until = _until(draft, command.hold_s, draft.rules.override.pin_s)
    hand = None if command.hand is None else Hand(command.hand, until, _name(command.order))
    draft.turn(replace(state, hand=hand))
    about = About(name, actor=_name(command.order))
    cause = _words(command.order) or "ordered"
    draft.say(EventKind.BREAKER_BY_HAND, words, cause, Source.OPERATOR, about)
    return f"{name}: {words}"


def _reset(draft: Draft, state: ProviderState, order: Order) -> Answer:
    name = state.spec.id
    booking.set_breaker(draft, name, breaker.reset(state.breaker, draft.now), Source.OPERATOR, _name(order))
    for key in hold_keys(state.spec):
        if key in draft.fleet.holds:
            booking.lift(draft, key, "an operator reset it", Source.OPERATOR, _name(order))
    if not draft.events:
        return Refused(f"{name}: its breaker is closed and nothing is held")
    return f"{name}: breaker closed, failures forgotten"


def _undo(draft: Draft, order: Order) -> Answer:
    record = draft.fleet.undo
    if record is None or draft.now >= record.until_at:
        return Refused("there is nothing to undo: the last order is too long ago or was undone")
    draft.fleet = replace(draft.fleet, undo=None)
    text, cause = f"undone: {record.text}", _words(order) or "ordered"
    for provider, imposed in record.providers.items():
        draft.say(EventKind.UNDONE, text, cause, Source.OPERATOR, About(provider, actor=_name(order)))
        state = draft.fleet.providers.get(provider)
        if state is not None:
            draft.turn(replace(state, imposed=imposed.imposed, imposed_by=imposed.imposed_by, hand=imposed.hand))
    for agent_id, before in record.agents.items():
        agent = draft.fleet.agents.get(agent_id)
        after = None if agent is None else _as_before(draft, agent, before)
        moved = agent is not None and after is not None and after.active != agent.active
        if record.providers and not moved:
            continue  # the order was about a provider, and this route is still to it
        about = About(agent=agent_id, actor=_name(order), trigger=Trigger.UNDONE)
        if agent is not None and after is not None:
            draft.turn(after)
            about = replace(about, provider=after.active, left=agent.active) if moved else about
        draft.say(EventKind.UNDONE, text, cause, Source.OPERATOR, about)
    return text


def _as_before(draft: Draft, agent: AgentState, before: RouteBefore) -> AgentState:
    chain = agent.config.chain
    pin = before.pin if before.pin is not None and before.pin.provider in chain else None
    agent = replace(
        agent, pin=pin, held_by=before.held_by, strict=before.strict, suspended=before.suspended, ramp=None
    )
    if before.active is not None and before.active != agent.active and before.active in chain:
        because = before.active_because
        agent = replace(agent, active=before.active, active_since_at=draft.now, active_because=because)
    return agent


def _remember_route(draft: Draft, text: str, agent: AgentState, active: ProviderId | None) -> None:
    """Keep a route that is about to be changed, so that it can be taken back."""
    until = draft.now + draft.rules.override.undo_s
    draft.fleet = replace(draft.fleet, undo=UndoRecord(text, until, agents={agent.id: _before(agent, active)}))


def _before(agent: AgentState, active: ProviderId | None) -> RouteBefore:
    return RouteBefore(active, agent.active_because, agent.pin, agent.held_by, agent.strict, agent.suspended)


def _remember_imposed(draft: Draft, text: str, state: ProviderState) -> None:
    """Keep what is imposed on a provider before it is changed, and the routes to it, to be taken back together."""
    name = state.spec.id
    users = [draft.fleet.agents[agent] for agent in draft.fleet.users.get(name, ())]
    routes = {agent.id: _before(agent, name) for agent in users if agent.active == name}
    before = ImposedBefore(state.imposed, state.imposed_by, state.hand)
    until = draft.now + draft.rules.override.undo_s
    draft.fleet = replace(draft.fleet, undo=UndoRecord(text, until, routes, {name: before}))


def _until(draft: Draft, asked_s: float | None, default_s: float) -> float | None:
    """0 seconds mean until undone; None means the default."""
    length = default_s if asked_s is None else asked_s
    return None if length == 0 else draft.now + length


def _name(order: Order) -> str:
    return scrub(order.by, 40) or "operator"


def _words(order: Order) -> str:
    return scrub(order.reason, 200)
