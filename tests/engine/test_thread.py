"""The engine in a thread of its own, and its face for blocking programs. Waiting here is always for an event."""

import asyncio
import concurrent.futures
import inspect
import threading
from collections.abc import Callable, Iterator

import pytest

from tests.support.engine_world import AGENT, RULES, a_config, a_spec
from tui_failover.core.command import Accepted, SwitchTo
from tui_failover.core.errors import (
    AllProvidersFailed,
    EngineClosed,
    OrderRefused,
    SettingsError,
    UnknownAgent,
    UnknownProvider,
)
from tui_failover.core.names import ProviderId
from tui_failover.core.outcome import Answered, FailureKind, Outcome
from tui_failover.core.ports import Limits, Upstream
from tui_failover.core.query import Query, Reply
from tui_failover.core.spec import ProbeKind, ProviderSpec
from tui_failover.engine.clock import LoopClock
from tui_failover.engine.manager import FailoverManager
from tui_failover.engine.thread import BlockingFailoverManager, EngineThread
from tui_failover.providers.scripted import Answer, Break, ScriptedUpstreams, failing

PATIENCE_S = 20.0
A, B = ProviderId("A"), ProviderId("B")
AT_ONCE = Answer(after_s=0.0)


def a_scripted_manager() -> FailoverManager:
    """Make a manager on the running loop whose providers answer at once; nobody is checked unless asked for."""
    upstreams = ScriptedUpstreams(LoopClock(asyncio.get_running_loop()))
    for name in (A, B):
        upstreams[name].from_now_on(AT_ONCE)
    return FailoverManager(upstreams, RULES, seed=1)


def configured(engine: EngineThread) -> EngineThread:
    """Give an engine its agent and its providers."""
    specs, config = [a_spec("A"), a_spec("B")], a_config("AB", health_check_enabled=False)
    engine.call(lambda manager: manager.start(specs, [config])).result(PATIENCE_S)
    return engine


async def answer_of(engine: EngineThread) -> str:
    """Ask from another loop than the engine's, as a program with a loop of its own does."""
    asked = engine.call(lambda manager: manager.execute_query(AGENT, "hello"))
    return (await asyncio.wrap_future(asked)).reply.text


@pytest.fixture
def engine() -> Iterator[EngineThread]:
    engine = configured(EngineThread(a_scripted_manager).start())
    yield engine
    engine.stop()


class Held:
    """A provider whose answers wait until the test lets them go."""

    def __init__(self) -> None:
        self.asked = threading.Event()
        self.broken_off = threading.Event()
        self._let_go = asyncio.Event()

    async def send(self, query: Query, limits: Limits) -> Outcome:
        self.asked.set()
        try:
            await self._let_go.wait()
        except asyncio.CancelledError:
            self.broken_off.set()
            raise
        return Answered(Reply("late", "model"), 0.0, 0.0)

    async def probe(self, kind: ProbeKind, query: Query, timeout_s: float) -> Outcome:
        return await self.send(query, Limits(timeout_s, timeout_s, timeout_s, timeout_s))

    async def close(self) -> None:
        """Nothing to close."""


class Holding:
    """Makes managers whose only provider is held."""

    def __init__(self) -> None:
        self.held: list[Held] = []

    def __call__(self) -> FailoverManager:
        def make(spec: ProviderSpec) -> Upstream:
            self.held.append(Held())
            return self.held[-1]

        return FailoverManager(make, RULES, seed=1)


@pytest.fixture
def holding() -> Holding:
    return Holding()


@pytest.fixture
def held_engine(holding: Holding) -> Iterator[EngineThread]:
    engine = configured(EngineThread(holding).start())
    yield engine
    engine.stop()


def test_many_threads_are_answered_and_every_query_is_counted(engine: EngineThread) -> None:
    def ask(_: int) -> str:
        return engine.call(lambda manager: manager.execute_query(AGENT, "hello")).result(PATIENCE_S).provider

    with concurrent.futures.ThreadPoolExecutor(8) as threads:
        providers = list(threads.map(ask, range(200)))

    assert providers == ["A"] * 200
    assert engine.snapshot().agents[0].queries == 200


def test_snapshots_read_from_another_thread_never_go_back(engine: EngineThread) -> None:
    writing = [engine.call(lambda manager: manager.execute_query(AGENT, "hello")) for _ in range(300)]

    revisions = [engine.snapshot().revision]
    while not all(future.done() for future in writing):
        revisions.append(engine.snapshot().revision)
    revisions.append(engine.snapshot().revision)

    assert revisions == sorted(revisions)
    assert revisions[-1] > revisions[0]


