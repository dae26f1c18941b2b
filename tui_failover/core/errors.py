"""The few exceptions we raise."""

from collections.abc import Sequence

from msgspec import Struct

from tui_failover.core.names import AgentId, ProviderId
from tui_failover.core.outcome import FailureKind


class FailoverError(Exception):
    """The root of everything raised on purpose."""


class SettingsError(FailoverError):
    """The settings cannot be used; `problems` holds every mistake found, each with where and how to mend it."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


class BadQuery(FailoverError, ValueError):
    """A query's text or context cannot be used; `problems` holds every mistake."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


class EngineClosed(FailoverError):
    """The engine has been stopped, or was never started."""


class UnknownAgent(FailoverError, LookupError):
    """No agent of that name is configured."""


class UnknownProvider(FailoverError, LookupError):
    """No provider of that name is registered."""


class NotKept(FailoverError):
    """What has to outlive the process could not be written; the message says why."""


class OrderRefused(FailoverError):
    """An order through the library's own methods was refused; the message says why."""


class AttemptRecord(Struct, frozen=True):
    """One attempt of a query, or a provider passed over.

    Attributes:
        provider: who was tried or passed over.
        kind: how it failed; None where it was passed over without being tried.
        reason: one line.
        elapsed_s: seconds it took; 0 where it was passed over.
    """

    provider: ProviderId
    kind: FailureKind | None
    reason: str
    elapsed_s: float


class AllProvidersFailed(FailoverError):
    """Every provider of the chain failed or was passed over; the message names each with its reason.

    Attributes:
        agent: whose chain it was.
        attempts: in the order they were made, then those passed over.
        kind: the most actionable cause among them; None where nothing was tried.
        retry_after_s: the soonest honest time to try again, if one is known.
    """

    def __init__(
        self,
        agent: AgentId,
        attempts: Sequence[AttemptRecord],
        kind: FailureKind | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        self.agent = agent
        self.attempts = tuple(attempts)
        self.kind = kind
        self.retry_after_s = retry_after_s
        lines = [f"{one.provider}: {one.reason} ({one.elapsed_s * 1000:.0f} ms)" for one in self.attempts]
        super().__init__(f"all providers failed for {agent}\n  " + "\n  ".join(lines))


class QueryRefused(FailoverError):
    """The query itself was refused (caller's fault, content policy): another provider would not help.

    Attributes:
        provider: who refused.
        attempts: in the order they were made; the last one is the refusal.
    """

    def __init__(
        self, provider: ProviderId, kind: FailureKind, reason: str, attempts: Sequence[AttemptRecord] = ()
    ) -> None:
        self.provider = provider
        self.kind = kind
        self.reason = reason
        self.attempts = tuple(attempts)
        super().__init__(f"{provider}: {reason}")
