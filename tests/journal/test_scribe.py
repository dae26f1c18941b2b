"""The writer's thread: the newest state, in the end always; nobody waits for the disk who did not ask to."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from tests.journal.states import a_state
from tui_failover.core.errors import NotKept
from tui_failover.core.kept import Kept
from tui_failover.journal.scribe import NoMemory, Scribe

SOON_S = 10.0  # far more than ever needed; ends a test that would hang


class Shelf:
    """Where states are saved; `shut` holds every writer up until it is opened."""

    def __init__(self) -> None:
        self.saved: list[Kept] = []
        self.attempts = 0
        self.problem: Exception | None = None
        self.open = threading.Event()
        self.busy = threading.Event()
        self.open.set()

    def save(self, kept: Kept) -> None:
        self.attempts += 1
        self.busy.set()
        assert self.open.wait(SOON_S)
        self.busy.clear()
        if self.problem is not None:
            raise self.problem
        self.saved.append(kept)

    async def until_busy(self) -> None:
        assert await asyncio.to_thread(self.busy.wait, SOON_S)


class Told:
    """What was told about the disk."""

    def __init__(self) -> None:
        self.problems: list[str] = []
        self._news = asyncio.Event()

    def __call__(self, problem: str) -> None:
        self.problems.append(problem)
        self._news.set()

    async def next(self) -> str:
        async with asyncio.timeout(SOON_S):
            await self._news.wait()
        self._news.clear()
        return self.problems[-1]


@asynccontextmanager
async def writing(shelf: Shelf, retry_s: float = SOON_S, written: Kept | None = None) -> AsyncIterator[Scribe]:
    scribe = Scribe(shelf.save, written, retry_s)
    try:
        yield scribe
    finally:
        shelf.open.set()
        await asyncio.to_thread(scribe.close)


async def test_keeping_returns_once_it_is_saved() -> None:
    shelf = Shelf()
    async with writing(shelf) as scribe:
        await scribe.keep(a_state("B"))

        assert shelf.saved == [a_state("B")]


async def test_noting_does_not_wait_and_only_the_newest_of_what_piled_up_is_saved() -> None:
    shelf = Shelf()
    shelf.open.clear()
    async with writing(shelf) as scribe:
        scribe.note(a_state("B"))
        await shelf.until_busy()
        for name in "CDEF":
            scribe.note(a_state(name))
        shelf.open.set()
        await scribe.keep(a_state("F"))

    assert shelf.saved == [a_state("B"), a_state("F")]


async def test_what_is_on_disk_already_is_not_written_again() -> None:
    shelf = Shelf()
    async with writing(shelf, written=a_state("B")) as scribe:
        await scribe.keep(a_state("B"))
        await scribe.keep(a_state("C"))
        await scribe.keep(a_state("C"))
        scribe.note(a_state("C"))

    assert shelf.saved == [a_state("C")]


async def test_everybody_who_waits_for_a_state_is_answered_by_one_write() -> None:
    shelf = Shelf()
    shelf.open.clear()
    async with writing(shelf) as scribe:
        scribe.note(a_state("A"))
        await shelf.until_busy()
        waiting = [asyncio.ensure_future(scribe.keep(a_state("B"))) for _ in range(20)]
        await asyncio.sleep(0)  # noqa: TID251 - lets them begin to wait
        shelf.open.set()
        await asyncio.wait_for(asyncio.gather(*waiting), SOON_S)

    assert shelf.saved == [a_state("A"), a_state("B")]


@pytest.mark.parametrize(
    ("problem", "told"),
    [
        (OSError(28, "No space left on device"), "no space left on device"),
        (ValueError("year 70000 is\nout of range"), "year 70000 is out of range"),
        (RuntimeError("secret"), "internal error while it was written (RuntimeError)"),
    ],
    ids=["disk full", "not to be said", "bug"],
)
async def test_a_state_that_cannot_be_saved_is_refused_with_the_reason(problem: Exception, told: str) -> None:
    shelf = Shelf()
    shelf.problem = problem
    async with writing(shelf) as scribe:
        with pytest.raises(NotKept, match=f"^{told.replace('(', '.').replace(')', '.')}$"):
            await asyncio.wait_for(scribe.keep(a_state("B")), SOON_S)


async def test_what_could_not_be_saved_is_saved_when_it_can_be_and_both_are_told_once() -> None:
    shelf = Shelf()
    shelf.problem = OSError(28, "No space left on device")
    told = Told()
    async with writing(shelf, retry_s=0.01) as scribe:
        scribe.watch(told)
        scribe.note(a_state("B"))
        first = await told.next()
        while shelf.attempts < 5:
            await asyncio.to_thread(shelf.busy.wait, 0.01)
        shelf.problem = None
        second = await told.next()

    assert (first, second) == ("no space left on device", "")
    assert told.problems == ["no space left on device", ""]
    assert shelf.saved == [a_state("B")]


async def test_whoever_waits_gets_an_attempt_at_once_while_the_disk_refuses() -> None:
    shelf = Shelf()
    shelf.problem = OSError(28, "No space left on device")
    async with writing(shelf) as scribe:
        with pytest.raises(NotKept):
            await scribe.keep(a_state("B"))
        shelf.problem = None

        await asyncio.wait_for(scribe.keep(a_state("B")), SOON_S)

    assert shelf.saved == [a_state("B")]


async def test_who_gives_up_waiting_takes_nothing_from_the_others() -> None:
    shelf = Shelf()
    shelf.open.clear()
    async with writing(shelf) as scribe:
        patient = asyncio.ensure_future(scribe.keep(a_state("B")))
        hasty = asyncio.ensure_future(scribe.keep(a_state("B")))
        await shelf.until_busy()
        hasty.cancel()
        shelf.open.set()
        await asyncio.wait_for(patient, SOON_S)

    assert shelf.saved == [a_state("B")]


async def test_closing_writes_what_is_not_written_yet() -> None:
    shelf = Shelf()
    shelf.open.clear()
    scribe = Scribe(shelf.save)
    scribe.note(a_state("B"))
    await shelf.until_busy()
    scribe.note(a_state("C"))

    shelf.open.set()
    await asyncio.to_thread(scribe.close)

    assert shelf.saved == [a_state("B"), a_state("C")]


async def test_closing_twice_does_no_harm() -> None:
    shelf = Shelf()
    scribe = Scribe(shelf.save)

    scribe.close()
    scribe.close()

    assert shelf.attempts == 0


async def test_where_nothing_can_be_kept_everybody_is_told_why() -> None:
    keeper = NoMemory("read-only\x1b file system")
    told: list[str] = []
    watch: Callable[[str], None] = told.append

    keeper.watch(watch)
    keeper.note(a_state("B"))
    await asyncio.sleep(0)  # noqa: TID251 - lets it be told

    assert told == ["read-only file system"]
    with pytest.raises(NotKept, match="read-only file system"):
        await keeper.keep(a_state("B"))
