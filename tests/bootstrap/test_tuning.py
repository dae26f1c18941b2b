"""The interpreter's own housekeeping, and the engine's loop."""

import asyncio
import gc
import sys
import threading
from collections.abc import Iterator
from itertools import pairwise

import pytest

from tui_failover.bootstrap.loops import new_loop
from tui_failover.bootstrap.tuning import tune
from tui_failover.engine.clock import LoopClock


@pytest.fixture
def housekeeping() -> Iterator[None]:
    """Leave the interpreter as it was."""
    thresholds, interval = gc.get_threshold(), sys.getswitchinterval()
    yield
    gc.unfreeze()
    gc.enable()
    gc.set_threshold(*thresholds)
    sys.setswitchinterval(interval)


@pytest.mark.usefixtures("housekeeping")
def test_what_was_made_at_the_start_is_never_collected_again() -> None:
    assert gc.get_freeze_count() == 0
    gc.disable()  # as the command line has it while a process starts

    tune()

    assert gc.isenabled()
    assert gc.get_freeze_count() > 1_000
    assert gc.get_threshold()[0] == 50_000
    assert sys.getswitchinterval() == pytest.approx(0.0005)


def test_the_engines_loop_tells_the_time_exactly_and_to_every_thread() -> None:
    told: list[float] = []

    async def ask() -> None:
        clock = LoopClock(asyncio.get_running_loop())
        reader = threading.Thread(target=lambda: told.extend(clock.now().mono for _ in range(1000)))
        reader.start()
        await asyncio.to_thread(reader.join)

    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(ask())

    assert told == sorted(told)
    assert any(0.0 < second - first < 0.0005 for first, second in pairwise(told))


def test_the_engines_loop_is_the_faster_one_where_there_is_one() -> None:
    uvloop = pytest.importorskip("uvloop")

    with asyncio.Runner(loop_factory=new_loop) as runner:
        assert isinstance(runner.get_loop(), uvloop.Loop)
