"""The HTTP client both SDKs are given, and the one rule for loading an SDK."""

import threading
from typing import TYPE_CHECKING

from tui_failover.providers.connection import Connection
from tui_failover.providers.keyring import Keyring

if TYPE_CHECKING:
    import httpx2

# The SDKs share lower layers; two threads importing both at once could see each other's half-made modules.
LOADING = threading.Lock()
PLACEHOLDER_KEY = "set-per-request"  # the SDKs demand a key at construction; the keyring puts ours in its place


def open_client(connection: Connection, keyring: Keyring) -> "httpx2.AsyncClient":
    """Return a client that follows no redirect (the key would travel along) and, to loopback, asks no proxy.

    The SDKs' own default client reads proxies from the environment even where `trust_env` is off, hence this one.
    It sets no time limits; each request brings its own.
    """
    import httpx2

    async def sign(request: httpx2.Request) -> None:
        keyring.sign(request.headers)

    return httpx2.AsyncClient(
        follow_redirects=False,
        trust_env=not connection.loopback,
        timeout=None,
        event_hooks={"request": [sign]},
        limits=httpx2.Limits(max_connections=1000, max_keepalive_connections=100),
    )
