"""Requests to one provider over HTTP/1.1: aiohttp's connections and parser, without its session.

A session does for each request what a gateway has no use for: cookies, redirects, proxies, tracing, bodies of any
kind. That takes longer than sending the request and reading its answer.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from functools import lru_cache

import aiohttp
from aiohttp.client_proto import ResponseHandler
from aiohttp.connector import Connection
from aiohttp.http import HttpProcessingError, RawResponseMessage, StreamWriter
from yarl import URL

from tui_failover.providers.diagnosis import lower_headers

_MOST_CONNECTIONS = 2000
_IDLE_S = 15.0
_DNS_S = 10
_AT_ONCE = 1 << 20  # bytes; a longer body is written in pieces, so that others get their turn
_PIECE = 256 << 10
_SWITCHED = 101


class HttpAnswer:
    """An answer whose head has come.

    Attributes:
        status: of the answer.
        headers: with lower-case names; one sent twice is joined with ", ".
    """

    __slots__ = ("_body", "_connection", "_rest", "headers", "status")

    def __init__(
        self,
        head: RawResponseMessage,
        body: aiohttp.StreamReader,
        connection: Connection,
        rest: "asyncio.Task[None] | None",
    ) -> None:
        self.status = head.code
        self.headers = lower_headers(head.headers.items())
        self._body = body
        self._connection: Connection | None = connection
        self._rest = rest
        body.on_eof(self._ended)

    @property
    def at_end(self) -> bool:
        """Whether all of the body has been read."""
        return self._body.at_eof()

    def read(self) -> Awaitable[bytes]:
        """Return the next bytes of the body as they come; b"" at its end.

        Raises:
            aiohttp.ClientError: it broke off.
        """
        return self._body.readany()

    def close(self) -> None:
        """Give the answer up: its connection is cut at once, unless it has gone back to the others.

        A plain close waits until what was written has left, which is never where a provider has stopped reading.
        """
        connection, self._connection = self._connection, None
        if connection is not None:
            self._stop_writing()
            _cut(connection)

    def _ended(self) -> None:
        """All of it has come: the connection is free for the next request, if all of this one has left."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        if self._stop_writing():
            _cut(connection)
        else:
            connection.release()

    def _stop_writing(self) -> bool:
        return self._rest is not None and self._rest.cancel()


class HttpClient:
    """Sends requests to one address over connections of its own, which are kept for the next ones."""

    def __init__(self, base_url: str) -> None:
        """Prepare, on the loop that will be used; nothing is opened yet.

        Args:
            base_url: what every path is put behind: "https://api.openai.com/v1".
        """
        url = URL(base_url)
        self._loop = asyncio.get_running_loop()
        self._connector = aiohttp.TCPConnector(
            limit=_MOST_CONNECTIONS, keepalive_timeout=_IDLE_S, ttl_dns_cache=_DNS_S
        )
        # What the connector needs to know of a request, the same for all of them.
        self._request = aiohttp.ClientRequest("POST", url, loop=self._loop)
        self._path = url.raw_path.rstrip("/")
        self._host = f"host: {self._request.headers['Host']}"

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
            aiohttp.ClientError: no connection, or no answer that is HTTP.
            ValueError: a header that would end the line it stands on.
        """
        head = self._head(path, headers, len(body))
        try:
            connection = await self._connector.connect(self._request, [], _connecting_within(connect_s))
        except TimeoutError as error:
            message = f"Connection timeout to host {self._request.url}"
            raise aiohttp.ConnectionTimeoutError(message) from error
        rest: asyncio.Task[None] | None = None
        try:
            protocol, transport = _opened(connection)
            protocol.set_response_params(read_until_eof=True)
            if len(body) <= _AT_ONCE:
                transport.write(head + body)
            else:
                transport.write(head)
                # Beside reading: who refuses a long request says so before it has come to its end.
                rest = self._loop.create_task(_write(protocol, body, left_us))
                rest.add_done_callback(_seen)
            answer, payload = await self._answered(protocol)
            return HttpAnswer(answer, payload, connection, rest)
        except BaseException:
            if rest is not None:
                rest.cancel()
            _cut(connection)
            raise

    async def close(self) -> None:
        """Give back the connections."""
        await self._connector.close()

    def _head(self, path: str, headers: Mapping[str, str], length: int) -> bytes:
        lines = [f"POST {self._path}{path} HTTP/1.1", self._host, f"content-length: {length}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        head = "\r\n".join(lines)
        if head.count("\n") != len(lines) - 1 or head.count("\r") != len(lines) - 1:
            message = "a header that holds the end of a line"
            raise ValueError(message)
        return head.encode("utf-8", "surrogateescape") + b"\r\n\r\n"

    async def _answered(self, protocol: ResponseHandler) -> tuple[RawResponseMessage, aiohttp.StreamReader]:
        """Return the head of the answer and its body to come, past what only says that one is coming."""
        try:
            while True:
                message, payload = await protocol.read()
                if message.code >= 200 or message.code == _SWITCHED:
                    return message, payload
        except HttpProcessingError as error:
            info = self._request.request_info
            raise aiohttp.ClientResponseError(info, (), status=error.code, message=error.message) from error


@lru_cache(maxsize=8)  # it is a setting
def _connecting_within(seconds: float) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(total=None, connect=seconds)


def _opened(connection: Connection) -> tuple[ResponseHandler, asyncio.Transport]:
    protocol, transport = connection.protocol, connection.transport
    if protocol is None or transport is None:
        raise aiohttp.ServerDisconnectedError
    return protocol, transport


async def _write(protocol: ResponseHandler, body: bytes, left_us: Callable[[], None]) -> None:
    """Write a long body piece by piece, each once there is room for it."""
    writer = StreamWriter(protocol, asyncio.get_running_loop())
    for start in range(0, len(body), _PIECE):
        await writer.write(body[start : start + _PIECE])
        left_us()


def _seen(task: "asyncio.Task[None]") -> None:
    """Take note of how writing ended; that the connection broke, whoever waits for the answer is told."""
    if not task.cancelled():
        task.exception()


def _cut(connection: Connection) -> None:
    transport = connection.transport
    connection.close()
    if transport is not None:
        transport.abort()
