"""A caller on a connection without a network, in virtual time."""

import asyncio
from collections.abc import Awaitable, Callable
from http import HTTPStatus

from tests.support.fake_line import FakeLine
from tests.support.virtual_loop import VirtualClock
from tui_failover.serving import Bounds, Request, Response, Stream
from tui_failover.serving.connection import Connection

Handler = Callable[[Request], Awaitable[Response | Stream]]
BOUNDS = Bounds()
DATE = b"Date: Tue, 14 Nov 2023 22:30:00 GMT\r\n"


def refusing(status: HTTPStatus, code: str, message: str) -> Response:
    """Return the answer to what is no request."""
    return Response(status, {}, f"{code}: {message}".encode())


async def echo(request: Request) -> Response:
    """Answer with what was asked."""
    body = await request.body(1 << 20, 10.0)
    return Response(200, {}, f"{request.method} {request.target} ".encode() + body)


def asking(
    target: str = "/", *headers: str, body: bytes = b"", method: str = "POST", version: str = "1.1"
) -> bytes:
    """Return a request; its length is stated unless it comes in chunks."""
    chunked = any(header.startswith("Transfer-Encoding") for header in headers)
    framed = () if chunked else (f"Content-Length: {len(body)}",)
    lines = [f"{method} {target} HTTP/{version}", "Host: here", *framed, *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class CallerEnd:
    """One connection, and what came back on it."""

    def __init__(
        self,
        handler: Handler = echo,
        bounds: Bounds = BOUNDS,
        peers: set[Connection] | None = None,
        line: FakeLine | None = None,
    ) -> None:
        self.line = line or FakeLine()
        self.peers = set() if peers is None else peers
        self.connection = Connection(handler, refusing, bounds, VirtualClock(), self.peers)
        self.connection.connection_made(self.line)

    @property
    def heard(self) -> bytes:
        """What came back, without the dates."""
        head, *rest = self.line.written.split(b"Date: ")
        return b"".join([head, *(one.partition(b"\r\n")[2] for one in rest)])

    def say(self, *pieces: bytes) -> None:
        """Send."""
        for piece in pieces:
            self.connection.data_received(piece)

    def leave(self) -> None:
        """Go away."""
        self.line.open = False
        self.connection.connection_lost(None)

    def stop_taking(self, waits: int) -> None:
        """Leave so many bytes unread from now on."""
        self.line.waits = waits
        self.connection.pause_writing()

    def take_all(self) -> None:
        """Read what is there."""
        self.line.waits = 0
        self.connection.resume_writing()


async def settled() -> None:
    """Return once nothing more happens without time or the caller."""
    for _ in range(20):
        await asyncio.sleep(0)  # noqa: TID251 - lets the loop run


async def after(seconds: float) -> None:
    """Let time pass."""
    await asyncio.sleep(seconds)  # noqa: TID251 - virtual time
