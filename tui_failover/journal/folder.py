"""The folder in which a process keeps its state, and the lock that makes it the only one to do so."""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from tui_failover.core.errors import FailoverError
from tui_failover.core.text import scrub

_OWNER_ONLY = 0o700
_OTHERS_MAY = 0o077
_LOCK = "lock"
_LONGEST_ID = 20


class StateInUse(FailoverError):
    """Another process keeps its state in this folder."""


@contextlib.contextmanager
def held(folder: Path) -> Iterator[None]:
    """Hold the folder, made where it is missing, against every other process until the context ends.

    The operating system gives the lock back when the process ends, however it ends.

    Raises:
        StateInUse: another process holds it.
        OSError: the folder cannot be made or locked.
    """
    folder.mkdir(mode=_OWNER_ONLY, parents=True, exist_ok=True)
    handle = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise _in_use(folder, handle) from None
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(handle)


def exposed(folder: Path) -> str | None:
    """Return the sentence on permissions that let others look into the folder, or None."""
    try:
        mode = folder.stat().st_mode & 0o777
    except OSError:
        return None
    name = scrub(str(folder))
    return (
        f"{name}: others may look into this folder (mode {mode:04o}); chmod 700 {name}"
        if mode & _OTHERS_MAY
        else None
    )


def _in_use(folder: Path, handle: int) -> StateInUse:
    holder = os.pread(handle, _LONGEST_ID, 0).decode("ascii", "ignore").strip()
    by = f"process {holder}" if holder.isdigit() else "another process"
    name = scrub(str(folder))
    return StateInUse(f"{name}: this state folder is in use by {by}; end that, or choose another with --state DIR")
