"""Carries one query through its chain: plan, admit, attempt, record; here again, onward, or stop."""

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial

from tui_failover.core.agent_state import AgentState
from tui_failover.core.allowance import Word
from tui_failover.core.chain import Plan, plan
from tui_failover.core.copying import replace
from tui_failover.core.errors import AllProvidersFailed, AttemptRecord, EngineClosed, QueryRefused, UnknownAgent
from tui_failover.core.fact import AnswerTakenOver, AttemptEnded, ContentCame, Permit, QueryAsked
from tui_failover.core.failure import POLICY, Next, Spent, Step, next_step
from tui_failover.core.names import AgentId, ProviderId
from tui_failover.core.outcome import Answered, Cancelled, Failed, Failure, FailureKind, Outcome
from tui_failover.core.ports import Clock, Rng, Upstream
from tui_failover.core.query import Query
from tui_failover.core.snapshot import NotUsed
from tui_failover.core.spec import MidStream
from tui_failover.core.strategy import chooses
from tui_failover.core.transition import BreakerState
from tui_failover.engine.affinity import Affinity
from tui_failover.engine.errand import Asking, Carried, Errand, Open, Served
from tui_failover.engine.limit_line import LimitLine
from tui_failover.engine.panic_gate import PanicGate
from tui_failover.engine.retry_budget import RetryBudget
from tui_failover.engine.run import Carrying, Place, Run
from tui_failover.engine.state import Cell

