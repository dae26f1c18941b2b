"""One timer limits every wait of all attempts as strictly as a timeout round each of them would."""

import asyncio

import pytest

from tests.support.virtual_loop import run_virtually
from tui_failover.providers.alarm import Alarm, Alarms


def now() -> float:
    return asyncio.get_running_loop().time()


async def passes(seconds: float) -> None:
    await asyncio.sleep(seconds)  # noqa: TID251 - virtual time


async def waited_for(alarm: Alarm, due: float) -> float:
    """Wait for what never comes; return how long."""
    began = now()
    with pytest.raises(TimeoutError), alarm.until(due):
        await asyncio.Event().wait()
    return now() - began


def test_what_never_comes_is_waited_for_up_to_the_limit() -> None:
    async def main() -> None:
        alarm = Alarm(asyncio.get_running_loop(), Alarms())
        assert await waited_for(alarm, now() + 12) == pytest.approx(12)
        assert alarm.rang

    run_virtually(main())


@pytest.mark.parametrize("seconds", [3.0, 30.0])
def test_a_limit_moved_meanwhile_is_the_one_that_holds(seconds: float) -> None:
    async def main() -> None:
        alarm = Alarm(asyncio.get_running_loop(), Alarms())
        asyncio.get_running_loop().call_later(1, alarm.move, now() + seconds)
        assert await waited_for(alarm, now() + 12) == pytest.approx(seconds)

    run_virtually(main())


@pytest.mark.parametrize("seconds", [3.0, 30.0])
def test_each_wait_has_the_limit_it_was_given(seconds: float) -> None:
    async def main() -> None:
        alarm = Alarm(asyncio.get_running_loop(), Alarms())
        with alarm.until(now() + 12):
            await passes(11)
        assert await waited_for(alarm, now() + seconds) == pytest.approx(seconds)

    run_virtually(main())


def test_nothing_is_broken_off_between_two_waits() -> None:
    async def main() -> None:
        alarm = Alarm(asyncio.get_running_loop(), Alarms())
        with alarm.until(now() + 1):
            pass
        await passes(5)
        assert not alarm.rang
        assert await waited_for(alarm, now() + 2) == pytest.approx(2)

    run_virtually(main())


def test_a_stopped_alarm_leaves_no_timer_behind() -> None:
    async def main() -> None:
        alarm = Alarm(asyncio.get_running_loop(), Alarms())
        with alarm.until(now() + 1):
            alarm.stop()
            await asyncio.Event().wait()

    with pytest.raises(RuntimeError, match="no timer is set"):
        run_virtually(main())


@pytest.mark.parametrize("seconds", [1.0, 2.0], ids=["before", "at the same moment"])
def test_who_cancels_the_task_is_obeyed(seconds: float) -> None:
    async def main() -> None:
        alarm = Alarm(asyncio.get_running_loop(), Alarms())
        task = asyncio.current_task()
        assert task is not None
        due = now() + 2
        asyncio.get_running_loop().call_at(now() + seconds, task.cancel)
        with pytest.raises(asyncio.CancelledError), alarm.until(due):
            await asyncio.Event().wait()
        assert task.uncancel() == 0

    run_virtually(main())


@pytest.mark.parametrize("limits", [(3.0, 12.0, 30.0), (30.0, 12.0, 3.0), (12.0, 12.0, 12.0)])
def test_each_of_many_waits_has_its_own_limit(limits: tuple[float, ...]) -> None:
    async def main() -> None:
        alarms, loop = Alarms(), asyncio.get_running_loop()
        each = await asyncio.gather(*(waited_for(Alarm(loop, alarms), now() + limit) for limit in limits))
        assert each == [pytest.approx(limit) for limit in limits]

    run_virtually(main())


def test_a_stopped_alarm_leaves_the_others_theirs() -> None:
    async def main() -> None:
        alarms, loop = Alarms(), asyncio.get_running_loop()
        first = Alarm(loop, alarms)
        with first.until(now() + 3):
            loop.call_later(1, first.stop)
            assert await waited_for(Alarm(loop, alarms), now() + 12) == pytest.approx(12)
        assert not first.rang

    run_virtually(main())
