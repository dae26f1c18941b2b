"""Opens connections to one address: its name resolved, its addresses tried, the handshake of TLS made."""

import asyncio
import socket
import ssl
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import TypeVar

import aiohappyeyeballs

_STAGGER_S = 0.25  # before the next address is tried beside the one before (RFC 8305, 8)
_KEPT_S = 10.0  # that a name's addresses are believed; the system's resolver keeps no time to live for us

Addresses = Sequence[aiohappyeyeballs.AddrInfoType]
_Protocol = TypeVar("_Protocol", bound=asyncio.Protocol)


@lru_cache(maxsize=1)  # it takes tens of milliseconds
def system_trust() -> ssl.SSLContext:
    """Return what is believed about certificates: the authorities of this system, and the host's name."""
    trust = ssl.create_default_context()
    trust.set_alpn_protocols(["http/1.1"])
    return trust


class ConnectTimeout(Exception):
    """No connection was made in time."""


class NotConnected(OSError):
    """The name is not known, nobody answers there, or whoever does is not who it should be; its cause tells."""


class Dialer:
    """Opens connections to one host."""

    def __init__(self, host: str, port: int, trust: Callable[[], ssl.SSLContext] | None = None) -> None:
        """Prepare, on the loop that will be used; nothing is resolved yet.

        Args:
            host: a name, or an address without brackets.
            port: of it.
            trust: makes what certificates are checked by; None for connections in the clear.
        """
        self._loop = asyncio.get_running_loop()
        self._host = host
        self._port = port
        self._trust = trust
        self._resolving: asyncio.Future[Addresses] | None = None
        self._believed_until = 0.0

    async def dial(self, make: Callable[[], _Protocol], within_s: float) -> _Protocol:
        """Open a connection for the protocol that `make` returns.

        Raises:
            ConnectTimeout: it did not stand within so many seconds.
            NotConnected: it cannot be had.
        """
        try:
            async with asyncio.timeout(within_s):
                return await self._connected(make)
        except TimeoutError as error:
            message = f"no connection to {self._host} within {within_s:g} s"
            raise ConnectTimeout(message) from error
        except OSError as error:
            message = f"no connection to {self._host}"
            raise NotConnected(message) from error

    async def _connected(self, make: Callable[[], _Protocol]) -> _Protocol:
        # Before there is a connection: whoever gave up meanwhile would leave it open.
        trust = None if self._trust is None else await asyncio.to_thread(self._trust)
        plug = await aiohappyeyeballs.start_connection(
            await self._addresses(), happy_eyeballs_delay=_STAGGER_S, interleave=1
        )
        plug.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        host = None if trust is None else self._host.rstrip(".")
        _, protocol = await self._loop.create_connection(make, sock=plug, ssl=trust, server_hostname=host)
        return protocol

    async def _addresses(self) -> Addresses:
        """Return the host's addresses; many who ask at once ask the resolver once."""
        now = self._loop.time()
        if self._resolving is None or (self._resolving.done() and now >= self._believed_until):
            self._believed_until = now + _KEPT_S
            self._resolving = asyncio.ensure_future(self._resolved())
        resolving = self._resolving
        try:
            return await asyncio.shield(resolving)
        except OSError:
            if self._resolving is resolving:
                self._resolving = None  # the next one asks again
            raise

    async def _resolved(self) -> Addresses:
        return await self._loop.getaddrinfo(
            self._host, self._port, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG
        )
