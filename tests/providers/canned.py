"""A loopback server that says given bytes, for what no rehearsed provider does."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

END_OF_HEAD = b"\r\n\r\n"
_MOST_HEAD = 65_536


class Canned:
    """Says the same to everyone and remembers the heads of the requests.

    Attributes:
        port: where it listens, on 127.0.0.1.
        heads: the request heads that came, as text.
    """

    def __init__(self, says: bytes) -> None:
        self.port = 0
        self.heads: list[str] = []
        self._says = says

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one connection, once."""
        try:
            head = await reader.read(_MOST_HEAD)
            self.heads.append(head.decode("latin-1"))
            writer.write(self._says)
            await writer.drain()
        except ConnectionError:
            return
        finally:
            writer.close()


@asynccontextmanager
async def saying(says: bytes) -> AsyncIterator[Canned]:
    """Run a server that says `says` on every connection and closes it."""
    canned = Canned(says)
    server = await asyncio.start_server(canned.serve, "127.0.0.1", 0)
    async with server:
        canned.port = server.sockets[0].getsockname()[1]
        yield canned


def http(status: str, body: bytes = b"", *headers: str) -> bytes:
    """Return an HTTP answer that closes the connection."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers]
    return "\r\n".join(lines).encode() + END_OF_HEAD + body
