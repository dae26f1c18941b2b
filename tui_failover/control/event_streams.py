"""Events as they happen, as server-sent events: resumable, bounded, and let go where nobody reads."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus

from tui_failover.control.answer import encoded, stream_headers
from tui_failover.control.plain import event_json
from tui_failover.control.problem import Problem, bad_request
from tui_failover.control.settings import Limits
from tui_failover.core.event import Event
from tui_failover.core.ports import Clock
from tui_failover.engine.bus import Missed, Subscription
from tui_failover.engine.manager import FailoverManager
from tui_failover.serving import Request, Stream

EVENT_STREAM = "text/event-stream"
_log = logging.getLogger("tui_failover.control")
_MOST_DIGITS = 18
_BUFFER = 64 * 1024  # bytes that may wait for a reader before it counts as slow
_RESTARTED = 'event: restarted\ndata: {"message":"another process than before: numbers begin anew"}\n\n'


class _Stalled(Exception):
    """The reader takes nothing."""


class EventStreams:
    """Every event stream of one server.

    Attributes:
        dropped: how many readers were let go because they did not read.
    """

    def __init__(self, manager: FailoverManager, clock: Clock, limits: Limits) -> None:
        self.dropped = 0
        self._manager = manager
        self._clock = clock
        self._limits = limits
        self._open: set[Subscription] = set()

    @property
    def open(self) -> int:
        """How many are open now."""
        return len(self._open)

    def close(self) -> None:
        """End every stream after what is queued."""
        for subscription in tuple(self._open):
            subscription.close()

    async def serve(self, request: Request) -> Stream:
        """Tell events until the caller leaves: those after `Last-Event-ID` first, where that is given."""
        after = _last_seen(request)
        if len(self._open) >= self._limits.streams:
            message = f"{self._limits.streams} event streams are open already"
            raise Problem(HTTPStatus.TOO_MANY_REQUESTS, "too-many", message, headers={"Retry-After": "5"})
        # Listening begins before the past is read, with no wait between: nothing is lost or told twice.
        subscription = self._manager.subscribe()
        past = self._past(after)
        self._open.add(subscription)
        try:
            stream = request.begin(HTTPStatus.OK, stream_headers(EVENT_STREAM))
            stream.bound(_BUFFER)
            try:
                await self._tell(stream, subscription, past)
            except* _Stalled:
                self._drop(stream)
            except* ConnectionError:
                pass  # the reader left
        finally:
            self._open.discard(subscription)
            subscription.close()
        return stream

    def _past(self, after: int | None) -> list[str]:
        """Return the frames of what a reader has not seen yet."""
        if after is None:
            return []
        known = self._manager.snapshot().events
        frames: list[str] = []
        if after > (known[-1].number if known else 0):
            after = 0
            frames.append(_RESTARTED)
        gap = known[0].number - after - 1 if known else 0
        if gap > 0:
            frames.append(_frame(Missed(gap)))
        return frames + [_frame(event) for event in known if event.number > after]

    async def _tell(self, stream: Stream, subscription: Subscription, past: list[str]) -> None:
        async with self._pulse(stream):
            await self._write(stream, ": events follow\n\n")
            for frame in past:
                await self._write(stream, frame)
            async for one in subscription:
                await self._write(stream, _frame(one))
            await self._write(stream, 'event: end\ndata: {"message":"the server stops"}\n\n')

    @asynccontextmanager
    async def _pulse(self, stream: Stream) -> AsyncIterator[None]:
        """Give signs of life meanwhile, so that proxies keep the stream and a reader that is gone is noticed."""
        async with asyncio.TaskGroup() as group:
            beat = group.create_task(self._beat(stream), name="pulse of an event stream")
            yield
            beat.cancel()

    async def _beat(self, stream: Stream) -> None:
        while True:
            await self._clock.sleep(self._limits.pulse_s)
            await self._write(stream, ": still here\n\n")

    async def _write(self, stream: Stream, text: str) -> None:
        try:
            async with asyncio.timeout(self._limits.stall_s):
                await stream.write(text.encode("utf-8", "replace"))
        except TimeoutError:
            raise _Stalled from None

    def _drop(self, stream: Stream) -> None:
        """Leave a notice behind whatever the reader has not taken yet, and let it go."""
        self.dropped += 1
        seconds = self._limits.stall_s
        _log.warning("an event stream was dropped: its reader took nothing for %g s", seconds)
        notice = encoded({"message": f"dropped: nothing was read for {seconds:g} s; resume with Last-Event-ID"})
        stream.break_off(f"event: dropped\ndata: {notice}\n\n".encode())


def _last_seen(request: Request) -> int | None:
    sent = request.headers.get("Last-Event-ID")
    if sent is None:
        return None
    if not (sent.isascii() and sent.isdigit() and len(sent) <= _MOST_DIGITS):
        message = "Last-Event-ID must be the number of an event"
        raise bad_request(message, "bad-event-id")
    return int(sent)


def _frame(one: Event | Missed) -> str:
    if isinstance(one, Missed):
        return f"event: missed\ndata: {encoded({'count': one.count})}\n\n"
    return f"id: {one.number}\nevent: {one.kind.value}\ndata: {encoded(event_json(one))}\n\n"
