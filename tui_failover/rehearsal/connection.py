"""One accepted connection: reads requests, carries out the steps of the answers, and ends with its client."""

import asyncio
import logging
import socket
import struct
from collections.abc import Iterator
from typing import Protocol, cast

from tui_failover.core.ports import Clock
from tui_failover.rehearsal.http1 import HEAD_MOST, Request, Unreadable, head, read_request
from tui_failover.rehearsal.script import Close, Hang, Pause, Reset, Send, Step

_log = logging.getLogger(__name__)
_RST_ON_CLOSE = struct.pack("ii", 1, 0)  # linger on, for no time: close becomes a reset


class Host(Protocol):
    """What a connection needs of the provider it belongs to."""

    clock: Clock
    tasks: asyncio.TaskGroup

    def admit(self, connection: "Connection") -> bool:
        """Take note of a new connection; False resets it."""
        ...

    def reply(self, request: Request) -> Iterator[Step]:
        """Return the steps of the answer."""
        ...

    def forget(self, connection: "Connection") -> None:
        """Take note that the connection has ended."""
        ...


class Connection(asyncio.Protocol):
    """A client's connection; its task lives exactly as long as the client stays."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._reader = asyncio.StreamReader(limit=HEAD_MOST)
        self._writable = asyncio.Event()
        self._ended = asyncio.Event()
        self._transport: asyncio.Transport | None = None
        self._task: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to serve, unless the provider resets newcomers."""
        # A TCP listener makes no others, though those of other loops are not derived from this class.
        stream = cast("asyncio.Transport", transport)
        self._transport = stream
        self._writable.set()
        self._reader.set_transport(stream)
        if self._host.admit(self):
            self._task = self._host.tasks.create_task(self._serve(stream))
        else:
            self.reset()

    def data_received(self, data: bytes) -> None:
        """Keep what came for the reader, which stops the transport when it has enough."""
        self._reader.feed_data(data)

    def connection_lost(self, exc: Exception | None) -> None:
        """End the task: there is nobody left to answer."""
        del exc
        self._reader.feed_eof()
        if self._task is not None:
            self._task.cancel()
        self._host.forget(self)
        self._ended.set()

    def pause_writing(self) -> None:
        """Stop sending while the client does not read."""
        self._writable.clear()

    def resume_writing(self) -> None:
        """Go on sending."""
        self._writable.set()

    def reset(self) -> None:
        """End the connection with RST."""
        if self._transport is not None and not self._transport.is_closing():
            sock = self._transport.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RST_ON_CLOSE)
            self._transport.abort()

    async def end(self) -> None:
        """Drop the connection and wait until it is gone."""
        if self._transport is not None:
            self._transport.abort()
            await self._ended.wait()

    async def _serve(self, transport: asyncio.Transport) -> None:
        try:
            while await self._one(transport):
                pass
        except Exception:  # noqa: BLE001 - the task's outermost frame: one client must not end the others
            _log.exception("a rehearsed provider failed to answer")
        finally:
            transport.close()

    async def _one(self, transport: asyncio.Transport) -> bool:
        request = await read_request(self._reader)
        match request:
            case None:
                return False
            case Unreadable(status):
                transport.write(head(status, (("content-length", "0"), ("connection", "close"))))
                return False
            case Request():
                for step in self._host.reply(request):
                    if not await self._carry_out(step, transport):
                        return False
                return request.keep_alive

    async def _carry_out(self, step: Step, transport: asyncio.Transport) -> bool:
        """Return whether the connection can be used further."""
        match step:
            case Send(data):
                transport.write(data)
                await self._writable.wait()
            case Pause(seconds):
                await self._host.clock.sleep(seconds)
            case Hang():
                await self._ended.wait()
            case Reset():
                self.reset()
            case Close():
                return False
        return not transport.is_closing()
