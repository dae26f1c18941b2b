"""What one query does at each provider it comes to, and what it has when somebody answers."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Protocol

from msgspec import Struct

from tui_failover.core.allowance import Word
from tui_failover.core.errors import AttemptRecord
from tui_failover.core.names import ProviderId
from tui_failover.core.need import NO_NEEDS, Needs
from tui_failover.core.outcome import Failed, Outcome
from tui_failover.core.ports import Limits, Upstream
from tui_failover.core.query import Query, Reply
from tui_failover.core.spec import ProviderSpec


class Open(Struct, frozen=True):
    """Content has come and more may follow: no further provider is tried, whatever becomes of the rest.

    Attributes:
        words: what the answer's headers say of the provider's limits.
    """

    words: tuple[Word, ...] = ()


class Conversation(Struct, frozen=True):
    """What a query is part of.

    Attributes:
        key: the same in all queries of the conversation.
        begins: the query is its first.
    """

    key: str
    begins: bool


class Errand(Protocol):
    """One query's own part in being carried; it keeps what it was answered."""

    def conversation(self) -> Conversation | None:
        """Return which conversation the query belongs to, or None where it belongs to none."""
        ...

    @property
    def needs(self) -> Needs:
        """What the query needs of a model; asked once, when it has ended."""
        ...

    def obstacle(self, spec: ProviderSpec) -> str:
        """Return why this provider cannot carry the query, or ""; it is then passed over and nothing is booked."""
        ...

    async def attempt(self, upstream: Upstream, spec: ProviderSpec, limits: Limits) -> Outcome | Open:
        """Ask this provider; raises nothing but cancellation."""
        ...


class Asking:
    """A query in no vendor's dialect, which ends with the whole answer."""

    needs = NO_NEEDS

    def __init__(self, query: Query) -> None:
        self._query = query

    @property
    def tokens(self) -> int:
        """About so many tokens the query will take: a quarter of its characters, until they are counted."""
        query = self._query
        return sum(map(len, (query.system or "", query.text, *(turn.text for turn in query.turns)))) // 4

    def conversation(self) -> Conversation:
        """Return the conversation with that system prompt and that first turn."""
        first = self._query.turns[0].text if self._query.turns else self._query.text
        key = f"{self._query.system or ''}\n{first}"
        return Conversation(key, begins=not self._query.turns)

    def obstacle(self, spec: ProviderSpec) -> str:  # noqa: ARG002 - whoever it is
        """Return "": every provider takes it."""
        return ""

    async def attempt(self, upstream: Upstream, spec: ProviderSpec, limits: Limits) -> Outcome:  # noqa: ARG002
        """Ask this provider, and wait for the whole answer."""
        return await upstream.send(self._query, limits)


def _nothing(_outcome: Outcome) -> None:
    pass


class Carried(Struct):
    """A query that a provider has answered, or is answering.

    Attributes:
        provider: who.
        attempts: what failed before, in order.
        outcome: how the attempt ended; None while the answer is under way.
    """

    provider: ProviderId
    attempts: tuple[AttemptRecord, ...]
    outcome: Outcome | None = None
    book: Callable[[Outcome], None] = _nothing

    def __repr__(self) -> str:
        # What books it knows the query, which is its caller's alone.
        return f"Carried({self.provider!r}, {self.attempts!r}, {self.outcome!r})"

    def ended(self, outcome: Outcome) -> None:
        """Tell how the answer under way ended; the first word counts."""
        if self.outcome is None:
            self.outcome = outcome
            # What books it holds the query, which holds its answer: let go, all of it is freed at once.
            book, self.book = self.book, _nothing
            book(outcome)

    @property
    def trail(self) -> tuple[AttemptRecord, ...]:
        """All attempts so far that failed, this one included if it has."""
        if not isinstance(self.outcome, Failed):
            return self.attempts
        failure, elapsed_s = self.outcome.failure, self.outcome.elapsed_s
        return (*self.attempts, AttemptRecord(self.provider, failure.kind, failure.reason, elapsed_s))

    @contextlib.contextmanager
    def in_between(self) -> Iterator[None]:
        """Have it be nobody's while somebody is looked for who goes on: a caller who leaves then blames nobody."""
        ended, self.outcome, self.book = self.outcome, None, _nothing
        try:
            yield
        except Exception:
            self.outcome = ended
            raise
        if self.book is _nothing:
            self.outcome = ended

    def pass_to(self, other: "Carried") -> None:
        """Become the answer of another provider, which is under way."""
        self.provider, self.attempts, self.book = other.provider, other.attempts, other.book


class Served(Struct, frozen=True):
    """An answered query.

    Attributes:
        reply: the answer with its model and usage.
        provider: who answered.
        attempts: what failed before, in order.
        elapsed_s: seconds from the question to the answer.
    """

    reply: Reply
    provider: ProviderId
    attempts: tuple[AttemptRecord, ...]
    elapsed_s: float
