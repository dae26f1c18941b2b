"""What must hold of every turn of a fleet and of every fleet, whatever happened before."""

from collections import Counter
from enum import StrEnum

from tests.support.world import Turn, Wanted, World
from tui_failover.core.admission import admit
from tui_failover.core.agent_state import AgentState
from tui_failover.core.chain import DESPERATION, plan
from tui_failover.core.command import Command
from tui_failover.core.event import Event, EventKind, Source
from tui_failover.core.fact import (
    AgentConfigured,
    AttemptEnded,
    Permit,
    Restored,
    Started,
)
from tui_failover.core.fleet import Fleet
from tui_failover.core.fold import apply
from tui_failover.core.limits import full
from tui_failover.core.names import AgentId
from tui_failover.core.orders import decide
from tui_failover.core.outcome import Cancelled, Failed, Failure, FailureKind
from tui_failover.core.provider_state import hold_keys, hold_on
from tui_failover.core.transition import BREAKER, ROUTE, BreakerState

_BREAKER_EVENTS = {
    EventKind.BREAKER_OPENED: BreakerState.OPEN,
    EventKind.BREAKER_HALF_OPEN: BreakerState.HALF_OPEN,
    EventKind.BREAKER_CLOSED: BreakerState.CLOSED,
}
_PACED = {EventKind.FAILBACK, EventKind.FAILBACK_STAGE}  # a ramp goes on with time, at whatever occasion
_MOVES = {EventKind.FAILOVER, EventKind.FAILBACK}
_FREE = {FailureKind.CALLER_FAULT, FailureKind.CONTENT_POLICY, FailureKind.CONTEXT_LENGTH, FailureKind.DIALECT}
_HOLDS = {FailureKind.RATE_LIMITED, FailureKind.QUOTA, FailureKind.AUTH, FailureKind.MODEL_MISSING}


def same_input_gives_same_fleet(turn: Turn) -> None:
    """The rules know nothing but what they are given, and leave that as it was."""
    told = turn.told
    if isinstance(told, Wanted):
        after, events, _ = admit(turn.before, told.agent, told.provider, turn.moment, desperate=told.desperate)
    elif isinstance(told, Command):
        after, events, _ = decide(turn.before, told, turn.moment)
    else:
        after, events = apply(turn.before, told, turn.moment)

    assert (after, events) == (turn.after, turn.events)


def revision_grows(turn: Turn) -> None:
    """A fleet that is another one has a higher revision; a refusal returns the very same fleet."""
    assert turn.after is turn.before or turn.after.revision == turn.before.revision + 1


def events_are_numbered_without_gap(turn: Turn) -> None:
    """A subscriber can tell from the numbers that it missed something."""
    numbers = [one.number for one in turn.events]

    assert numbers == list(range(turn.before.events + 1, turn.after.events + 1))


def breakers_move_along_their_table(turn: Turn) -> None:
    """Every move of a breaker is a row, and has its event."""
    for name in turn.before.providers.keys() & turn.after.providers.keys():
        told = [one for one in turn.events if one.provider == name and one.kind in _BREAKER_EVENTS]
        before, after = turn.before.providers[name].breaker, turn.after.providers[name].breaker
        states = [before.state, *(_BREAKER_EVENTS[one.kind] for one in told)]
        rows = [(row.source, row.trigger, row.target) for row in BREAKER]
        assert after.generation - before.generation == len(told)
        assert states[-1] is after.state
        for source, one, target in zip(states, told, states[1:], strict=False):
            assert (source, one.trigger, target) in rows


def routes_move_along_their_table(turn: Turn) -> None:
    """Rows for the triggers that were told join the modes before and after, unless it was configured anew."""
    if isinstance(turn.told, AgentConfigured | Started):
        return
    for name in turn.before.agents.keys() & turn.after.agents.keys():
        reached: set[StrEnum] = {turn.before.agents[name].mode}
        for one in turn.events:
            if one.agent == name and one.trigger is not None:
                reached = {row.target for row in ROUTE if row.source in reached and row.trigger is one.trigger}
        assert turn.after.agents[name].mode in reached, (turn.before.agents[name].mode, turn.events)


def changes_are_told(turn: Turn) -> None:
    """No route, no order and nothing imposed changes without an event on the one it concerns."""
    for name in turn.before.agents.keys() & turn.after.agents.keys():
        if _route(turn.before.agents[name]) != _route(turn.after.agents[name]):
            assert any(one.agent == name for one in turn.events)
    for provider in turn.before.providers.keys() & turn.after.providers.keys():
        before, after = turn.before.providers[provider], turn.after.providers[provider]
        if (before.imposed, before.hand) != (after.imposed, after.hand):
            assert any(one.provider == provider for one in turn.events)


