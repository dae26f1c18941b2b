"""The few things that are asked of a disk, and a way to replace a file that survives a crash at any instant."""

import contextlib
import os
import stat
from pathlib import Path
from typing import Protocol

_OWNER_ONLY = 0o600


class Disk(Protocol):
    """A file system. Every method may raise `OSError`."""

    def read(self, path: Path, limit: int) -> bytes:
        """Return the first `limit` bytes of a regular file."""
        ...

    def create(self, path: Path) -> int:
        """Create a file for its owner alone and return its handle; it must not exist."""
        ...

    def write(self, handle: int, data: memoryview) -> int:
        """Write some of `data`, and return how many bytes."""
        ...

    def sync(self, handle: int) -> None:
        """Return once what was written would survive a crash."""
        ...

    def close(self, handle: int) -> None:
        """Give the handle back."""
        ...

    def replace(self, source: Path, target: Path) -> None:
        """Let `source` take the place of `target`, in one step."""
        ...

    def remove(self, path: Path) -> None:
        """Remove a file."""
        ...

    def sync_folder(self, folder: Path) -> None:
        """Return once the folder's entries would survive a crash."""
        ...


class OsDisk:
    """The operating system's own."""

    def read(self, path: Path, limit: int) -> bytes:
        """Return the first `limit` bytes of a regular file; neither a link is followed nor a pipe waited for."""
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                message = "not an ordinary file"
                raise OSError(message)
            with os.fdopen(handle, "rb", closefd=False) as file:
                return file.read(limit)
        finally:
            os.close(handle)

    def create(self, path: Path) -> int:
        """Create a file for its owner alone and return its handle; it must not exist."""
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, _OWNER_ONLY)

    def write(self, handle: int, data: memoryview) -> int:
        """Write some of `data`, and return how many bytes."""
        return os.write(handle, data)

    def sync(self, handle: int) -> None:
        """Return once what was written would survive a crash."""
        os.fsync(handle)

    def close(self, handle: int) -> None:
        """Give the handle back."""
        os.close(handle)

    def replace(self, source: Path, target: Path) -> None:
        """Let `source` take the place of `target`, in one step."""
        source.replace(target)

    def remove(self, path: Path) -> None:
        """Remove a file."""
        path.unlink()

    def sync_folder(self, folder: Path) -> None:
        """Return once the folder's entries would survive a crash."""
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def replace_file(disk: Disk, path: Path, data: bytes) -> None:
    """Give the file new content; whatever happens on the way, it holds either the old or the new one, whole.

    Raises:
        OSError: the new content may not survive a crash.
    """
    beside = path.with_name(f"{path.name}.new")
    with contextlib.suppress(FileNotFoundError):
        disk.remove(beside)  # of a process that was killed on its way
    try:
        _create(disk, beside, data)
        disk.replace(beside, path)
    except OSError:
        with contextlib.suppress(OSError):
            disk.remove(beside)
        raise
    disk.sync_folder(path.parent)


def _create(disk: Disk, path: Path, data: bytes) -> None:
    handle = disk.create(path)
    try:
        left = memoryview(data)
        while left:
            left = left[disk.write(handle, left) :]
        disk.sync(handle)
    finally:
        disk.close(handle)
