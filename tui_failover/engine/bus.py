"""Events to whoever listens, at each listener's own pace: a slow one loses the oldest and is told how many."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterable

from msgspec import Struct

from tui_failover.core.event import Event

CAPACITY = 1_000


class Missed(Struct, frozen=True):
    """So many events were dropped here, because the listener was too slow."""

    count: int


class Subscription:
    """One listener's queue; iterate over it asynchronously, close it when done."""

    def __init__(self, bus: "Bus", capacity: int) -> None:
        self._bus = bus
        self._capacity = capacity
        self._events: deque[Event] = deque()
        self._missed = 0
        self._closed = False
        self._news = asyncio.Event()

    def put(self, event: Event) -> None:
        """Queue an event, dropping the oldest when full."""
        if len(self._events) >= self._capacity:
            self._events.popleft()
            self._missed += 1
        self._events.append(event)
        self._news.set()

    def close(self) -> None:
        """End the iteration after what is queued."""
        self._closed = True
        self._bus.forget(self)
        self._news.set()

    async def __aiter__(self) -> AsyncIterator[Event | Missed]:
        while True:
            if self._missed:
                missed, self._missed = self._missed, 0
                yield Missed(missed)
            elif self._events:
                yield self._events.popleft()
            elif self._closed:
                return
            else:
                self._news.clear()
                await self._news.wait()


class Bus:
    """The fan-out. Lives on the engine's loop."""

    def __init__(self) -> None:
        self._subscriptions: set[Subscription] = set()

    def subscribe(self, capacity: int = CAPACITY) -> Subscription:
        """Return a new listener's queue, from now on."""
        subscription = Subscription(self, capacity)
        self._subscriptions.add(subscription)
        return subscription

    def publish(self, events: Iterable[Event]) -> None:
        """Hand events to every listener; never waits."""
        for event in events:
            for subscription in self._subscriptions:
                subscription.put(event)

    def forget(self, subscription: Subscription) -> None:
        """Stop handing events to a listener."""
        self._subscriptions.discard(subscription)

    def close(self) -> None:
        """End every listener's iteration."""
        for subscription in tuple(self._subscriptions):
            subscription.close()
