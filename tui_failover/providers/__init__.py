"""Outbound: one adapter per dialect behind `core.ports.Upstream`, through the vendors' own SDKs.

Importing this room loads no SDK; they cost a second of start-up and are imported in a thread at first use.
"""

from tui_failover.providers.connection import AuthHeader, Connection, MaxTokensField
from tui_failover.providers.factory import SdkUpstreams
from tui_failover.providers.prices import context_window_of, price_of
from tui_failover.providers.scripted import Answer, Break, Hang, ScriptedUpstream, ScriptedUpstreams, failing

__all__ = [
    "Answer",
    "AuthHeader",
    "Break",
    "Connection",
    "Hang",
    "MaxTokensField",
    "ScriptedUpstream",
    "ScriptedUpstreams",
    "SdkUpstreams",
    "context_window_of",
    "failing",
    "price_of",
]
