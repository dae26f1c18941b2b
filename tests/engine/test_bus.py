"""Events to whoever listens, at each listener's own pace."""

import asyncio

import pytest

from tests.support.engine_world import AGENT, a_settled_world, virtually
from tui_failover.core.event import Event, EventKind, Source
from tui_failover.engine.bus import Bus, Missed, Subscription


def an_event(number: int) -> Event:
    """Return an event known by its number."""
    return Event(number, 0.0, 0.0, EventKind.CONFIG, "changed", "", Source.CONFIG)


def three_events() -> list[Event]:
    return [an_event(number) for number in (1, 2, 3)]


async def everything(subscription: Subscription) -> list[Event | Missed]:
    """Listen until the end."""
    return [one async for one in subscription]


@virtually
async def test_every_listener_gets_every_event_in_order() -> None:
    bus = Bus()
    listeners = [bus.subscribe(), bus.subscribe()]

    bus.publish(three_events())
    bus.close()

    assert [await everything(one) for one in listeners] == [three_events()] * 2


@virtually
async def test_a_listener_hears_only_what_happens_after_it_came() -> None:
    bus = Bus()
    bus.publish([an_event(1)])
    listener = bus.subscribe()

    bus.publish([an_event(2)])
    listener.close()

    assert await everything(listener) == [an_event(2)]


@pytest.mark.parametrize(
    ("capacity", "heard"),
    [
        (3, three_events()),
        (2, [Missed(1), *three_events()[1:]]),
        (1, [Missed(2), *three_events()[2:]]),
    ],
)
@virtually
async def test_a_slow_listener_loses_the_oldest_and_is_told_how_many(
    capacity: int, heard: list[Event | Missed]
) -> None:
    bus = Bus()
    listener = bus.subscribe(capacity)

    bus.publish(three_events())
    listener.close()

    assert await everything(listener) == heard


@virtually
async def test_a_slow_listener_costs_the_others_nothing() -> None:
    bus = Bus()
    slow, quick = bus.subscribe(1), bus.subscribe()

    bus.publish(three_events())
    bus.close()

    assert await everything(quick) == three_events()
    assert await everything(slow) == [Missed(2), an_event(3)]


@virtually
async def test_a_waiting_listener_is_woken_by_the_next_event_and_by_the_end() -> None:
    bus = Bus()
    listener = bus.subscribe()
    heard = asyncio.ensure_future(everything(listener))
    await asyncio.wait([heard], timeout=1.0)

    bus.publish([an_event(1)])
    await asyncio.wait([heard], timeout=1.0)
    still_listening = not heard.done()
    bus.close()

    assert still_listening
    assert await heard == [an_event(1)]


@virtually
async def test_a_closed_listener_hears_nothing_more() -> None:
    bus = Bus()
    listener = bus.subscribe()
    listener.close()
    listener.close()

    bus.publish(three_events())

    assert await everything(listener) == []


@virtually
async def test_the_managers_listeners_hear_what_snapshots_tell_and_end_with_it() -> None:
    async with a_settled_world("AB") as world:
        before = len(world.told())
        listener = world.manager.subscribe()
        await world.manager.switch_provider(AGENT, "B")
        await world.manager.switch_provider(AGENT, "A")
        told = world.told()[before:]

    heard = await everything(listener)
    assert heard == told
    assert [one.kind for one in told] == [EventKind.SWITCHED, EventKind.SWITCHED]
    numbers = [one.number for one in told]
    assert numbers == list(range(numbers[0], numbers[0] + 2))
