"""Telling a service manager that the process is ready, or is stopping; see sd_notify(3)."""

import contextlib
import os
import socket
from collections.abc import Mapping

READY = "READY=1"
STOPPING = "STOPPING=1"
_PATIENCE_S = 1.0


def tell_service_manager(state: str, environ: Mapping[str, str] = os.environ) -> None:
    """Send the state where a service manager asked for it; nothing happens where none did.

    Args:
        state: `READY` or `STOPPING`.
        environ: holds NOTIFY_SOCKET: the path of a datagram socket, or "@" and the name of an abstract one.
    """
    address = environ.get("NOTIFY_SOCKET", "")
    if address[:1] not in {"/", "@"}:
        return
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.settimeout(_PATIENCE_S)
        channel.sendto(state.encode(), f"\0{address[1:]}" if address[0] == "@" else address)
