"""The datagrams a service manager waits for, over real sockets."""

import socket
from pathlib import Path

import pytest

from tui_failover.bootstrap.service_manager import READY, STOPPING, tell_service_manager


@pytest.mark.parametrize("abstract", [False, True], ids=["path", "abstract"])
def test_the_service_manager_gets_what_it_is_told(tmp_path: Path, abstract: bool) -> None:
    path = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.settimeout(10.0)
        manager.bind(f"\0{path}" if abstract else path)
        environ = {"NOTIFY_SOCKET": f"@{path}" if abstract else path}

        tell_service_manager(READY, environ)
        tell_service_manager(STOPPING, environ)

        assert [manager.recv(100) for _ in range(2)] == [b"READY=1", b"STOPPING=1"]


@pytest.mark.parametrize("address", ["", "relative", "/nowhere/at/all"], ids=["none", "no-address", "gone"])
def test_without_a_service_manager_nothing_happens(address: str) -> None:
    tell_service_manager(READY, {"NOTIFY_SOCKET": address} if address else {})
