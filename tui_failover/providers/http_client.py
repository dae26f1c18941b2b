"""Requests to one provider over HTTP/1.1, on connections that are kept for the next ones.

Whole HTTP libraries do for each request what a gateway has no use for: cookies, redirects, proxies, bodies of any
kind. That takes several times as long as sending the request and reading its answer.
"""

import asyncio
from collections.abc import Callable, Mapping
from urllib.parse import quote, urlsplit

from tui_failover.providers.dialing import Dialer, system_trust
from tui_failover.providers.http_answer import HttpAnswer
from tui_failover.providers.http_connection import HttpConnection
from tui_failover.wire.http_head import written_head

_IDLE_S = 15.0
_PORTS = {"http": 80, "https": 443}
_PATH = "/%:@!$&'()*+,;=~"  # what a path may hold as it is (RFC 3986, 3.3)


class HttpClient:
    """Sends requests to one address. How many there are at once is limited by whoever sends."""

    def __init__(self, base_url: str, idle_s: float = _IDLE_S) -> None:
        """Prepare, on the loop that will be used; nothing is opened yet.

        Args:
            base_url: what every path is put behind: "https://api.openai.com/v1".
            idle_s: seconds that a connection is kept for the next request.
        """
        url = urlsplit(base_url)
        host = (url.hostname or "").encode("idna").decode("ascii")
        port = _PORTS[url.scheme]
        self._host = f"host: [{host}]" if ":" in host else f"host: {host}"
        if url.port not in {None, port}:
            port = url.port or port
            self._host += f":{port}"
        self._path = quote(url.path.rstrip("/"), safe=_PATH)
        self._loop = asyncio.get_running_loop()
        self._dialer = Dialer(host, port, system_trust if url.scheme == "https" else None)
        self._idle_s = idle_s
        self._open: set[HttpConnection] = set()
        self._idle: list[tuple[float, HttpConnection]] = []  # each since when; the newest, used first, comes last
        self._timer: asyncio.TimerHandle | None = None

    async def post(
        self,
        path: str,
        headers: Mapping[str, str],
        body: bytes,
        connect_s: float,
        left_us: Callable[[], None],
    ) -> HttpAnswer:
        """Send a request and return its answer once the head of it has come.

        Args:
            path: below the base URL, as it is sent.
            headers: all of them but `Host` and `Content-Length`.
            body: what is sent.
            connect_s: seconds for a connection to be made.
            left_us: called whenever another piece of a long body has left.

        Raises:
            ConnectTimeout: no connection in time.
            OSError: no connection, or it was lost before an answer.
            NotHttp: what came is no HTTP.
            ValueError: a header that would end the line it stands on.
        """
        first_line, length = f"POST {self._path}{path} HTTP/1.1", f"content-length: {len(body)}"
        head = written_head(first_line, headers.items(), self._host, length)
        connection = self._kept() or await self._opened(connect_s)
        coming = connection.ask(head, body, left_us)
        try:
            return await coming
        except BaseException:
            connection.give_up(coming)
            raise

    async def close(self) -> None:
        """Give back the connections."""
        if self._timer is not None:
            self._timer.cancel()
        for connection in tuple(self._open):
            connection.cut()

    def _kept(self) -> HttpConnection | None:
        while self._idle:
            since, connection = self._idle.pop()
            if connection.usable and self._loop.time() - since <= self._idle_s:
                return connection
            connection.cut()
        return None

    async def _opened(self, connect_s: float) -> HttpConnection:
        connection = await self._dialer.dial(lambda: HttpConnection(self._freed, self._open.discard), connect_s)
        self._open.add(connection)
        return connection

    def _freed(self, connection: HttpConnection) -> None:
        now = self._loop.time()
        self._idle.append((now, connection))
        if self._timer is None:
            self._timer = self._loop.call_at(now + self._idle_s, self._expire)

    def _expire(self) -> None:
        """End the connections that nobody has used for a while."""
        self._timer = None
        oldest = self._loop.time() - self._idle_s
        for since, connection in self._idle:
            if since <= oldest:
                connection.cut()
        self._idle = [one for one in self._idle if one[0] > oldest]
        if self._idle:
            self._timer = self._loop.call_at(self._idle[0][0] + self._idle_s, self._expire)
