"""A listening port on loopback that can refuse connections and take them again, always under the same number.

`asyncio.Server` is not used: closed while a connection is being taken over, it drops that transport unclosed.
"""

import asyncio
import contextlib
import socket
from collections.abc import Callable

_LOOPBACK = "127.0.0.1"
_BACKLOG = 128


class Listener:
    """Listens from `listen` to `refuse`. While it refuses, the port stays bound, so nobody else can get it."""

    def __init__(self, tasks: asyncio.TaskGroup, accept: Callable[[], asyncio.Protocol]) -> None:
        self._loop = asyncio.get_running_loop()
        self._tasks = tasks
        self._accept = accept
        self._listening = False
        self._socket = _bound(0)
        self.port: int = self._socket.getsockname()[1]

    def listen(self) -> None:
        """Take connections from now on."""
        if not self._listening:
            self._listening = True
            self._socket.listen(_BACKLOG)
            self._loop.add_reader(self._socket, self._take)

    def refuse(self) -> None:
        """Refuse connections from now on; those accepted before are not touched."""
        if self._listening:
            self.close()
            self._socket = _bound(self.port)

    def close(self) -> None:
        """Give the port back; waiting connections are reset."""
        if self._listening:
            self._loop.remove_reader(self._socket)
            self._listening = False
        self._socket.close()

    def _take(self) -> None:
        try:
            connection, _ = self._socket.accept()
        except OSError:
            return  # the client has gone again, or no descriptor is free; what waits is offered again
        connection.setblocking(False)  # noqa: FBT003 - the standard library's own signature
        self._tasks.create_task(self._hand_over(connection))

    async def _hand_over(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError):  # the client has gone
            await self._loop.connect_accepted_socket(self._accept, connection)


def _bound(port: int) -> socket.socket:
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((_LOOPBACK, port))
    except OSError:
        sock.close()
        raise
    sock.setblocking(False)  # noqa: FBT003 - the standard library's own signature
    return sock
