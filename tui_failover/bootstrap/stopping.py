"""Being told to stop, and stopping in order: queries under way may finish, nobody waits for ever."""

import asyncio
import contextlib
import signal
from collections.abc import Iterator

from tui_failover.engine.thread import EngineThread

STOPS = frozenset({signal.SIGTERM, signal.SIGINT})
_LOOK_S = 0.1


async def drain(engine: EngineThread, drain_s: float) -> signal.Signals | None:
    """Let the queries under way finish, for a limited time; return the signal that cut that short, if one did."""
    deadline = engine.clock.now().mono + drain_s
    with signals(STOPS) as hurry:
        while engine.clock.now().mono < deadline and under_way(engine):
            await asyncio.wait({hurry}, timeout=_LOOK_S)
            if hurry.done():
                return hurry.result()
    return None


def under_way(engine: EngineThread) -> int:
    """Return how many attempts are under way."""
    return sum(view.inflight for view in engine.snapshot().providers)


@contextlib.contextmanager
def signals(numbers: frozenset[signal.Signals]) -> Iterator[asyncio.Future[signal.Signals]]:
    """Turn the first of the signals into a future of the running loop."""
    loop = asyncio.get_running_loop()
    arrived: asyncio.Future[signal.Signals] = loop.create_future()

    def arrive(number: signal.Signals) -> None:
        if not arrived.done():
            arrived.set_result(number)

    for number in numbers:
        loop.add_signal_handler(number, arrive, number)
    try:
        yield arrived
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)
