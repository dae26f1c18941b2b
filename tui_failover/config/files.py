"""Reading small files that somebody else may have made."""

import os
import stat
from pathlib import Path

from msgspec import Struct

from tui_failover.core.errors import FailoverError


class Unreadable(FailoverError):
    """The file cannot be used; the message says why, to be read after the file's name."""


class Absent(Unreadable):
    """There is no such file."""


class Regular(Struct, frozen=True):
    """What was in a regular file, and its permission bits, both of the same open file."""

    data: bytes
    mode: int


def read_regular(path: Path, limit: int) -> Regular:
    """Return what the file holds.

    Opens without blocking and looks at the open file rather than at its name, so that neither a pipe nor an
    exchange of the file in between can do harm.

    Raises:
        Absent: there is no such file.
        Unreadable: not a regular file, not permitted, or larger than `limit` bytes.
    """
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            mode = os.fstat(handle).st_mode
            data = _bytes(handle, limit + 1) if stat.S_ISREG(mode) else b""
        finally:
            os.close(handle)
    except (OSError, ValueError) as problem:
        raise _refusal(problem) from None
    if not stat.S_ISREG(mode):
        message = "is a directory, not a file" if stat.S_ISDIR(mode) else "is not an ordinary file"
        raise Unreadable(message)
    if len(data) > limit:
        message = f"is larger than {limit // 1024} KiB"
        raise Unreadable(message)
    return Regular(data, stat.S_IMODE(mode))


def _bytes(handle: int, most: int) -> bytes:
    with os.fdopen(handle, "rb", closefd=False) as file:
        return file.read(most)


def _refusal(problem: OSError | ValueError) -> Unreadable:
    match problem:
        case FileNotFoundError() | NotADirectoryError():
            return Absent("there is no such file")
        case PermissionError():
            return Unreadable("may not be read by this user")
        case OSError(strerror=str(words)):
            return Unreadable(f"cannot be read ({words.lower()})")
        case _:
            return Unreadable("is not the name of a file")
