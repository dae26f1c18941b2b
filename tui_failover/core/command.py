"""Orders an operator can give, and the verdict on them.

The same values serve keys, REST and the library; `core.orders` decides each one against the present fleet.
"""

from enum import StrEnum

from msgspec import Struct, field

from tui_failover.core.names import AgentId, ProviderId


class Order(Struct, frozen=True):
    """What every order carries.

    Attributes:
        by: the person's name.
        reason: why, in the person's words; may be empty.
        id: makes a repeat harmless: an id seen before is answered, not carried out again; "" is never remembered.
        seen_revision: the snapshot the decision was made on; a later change of the same route or provider
            refuses the order. None skips that check.
        force: go on although the target is not available.
    """

    by: str = "operator"
    reason: str = ""
    id: str = ""
    seen_revision: int | None = None
    force: bool = False


class Imposed(StrEnum):
    """What a person imposed on a provider's traffic."""

    NOTHING = "nothing"
    DRAIN = "drain"
    MAINTENANCE = "maintenance"


class BreakerHand(StrEnum):
    """How a person may hold a breaker."""

    OPEN = "open"
    CLOSED = "closed"


class SwitchTo(Struct, frozen=True):
    """Move `agent` to `provider` and keep it there.

    Attributes:
        hold_s: seconds until automation may move it again; 0 until undone; None for the configured default.
        trial: return by itself after the trial time unless `ConfirmTrial` follows.
        hard: a hard pin is obeyed even where the breaker is open; a soft one yields to failures per query.
    """

    agent: AgentId
    provider: ProviderId
    hold_s: float | None = None
    trial: bool = False
    hard: bool = False
    order: Order = field(default_factory=Order)


class ConfirmTrial(Struct, frozen=True):
    """Keep what a trial switch tried."""

    agent: AgentId
    order: Order = field(default_factory=Order)


class ReleasePin(Struct, frozen=True):
    """Give the agent's route back to automation."""

    agent: AgentId
    order: Order = field(default_factory=Order)


class HoldAutomation(Struct, frozen=True):
    """Automation moves nothing for `agent` until released; `strict` also stops failover per query."""

    agent: AgentId
    strict: bool = False
    order: Order = field(default_factory=Order)


class ReleaseAutomation(Struct, frozen=True):
    """Automation may move `agent` again."""

    agent: AgentId
    order: Order = field(default_factory=Order)


class Impose(Struct, frozen=True):
    """Drain a provider (no new queries), put it into maintenance (also no probes), or return it to service."""

    provider: ProviderId
    what: Imposed
    order: Order = field(default_factory=Order)


class HoldBreaker(Struct, frozen=True):
    """Hold a breaker open or closed by hand; `hand` None gives it back to the rules.

    Attributes:
        hold_s: seconds until it is given back by itself; 0 until undone; None for the configured default.
    """

    provider: ProviderId
    hand: BreakerHand | None
    hold_s: float | None = None
    order: Order = field(default_factory=Order)


class ResetBreaker(Struct, frozen=True):
    """Close the breaker and forget its failures and its ladder; lifts holds on the provider's credential too."""

    provider: ProviderId
    order: Order = field(default_factory=Order)


class Undo(Struct, frozen=True):
    """Take back the last route or state change, within the undo time."""

    order: Order = field(default_factory=Order)


Command = (
    SwitchTo
    | ConfirmTrial
    | ReleasePin
    | HoldAutomation
    | ReleaseAutomation
    | Impose
    | HoldBreaker
    | ResetBreaker
    | Undo
)


class Accepted(Struct, frozen=True):
    """The order was carried out; `text` says what is so now, `revision` is the first snapshot that shows it."""

    text: str
    revision: int


class Refused(Struct, frozen=True):
    """The order was not carried out.

    Attributes:
        why: one sentence.
        needs_force: the same order with `force` would be carried out.
    """

    why: str
    needs_force: bool = False


Verdict = Accepted | Refused