def moves_name_both_ends(turn: Turn) -> None:
    """A route that moved has an event that names both ends, unless it was configured anew."""
    if isinstance(turn.told, AgentConfigured | Started | Restored):
        return
    for name in turn.before.agents.keys() & turn.after.agents.keys():
        ends = (turn.before.agents[name].active, turn.after.agents[name].active)
        assert ends[0] == ends[1] or ends in {(one.left, one.provider) for one in turn.events if one.agent == name}


def _route(agent: AgentState) -> object:
    return agent.active, agent.pin, agent.held_by, agent.strict, agent.suspended, agent.panic


def only_people_end_what_people_imposed(turn: Turn) -> None:
    """Drain and maintenance are neither begun nor ended by automation."""
    for name in turn.before.providers.keys() & turn.after.providers.keys():
        if turn.before.providers[name].imposed is not turn.after.providers[name].imposed:
            assert any(one.provider == name and one.source is Source.OPERATOR for one in turn.events)


def a_hard_pin_is_not_moved(turn: Turn) -> None:
    """Automation never leaves where a person has firmly put the route."""
    for name in turn.before.agents.keys() & turn.after.agents.keys():
        before, after = turn.before.agents[name], turn.after.agents[name]
        if before.pin is not None and before.pin.hard and after.pin == before.pin:
            assert after.active == before.active or isinstance(turn.told, AgentConfigured)


def holds_only_lengthen(turn: Turn) -> None:
    """A standing hold is lifted as a whole or lasts at least as long as before."""
    now = turn.moment.mono
    for key, before in turn.before.holds.items():
        after = turn.after.holds.get(key)
        if before.keeps_out(now) and after is not None:
            assert after.until_at is None or (before.until_at is not None and after.until_at >= before.until_at)


def callers_faults_are_free(turn: Turn) -> None:
    """What is nobody's fault changes neither breaker, hold nor route; a lease at most is given back."""
    if not isinstance(turn.told, AttemptEnded):
        return
    match turn.told.outcome:
        case Cancelled():
            pass
        case Failed(Failure(kind=kind)) if kind in _FREE:
            pass
        case _:
            return
    assert {one.kind for one in turn.events} <= _PACED
    assert turn.after.holds == turn.before.holds
    at_rest = {name for name, agent in turn.before.agents.items() if agent.ramp is None}
    assert _verdicts(turn.after, at_rest) == _verdicts(turn.before, at_rest)


def late_results_change_no_verdict(turn: Turn) -> None:
    """What was admitted under an older generation is history; only a refused key or model is still heard of."""
    if not isinstance(turn.told, AttemptEnded):
        return
    permit, outcome = turn.told.permit, turn.told.outcome
    state = turn.before.providers.get(permit.provider)
    if state is None or state.breaker.generation == permit.generation:
        return
    if isinstance(outcome, Failed) and outcome.failure.kind in _HOLDS:
        return
    at_rest = {name for name, agent in turn.before.agents.items() if agent.ramp is None}
    assert _verdicts(turn.after, at_rest) == _verdicts(turn.before, at_rest)


def _verdicts(fleet: Fleet, at_rest: set[AgentId]) -> object:
    words = {
        name: (one.health.verdict, one.breaker.state, one.breaker.strikes) for name, one in fleet.providers.items()
    }
    return words, {name: agent.active for name, agent in fleet.agents.items() if name in at_rest}


def strangers_are_not_concerned(turn: Turn) -> None:
    """An attempt at one provider changes nothing about those that share neither endpoint nor key nor model."""
    if not isinstance(turn.told, AttemptEnded) or turn.told.permit.provider not in turn.before.providers:
        return
    own = turn.before.providers[turn.told.permit.provider].spec
    for name, state in turn.before.providers.items():
        shares = set(hold_keys(own)) & set(hold_keys(state.spec)) or own.endpoint == state.spec.endpoint
        if not shares:
            assert turn.after.providers[name] == state


def permits_respect_what_stands(turn: Turn, permit: object) -> None:
    """Without desperation nobody passes an open breaker, a hold, or what a person imposed."""
    if not isinstance(turn.told, Wanted) or not isinstance(permit, Permit) or turn.told.desperate:
        return
    before = turn.before.providers[permit.provider]
    by_hand = before.hand is not None
    assert before.breaker.state is BreakerState.CLOSED or permit.trial or by_hand
    assert hold_on(before.spec, turn.before.holds, turn.moment.mono) is None
    assert before.imposed == "nothing"


