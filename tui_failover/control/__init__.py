"""Inbound control plane: the failover manager's REST API, its events and its metrics, on the engine's own loop."""

from tui_failover.control.change import Change, ChangeKind, OnChange
from tui_failover.control.ports import Connect
from tui_failover.control.server import CannotListen, ControlRefused, ControlServer, UnsafeListen
from tui_failover.control.settings import Access, ControlSettings, Limits, Listen

__all__ = [
    "Access",
    "CannotListen",
    "Change",
    "ChangeKind",
    "Connect",
    "ControlRefused",
    "ControlServer",
    "ControlSettings",
    "Limits",
    "Listen",
    "OnChange",
    "UnsafeListen",
]
