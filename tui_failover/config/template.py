"""The commented settings file that `init` writes."""

import os
from importlib.resources import files
from pathlib import Path

from tui_failover.core.errors import SettingsError
from tui_failover.core.text import scrub

_MODE = 0o600  # the file names no secret, but where they are


def template() -> str:
    """Return the commented settings file."""
    return files("tui_failover.config").joinpath("settings.template.toml").read_text(encoding="utf-8")


def write_template(path: Path, *, force: bool) -> None:
    """Write the commented settings file.

    Args:
        path: where to.
        force: replace what is there.

    Raises:
        SettingsError: the file exists and `force` is off, or it cannot be written.
    """
    shown = scrub(str(path))
    try:
        if force:
            _replace(path)
        else:
            _create(path)
    except FileExistsError:
        problem = f"{shown}: exists already and stays as it is; --force replaces it"
        raise SettingsError([problem]) from None
    except (OSError, ValueError) as error:
        why = (error.strerror if isinstance(error, OSError) else None) or "not the name of a file"
        raise SettingsError([f"{shown}: cannot be written ({why.lower()})"]) from None


def _create(path: Path) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _MODE)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(template())


def _replace(path: Path) -> None:
    beside = path.with_name(f"{path.name}.new")
    beside.unlink(missing_ok=True)
    _create(beside)
    try:
        beside.replace(path)
    except OSError:
        beside.unlink(missing_ok=True)
        raise
