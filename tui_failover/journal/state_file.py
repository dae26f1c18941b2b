"""The one file that outlives the process. What is broken is set aside, never overwritten."""

import itertools
from datetime import UTC, datetime
from pathlib import Path

from tui_failover.core.fact import Restored
from tui_failover.core.kept import Kept
from tui_failover.core.text import scrub
from tui_failover.journal.disk import Disk, OsDisk, replace_file
from tui_failover.journal.state_text import Malformed, Registry, decode, encode

NAME = "state.toml"
_LIMIT = 16 * 1024 * 1024


class StateFile:
    """The file in a folder that this process holds. Blocks; used by one thread at a time."""

    def __init__(self, folder: Path, registry: Registry, disk: Disk | None = None) -> None:
        self._path = folder / NAME
        self._registry = registry
        self._disk: Disk = disk or OsDisk()

    def load(self, utc: float) -> Restored | None:
        """Return what an earlier process kept, or None where nothing is kept.

        Args:
            utc: seconds since the Unix epoch, for the name under which a broken file is set aside.

        Raises:
            OSError: the file can be neither read nor set aside; it must not be written to either.
        """
        try:
            return decode(self._disk.read(self._path, _LIMIT), self._registry)
        except FileNotFoundError:
            return None
        except (Malformed, OSError) as problem:
            aside = self._set_aside(utc)
            why = str(problem) if isinstance(problem, Malformed) else said(problem)
            return Restored(
                Kept(), (f"the state file could not be used ({why}) and is set aside as {scrub(aside.name)}",)
            )

    def save(self, kept: Kept) -> None:
        """Write the file.

        Raises:
            OSError: the disk refuses.
            ValueError: something in it cannot be written.
        """
        replace_file(self._disk, self._path, encode(kept, self._registry))

    def _set_aside(self, utc: float) -> Path:
        date = datetime.fromtimestamp(utc, UTC).strftime("%Y%m%dT%H%M%SZ")
        for number in itertools.count(1):
            aside = self._path.with_name(f"state.broken-{date}{'' if number == 1 else f'-{number}'}.toml")
            if not aside.exists():
                break
        self._disk.replace(self._path, aside)
        return aside


def forget(folder: Path, disk: Disk | None = None) -> bool:
    """Remove the file of a folder that this process holds; tell whether there was one. Raises `OSError`."""
    disk = disk or OsDisk()
    try:
        disk.remove(folder / NAME)
    except FileNotFoundError:
        return False
    disk.sync_folder(folder)
    return True


def said(problem: OSError | ValueError) -> str:
    """Return why the disk refused, in a few harmless words."""
    words = problem.strerror if isinstance(problem, OSError) else None
    return scrub(words or str(problem) or type(problem).__name__, 120).lower()
