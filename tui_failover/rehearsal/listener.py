"""A listening port on loopback that can refuse connections and take them again, always under the same number."""

import asyncio
import socket
from collections.abc import Callable

_LOOPBACK = "127.0.0.1"
_BACKLOG = 128


class Listener:
    """Listens from `listen` to `refuse`. While it refuses, the port stays bound, so nobody else can get it."""

    def __init__(self, tasks: asyncio.TaskGroup, accept: Callable[[], asyncio.Protocol]) -> None:
        self._tasks = tasks
        self._accept = accept
        self._socket = _bound(0)
        self._server: asyncio.Server | None = None
        self._starting: asyncio.Task[None] | None = None
        self.port: int = self._socket.getsockname()[1]

    def listen(self) -> None:
        """Take connections from now on."""
        if self._starting is None:
            self._socket.listen(_BACKLOG)
            self._starting = self._tasks.create_task(self._serve())

    def refuse(self) -> None:
        """Refuse connections from now on; those accepted before are not touched."""
        if self._starting is not None:
            self.close()
            self._socket = _bound(self.port)

    def close(self) -> None:
        """Give the port back, or stop listening on it before it is bound again."""
        if self._starting is not None:
            self._starting.cancel()
            self._starting = None
        if self._server is not None:
            self._server.close()
            self._server = None
        self._socket.close()

    async def _serve(self) -> None:
        server = await asyncio.get_running_loop().create_server(
            self._accept, sock=self._socket, backlog=_BACKLOG, start_serving=False
        )
        self._server = server
        await server.start_serving()


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
