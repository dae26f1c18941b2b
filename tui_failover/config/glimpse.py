"""A quick look into a settings file for shell completion: no checks, no complaints, no heavy imports."""

import tomllib
from pathlib import Path

from tui_failover.config.files import Unreadable, read_regular
from tui_failover.core.text import scrub

_LIMIT = 1024 * 1024


def provider_names(path: Path) -> tuple[str, ...]:
    """Return the names of the providers in the file; none where it cannot be read."""
    try:
        providers = tomllib.loads(read_regular(path, _LIMIT).data.decode()).get("providers")
    except (Unreadable, ValueError, RecursionError):
        return ()
    return tuple(name for name in providers if scrub(name) == name) if isinstance(providers, dict) else ()
