"""What holds for every test: nothing leaves this machine, and random examples are the same in every run."""

import socket
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

_HERE = frozenset({None, "", "127.0.0.1", "::1", "localhost", "0.0.0.0", "::"})  # noqa: S104 - names, not addresses to bind

# A slow machine is no failure, and a failure must be seen again by whoever looks into it.
# How fast examples are made says something of the machine alone.
settings.register_profile(
    "house",
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("house")


@pytest.fixture(autouse=True)
def only_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail every connection and every name look-up that would leave the machine."""
    connect = socket.socket.connect
    look_up = socket.getaddrinfo

    def guarded_connect(sock: socket.socket, address: Any) -> None:
        if sock.family in {socket.AF_INET, socket.AF_INET6} and address[0] not in _HERE:
            pytest.fail(f"a connection to {address[0]} would leave the machine")
        connect(sock, address)

    def guarded_look_up(host: Any, *more: Any, **named: Any) -> Any:
        if host in _HERE:
            return look_up(host, *more, **named)
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket.socket, "connect", guarded_connect)
    monkeypatch.setattr(socket, "getaddrinfo", guarded_look_up)
