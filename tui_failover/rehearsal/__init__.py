"""Fake upstreams that speak the real dialects over real sockets and misbehave on order: demo, drills, tests."""

from tui_failover.rehearsal.faults import CATALOGUE, BadFault, Fault, parse
from tui_failover.rehearsal.pace import AT_ONCE, Pace
from tui_failover.rehearsal.provider import Received, RehearsedProvider
from tui_failover.rehearsal.resuming import Resuming
from tui_failover.rehearsal.server import Rehearsal

__all__ = [
    "AT_ONCE",
    "CATALOGUE",
    "BadFault",
    "Fault",
    "Pace",
    "Received",
    "Rehearsal",
    "RehearsedProvider",
    "Resuming",
    "parse",
]
