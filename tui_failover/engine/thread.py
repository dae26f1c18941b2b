"""The engine in a thread and loop of its own, so that nothing the screen does can hold traffic up.

A terminal that stops reading freezes a screen's loop for seconds; this loop goes on beating.
"""

import asyncio
import concurrent.futures
import contextlib
import threading
from collections.abc import Callable, Coroutine, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Self, TypeVar

from tui_failover.core.command import Command, Verdict
from tui_failover.core.errors import EngineClosed
from tui_failover.core.names import ProviderId
from tui_failover.core.ports import Breathe, Clock, at_once
from tui_failover.core.report import FailoverStats, ProviderHealth
from tui_failover.core.snapshot import Snapshot
from tui_failover.core.spec import FailoverConfig, ProviderSpec
from tui_failover.engine.clock import LoopClock
from tui_failover.engine.context import Context
from tui_failover.engine.errand import Served
from tui_failover.engine.manager import FailoverManager

_STOPPED = "the engine does not run: it was not started, or has been stopped"
_Result = TypeVar("_Result")
Work = Callable[[FailoverManager], Coroutine[Any, Any, _Result]]


class EngineThread:
    """Runs a manager on a loop in its own thread. Meets `core.ports.EngineLink`; callable from any thread."""

    def __init__(
        self,
        make: Callable[[], AbstractAsyncContextManager[FailoverManager]],
        new_loop: Callable[[], asyncio.AbstractEventLoop] | None = None,
    ) -> None:
        """Prepare.

        Args:
            make: called on the engine's loop; what it returns is entered there, and left when the engine stops.
            new_loop: makes the loop; None: the standard library's.
        """
        self._make = make
        self._new_loop = new_loop
        self._loop: asyncio.AbstractEventLoop | None = None
        self._manager: FailoverManager | None = None
        self._stop: asyncio.Event | None = None
        self._ready: concurrent.futures.Future[None] = concurrent.futures.Future()
        self._last: Snapshot | None = None
        self._gate = threading.Lock()
        self._calls: set[asyncio.Task[Any]] = set()
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)

    def start(self) -> Self:
        """Start the thread and return when the manager runs; raises what its start raised."""
        self._thread.start()
        self._ready.result()
        return self

    def stop(self) -> None:
        """Stop the manager and its thread, and wait for both; harmless when repeated."""
        if self._loop is not None and self._stop is not None and self._thread.is_alive():
            with contextlib.suppress(RuntimeError):  # the loop has ended by itself meanwhile
                self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join()

    @property
    def clock(self) -> Clock:
        """The engine's clock; `now` may be asked from any thread. Raises `EngineClosed` before the start."""
        if self._loop is None:
            raise EngineClosed(_STOPPED)
        return LoopClock(self._loop)

    @property
    def running(self) -> bool:
        """Whether the engine is up."""
        return self._thread.is_alive() and self._manager is not None

    def call(self, work: Work[_Result]) -> concurrent.futures.Future[_Result]:
        """Run a coroutine on the engine's loop; the future's `result()` blocks the calling thread only.

        Work that is under way when the engine stops ends with `EngineClosed`.

        Raises:
            EngineClosed: the engine does not run.
        """
        answer: concurrent.futures.Future[_Result] = concurrent.futures.Future()
        with self._gate:
            if self._loop is None or self._manager is None:
                raise EngineClosed(_STOPPED)
            self._loop.call_soon_threadsafe(self._begin, work, answer)
        return answer

    @property
    def manager(self) -> FailoverManager:
        """The manager, for what it lets other threads read; raises `EngineClosed`."""
        if self._manager is None:
            raise EngineClosed(_STOPPED)
        return self._manager

    def snapshot(self, breathe: Breathe = at_once) -> Snapshot:
        """Return the newest read model, or the last one where the engine has stopped; never waits for it."""
        manager = self._manager
        if manager is not None:
            with contextlib.suppress(EngineClosed):  # it stopped meanwhile: the last one holds
                return manager.snapshot(breathe)
        if self._last is None:
            raise EngineClosed(_STOPPED)
        return self._last

    async def submit(self, command: Command) -> Verdict:
        """Give an order from another loop and return the verdict."""
        return await asyncio.wrap_future(self.call(lambda manager: manager.submit(command)))

    async def check(self, providers: Sequence[ProviderId]) -> None:
        """Start checks; their results arrive with later snapshots."""
        for provider in providers:
            self.call(lambda manager, one=provider: manager.check_provider_health(one))  # type: ignore[misc]

    def _run(self) -> None:
        try:
            with asyncio.Runner(loop_factory=self._new_loop) as runner:
                runner.run(self._main())
        except BaseException as error:
            if not self._ready.done():
                self._ready.set_exception(error)
            else:
                raise

    async def _main(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        async with self._make() as manager:
            self._manager = manager
            self._ready.set_result(None)
            try:
                await self._stop.wait()
            finally:
                await self._shut(manager)

    async def _shut(self, manager: FailoverManager) -> None:
        """Let nobody in any more and send away who still waits: no thread may wait for a loop that has ended."""
        with self._gate:
            self._last = manager.snapshot()
            self._manager = None
        for call in self._calls:
            call.cancel()
        if self._calls:
            await asyncio.wait(self._calls)

    def _begin(self, work: Work[_Result], answer: concurrent.futures.Future[_Result]) -> None:
        """Start a call, on the loop."""
        loop = asyncio.get_running_loop()
        if self._manager is None:
            _tell(answer, EngineClosed(_STOPPED))
            return
        call = loop.create_task(work(self._manager))
        self._calls.add(call)
        call.add_done_callback(self._calls.discard)
        call.add_done_callback(lambda done: _hand_over(done, answer))
        # A caller that goes away takes its work along.
        answer.add_done_callback(lambda one: loop.call_soon_threadsafe(call.cancel) if one.cancelled() else None)


def _hand_over(call: asyncio.Task[_Result], answer: concurrent.futures.Future[_Result]) -> None:
    error = EngineClosed(_STOPPED) if call.cancelled() else call.exception()
    if error is not None:
        _tell(answer, error)
    elif answer.set_running_or_notify_cancel():
        answer.set_result(call.result())


def _tell(answer: concurrent.futures.Future[_Result], error: BaseException) -> None:
    if answer.set_running_or_notify_cancel():
        answer.set_exception(error)


class BlockingFailoverManager:
    """The failover manager for ordinary, blocking programs; every method may be called from any thread.

        with BlockingFailoverManager(lambda: FailoverManager(upstreams)) as manager:
            manager.register_provider(spec)
            manager.configure_failover(config)
            print(manager.execute_query("my-agent", "Hello").reply.text)

    Methods, results and errors are those of `FailoverManager`.
    """

    def __init__(self, make: Callable[[], AbstractAsyncContextManager[FailoverManager]]) -> None:
        self._engine = EngineThread(make)

    def __enter__(self) -> Self:
        self._engine.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._engine.stop()

    def start(self, providers: Iterable[ProviderSpec], agents: Iterable[FailoverConfig]) -> None:
        """Take over a whole configuration at once."""
        self._wait(lambda manager: manager.start(providers, agents))

    def register_provider(self, spec: ProviderSpec) -> None:
        """Add or replace a provider."""
        self._wait(lambda manager: manager.register_provider(spec))

    def remove_provider(self, provider: str) -> None:
        """Take a provider away."""
        self._wait(lambda manager: manager.remove_provider(provider))

    def configure_failover(self, config: FailoverConfig) -> None:
        """Add or replace an agent."""
        self._wait(lambda manager: manager.configure_failover(config))

    def remove_agent(self, agent: str) -> None:
        """Take an agent away."""
        self._wait(lambda manager: manager.remove_agent(agent))

    def execute_query(self, agent: str, query: str, context: Context | None = None) -> Served:
        """Answer a query through the agent's chain."""
        return self._wait(lambda manager: manager.execute_query(agent, query, context))

    def check_provider_health(self, provider: str) -> ProviderHealth:
        """Check a provider now."""
        return self._wait(lambda manager: manager.check_provider_health(provider))

    def get_provider_health(self, provider: str) -> ProviderHealth:
        """Return a provider's health as last known."""
        return self._manager.get_provider_health(provider)

    def get_all_provider_health(self) -> dict[ProviderId, ProviderHealth]:
        """Return the health of every provider."""
        return self._manager.get_all_provider_health()

    def get_active_provider(self, agent: str) -> ProviderId:
        """Return where an agent's new queries go first."""
        return self._manager.get_active_provider(agent)

    def switch_provider(self, agent: str, provider: str, *, force: bool = False) -> str:
        """Move an agent to a provider of its chain."""
        return self._wait(lambda manager: manager.switch_provider(agent, provider, force=force))

    def get_failover_config(self, agent: str) -> FailoverConfig:
        """Return an agent's configuration."""
        return self._manager.get_failover_config(agent)

    def get_failover_stats(self, agent: str) -> FailoverStats:
        """Return where an agent stands."""
        return self._manager.get_failover_stats(agent)

    def submit(self, command: Command) -> Verdict:
        """Give an order."""
        return self._wait(lambda manager: manager.submit(command))

    def snapshot(self) -> Snapshot:
        """Return the read model of this instant."""
        return self._engine.snapshot()

    @property
    def _manager(self) -> FailoverManager:
        return self._engine.manager

    def _wait(self, work: Work[_Result]) -> _Result:
        return self._engine.call(work).result()
