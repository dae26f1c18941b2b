"""The real clock and real chance."""

import asyncio
import threading
from datetime import UTC, datetime

from tui_failover.core.names import Moment
from tui_failover.engine.clock import LoopClock, SystemRng


async def test_the_clocks_monotonic_part_is_the_loops_own_time_and_the_rest_the_walls() -> None:
    loop = asyncio.get_running_loop()
    before = loop.time()

    moment = LoopClock(loop).now()

    assert before <= moment.mono <= loop.time()
    assert abs(moment.utc - datetime.now(UTC).timestamp()) < 60.0


async def test_other_threads_may_read_the_clock() -> None:
    clock = LoopClock(asyncio.get_running_loop())
    read: list[Moment] = []

    thread = threading.Thread(target=lambda: read.append(clock.now()))
    thread.start()
    thread.join()

    assert read[0].mono <= clock.now().mono


async def test_sleeping_a_negative_time_lets_others_run_once() -> None:
    ran: list[str] = []
    loop = asyncio.get_running_loop()
    loop.call_soon(ran.append, "other")

    await LoopClock(loop).sleep(-5.0)

    assert ran == ["other"]


def test_chance_stays_inside_its_bounds_and_differs() -> None:
    rng = SystemRng()

    drawn = [rng.uniform(0.25, 0.5) for _ in range(100)]
    seeds = {rng.seed() for _ in range(10)}

    assert all(0.25 <= one <= 0.5 for one in drawn)
    assert len(set(drawn)) > 1
    assert len(seeds) > 1
    assert all(0 <= one < 2**32 for one in seeds)
