"""A quick look into a settings file for shell completion: no checks, no complaints, no heavy imports."""

from pathlib import Path

from tui_failover.config.files import Unreadable, read_regular
from tui_failover.config.syntax import LIMIT, Malformed, decode, parse
from tui_failover.core.text import scrub


def provider_names(path: Path) -> tuple[str, ...]:
    """Return the names of the providers in the file; none where it cannot be read."""
    try:
        providers = parse(decode(read_regular(path, LIMIT).data)).get("providers")
    except (Unreadable, Malformed):
        return ()
    return tuple(name for name in providers if scrub(name) == name) if isinstance(providers, dict) else ()
