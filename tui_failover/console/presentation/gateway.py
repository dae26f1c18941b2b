"""Where applications reach the gateway, as it is shown and as a shell takes it."""

from shlex import quote
from typing import Final
from urllib.parse import urlsplit

VERSION: Final = "/v1"
_EVERYWHERE: Final = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104 - read, not listened on


def forms(address: str) -> tuple[str, ...]:
    """Return the ways to write the address, the longest first.

    Args:
        address: "http://host:port".
    """
    parts = urlsplit(address)
    whole = f"{address}{VERSION}"
    port = (f"gateway :{parts.port}",) if parts.port else ()
    return (f"gateway {whole}", whole, *port)


def export_line(address: str) -> str:
    """Return the line that points both vendors' clients, started from the shell that takes it, at the gateway."""
    root = _from_here(address)
    return f"export OPENAI_BASE_URL={quote(root + VERSION)} ANTHROPIC_BASE_URL={quote(root)}\n"


def _from_here(address: str) -> str:
    """Return an address to call: one that is listened on everywhere is no place to go to."""
    parts = urlsplit(address)
    host = _EVERYWHERE.get(parts.hostname or "")
    return address if host is None else f"{parts.scheme}://{host}:{parts.port}"
