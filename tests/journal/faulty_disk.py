"""A real folder on a disk that refuses, or dies, at a chosen step."""

import errno
import os
from pathlib import Path

from tui_failover.journal.disk import OsDisk


class Died(BaseException):
    """The process was killed here: nothing after it happens."""


class FaultyDisk:
    """Meets `Disk`.

    Attributes:
        steps: every step that was begun, in order.
        refuses: the step that fails as on a full disk, or "".
        dies: the number of the step at which the process is killed, or None.
        most: bytes taken by one write.
    """

    def __init__(self, refuses: str = "", dies: int | None = None, most: int = 1 << 20) -> None:
        self.steps: list[str] = []
        self.refuses = refuses
        self.dies = dies
        self.most = most
        self._dead = False
        self._disk = OsDisk()

    def read(self, path: Path, limit: int) -> bytes:
        self._step("read")
        return self._disk.read(path, limit)

    def create(self, path: Path) -> int:
        self._step("create")
        return self._disk.create(path)

    def write(self, handle: int, data: memoryview) -> int:
        self._step("write")
        return self._disk.write(handle, data[: self.most])

    def sync(self, handle: int) -> None:
        self._step("sync")
        self._disk.sync(handle)

    def close(self, handle: int) -> None:
        self._disk.close(handle)  # what the operating system does for the dead as well

    def replace(self, source: Path, target: Path) -> None:
        self._step("replace")
        self._disk.replace(source, target)

    def remove(self, path: Path) -> None:
        self._step("remove")
        self._disk.remove(path)

    def sync_folder(self, folder: Path) -> None:
        self._step("sync_folder")
        self._disk.sync_folder(folder)

    def _step(self, name: str) -> None:
        if self._dead or len(self.steps) == self.dies:
            self._dead = True
            raise Died
        self.steps.append(name)
        if name == self.refuses:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
