"""What people ordered and what was configured at run time: the part of a fleet that outlives its process.

Instants are seconds since the Unix epoch here, for the monotonic clock begins anew with the machine. What checks
and queries have shown is not kept: it would be stale, and is soon known again.
"""

from collections.abc import Mapping

from msgspec import Struct, field

from tui_failover.core.agent_state import AgentState, Pin
from tui_failover.core.command import BreakerHand, Imposed
from tui_failover.core.copying import replace
from tui_failover.core.fleet import Fleet
from tui_failover.core.names import AgentId, Moment, ProviderId
from tui_failover.core.provider_state import ProviderState
from tui_failover.core.spec import FailoverConfig, ProviderSpec

_DIGITS = 3  # milliseconds: finer ones differ between two looks at the same instant


class KeptPin(Struct, frozen=True):
    """A switch by hand, as `core.agent_state.Pin`; `until_utc` None lasts until undone."""

    provider: ProviderId
    until_utc: float | None
    by: str
    reason: str
    trial: bool
    hard: bool
    came_from: ProviderId


class KeptRoute(Struct, frozen=True):
    """Where an agent's route stood, and what people imposed on it.

    Attributes:
        first: it was the first choice of its chain, so that another first choice replaces it.
    """

    active: ProviderId
    since_utc: float
    because: str
    first: bool
    pin: KeptPin | None = None
    held_by: str | None = None
    strict: bool = False
    suspended: bool = False


class KeptHand(Struct, frozen=True):
    """A breaker held by a person; `until_utc` None lasts until undone."""

    way: BreakerHand
    until_utc: float | None
    by: str


class KeptService(Struct, frozen=True):
    """What people imposed on a provider."""

    imposed: Imposed = Imposed.NOTHING
    by: str = ""
    hand: KeptHand | None = None


class Kept(Struct, frozen=True):
    """Everything that is kept.

    Attributes:
        taken_utc: when; no expiry is further away than it was then, however the wall clock has jumped since.
        routes: of every agent.
        services: providers on which something is imposed.
        providers: registered or changed at run time.
        agents: added or changed at run time.
        removed_providers, removed_agents: configured at the start, and taken away at run time.
    """

    taken_utc: float = 0.0
    routes: Mapping[AgentId, KeptRoute] = field(default_factory=dict)
    services: Mapping[ProviderId, KeptService] = field(default_factory=dict)
    providers: Mapping[ProviderId, ProviderSpec] = field(default_factory=dict)
    agents: Mapping[AgentId, FailoverConfig] = field(default_factory=dict)
    removed_providers: tuple[ProviderId, ...] = ()
    removed_agents: tuple[AgentId, ...] = ()

    def says_the_same_as(self, other: "Kept") -> bool:
        """Tell whether it says the same as another, whenever either was taken."""
        return replace(self, taken_utc=other.taken_utc) == other


def kept_of(fleet: Fleet, moment: Moment) -> Kept:
    """Return what is to be kept of the fleet; equal for as long as nothing of it changes."""
    given = fleet.given
    return Kept(
        taken_utc=round(moment.utc, _DIGITS),
        routes={name: _route(state, moment) for name, state in fleet.agents.items()},
        services={name: _service(state, moment) for name, state in fleet.providers.items() if _imposed(state)},
        providers={name: state.spec for name, state in fleet.providers.items() if name in fleet.registered},
        agents={name: state.config for name, state in fleet.agents.items() if fleet.overridden(state.config)},
        removed_providers=() if given is None else tuple(one for one in given[0] if one not in fleet.providers),
        removed_agents=() if given is None else tuple(one for one in given[1] if one not in fleet.agents),
    )


def _route(state: AgentState, moment: Moment) -> KeptRoute:
    return KeptRoute(
        state.active,
        round(moment.wall(state.active_since_at), _DIGITS),
        state.active_because,
        first=state.active == state.ranked[0],
        pin=None if state.pin is None else _pin(state.pin, moment),
        held_by=state.held_by,
        strict=state.strict,
        suspended=state.suspended,
    )


def _pin(pin: Pin, moment: Moment) -> KeptPin:
    until = _utc(pin.until_at, moment)
    return KeptPin(pin.provider, until, pin.by, pin.reason, pin.trial, pin.hard, pin.came_from)


def _imposed(state: ProviderState) -> bool:
    return state.imposed is not Imposed.NOTHING or state.hand is not None


def _service(state: ProviderState, moment: Moment) -> KeptService:
    hand = state.hand
    kept = None if hand is None else KeptHand(hand.way, _utc(hand.until_at, moment), hand.by)
    return KeptService(state.imposed, state.imposed_by, kept)


def _utc(at: float | None, moment: Moment) -> float | None:
    return None if at is None else round(moment.wall(at), _DIGITS)