def test_a_snapshots_events_belong_to_its_state(engine: EngineThread) -> None:
    orders = [
        engine.call(lambda manager, one=name: manager.submit(SwitchTo(AGENT, one)))  # type: ignore[misc]
        for name in [A, B] * 50
    ]

    told = []
    while not all(future.done() for future in orders):
        snapshot = engine.snapshot()
        switched = [one for one in snapshot.events if one.provider is not None and one.agent == AGENT]
        told.append((switched[-1].provider if switched else A, snapshot.agents[0].active))

    assert [last for last, _ in told] == [active for _, active in told]


def test_what_a_call_raises_reaches_its_caller(engine: EngineThread) -> None:
    with pytest.raises(UnknownAgent):
        engine.call(lambda manager: manager.execute_query("nobody", "hello")).result(PATIENCE_S)


@pytest.mark.parametrize("stage", ["making", "entering"])
def test_what_fails_at_the_start_is_raised_to_the_starter(stage: str) -> None:
    class Broken(FailoverManager):
        async def __aenter__(self) -> "Broken":
            raise SettingsError(["no such thing"])

    def make() -> FailoverManager:
        if stage == "making":
            raise SettingsError(["no such thing"])
        return Broken(ScriptedUpstreams(LoopClock(asyncio.get_running_loop())))

    engine = EngineThread(make)

    with pytest.raises(SettingsError, match="no such thing"):
        engine.start()
    engine.stop()

    assert not engine.running
    with pytest.raises(EngineClosed):
        engine.snapshot()


def test_before_the_start_there_is_nothing_to_ask() -> None:
    engine = EngineThread(a_scripted_manager)
    engine.stop()

    assert not engine.running
    with pytest.raises(EngineClosed):
        engine.snapshot()
    with pytest.raises(EngineClosed):
        engine.call(lambda manager: manager.execute_query(AGENT, "hello"))
    with pytest.raises(EngineClosed):
        _ = engine.manager
    with pytest.raises(EngineClosed):
        _ = engine.clock


def test_after_the_stop_calls_are_refused_and_the_last_snapshot_stays(engine: EngineThread) -> None:
    engine.call(lambda manager: manager.execute_query(AGENT, "hello")).result(PATIENCE_S)
    running = engine.running

    engine.stop()
    engine.stop()

    assert (running, engine.running) == (True, False)
    assert engine.snapshot().agents[0].queries == 1
    assert engine.clock.now().mono >= engine.snapshot().moment.mono
    with pytest.raises(EngineClosed):
        engine.call(lambda manager: manager.execute_query(AGENT, "hello"))
    with pytest.raises(EngineClosed):
        _ = engine.manager


def test_two_threads_may_stop_it_at_once(engine: EngineThread) -> None:
    with concurrent.futures.ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda _: engine.stop(), range(4)))

    assert not engine.running


def test_a_call_under_way_at_the_stop_ends_with_the_engine(held_engine: EngineThread, holding: Holding) -> None:
    answer = held_engine.call(lambda manager: manager.execute_query(AGENT, "hello"))
    assert holding.held[0].asked.wait(PATIENCE_S)

    held_engine.stop()

    with pytest.raises(EngineClosed):
        answer.result(PATIENCE_S)
    assert holding.held[0].broken_off.is_set()
    assert held_engine.snapshot().providers[0].inflight == 1


def test_nobody_is_left_waiting_by_an_engine_that_stops_meanwhile(engine: EngineThread) -> None:
    answered = threading.Semaphore(0)
    ends: list[BaseException] = []

    def ask_on() -> None:
        try:
            while True:
                engine.call(lambda manager: manager.execute_query(AGENT, "hello")).result(PATIENCE_S)
                answered.release()
        except (EngineClosed, TimeoutError) as end:
            ends.append(end)

    asking = [threading.Thread(target=ask_on) for _ in range(4)]
    for thread in asking:
        thread.start()
    for _ in range(20):
        assert answered.acquire(timeout=PATIENCE_S)

    engine.stop()
    for thread in asking:
        thread.join(PATIENCE_S)

    assert [type(end) for end in ends] == [EngineClosed] * 4


async def test_a_caller_on_another_loop_that_goes_away_takes_its_query_along(
    held_engine: EngineThread, holding: Holding
) -> None:
    asking = asyncio.ensure_future(answer_of(held_engine))
    await asyncio.to_thread(holding.held[0].asked.wait, PATIENCE_S)

    asking.cancel()
    broken_off = await asyncio.to_thread(holding.held[0].broken_off.wait, PATIENCE_S)

    assert broken_off
    assert asking.cancelled()


async def test_a_caller_on_another_loop_is_told_when_the_engine_stops_and_is_not_cancelled(
    held_engine: EngineThread, holding: Holding
) -> None:
    asking = asyncio.ensure_future(answer_of(held_engine))
    await asyncio.to_thread(holding.held[0].asked.wait, PATIENCE_S)

    await asyncio.to_thread(held_engine.stop)

    with pytest.raises(EngineClosed):
        await asking


