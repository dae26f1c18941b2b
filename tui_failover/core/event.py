"""Things that happened, each with its cause in words. Past tense; nothing reacts to them inside the core."""

from enum import StrEnum

from msgspec import Struct

from tui_failover.core.names import AgentId, ProviderId
from tui_failover.core.transition import Trigger


class EventKind(StrEnum):
    """What sort of thing happened."""

    STARTED = "started"
    RESTORED = "restored"
    CONFIG = "config"
    NOTICE = "notice"
    HEALTHY = "healthy"
    UNHEALTHY = "unhealthy"
    STALE = "stale"
    SLOW = "slow"
    BREAKER_OPENED = "breaker-opened"
    BREAKER_HALF_OPEN = "breaker-half-open"
    BREAKER_CLOSED = "breaker-closed"
    HOLD_BEGAN = "hold-began"
    HOLD_ENDED = "hold-ended"
    FAILOVER = "failover"
    FAILBACK = "failback"
    FAILBACK_STAGE = "failback-stage"
    FAILBACK_SUSPENDED = "failback-suspended"
    SWITCHED = "switched"
    PIN_ENDED = "pin-ended"
    AUTOMATION_HELD = "automation-held"
    AUTOMATION_RELEASED = "automation-released"
    DRAINED = "drained"
    MAINTENANCE = "maintenance"
    RETURNED = "returned"
    BREAKER_BY_HAND = "breaker-by-hand"
    UNDONE = "undone"
    EXHAUSTED = "exhausted"
    CONTINUED = "continued"
    PANIC_BEGAN = "panic-began"
    PANIC_ENDED = "panic-ended"
    LOCAL_FAULT_BEGAN = "local-fault-began"
    LOCAL_FAULT_ENDED = "local-fault-ended"
    HOLD_DOWN = "hold-down"
    PROBE_BUDGET = "probe-budget"
    WORKER_FAULT = "worker-fault"
    UNKEPT = "unkept"
    KEPT_AGAIN = "kept-again"


class Source(StrEnum):
    """Who caused it."""

    AUTO = "auto"
    PROBE = "probe"
    LIVE = "live"
    OPERATOR = "you"
    CONFIG = "config"


class Event(Struct, frozen=True):
    """One line of the incident's story.

    Attributes:
        number: counts up by one; a gap seen by a subscriber means lost events.
        at: monotonic seconds.
        utc: seconds since the Unix epoch.
        kind: what sort of thing.
        text: what happened, without the subject's name ("breaker closed -> open").
        cause: why ("3 failures in a row, the last: 503 server error").
        source: who caused it.
        provider: the provider concerned, if one is.
        agent: the agent concerned, if one is.
        actor: the person, for orders.
        trigger: the row of the transition tables that was taken; None where no machine moved.
        left: the provider that the agent's route moved away from, if it did.
    """

    number: int
    at: float
    utc: float
    kind: EventKind
    text: str
    cause: str
    source: Source
    provider: ProviderId | None = None
    agent: AgentId | None = None
    actor: str = ""
    trigger: Trigger | None = None
    left: ProviderId | None = None
