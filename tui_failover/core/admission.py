"""How a query comes in, and the right to make an attempt: given out where nothing stands against it."""

from collections.abc import Callable

from tui_failover.core import booking, limits
from tui_failover.core.breaker import admit_trial
from tui_failover.core.chain import DESPERATION, Plan, plan
from tui_failover.core.command import BreakerHand
from tui_failover.core.copying import replace
from tui_failover.core.event import Event, Source
from tui_failover.core.fact import Permit
from tui_failover.core.fleet import Draft, Fleet
from tui_failover.core.names import AgentId, Moment, ProviderId
from tui_failover.core.provider_state import Obstacle
from tui_failover.core.spec import ProviderSpec


def ask(
    fleet: Fleet,
    agent: AgentId,
    moment: Moment,
    unfit: Callable[[ProviderSpec], str] | None,
    home: ProviderId | None = None,
    tokens: int = 0,
) -> tuple[Fleet, tuple[Event, ...], Plan, Permit | None]:
    """Take a query in: `QueryAsked`, its `plan`, and `admit` of whom it tries first, all in one.

    Args:
        fleet: as it stands.
        agent: who asks; it is known.
        moment: now.
        unfit: tells why a provider cannot be given this query, or ""; None where none is to be given to it yet.
        home: where its conversation is, as for `plan`.
        tokens: about so many it will take.

    Returns:
        The next fleet and what happened, the plan, and the right to an attempt at its first candidate; None where
        that is not as free as nearly all are, so that it has to be asked for by itself.
    """
    draft = Draft(fleet, moment)
    query_asked(draft, agent)
    route = plan(draft.fleet, agent, draft.now, home, tokens)
    permit = None
    if unfit is not None and route.candidates and not route.panic:
        first = route.candidates[0]
        if fleet.free(first) and not unfit(fleet.providers[first].spec):
            permit = _admitted(draft, agent, first, tokens)
    after, events = draft.done()
    return after, events, route, permit


def admit(
    fleet: Fleet,
    agent: AgentId,
    provider: ProviderId,
    moment: Moment,
    *,
    desperate: bool = False,
    tokens: int = 0,
) -> tuple[Fleet, tuple[Event, ...], Permit | Obstacle]:
    """Give out the right to make one attempt, or say why not.

    Args:
        fleet: as it stands.
        agent: for whom.
        provider: whom to try.
        moment: now.
        desperate: in panic, or under a hard pin: try it although it is not available; what a person took out
            of service stays out all the same. Limits are kept in any case.
        tokens: about so many the attempt will take.
    """
    if fleet.free(provider):
        draft = Draft(fleet, moment)
        permit = _admitted(draft, agent, provider, tokens)
        return *draft.done(), permit
    obstacle = fleet.obstacle(provider, moment.mono)
    if obstacle is not None and (not desperate or obstacle.code not in DESPERATION):
        return fleet, (), obstacle
    full = limits.full(fleet, provider, moment.mono, tokens)
    if full is not None:
        return fleet, (), full
    draft = Draft(fleet, moment)
    trial = obstacle is None and _on_trial(draft, provider)
    permit = _admitted(draft, agent, provider, tokens, trial=trial)
    asked = limits.charge(draft, provider, tokens)
    return *draft.done(), replace(permit, asked=asked)


def query_asked(draft: Draft, asker: AgentId) -> None:
    """Count a query that came in."""
    agent = draft.fleet.agents.get(asker)
    if agent is not None:
        arrivals = agent.arrivals.seen(draft.now)
        draft.keep_agent(replace(agent, queries=agent.queries + 1, inflight=agent.inflight + 1, arrivals=arrivals))


def _admitted(draft: Draft, agent: AgentId, provider: ProviderId, tokens: int, *, trial: bool = False) -> Permit:
    """Let an attempt in that nothing stands against."""
    state = draft.fleet.providers[provider]
    draft.keep_provider(replace(state, inflight=state.inflight + 1))
    asker = draft.fleet.agents.get(agent)
    if asker is not None and asker.ramp is not None and asker.ramp.candidate == provider:
        draft.keep_agent(replace(asker, ramp=replace(asker.ramp, sent=True)))
    return Permit(draft.permit(), provider, agent, state.breaker.generation, trial, draft.now, tokens)


def _on_trial(draft: Draft, provider: ProviderId) -> bool:
    """Tell whether the attempt is its breaker's trial, which is then under way."""
    state = draft.fleet.providers[provider]
    if state.hand is not None and state.hand.way is BreakerHand.CLOSED:
        return False
    trial = admit_trial(state.breaker, draft.now, draft.rules.breaker)
    if trial is not None:
        booking.set_breaker(draft, provider, trial, Source.AUTO)
    return trial is not None