async def test_a_console_gives_orders_asks_and_checks_from_its_own_loop(engine: EngineThread) -> None:
    text = await answer_of(engine)
    verdict = await engine.submit(SwitchTo(AGENT, B))
    await engine.check([A, B])
    health = await asyncio.wrap_future(engine.call(lambda manager: manager.check_provider_health(B)))

    assert text == "ok"
    assert isinstance(verdict, Accepted)
    assert engine.snapshot().agents[0].active == B
    assert health.status == "healthy"


def test_calls_made_on_the_engines_own_thread_are_not_needed_to_read(engine: EngineThread) -> None:
    assert engine.manager.get_active_provider(AGENT) == "A"


@pytest.fixture
def blocking() -> Iterator[BlockingFailoverManager]:
    with BlockingFailoverManager(a_scripted_manager) as manager:
        manager.start([a_spec("A")], [])
        manager.register_provider(a_spec("B"))
        manager.configure_failover(a_config("AB", health_check_enabled=False))
        yield manager


def test_a_blocking_program_does_everything_without_a_loop(blocking: BlockingFailoverManager) -> None:
    served = blocking.execute_query(AGENT, "hello", {"max_tokens": 5})
    health = blocking.check_provider_health("B")
    text = blocking.switch_provider(AGENT, "B")
    verdict = blocking.submit(SwitchTo(AGENT, A))

    assert (served.provider, served.reply.text) == ("A", "ok")
    assert health.response_time_ms == blocking.get_provider_health("B").response_time_ms
    assert blocking.get_all_provider_health()[B].status == "healthy"
    assert text == "my-agent is on B for 30 min"
    assert isinstance(verdict, Accepted)
    assert blocking.get_active_provider(AGENT) == "A"
    assert blocking.get_failover_config(AGENT).chain == ("A", "B")
    assert blocking.get_failover_stats(AGENT).queries == 1
    assert blocking.snapshot().agents[0].active == "A"


def test_a_blocking_program_takes_away_what_it_gave(blocking: BlockingFailoverManager) -> None:
    blocking.remove_agent(AGENT)
    blocking.remove_provider("B")

    assert list(blocking.get_all_provider_health()) == ["A"]
    with pytest.raises(UnknownAgent):
        blocking.get_active_provider(AGENT)


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda one: one.execute_query("nobody", "hello"), UnknownAgent),
        (lambda one: one.execute_query(AGENT, ""), ValueError),
        (lambda one: one.check_provider_health("X"), UnknownProvider),
        (lambda one: one.get_provider_health("X"), UnknownProvider),
        (lambda one: one.remove_provider("B"), OrderRefused),
        (lambda one: one.switch_provider(AGENT, "X"), OrderRefused),
        (lambda one: one.configure_failover(a_config("AX")), SettingsError),
        (lambda one: one.start([], [a_config("A")]), SettingsError),
    ],
    ids=["agent", "query", "check", "health", "remove", "switch", "configure", "start"],
)
def test_a_blocking_program_meets_the_same_errors(
    blocking: BlockingFailoverManager, call: Callable[[BlockingFailoverManager], object], error: type[Exception]
) -> None:
    with pytest.raises(error):
        call(blocking)


def test_a_blocking_program_is_told_every_attempt() -> None:
    def make() -> FailoverManager:
        upstreams = ScriptedUpstreams(LoopClock(asyncio.get_running_loop()))
        for name in (A, B):
            upstreams[name].from_now_on(Break(failing(FailureKind.AUTH).failure, after_s=0.0))
        return FailoverManager(upstreams, RULES)

    with BlockingFailoverManager(make) as manager:
        manager.start([a_spec("A"), a_spec("B")], [a_config("AB", health_check_enabled=False)])
        with pytest.raises(AllProvidersFailed) as failed:
            manager.execute_query(AGENT, "hello")

    assert [one.provider for one in failed.value.attempts] == ["A", "B"]
    with pytest.raises(EngineClosed):
        manager.execute_query(AGENT, "hello")


def public(kind: type) -> set[str]:
    return {name for name, _ in inspect.getmembers(kind, inspect.isfunction) if not name.startswith("_")}


def test_the_blocking_manager_has_the_methods_of_the_other_but_for_listening() -> None:
    not_for_programs = {"subscribe", "notice", "preview"}

    assert public(BlockingFailoverManager) == public(FailoverManager) - not_for_programs


@pytest.mark.parametrize("name", sorted(public(BlockingFailoverManager)))
def test_a_blocking_methods_arguments_are_a_subset_in_the_same_order(name: str) -> None:
    blocking = list(inspect.signature(getattr(BlockingFailoverManager, name)).parameters)
    other = list(inspect.signature(getattr(FailoverManager, name)).parameters)

    assert other[: len(blocking)] == blocking
