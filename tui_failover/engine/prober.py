"""The health-check workers: one per provider, however many agents use it, each check at its own time."""

import asyncio
import logging
from collections.abc import Mapping

from msgspec import Struct, field

from tui_failover.core.fact import ProbeEnded, ProbeStarted, WorkerFailed
from tui_failover.core.fleet import Fleet
from tui_failover.core.names import ProviderId
from tui_failover.core.outcome import Cancelled, Failed, FailureKind, Outcome
from tui_failover.core.ports import Clock, Upstream
from tui_failover.core.query import Query
from tui_failover.core.schedule import due_at, kind_of
from tui_failover.core.spec import ProbeKind
from tui_failover.core.text import scrub
from tui_failover.engine.state import Cell

_log = logging.getLogger(__name__)
PROBE_TOKENS = 16
_LATE_S = 0.5  # a loop that was held up this long says nothing about a provider's silence


class _Worker(Struct):
    """One provider's worker: `news` wakes it early, `running` is the check asked for or under way."""

    news: asyncio.Event = field(default_factory=asyncio.Event)
    running: asyncio.Future[None] | None = None
    task: asyncio.Task[None] | None = None


class Prober:
    """Owns the workers. They run in the engine's task group."""

    def __init__(
        self, cell: Cell, upstreams: Mapping[ProviderId, Upstream], clock: Clock, group: asyncio.TaskGroup
    ) -> None:
        self._cell = cell
        self._upstreams = upstreams
        self._clock = clock
        self._group = group
        self._workers: dict[ProviderId, _Worker] = {}
        self._places = asyncio.Semaphore(cell.fleet.rules.probe.at_once)
        cell.listen(self._changed)

    def hire(self, provider: ProviderId) -> None:
        """Start the provider's worker; does nothing where one works already."""
        if provider not in self._workers:
            worker = _Worker()
            self._workers[provider] = worker
            worker.task = self._group.create_task(self._work(provider, worker), name=f"checks of {provider}")

    def dismiss(self, provider: ProviderId) -> None:
        """End the provider's worker."""
        worker = self._workers.pop(provider, None)
        if worker is None or worker.task is None:
            return
        worker.task.cancel()
        if worker.running is not None and not worker.running.done():
            # Whoever asked for a check must not wait for a worker that is gone.
            worker.running.set_result(None)

    async def check(self, provider: ProviderId) -> None:
        """Check the provider now, whatever its schedule says; joins a check that is under way."""
        worker = self._workers[provider]
        if worker.running is None:
            worker.running = asyncio.get_running_loop().create_future()
            worker.news.set()
        await asyncio.shield(worker.running)

    async def _work(self, provider: ProviderId, worker: _Worker) -> None:
        while True:
            worker.news.clear()
            now = self._clock.now().mono
            due = due_at(self._cell.fleet, provider, now)
            if worker.running is not None or (due is not None and due <= now):
                await self._check(provider, worker)
            else:
                await _wait(worker.news, None if due is None else due - now)

    async def _check(self, provider: ProviderId, worker: _Worker) -> None:
        if worker.running is None:
            worker.running = asyncio.get_running_loop().create_future()
        try:
            async with self._places:
                await self._probe(provider)
        finally:
            if not worker.running.done():
                worker.running.set_result(None)
            worker.running = None

    async def _probe(self, provider: ProviderId) -> None:
        fleet = self._cell.fleet
        state = fleet.providers.get(provider)
        if state is None:
            return
        kind = kind_of(state, self._clock.now().utc)
        demand = fleet.demand(provider)
        query = Query(state.spec.probe.query or demand.query, max_tokens=PROBE_TOKENS)
        timeout = demand.timeout_s
        if state.spec.reasoning:
            timeout = max(timeout, fleet.rules.attempt.first_content_reasoning_s)
        self._cell.apply(ProbeStarted(provider))
        generation = self._cell.fleet.providers[provider].breaker.generation
        outcome: Outcome = Cancelled(0.0)
        try:
            outcome = await self._ask(provider, kind, query, timeout)
        except Exception as error:  # noqa: BLE001 - the worker lives on, whatever one check met
            _log.exception("%s: its check raised", provider)
            self._cell.apply(WorkerFailed(provider, scrub(f"{type(error).__name__}: {error}")))
        finally:
            # Also where it was broken off: a provider that stays "checking" would never be checked again.
            self._cell.apply(ProbeEnded(provider, generation, kind, outcome))

    async def _ask(self, provider: ProviderId, kind: ProbeKind, query: Query, timeout_s: float) -> Outcome:
        outcome = await self._upstreams[provider].probe(kind, query, timeout_s)
        silent = isinstance(outcome, Failed) and outcome.failure.kind is FailureKind.SILENT
        if silent and outcome.elapsed_s > timeout_s + _LATE_S:
            return Cancelled(outcome.elapsed_s)
        return outcome

    def _changed(self, before: Fleet, after: Fleet) -> None:
        """Wake the workers whose schedule may have moved: by a turn of state or a failure, not by each sample."""
        if before.turns == after.turns and before.demands is after.demands:
            return
        for provider, worker in self._workers.items():
            if before.demands is not after.demands or before.providers.get(provider) is not after.providers.get(
                provider
            ):
                worker.news.set()


async def _wait(news: asyncio.Event, timeout_s: float | None) -> None:
    try:
        async with asyncio.timeout(timeout_s):
            await news.wait()
    except TimeoutError:
        pass
