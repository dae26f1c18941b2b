"""What is known of one query under way: what was tried, who was passed over and why, and how long it waited."""

from collections.abc import Awaitable, Callable, Iterator

from msgspec import Struct

from tui_failover.core.chain import Plan, limits_for
from tui_failover.core.copying import replace
from tui_failover.core.errors import AllProvidersFailed, AttemptRecord, QueryRefused
from tui_failover.core.fact import Permit, QueryEnded
from tui_failover.core.failure import most_actionable
from tui_failover.core.fleet import Fleet
from tui_failover.core.names import AgentId, ProviderId
from tui_failover.core.outcome import Answered, Failed, FailureKind
from tui_failover.core.ports import Limits
from tui_failover.core.query import Usage
from tui_failover.core.snapshot import NotUsed, WhyNot
from tui_failover.engine.errand import Carried, Errand

_BLAMELESS = frozenset({FailureKind.DIALECT, FailureKind.CONTEXT_LENGTH})
_SHORTEST_S = 0.1  # an attempt that was decided on before the deadline gets at least this long
_NOT_REACHED = "not reached: the query's attempts or time were used up"
_PLACE_S = 1.0  # when one of the attempts under way will end is not known


class Place(Struct, frozen=True):
    """A provider's place in a walk, and how it is entered.

    Attributes:
        after: how many candidates come after it.
        kept_out: how many more can be tried after those, though they are not available.
        panic: nothing is available; it is tried all the same.
    """

    provider: ProviderId
    after: int
    kept_out: int = 0
    panic: bool = False


