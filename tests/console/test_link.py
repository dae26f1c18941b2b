import asyncio
import threading
from collections.abc import Iterator

import pytest

from tests.support.fake_link import FakeLink
from tests.support.fleets import all_healthy
from tests.support.views import AGENT, OPENAI
from tui_failover.console.link import LoopLink
from tui_failover.core.command import Accepted, HoldAutomation
from tui_failover.core.errors import EngineClosed


@pytest.fixture(name="engine_loop")
def an_engine_loop() -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    yield loop
    if not loop.is_closed():
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def test_orders_checks_and_questions_cross_over(
    engine_loop: asyncio.AbstractEventLoop,
) -> None:
    engine = FakeLink(all_healthy())
    link = LoopLink(engine, engine_loop)

    verdict = await link.submit(HoldAutomation(AGENT))
    await link.check((OPENAI,))
    answer = await link.ask(AGENT, "ping")

    assert isinstance(verdict, Accepted)
    assert (engine.commands, engine.checks) == ([HoldAutomation(AGENT)], [(OPENAI,)])
    assert answer == "support-bot: ping"


async def test_a_snapshot_is_read_without_crossing() -> None:
    loop = asyncio.new_event_loop()
    loop.close()
    snapshot = all_healthy()

    assert LoopLink(FakeLink(snapshot), loop).snapshot() is snapshot


async def test_an_order_to_an_engine_whose_loop_has_ended_is_refused_as_such() -> None:
    loop = asyncio.new_event_loop()
    loop.close()

    with pytest.raises(EngineClosed, match="the engine has ended"):
        await LoopLink(FakeLink(all_healthy()), loop).submit(HoldAutomation(AGENT))


async def test_what_the_engine_raises_arrives(engine_loop: asyncio.AbstractEventLoop) -> None:
    engine = FakeLink(all_healthy(), closed=True)

    with pytest.raises(EngineClosed):
        await LoopLink(engine, engine_loop).submit(HoldAutomation(AGENT))
