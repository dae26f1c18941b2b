"""Carries one query through its chain: plan, admit, attempt, record; here again, onward, or stop."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field

from tui_failover.core.chain import Plan, limits_for, plan
from tui_failover.core.errors import AllProvidersFailed, AttemptRecord, QueryRefused, UnknownAgent
from tui_failover.core.fact import AttemptEnded, Permit, QueryAsked, QueryEnded
from tui_failover.core.failure import POLICY, Next, Spent, Step, most_actionable, next_step
from tui_failover.core.names import AgentId, ProviderId
from tui_failover.core.outcome import Answered, Cancelled, Failed, Failure, FailureKind, Outcome
from tui_failover.core.ports import Clock, Limits, Rng, Upstream
from tui_failover.core.provider_state import Obstacle
from tui_failover.core.query import Query, Reply
from tui_failover.core.transition import BreakerState
from tui_failover.engine.panic_gate import PanicGate
from tui_failover.engine.retry_budget import RetryBudget
from tui_failover.engine.state import Cell

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Served:
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


@dataclass(slots=True)
class _Run:
    """One query under way."""

    agent: AgentId
    query: Query
    started: float
    retries: int
    trail: list[AttemptRecord] = field(default_factory=list)
    tried: list[ProviderId] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)

    def attempts_at(self, provider: ProviderId) -> int:
        return self.tried.count(provider)


class Dispatcher:
    """Answers a query as one provider would, out of a chain of them."""

    def __init__(self, cell: Cell, upstreams: Mapping[ProviderId, Upstream], clock: Clock, rng: Rng) -> None:
        self._cell = cell
        self._upstreams = upstreams
        self._clock = clock
        self._rng = rng
        rules = cell.fleet.rules
        self._budget = RetryBudget(rules.attempt)
        self._panic = PanicGate(rules.panic, clock)

    async def execute(self, agent: AgentId, query: Query) -> Served:
        """Answer the query.

        Raises:
            UnknownAgent: no such agent.
            QueryRefused: the query itself is at fault; no other provider was tried.
            AllProvidersFailed: nobody answered; it names every attempt.
        """
        state = self._cell.fleet.agents.get(agent)
        if state is None:
            message = f"{agent}: no such agent"
            raise UnknownAgent(message)
        self._cell.apply(QueryAsked(agent))
        run = _Run(agent, query, self._now(), state.config.max_retries)
        answer = await self._carry(run)
        first = run.tried[0] if run.tried else None
        match answer:
            case Served():
                self._cell.apply(QueryEnded(agent, answer.provider, first))
                return answer
            case QueryRefused():
                self._cell.apply(QueryEnded(agent, None, first, callers_fault=True, reason=answer.reason))
            case AllProvidersFailed():
                reason = "; ".join(f"{one.provider}: {one.reason}" for one in answer.attempts)
                self._cell.apply(QueryEnded(agent, None, first, reason=reason))
        raise answer

    async def _carry(self, run: _Run) -> Served | QueryRefused | AllProvidersFailed:
        route = plan(self._cell.fleet, run.agent, self._now())
        if route.panic:
            refusal = await self._panic.turn(run.agent)
            if refusal:
                return self._exhausted(run, route, refusal)
            route = plan(self._cell.fleet, run.agent, self._now())
        answer = await self._walk(run, route)
        if answer is None and not run.tried:
            # Everybody became unavailable between plan and admission; that is no reason to refuse.
            route = plan(self._cell.fleet, run.agent, self._now())
            answer = await self._walk(run, route)
        return answer or self._exhausted(run, route, "")

    async def _walk(self, run: _Run, route: Plan) -> Served | QueryRefused | None:
        for place, provider in enumerate(route.candidates):
            last = place + 1 == len(route.candidates)
            if route.panic:
                async with self._panic.alone(provider) as mine:
                    if not mine:
                        run.trail.append(AttemptRecord(provider, None, "is being tried by another query", 0.0))
                        continue
                    step = await self._try(run, provider, desperate=True, last=last)
            else:
                step = await self._try(run, provider, desperate=self._commanded(run.agent, provider), last=last)
            if not isinstance(step, Next):
                return step
            if step.step is Step.STOP:
                break
        return None

    async def _try(
        self, run: _Run, provider: ProviderId, *, desperate: bool, last: bool
    ) -> Served | QueryRefused | Next:
        """Make attempts at one provider until it answers or the query has to move on."""
        self._budget.first(provider, self._now())
        while True:
            permit = self._cell.admit(run.agent, provider, desperate=desperate)
            if isinstance(permit, Obstacle):
                run.trail.append(AttemptRecord(provider, None, f"passed over: {permit.text}", 0.0))
                return Next(Step.ONWARD, permit.text)
            run.tried.append(provider)
            outcome = await self._attempt(run, permit, last=last)
            match outcome:
                case Answered(reply):
                    return Served(reply, provider, tuple(run.trail), self._now() - run.started)
                case Failed(failure, elapsed_s):
                    step = self._failed(run, provider, failure, elapsed_s)
                    if not isinstance(step, Next) or step.step is not Step.HERE:
                        return step
                    await self._clock.sleep(self._rng.uniform(*step.pause_s))
                case Cancelled():
                    return Next(Step.STOP, "the caller went away")

    async def _attempt(self, run: _Run, permit: Permit, *, last: bool) -> Outcome:
        """Make one attempt; whatever happens, its permit is handed back."""
        outcome: Outcome = Cancelled(0.0)
        started = self._now()
        fleet = self._cell.fleet
        left = fleet.rules.attempt.query_s - (started - run.started)
        limits = limits_for(fleet, permit.provider, max(left, 0.1), last=last)
        try:
            outcome = await self._send(permit.provider, run.query, limits)
        finally:
            if isinstance(outcome, Cancelled):
                outcome = Cancelled(self._now() - started)
            self._cell.apply(AttemptEnded(permit, outcome))
        return outcome

    async def _send(self, provider: ProviderId, query: Query, limits: Limits) -> Outcome:
        started = self._now()
        try:
            return await self._upstreams[provider].send(query, limits)
        except Exception as error:  # noqa: BLE001 - a bug in an adapter must not cost the caller the other providers
            _log.exception("%s: its adapter raised", provider)
            reason = f"internal error in its adapter ({type(error).__name__})"
            return Failed(Failure(FailureKind.LOCAL, reason, "local.bug"), self._now() - started)

    def _failed(self, run: _Run, provider: ProviderId, failure: Failure, elapsed_s: float) -> Next | QueryRefused:
        run.trail.append(AttemptRecord(provider, failure.kind, failure.reason, elapsed_s))
        if failure.retry_after_s is not None:
            run.waits.append(failure.retry_after_s)
        if POLICY[failure.kind].then is Step.STOP:
            return QueryRefused(provider, failure.kind, failure.reason)
        now = self._now()
        fleet = self._cell.fleet
        state = fleet.providers.get(provider)
        spent = Spent(
            here=run.attempts_at(provider),
            total=len(run.tried),
            left_s=fleet.rules.attempt.query_s - (now - run.started),
            retries=run.retries,
            closed=state is not None and state.breaker.state is BreakerState.CLOSED,
            affordable=self._budget.affordable(provider, now),
        )
        step = next_step(failure, spent, fleet.rules.attempt)
        if step.step is Step.HERE:
            self._budget.charge(provider, now)
        return step

    def _exhausted(self, run: _Run, route: Plan, refusal: str) -> AllProvidersFailed:
        seen = {one.provider for one in run.trail}
        trail = [
            *run.trail,
            *(AttemptRecord(one.provider, None, f"passed over: {one.text}", 0.0) for one in route.passed_over),
            *(
                AttemptRecord(one, None, refusal or "not reached: the query's attempts or time were used up", 0.0)
                for one in route.candidates
                if one not in seen
            ),
        ]
        now = self._now()
        ends = [one.until_at - now for one in route.passed_over if one.until_at is not None]
        waits = [wait for wait in (*run.waits, *ends) if wait > 0]
        kinds = [one.kind for one in run.trail if one.kind is not None]
        return AllProvidersFailed(run.agent, trail, most_actionable(kinds), min(waits, default=None))

    def _commanded(self, agent: AgentId, provider: ProviderId) -> bool:
        state = self._cell.fleet.agents.get(agent)
        return state is not None and state.pin is not None and state.pin.hard and state.pin.provider == provider

    def _now(self) -> float:
        return self._clock.now().mono
