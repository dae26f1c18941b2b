"""What is written to one caller, and how fast it takes it."""

import asyncio
import contextlib
import socket
from typing import cast


class Line:
    """The writing half of a connection.

    Attributes:
        transport: None before it is connected and after it is lost.
        gone: done once it is lost.
        crowded: done once the caller has taken most of what waits for it; None where nothing need wait for that.
    """

    __slots__ = ("crowded", "gone", "transport")

    def __init__(self) -> None:
        self.gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.transport: asyncio.Transport | None = None
        self.crowded: asyncio.Future[None] | None = None

    @property
    def waiting(self) -> int:
        """How many bytes the caller has yet to take."""
        return 0 if self.transport is None else self.transport.get_write_buffer_size()

    def opened(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        # A TCP listener makes no others, though those of other loops are not derived from this class.
        self.transport = cast("asyncio.Transport", transport)

    def lost(self) -> None:
        """Tell whoever waits that the caller has left."""
        self.transport = None
        self.make_room()
        self.gone.set_result(None)

    def crowd(self) -> None:
        """Have whoever writes wait from now on."""
        self.crowded = asyncio.get_running_loop().create_future()

    def make_room(self) -> None:
        """Let them go on."""
        crowded, self.crowded = self.crowded, None
        if crowded is not None and not crowded.done():
            crowded.set_result(None)

    def send(self, data: bytes) -> None:
        """Write; raises `ConnectionResetError` where the caller has left."""
        if self.transport is None or self.transport.is_closing():
            message = "the caller has left"
            raise ConnectionResetError(message)
        self.transport.write(data)

    async def room(self) -> None:
        """Return once the caller has taken most of what was written, or has left."""
        if self.crowded is not None:
            # Several may wait, and one of them may be cancelled.
            await asyncio.shield(self.crowded)

    def hold_back(self) -> None:
        """Have the caller wait with what it sends."""
        if self.transport is not None:
            self.transport.pause_reading()

    def let_come(self) -> None:
        """Have it go on."""
        if self.transport is not None:
            self.transport.resume_reading()

    def bound(self, most: int) -> None:
        """Keep what waits for the caller below so many bytes, in this process and in the kernel."""
        if self.transport is not None:
            self.transport.set_write_buffer_limits(high=most)
            plug = self.transport.get_extra_info("socket")
            if plug is not None:
                plug.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, most)

    def close(self, linger_s: float) -> None:
        """End the connection once what was written has left, and at the latest after so many seconds."""
        if self.transport is not None:
            self.transport.close()
            asyncio.get_running_loop().call_later(linger_s, self.transport.abort)

    def finish(self, linger_s: float) -> None:
        """Write no more; what still comes is read and thrown away, so that the answer is not lost with it."""
        transport = self.transport
        if transport is not None:
            if transport.can_write_eof():
                with contextlib.suppress(OSError):  # the caller has left, and the loop has yet to notice
                    transport.write_eof()
            asyncio.get_running_loop().call_later(linger_s, transport.abort)
