"""The key of one connection: read before every request, put into the request at the last moment, remembered.

At the last moment, because the SDKs' debug logs show the headers they are given.
"""

from collections import deque
from collections.abc import MutableMapping

from tui_failover.providers.connection import AuthHeader, Connection

_REMEMBERED = 3  # a provider may still quote the key before the last rotation
_SDK_HEADERS = frozenset(
    {
        "accept",
        "accept-encoding",
        "anthropic-version",
        "connection",
        "content-length",
        "content-type",
        "host",
        "idempotency-key",
        "transfer-encoding",
        "user-agent",
    }
)
_SECRET_WORDS = ("auth", "key", "token", "secret", "cookie")


def _sent_by_sdk(name: str) -> bool:
    return name in _SDK_HEADERS or name.startswith("x-stainless-")


class Keyring:
    """The keys of one connection.

    Attributes:
        newest: the key that was read last; "" where none is needed.
    """

    def __init__(self, connection: Connection) -> None:
        self.newest = ""
        self._connection = connection
        self._keys: deque[str] = deque(maxlen=_REMEMBERED)

    def renew(self) -> bool:
        """Read the key anew; False where one is needed and there is none that a header can carry."""
        if self._connection.auth is AuthHeader.NONE:
            return True
        try:
            key = self._connection.key().strip()
        except Exception:  # noqa: BLE001 - reading a key may fail in any way, and what it says may hold the key
            return False
        if not key:
            return False
        if key == self.newest:
            return True
        if not key.isascii() or not key.isprintable():
            return False
        if key in self._keys:
            self._keys.remove(key)
        self._keys.append(key)
        self.newest = key
        return True

    def sign(self, headers: MutableMapping[str, str]) -> None:
        """Leave what the SDK itself sends, and add the newest key and the connection's own headers.

        The SDKs also send headers named in the environment (organisation, custom headers); those were meant for
        the vendor, and this endpoint may be somebody else's.
        """
        for name in [name for name in headers if not _sent_by_sdk(name.lower())]:
            del headers[name]
        match self._connection.auth:
            case AuthHeader.BEARER:
                headers["Authorization"] = f"Bearer {self.newest}"
            case AuthHeader.X_API_KEY:
                headers["X-Api-Key"] = self.newest
            case AuthHeader.NONE:
                pass
        headers.update(self._connection.headers)

    def secrets(self) -> tuple[str, ...]:
        """Return what must not appear in any text: the keys, and headers whose name says that they are secret."""
        named = (
            value
            for name, value in self._connection.headers.items()
            if any(word in name.lower() for word in _SECRET_WORDS)
        )
        return (*self._keys, *named)
