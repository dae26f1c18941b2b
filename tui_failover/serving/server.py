"""A listening address whose callers are answered by one handler."""

import asyncio
from collections.abc import Iterable

from tui_failover.core.ports import Clock
from tui_failover.serving.bounds import Bounds
from tui_failover.serving.connection import Connection, Handler, Refuse

_BACKLOG = 1024  # applications open many connections at once


class Server:
    """Listens from `open` until `close`."""

    def __init__(self, handler: Handler, refuse: Refuse, bounds: Bounds, clock: Clock) -> None:
        """Prepare; nothing is opened yet.

        Args:
            handler: answers a request; returns a whole answer, or the one it has begun to send.
            refuse: makes the answer to what never became a request, from a status, a code and a sentence.
            bounds: what one caller may take.
            clock: for the dates of answers.
        """
        self._handler = handler
        self._refuse = refuse
        self._bounds = bounds
        self._clock = clock
        self._peers: set[Connection] = set()
        self._listener: asyncio.Server | None = None

    async def open(self, host: str, port: int) -> int:
        """Listen, and return the port that was got; raises `OSError`."""

        def connection() -> Connection:
            return Connection(self._handler, self._refuse, self._bounds, self._clock, self._peers)

        loop = asyncio.get_running_loop()
        self._listener = await loop.create_server(connection, host, port, backlog=_BACKLOG)
        got: int = self._listener.sockets[0].getsockname()[1]
        return got

    def stop_listening(self) -> None:
        """Take no new connections."""
        if self._listener is not None:
            self._listener.close()

    async def close(self, within_s: float) -> None:
        """Let requests under way finish within so many seconds and their answers leave, and close."""
        self.stop_listening()
        for peer in tuple(self._peers):
            peer.stop()
        tasks = [peer.task for peer in self._peers if peer.task is not None]
        if tasks:
            await asyncio.wait(tasks, timeout=within_s)
        leaving = [peer.gone for peer in self._peers if peer.task is None]
        self._abort(peer for peer in self._peers if peer.task is not None)
        if leaving:
            await asyncio.wait(leaving, timeout=self._bounds.linger_s)
        self._abort(self._peers)
        await asyncio.gather(*tasks, return_exceptions=True)

    def _abort(self, peers: Iterable[Connection]) -> None:
        for peer in tuple(peers):
            peer.abort()
