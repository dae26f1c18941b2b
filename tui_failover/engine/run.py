"""What is known of one query under way: what was tried, who was passed over and why, and how long it waited."""

from dataclasses import dataclass, field

from tui_failover.core.errors import AllProvidersFailed, AttemptRecord
from tui_failover.core.failure import most_actionable
from tui_failover.core.names import AgentId, ProviderId
from tui_failover.core.outcome import FailureKind
from tui_failover.engine.errand import Errand

_BLAMELESS = frozenset({FailureKind.DIALECT, FailureKind.CONTEXT_LENGTH})
_PLACE_S = 1.0  # when one of the attempts under way will end is not known


@dataclass(slots=True)
class Run:
    """One query under way.

    Attributes:
        trail: the attempts that failed.
        passed: who was passed over, and why the last time.
        home: where its conversation is, if it is to stay there.
        again_at: when providers said they may be asked again.
        waited_s: seconds spent waiting for desperate turns.
        tokens: about so many an attempt will take.
        lined_up_s: seconds spent waiting for room.
        unfit: who cannot carry it.
        limited: somebody was passed over for being at a limit.
    """

    agent: AgentId
    errand: Errand
    started: float
    retries: int
    trail: list[AttemptRecord] = field(default_factory=list)
    tried: list[ProviderId] = field(default_factory=list)
    passed: dict[ProviderId, str] = field(default_factory=dict)
    again_at: list[float] = field(default_factory=list)
    waited_s: float = 0.0
    home: ProviderId | None = None
    tokens: int = 0
    lined_up_s: float = 0.0
    unfit: set[ProviderId] = field(default_factory=set)
    limited: bool = False

    @property
    def callers_fault(self) -> bool:
        """Whether no attempt failed for a reason that a provider is to blame for."""
        return bool(self.trail) and all(one.kind in _BLAMELESS for one in self.trail)

    def attempts_at(self, provider: ProviderId) -> int:
        """Return how many attempts were made at the provider."""
        return self.tried.count(provider)

    def exhausted(self, now: float) -> AllProvidersFailed:
        """Return the error: every attempt, then everyone else of the chain with the reason it was not tried."""
        passed = [AttemptRecord(one, None, why, 0.0) for one, why in self.passed.items() if one not in self.tried]
        waits = [at - now for at in self.again_at if at > now]
        kinds = [one.kind for one in self.trail if one.kind is not None]
        kind = most_actionable(kinds)
        if kind is None and self.limited:
            kind = FailureKind.RATE_LIMITED
            waits = waits or [_PLACE_S]
        return AllProvidersFailed(self.agent, [*self.trail, *passed], kind, min(waits, default=None))
