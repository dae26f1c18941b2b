"""Failover for applications that depend on AI providers, with a console for the engineer on call.

Names are loaded when first used: importing the package costs nothing and loads neither SDK nor screen.

    from tui_failover import open_manager

    with open_manager("settings.toml") as manager:
        print(manager.execute_query("my-agent", "Hello").reply.text)
"""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tui_failover.bootstrap.compose import open_manager
    from tui_failover.core.errors import (
        AllProvidersFailed,
        BadQuery,
        EngineClosed,
        FailoverError,
        OrderRefused,
        QueryRefused,
        SettingsError,
        UnknownAgent,
        UnknownProvider,
    )
    from tui_failover.core.spec import Dialect, FailoverConfig, ProviderSpec, Rules
    from tui_failover.engine.manager import FailoverManager
    from tui_failover.engine.thread import BlockingFailoverManager

_HOME = {
    "AllProvidersFailed": "core.errors",
    "BadQuery": "core.errors",
    "BlockingFailoverManager": "engine.thread",
    "Dialect": "core.spec",
    "EngineClosed": "core.errors",
    "FailoverConfig": "core.spec",
    "FailoverError": "core.errors",
    "FailoverManager": "engine.manager",
    "OrderRefused": "core.errors",
    "ProviderSpec": "core.spec",
    "QueryRefused": "core.errors",
    "Rules": "core.spec",
    "SettingsError": "core.errors",
    "UnknownAgent": "core.errors",
    "UnknownProvider": "core.errors",
    "open_manager": "bootstrap.compose",
}

__all__ = [
    "AllProvidersFailed",
    "BadQuery",
    "BlockingFailoverManager",
    "Dialect",
    "EngineClosed",
    "FailoverConfig",
    "FailoverError",
    "FailoverManager",
    "OrderRefused",
    "ProviderSpec",
    "QueryRefused",
    "Rules",
    "SettingsError",
    "UnknownAgent",
    "UnknownProvider",
    "open_manager",
]


def __getattr__(name: str) -> object:
    home = _HOME.get(name)
    if home is None:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(importlib.import_module(f"{__name__}.{home}"), name)