LAWS_OF_TURNS = (
    same_input_gives_same_fleet,
    revision_grows,
    events_are_numbered_without_gap,
    breakers_move_along_their_table,
    routes_move_along_their_table,
    changes_are_told,
    moves_name_both_ends,
    only_people_end_what_people_imposed,
    a_hard_pin_is_not_moved,
    holds_only_lengthen,
    callers_faults_are_free,
    late_results_change_no_verdict,
    strangers_are_not_concerned,
)


def everyone_is_candidate_or_passed_over(world: World) -> None:
    """A plan leaves nobody of the chain out and names nobody twice."""
    for name, agent in world.fleet.agents.items():
        route = plan(world.fleet, name, world.now)
        named = Counter([*route.candidates, *(one.provider for one in route.passed_over)])
        assert named == Counter(agent.preferred)


def somebody_is_always_tried(world: World) -> None:
    """Unless people or a missing key took everybody out, a query goes somewhere, or waits for room."""
    for name, agent in world.fleet.agents.items():
        members = (agent.active,) if agent.alone else agent.preferred
        obstacles = {one: world.fleet.obstacle(one, world.now) for one in members}
        usable = [one for one, why in obstacles.items() if why is None or why.code in DESPERATION]
        room = [one for one in usable if full(world.fleet, one, world.now) is None]
        route = plan(world.fleet, name, world.now)
        assert bool(route.candidates) or route.full or not room
        assert not route.candidates or usable


def whoever_is_full_is_no_candidate(world: World) -> None:
    """A limit is kept by everybody, in panic too, and by itself moves no route and opens no breaker."""
    for name in world.fleet.agents:
        for one in plan(world.fleet, name, world.now).candidates:
            assert full(world.fleet, one, world.now) is None
    for state in world.fleet.providers.values():
        most = state.spec.limits.concurrency
        assert most is None or state.inflight <= most


def nothing_stands_against_who_is_free(world: World) -> None:
    """The short answer for the many agrees with the long one."""
    for name in world.fleet.providers:
        if world.fleet.free(name):
            assert world.fleet.obstacle(name, world.now) is None
            assert full(world.fleet, name, world.now) is None


def panic_means_nothing_is_available(world: World) -> None:
    """The least bad is tried only where nobody better is left."""
    for name in world.fleet.agents:
        route = plan(world.fleet, name, world.now)
        if route.panic:
            assert all(world.fleet.obstacle(one, world.now) is not None for one in route.candidates)


def the_route_is_within_the_chain(world: World) -> None:
    """Wherever orders and automation lead, it is a place in the chain."""
    for agent in world.fleet.agents.values():
        assert agent.active in agent.config.chain
        assert agent.ramp is None or agent.ramp.candidate in agent.config.chain


def a_pinned_route_comes_first(world: World) -> None:
    """A hard pin is obeyed even where the breaker is open."""
    for name, agent in world.fleet.agents.items():
        if agent.pin is None or not agent.pin.hard:
            continue
        obstacle = world.fleet.obstacle(agent.pin.provider, world.now)
        usable = obstacle is None or obstacle.code in DESPERATION
        if usable and full(world.fleet, agent.pin.provider, world.now) is None:
            assert plan(world.fleet, name, world.now).candidates[:1] == (agent.pin.provider,)


def the_picture_agrees_with_the_fleet(world: World) -> None:
    """What is shown is what is so."""
    snapshot = world.snapshot()
    assert {view.id for view in snapshot.providers} == set(world.fleet.providers)
    for view in snapshot.providers:
        assert view.available is (world.fleet.obstacle(view.id, world.now) is None)
    for agent in snapshot.agents:
        assert agent.active == world.fleet.agents[agent.id].active
        assert [one.provider for one in agent.plan] == list(agent.chain)
        for place in agent.plan:
            obstacle = world.fleet.obstacle(place.provider, world.now)
            assert place.code is obstacle.code if obstacle else place.code not in DESPERATION


LAWS_OF_FLEETS = (
    everyone_is_candidate_or_passed_over,
    somebody_is_always_tried,
    whoever_is_full_is_no_candidate,
    nothing_stands_against_who_is_free,
    panic_means_nothing_is_available,
    the_route_is_within_the_chain,
    a_pinned_route_comes_first,
    the_picture_agrees_with_the_fleet,
)


def switches_stay_rare(events: list[Event], agents: list[AgentId]) -> None:
    """At most three automatic switches of a route in any five minutes."""
    for agent in agents:
        moved = [one.at for one in events if one.agent == agent and one.kind in _MOVES]
        for first, fourth in zip(moved, moved[3:], strict=False):
            assert fourth - first >= 300.0