_BROKEN_OFF = Cancelled(0.0)
_STOPPED = "the engine was stopped while the query was under way"
_log = logging.getLogger(__name__)


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
        self._affinity = Affinity(rules.affinity)
        self._line = LimitLine(rules.limit, clock)

    @property
    def agents(self) -> Collection[AgentId]:
        """Everybody who has a chain, in the order of configuration."""
        return self._cell.fleet.agents.keys()

    def mid_stream(self, agent: AgentId) -> MidStream:
        """Return what an agent wants to become of a stream that breaks off; of one nobody knows, nothing."""
        state = self._cell.fleet.agents.get(agent)
        return MidStream.ERROR if state is None else state.config.mid_stream

    async def execute(self, agent: AgentId, query: Query) -> Served:
        """Answer the query; raises what `carry` raises."""
        asking, asked = Asking(query), self._now()
        async with self.carry(agent, asking, asking.tokens) as carried:
            answer = carried.outcome
        if not isinstance(answer, Answered):
            message = f"{carried.provider}: ended without an answer"
            raise TypeError(message)
        return Served(answer.reply, carried.provider, carried.attempts, self._now() - asked)

    def carry(self, agent: AgentId, errand: Errand, tokens: int = 0) -> Carrying:
        """Carry a query to whoever answers it, on entering the context.

        An answer that is still under way is given up when the context ends before `Carried.ended` was called:
        the caller is gone then, and nobody is to blame.

        Args:
            agent: whose chain.
            errand: the query.
            tokens: an estimate of what an attempt will take, counted against limits until its usage is known.

        Raises:
            UnknownAgent: no such agent, or none any more.
            QueryRefused: the query itself is at fault; no other provider was tried.
            AllProvidersFailed: nobody answered; it names every attempt.
            EngineClosed: the engine was stopped meanwhile.
        """
        run = Run(agent, errand, tokens)
        return Carrying(run, self._answered(run), self._over)

    async def _answered(self, run: Run) -> Carried:
        state = self._cell.fleet.agents.get(run.agent)
        if state is None:
            message = f"{run.agent}: no such agent"
            raise UnknownAgent(message)
        try:
            route = self._asked(run, state)
            answer = run.answer = await self._carry(run, route)
            if isinstance(answer, Carried):
                away = answer.provider != state.preferred[0] or chooses(state)
                if away or self._affinity.stays:
                    self._affinity.answered(run.agent, run.errand, answer.provider, away=away, now=self._now())
                return answer
        except BaseException:  # its caller may have left
            self._over(run)
            raise
        self._over(run)
        raise answer

    def _asked(self, run: Run, state: AgentState) -> Plan:
        """Tell that a query came in, and return its plan; whoever waits already is let in before it."""
        agent, errand, moment = run.agent, run.errand, self._clock.now()
        run.started, run.retries = moment.mono, state.config.max_retries
        run.home = self._affinity.home(agent, errand, moment.mono)
        unfit = None if self._line.waiting(agent) else errand.obstacle
        route, run.permit = self._cell.ask(agent, moment, unfit, run.home, run.tokens)
        return run.noted(route)

    def _over(self, run: Run) -> None:
        """Tell that a query is over, if that is not known yet."""
        if run.over:
            return
        answer = run.answer
        if isinstance(answer, Carried) and answer.outcome is None:
            answer.ended(Cancelled(self._now() - run.started))
        if run.notes:
            self._cell.apply(run.end())
        else:  # it failed of itself before its plan was made, and has not been told of at all
            self._cell.apply(QueryAsked(run.agent), run.end())

    async def go_on(self, agent: AgentId, carried: Carried, errand: Errand, tokens: int = 0) -> bool:
        """Have somebody else go on with an answer that broke off, within the attempts its query has left.

        Args:
            agent: whose query it is.
            carried: the answer, its end told; it becomes the other provider's, whose end is to be told in turn.
            errand: how the others are asked; who is not to be asked again is an obstacle of its own.
            tokens: as for `carry`.

        Returns:
            False where nobody does; `carried` is then as it was.
        """
        state, trail = self._cell.fleet.agents.get(agent), carried.trail
        tried = tuple(one.provider for one in trail if one.kind is not None)
        if state is None:
            return False
        run = Run(agent, errand, tokens, self._now(), state.config.max_retries, trail, tried, goes_on=True)
        if not self._may_go_on(run):
            return False
        with carried.in_between():
            answer = await self._carry(run, self._plan(run))
            if not isinstance(answer, Carried):
                return False
            carried.pass_to(answer)
        self._cell.apply(AnswerTakenOver(agent, f"{trail[-1].provider}: {trail[-1].reason}", answer.provider))
        return True

    async def _carry(self, run: Run, route: Plan) -> Carried | QueryRefused | AllProvidersFailed:
        if run.permit is None and self._has_to_wait(run, route):
            route = await self._lined_up(run, self._plan)
        answer = None if route.panic else await self._walk(run, route)
        if answer is None and not run.tried and not route.full:
            # Nothing is available, or nothing was any more when asked to admit: no reason to refuse without a try.
            route = self._plan(run)
            answer = None if route.panic else await self._walk(run, route)
        if answer is None and run.limited and self._may_go_on(run):
            # Who was full before may be the one who answers.
            route_on = self._plan_on(run)
            if self._has_to_wait(run, route_on):
                route_on = await self._lined_up(run, self._plan_on)
            answer = await self._walk(run, route_on)
        if answer is None and not (route.full or run.callers_fault):
            # Everybody available has failed: whom automation keeps out may be better than its reputation.
            answer = await self._walk_desperately(run, route.candidates if route.panic else route.kept_out)
        return answer or run.exhausted(self._now())

    def _may_go_on(self, run: Run) -> bool:
        return not run.stopped and self._left(run) > 0 and len(run.tried) < run.most(self._cell.fleet)

    def _has_to_wait(self, run: Run, route: Plan) -> bool:
        """Tell whether nobody has room, or others wait already."""
        return route.full or (not run.tried and not run.unfit and self._line.waiting(run.agent) > 0)

    async def _lined_up(self, run: Run, look: Callable[[Run], Plan]) -> Plan:
        """Return the query's plan after waiting in line."""
        asked = self._now()
        patience_s = min(self._cell.fleet.rules.limit.wait_s - run.lined_up_s, self._left(run))
        route = await self._line.wait(run.agent, lambda: look(run), patience_s)
        run.lined_up_s += self._now() - asked
        return route

    def _plan_on(self, run: Run) -> Plan:
        """Make the query's plan among those that have neither been tried nor cannot carry it."""
        route = self._plan(run)
        out = run.unfit.union(run.tried)
        if not out:
            return route
        candidates = () if route.panic else tuple(one for one in route.candidates if one not in out)
        waits = any(why.code is NotUsed.FULL and why.provider not in out for why in route.passed_over)
        return replace(route, candidates=candidates, full=waits and not candidates)

    async def _walk(self, run: Run, route: Plan) -> Carried | QueryRefused | None:
        kept_out = len(route.kept_out) if route.passed_over else 0
        after = len(route.candidates)
        for provider in route.candidates:
            after -= 1
            if run.tried and run.attempts_at(provider) > run.retries:
                continue
            step = await self._try(run, Place(provider, after, kept_out))
            if not isinstance(step, Next):
                return step
            if step.step is Step.STOP:
                run.stopped = True
                break
        return None

    async def _walk_desperately(self, run: Run, candidates: Sequence[ProviderId]) -> Carried | QueryRefused | None:
        """Try the least bad, each attempt in its turn; whom somebody is trying already comes last."""
        waiting = sorted(candidates, key=self._panic.taken)
        came_to: set[ProviderId] = set()
        while waiting and self._may_go_on(run):
            step = await self._take_turn(run, waiting, came_to)
            if isinstance(step, Plan):
                # Somebody the query has not come to is available by now, and goes first.
                came_to.update(step.candidates)
                answer = await self._walk(run, step)
                if answer is not None:
                    return answer
                waiting = [one for one in waiting if one not in run.tried]
            elif not isinstance(step, Next):
                return step
            else:
                run.stopped = step.step is Step.STOP
        return None

    async def _take_turn(
        self, run: Run, waiting: list[ProviderId], came_to: Collection[ProviderId]
    ) -> Carried | QueryRefused | Next | Plan:
        """Wait for a desperate turn and use it; return the plan instead where somebody has become available."""
        provider = waiting[0]
        asked = self._now()
        patience_s = min(self._cell.fleet.rules.panic.wait_s - run.waited_s, self._left(run))
        async with self._panic.turn(run.agent, provider, patience_s) as refusal:
            run.waited_s += self._now() - asked
            fresh = self._plan(run)
            new = [one for one in fresh.candidates if one not in run.tried and one not in came_to]
            if new and not fresh.panic and not refusal:
                return replace(fresh, candidates=tuple(new))
            waiting.pop(0)
            if refusal:
                run.notes += ((provider, refusal),)
                return Next(Step.ONWARD, refusal)
            return await self._try(run, Place(provider, len(waiting), panic=True))

    async def _try(self, run: Run, place: Place) -> Carried | QueryRefused | Next:
        """Make attempts at one provider until it answers or the query has to move on."""
        provider = place.provider
        while True:
            permit = run.take_permit() or self._admitted(run, place)
            if isinstance(permit, Next):
                return permit
            outcome = await self._attempt(run, permit, place)
            if isinstance(outcome, Open):
                return self._opened(run, permit, outcome.words)
            match outcome:
                case Answered():
                    return Carried(provider, run.trail, outcome)
                case Failed(failure, elapsed_s):
                    step = self._failed(run, place, failure, elapsed_s)
                    if not isinstance(step, Next) or step.step is not Step.HERE:
                        return step
                    await self._clock.sleep(min(self._rng.uniform(*step.pause_s), self._left(run)))
                case Cancelled(elapsed_s):
                    run.trail += (AttemptRecord(provider, None, "was broken off", elapsed_s),)
                    return Next(Step.STOP, "the attempt was broken off")

    def _admitted(self, run: Run, place: Place) -> Permit | Next:
        """Return the right to make an attempt, or note why there is none."""
        provider = place.provider
        state = self._cell.fleet.providers.get(provider)
        unfit = "" if state is None else run.errand.obstacle(state.spec)
        if not unfit:
            desperate = place.panic or run.insists_on(provider, self._cell.fleet, self._now())
            answer = self._cell.admit(run.agent, provider, desperate=desperate, tokens=run.tokens)
            if isinstance(answer, Permit):
                return answer
            unfit = f"passed over: {answer.text}"
            run.limited = run.limited or answer.code is NotUsed.FULL
        else:
            run.unfit |= {provider}
        run.notes += ((provider, unfit),)
        return Next(Step.ONWARD, unfit)

    def _opened(self, run: Run, permit: Permit, words: tuple[Word, ...]) -> Carried:
        # Whether the provider can be reached has been answered; how long the rest takes is no sign of anything.
        held = permit
        if permit.trial or words:
            self._cell.apply(ContentCame(permit, words))
        if permit.trial:
            held = replace(permit, trial=False)
        return Carried(permit.provider, run.trail, None, partial(self._ended, run, held))

    async def _attempt(self, run: Run, permit: Permit, place: Place) -> Outcome | Open:
        """Make one attempt; unless its answer is still under way, its permit is handed back whatever happens."""
        fleet, provider = self._cell.fleet, permit.provider
        if provider not in run.tried:
            self._budget.first(provider, permit.at)
        run.tried = (*run.tried, provider)
        outcome: Outcome | Open = _BROKEN_OFF
        try:
            upstream = self._upstream(provider)
            limits = run.limits(fleet, place, permit.at)
            outcome = await run.errand.attempt(upstream, fleet.providers[provider].spec, limits)
        except EngineClosed:
            raise
        except Exception as error:  # noqa: BLE001 - a bug in an adapter must not cost the caller the other providers
            _log.exception("%s: its adapter raised", provider)
            reason = f"internal error in its adapter ({type(error).__name__})"
            outcome = Failed(Failure(FailureKind.LOCAL, reason, "local.bug"), self._now() - permit.at)
        finally:
            if isinstance(outcome, Cancelled):
                outcome = Cancelled(self._now() - permit.at)
            if not isinstance(outcome, Open):
                self._ended(run, permit, outcome)
        return outcome

    def _upstream(self, provider: ProviderId) -> Upstream:
        upstream = self._upstreams.get(provider)
        if upstream is None:
            raise EngineClosed(_STOPPED)
        return upstream

    def _ended(self, run: Run, permit: Permit, outcome: Outcome) -> None:
        """Tell how an attempt ended; with an answer its query has ended too."""
        ended = AttemptEnded(permit, outcome)
        if isinstance(outcome, Answered) and not run.goes_on:
            run.over = True
            self._cell.apply(ended, run.answered(permit.provider, outcome.reply.usage))
        else:
            self._cell.apply(ended)
        self._line.moved()

    def _failed(self, run: Run, place: Place, failure: Failure, elapsed_s: float) -> Next | QueryRefused:
        provider = place.provider
        run.trail = (*run.trail, AttemptRecord(provider, failure.kind, failure.reason, elapsed_s))
        now = self._now()
        if failure.retry_after_s is not None:
            run.again_at += (now + failure.retry_after_s,)
        if POLICY[failure.kind].then is Step.STOP:
            return QueryRefused(provider, failure.kind, failure.reason, run.trail)
        rules = replace(self._cell.fleet.rules.attempt, per_query=run.most(self._cell.fleet))
        state = self._cell.fleet.providers.get(provider)
        spent = Spent(
            here=run.attempts_at(provider),
            total=len(run.tried),
            left_s=self._left(run),
            retries=0 if place.panic else run.retries,
            closed=state is not None and state.breaker.state is BreakerState.CLOSED,
            affordable=self._budget.affordable(provider, now),
        )
        step = next_step(failure, spent, rules)
        if step.step is not Step.HERE:
            return step
        if spent.total + 1 + place.after + place.kept_out > rules.per_query:
            return Next(Step.ONWARD, "the tries left are for providers not yet tried")
        self._budget.charge(provider, now)
        return step

    def _plan(self, run: Run) -> Plan:
        """Make the query's plan as of now."""
        fleet = self._cell.fleet
        if run.agent not in fleet.agents:
            message = f"{run.agent}: it was removed while its query was under way"
            raise UnknownAgent(message)
        return run.noted(plan(fleet, run.agent, self._now(), run.home, run.tokens))

    def _left(self, run: Run) -> float:
        """Return the seconds until the query's deadline."""
        return run.left_s(self._cell.fleet, self._now())

    def _now(self) -> float:
        return self._clock.now().mono
