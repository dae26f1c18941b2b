"""What has to outlive the process reaches the keeper, and an order waits for it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.support.engine_world import AGENT, RULES, a_config, a_spec, virtually
from tests.support.memory import Memory
from tests.support.virtual_loop import VirtualClock
from tui_failover.core.command import Accepted, HoldAutomation, Refused, SwitchTo
from tui_failover.core.event import EventKind
from tui_failover.core.fact import Restored
from tui_failover.core.kept import Kept, KeptRoute
from tui_failover.core.names import ProviderId
from tui_failover.core.outcome import FailureKind
from tui_failover.engine.manager import FailoverManager
from tui_failover.providers.scripted import ScriptedUpstreams, failing

A, B, C = (ProviderId(name) for name in "ABC")


@asynccontextmanager
async def kept_by(memory: Memory, restored: Restored | None = None) -> AsyncIterator[FailoverManager]:
    """A manager of A and B whose keeper is `memory`."""
    clock = VirtualClock()
    async with FailoverManager(ScriptedUpstreams(clock), RULES, clock, keeper=memory, seed=1) as manager:
        await manager.start([a_spec("A"), a_spec("B")], [a_config("AB")], restored)
        yield manager


@virtually
async def test_an_order_is_answered_once_its_state_is_kept() -> None:
    memory = Memory()
    async with kept_by(memory) as manager:
        verdict = await manager.submit(SwitchTo(AGENT, B))

    assert isinstance(verdict, Accepted)
    assert verdict.text == "my-agent is on B for 30 min"
    assert memory.kept[-1].routes[AGENT].active == B


@virtually
async def test_a_refused_order_waits_for_nothing() -> None:
    memory = Memory()
    memory.hangs = True
    async with kept_by(memory) as manager:
        verdict = await manager.submit(SwitchTo(AGENT, C))

    assert isinstance(verdict, Refused)


@virtually
async def test_an_order_that_cannot_be_kept_counts_and_says_so() -> None:
    memory = Memory()
    memory.problem = "disk\x1b[2Jfull"
    async with kept_by(memory) as manager:
        verdict = await manager.submit(SwitchTo(AGENT, B))
        active = manager.get_active_provider(AGENT)

    assert isinstance(verdict, Accepted)
    assert verdict.text == "my-agent is on B for 30 min; it will not survive a restart: disk[2Jfull"
    assert active == B


@virtually
async def test_a_slow_disk_holds_an_order_up_for_two_seconds_at_most() -> None:
    memory = Memory()
    memory.hangs = True
    loop = asyncio.get_running_loop()
    async with kept_by(memory) as manager:
        began = loop.time()
        verdict = await manager.submit(SwitchTo(AGENT, B))
        took = loop.time() - began

    assert isinstance(verdict, Accepted)
    assert verdict.text.endswith("it would not survive a restart yet: the disk is slow")
    assert took == 2.0


@virtually
async def test_a_query_waits_for_no_disk() -> None:
    memory = Memory()
    memory.hangs = True
    async with kept_by(memory) as manager:
        served = await asyncio.wait_for(manager.execute_query(AGENT, "hello"), 1.0)

    assert served.provider == A


@virtually
async def test_what_automation_moves_is_noted_without_being_waited_for() -> None:
    memory = Memory()
    memory.hangs = True
    clock = VirtualClock()
    upstreams = ScriptedUpstreams(clock)
    async with FailoverManager(upstreams, RULES, clock, keeper=memory, seed=1) as manager:
        await manager.start([a_spec("A"), a_spec("B")], [a_config("AB")])
        upstreams[A].from_now_on(failing(FailureKind.AUTH))
        served = await manager.execute_query(AGENT, "hello")

    assert served.provider == B
    assert memory.noted[-1].routes[AGENT].active == B
    assert memory.kept == []


@virtually
async def test_answers_that_change_nothing_are_not_noted() -> None:
    memory = Memory()
    async with kept_by(memory) as manager:
        await asyncio.sleep(30.0)  # noqa: TID251 - virtual time; every provider has been checked
        before = len(memory.noted)
        for _ in range(20):
            await manager.execute_query(AGENT, "hello")

    assert len(memory.noted) == before


@virtually
async def test_what_is_registered_and_removed_at_run_time_is_kept_before_the_call_returns() -> None:
    memory = Memory()
    async with kept_by(memory) as manager:
        await manager.register_provider(a_spec("C"))
        registered = memory.kept[-1]
        await manager.remove_provider("C")

    assert registered.providers == {C: a_spec("C")}
    assert memory.kept[-1].providers == {}


@virtually
async def test_what_was_kept_is_in_force_from_the_start() -> None:
    kept = Kept(
        taken_utc=1.0,
        routes={AGENT: KeptRoute(B, 1.0, "switched by ann", first=False)},
        providers={C: a_spec("C")},
        agents={AGENT: a_config("ABC")},
    )
    async with kept_by(Memory(), Restored(kept)) as manager:
        served = await manager.execute_query(AGENT, "hello")
        health = await manager.check_provider_health("C")

    assert served.provider == B
    assert health.status == "healthy"


@virtually
async def test_a_provider_that_stays_removed_has_neither_connection_nor_checks() -> None:
    clock = VirtualClock()
    upstreams = ScriptedUpstreams(clock)
    async with FailoverManager(upstreams, RULES, clock, seed=1) as manager:
        restored = Restored(Kept(removed_providers=(C,)))
        await manager.start([a_spec(name) for name in "ABC"], [a_config("AB")], restored)
        await clock.sleep(200.0)
        closed, probes = upstreams[C].closed, upstreams[C].probes

    assert closed
    assert probes == []


@virtually
async def test_trouble_with_the_disk_is_told_once_each_way() -> None:
    memory = Memory()
    async with kept_by(memory) as manager:
        memory.turns("disk full")
        unkept = manager.snapshot().unkept
        memory.turns("")
        kinds = [one.kind for one in manager.snapshot().events]

    assert unkept == "disk full"
    assert kinds.count(EventKind.UNKEPT) == kinds.count(EventKind.KEPT_AGAIN) == 1


@virtually
async def test_a_manager_without_a_keeper_answers_at_once() -> None:
    clock = VirtualClock()
    async with FailoverManager(ScriptedUpstreams(clock), RULES, clock, seed=1) as manager:
        await manager.start([a_spec("A")], [a_config("A")])
        verdict = await manager.submit(HoldAutomation(AGENT))

    assert isinstance(verdict, Accepted)
    assert verdict.text == "my-agent: automation held on A"


@virtually
async def test_the_process_tells_of_itself_in_an_event() -> None:
    async with kept_by(Memory()) as manager:
        manager.notice("no control\nAPI", "the port is taken")
        event = manager.snapshot().events[-1]

    assert (event.kind, event.text, event.cause) == (EventKind.NOTICE, "no control API", "the port is taken")