class Run(Struct):
    """One query under way.

    Attributes:
        tokens: about so many an attempt will take.
        started: when it was asked, in monotonic seconds.
        retries: how many more attempts than one it may make at a provider.
        trail: the attempts that failed.
        tried: whom each attempt was made at, in order.
        goes_on: it is another's answer that it goes on with.
        notes: for the error, in order: its plans, and who was passed over for what.
        home: where its conversation is, if it is to stay there.
        permit: the right to its first attempt, until that is made, where it was given with the plan.
        answer: what came of it, as soon as it has an answer or can have none.
        again_at: when providers that failed said they may be asked again.
        waited_s: seconds spent waiting for desperate turns.
        lined_up_s: seconds spent waiting for room.
        unfit: who cannot carry it.
        limited: somebody was passed over for being at a limit.
        stopped: no further attempt is to be made: time or tries are used up, or the last one was broken off.
        over: its end has been told.
    """

    agent: AgentId
    errand: Errand
    tokens: int = 0
    started: float = 0.0
    retries: int = 0
    trail: tuple[AttemptRecord, ...] = ()
    tried: tuple[ProviderId, ...] = ()
    goes_on: bool = False
    notes: tuple[Plan | tuple[ProviderId, str], ...] = ()
    home: ProviderId | None = None
    permit: Permit | None = None
    answer: Carried | QueryRefused | AllProvidersFailed | None = None
    again_at: tuple[float, ...] = ()
    waited_s: float = 0.0
    lined_up_s: float = 0.0
    unfit: frozenset[ProviderId] = frozenset()
    limited: bool = False
    stopped: bool = False
    over: bool = False

    @property
    def callers_fault(self) -> bool:
        """Whether no attempt failed for a reason that a provider is to blame for."""
        return bool(self.trail) and all(one.kind in _BLAMELESS for one in self.trail)

    def take_permit(self) -> Permit | None:
        """Return the right to an attempt that was given with the plan: once, and None after that."""
        permit, self.permit = self.permit, None
        return permit

    def attempts_at(self, provider: ProviderId) -> int:
        """Return how many attempts were made at the provider."""
        return self.tried.count(provider)

    def most(self, fleet: Fleet) -> int:
        """Return how many attempts it may make: enough for everybody in its chain."""
        state = fleet.agents.get(self.agent)
        return max(fleet.rules.attempt.per_query, 0 if state is None else len(state.preferred))

    def left_s(self, fleet: Fleet, now: float) -> float:
        """Return the seconds until its deadline."""
        return fleet.rules.attempt.query_s - (now - self.started)

    def insists_on(self, provider: ProviderId, fleet: Fleet, now: float) -> bool:
        """Tell whether it goes there, available or not: by a person's word, or to finish there."""
        state = fleet.agents.get(self.agent)
        pin = None if state is None else state.pin
        if pin is not None and pin.hard and pin.provider == provider:
            return True
        if provider != self.home:
            return False
        obstacle = fleet.obstacle(provider, now)
        return obstacle is not None and obstacle.code is NotUsed.DRAINING

    def noted(self, route: Plan) -> Plan:
        """Note for the error why somebody of a plan may come not to be tried; return the plan."""
        self.notes = (*self.notes, route)
        if route.passed_over:
            self.limited = self.limited or any(why.code is NotUsed.FULL for why in route.passed_over)
        return route

    def limits(self, fleet: Fleet, place: Place, now: float) -> Limits:
        """Return how long an attempt may take: the last one until the deadline.

        Where others are kept out, the last one available leaves each of them the time of a first content.
        """
        left_s = max(self.left_s(fleet, now), _SHORTEST_S)
        if place.after or not place.kept_out:
            return limits_for(fleet, place.provider, left_s, last=not place.after)
        usual = limits_for(fleet, place.provider, left_s, last=False)
        spare_s = left_s - place.kept_out * fleet.rules.attempt.first_content_unknown_s
        return replace(usual, first_content_s=max(usual.first_content_s, spare_s))

    def exhausted(self, now: float) -> AllProvidersFailed:
        """Return the error: every attempt, then everyone else of the chain with the reason it was not tried."""
        passed = [
            AttemptRecord(one, None, why, 0.0) for one, why in self._passed().items() if one not in self.tried
        ]
        stated = [why.until_at for why in self._obstacles() if why.until_at is not None]
        waits = [at - now for at in (*stated, *self.again_at) if at > now]
        kinds = [one.kind for one in self.trail if one.kind is not None]
        kind = most_actionable(kinds)
        if kind is None and self.limited:
            kind = FailureKind.RATE_LIMITED
            waits = waits or [_PLACE_S]
        return AllProvidersFailed(self.agent, [*self.trail, *passed], kind, min(waits, default=None))

    def answered(self, provider: ProviderId, usage: Usage | None) -> QueryEnded:
        """Return that the query has ended with a provider's answer."""
        return QueryEnded(self.agent, provider, self.tried[0], usage, self.errand.needs)

    def end(self) -> QueryEnded:
        """Return how the query ended; without any answer its caller went away while it was carried."""
        callers_fault, reason, answer = True, "the caller went away", self.answer
        match answer:
            case Carried(outcome=Answered(reply)):
                return self.answered(answer.provider, reply.usage)
            case QueryRefused():
                reason = answer.reason
            case AllProvidersFailed():
                callers_fault = self.callers_fault
                reason = "; ".join(f"{one.provider}: {one.reason}" for one in answer.attempts)
            case Carried(outcome=Failed(failure)):
                callers_fault, reason = False, f"{answer.provider}: {failure.reason}"
            case _:
                pass
        first = self.tried[0] if self.tried else None
        return QueryEnded(self.agent, None, first, None, self.errand.needs, callers_fault, reason)

    def _passed(self) -> dict[ProviderId, str]:
        """Return who was passed over, and why the last time."""
        passed: dict[ProviderId, str] = {}
        for note in self.notes:
            if isinstance(note, Plan):
                for one in note.candidates:
                    passed.setdefault(one, _NOT_REACHED)
                passed |= {why.provider: f"passed over: {why.text}" for why in note.passed_over}
            else:
                passed[note[0]] = note[1]
        return passed

    def _obstacles(self) -> Iterator[WhyNot]:
        for note in self.notes:
            if isinstance(note, Plan):
                yield from note.passed_over


class Carrying(Struct):
    """The context a query is carried in: entered with its answer, and left when that is over for its caller."""

    run: Run
    answered: Awaitable[Carried]
    over: Callable[[Run], None]

    def __aenter__(self) -> Awaitable[Carried]:
        return self.answered

    async def __aexit__(self, *_: object) -> None:
        self.over(self.run)
