"""What the engine tells the fleet: the only way state changes besides a person's orders.

`core.fleet.apply` folds them. A fact is true when it is told; it says nothing about what follows from it.
"""

from msgspec import Struct

from tui_failover.core.allowance import Word
from tui_failover.core.kept import Kept
from tui_failover.core.names import AgentId, ProviderId
from tui_failover.core.need import NO_NEEDS, Needs
from tui_failover.core.outcome import Outcome
from tui_failover.core.query import Usage
from tui_failover.core.spec import FailoverConfig, ProbeKind, ProviderSpec


class Permit(Struct, frozen=True):
    """The right to make one attempt; hand it back with `AttemptEnded`.

    Attributes:
        number: unique in the life of a fleet.
        generation: of the breaker at admission; a result of an older one changes no state.
        trial: it is the half-open breaker's trial and has a lease.
        at: when it was given, in monotonic seconds.
        tokens: what it was taken to need.
        asked: `Allowance.asked` just after it.
    """

    number: int
    provider: ProviderId
    agent: AgentId
    generation: int
    trial: bool = False
    at: float = 0.0
    tokens: int = 0
    asked: tuple[int, int] = (0, 0)


class Restored(Struct, frozen=True):
    """What an earlier process had kept was read.

    Attributes:
        ignored: sentences on what of it could not be used.
    """

    kept: Kept
    ignored: tuple[str, ...] = ()


class Started(Struct, frozen=True):
    """The engine started with these providers and agents, and with what an earlier process had kept, if it had."""

    providers: tuple[ProviderSpec, ...]
    agents: tuple[FailoverConfig, ...]
    restored: Restored | None = None


class ProviderRegistered(Struct, frozen=True):
    """A provider was added, or its specification replaced (its history is kept)."""

    spec: ProviderSpec


class ProviderRemoved(Struct, frozen=True):
    """A provider was taken away; attempts under way end as they end."""

    provider: ProviderId


class AgentConfigured(Struct, frozen=True):
    """An agent was added, or its failover replaced (its active provider is kept if still in the chain)."""

    config: FailoverConfig


class AgentRemoved(Struct, frozen=True):
    """An agent was taken away."""

    agent: AgentId


class QueryAsked(Struct, frozen=True):
    """A query came in; told before its plan is made."""

    agent: AgentId


class ContentCame(Struct, frozen=True):
    """The first content of an attempt came, which frees a trial; how long the rest takes proves nothing.

    Attributes:
        words: what the answer's headers said of the provider's limits.
    """

    permit: Permit
    words: tuple[Word, ...] = ()


class AttemptEnded(Struct, frozen=True):
    """An admitted attempt ended."""

    permit: Permit
    outcome: Outcome


class AnswerTakenOver(Struct, frozen=True):
    """An answer broke off after it had begun to reach its caller, and another provider goes on with it.

    Attributes:
        broken: whose answer it was, with what it failed of.
        by: who goes on.
    """

    agent: AgentId
    broken: str
    by: ProviderId


class QueryEnded(Struct, frozen=True):
    """A query ended, after all its attempts.

    Attributes:
        served_by: who answered; None where nobody did.
        first_tried: who was tried first; None where nobody was.
        usage: tokens of the answer; None where there was none, or its provider did not say.
        needs: what the query needed of a model.
        callers_fault: it failed for a reason no provider is to blame for.
        reason: where nobody answered: why, in one line.
    """

    agent: AgentId
    served_by: ProviderId | None
    first_tried: ProviderId | None
    usage: Usage | None = None
    needs: Needs = NO_NEEDS
    callers_fault: bool = False
    reason: str = ""


class ProbeStarted(Struct, frozen=True):
    """A check was sent."""

    provider: ProviderId


class ProbeEnded(Struct, frozen=True):
    """A check ended.

    Attributes:
        generation: of the breaker when it was sent.
    """

    provider: ProviderId
    generation: int
    kind: ProbeKind
    outcome: Outcome


class ReferenceChecked(Struct, frozen=True):
    """The neutral reference was tried, to tell a fault of our own network from the providers'."""

    reachable: bool


class WorkerFailed(Struct, frozen=True):
    """A health-check worker met something unforeseen; it lives on.

    Attributes:
        text: the error, scrubbed, in one line.
    """

    provider: ProviderId
    text: str


class KeepingTurned(Struct, frozen=True):
    """What is to outlive the process can no longer be written, or can again.

    Attributes:
        problem: why it cannot, scrubbed, in one line; "" where it can.
    """

    problem: str


class Noticed(Struct, frozen=True):
    """The process itself has something to say that concerns no provider and no agent."""

    text: str
    cause: str = ""


class Ticked(Struct, frozen=True):
    """Time passed: cooldowns, expiries and ramps move on."""


Fact = (
    Started
    | Restored
    | ProviderRegistered
    | ProviderRemoved
    | AgentConfigured
    | AgentRemoved
    | QueryAsked
    | ContentCame
    | AttemptEnded
    | AnswerTakenOver
    | QueryEnded
    | ProbeStarted
    | ProbeEnded
    | ReferenceChecked
    | WorkerFailed
    | KeepingTurned
    | Noticed
    | Ticked
)
