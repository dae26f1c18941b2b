"""Being told to stop, and stopping in order: queries under way may finish, nobody waits for ever."""

import asyncio
import contextlib
import signal
from collections.abc import Iterator

from tui_failover.core.text import counted
from tui_failover.engine.thread import EngineThread

STOPS = frozenset({signal.SIGTERM, signal.SIGINT})
_LOOK_S = 0.1


Arrived = asyncio.Queue[signal.Signals]


async def drain(engine: EngineThread, drain_s: float, arrived: Arrived) -> signal.Signals | None:
    """Let the queries under way finish, for a limited time; return the signal that cut that short, if one did."""
    deadline = engine.clock.now().mono + drain_s
    while engine.clock.now().mono < deadline and under_way(engine):
        hurry = await within(arrived, _LOOK_S)
        if hurry is not None:
            return hurry
    return None


def under_way(engine: EngineThread) -> int:
    """Return how many attempts are under way."""
    return sum(view.inflight for view in engine.snapshot().providers)


def waits_for(queries: int, drain_s: float) -> str:
    """Return what is waited for, and how long at most ("1 attempt may take 30 s to finish")."""
    return f"{counted(queries, 'attempt')} may take {drain_s:.0f} s to finish"


async def within(arrived: Arrived, seconds: float) -> signal.Signals | None:
    """Return the next signal, or None where none arrives in time."""
    try:
        async with asyncio.timeout(seconds):
            return await arrived.get()
    except TimeoutError:
        return None


@contextlib.contextmanager
def signals(numbers: frozenset[signal.Signals]) -> Iterator[Arrived]:
    """Have the signals arrive one by one on the running loop, none of them lost, until the context ends."""
    loop = asyncio.get_running_loop()
    arrived: Arrived = asyncio.Queue()
    for number in numbers:
        loop.add_signal_handler(number, arrived.put_nowait, number)
    try:
        yield arrived
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)
