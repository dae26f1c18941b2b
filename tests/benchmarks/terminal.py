"""A program in a pseudo-terminal of a given size, whose output is read and counted, or left unread."""

import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
import time
from dataclasses import dataclass
from typing import Self

import psutil


@dataclass(frozen=True, slots=True)
class Cost:
    """What a program used over a span of time: share of one core, and bytes written per second."""

    cpu: float
    bytes_per_s: float


class Terminal:
    """Runs a Python module of this repository in a terminal; ends it when left."""

    def __init__(self, columns: int, lines: int, *argv: str) -> None:
        self.started = time.monotonic()  # noqa: TID251 - a stop-watch is what this is
        self.pid, self._fd = pty.fork()
        if self.pid == 0:
            os.environ.update(TERM="xterm-256color", COLORTERM="truecolor", COLUMNS=str(columns), LINES=str(lines))
            os.execv(sys.executable, [sys.executable, *argv])  # noqa: S606 - our own interpreter
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        self._process = psutil.Process(self.pid)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self._fd)

    def read(self, seconds: float) -> bytes:
        """Read what is written for so long."""
        end = time.monotonic() + seconds  # noqa: TID251 - idem
        data = bytearray()
        while (left := end - time.monotonic()) > 0:  # noqa: TID251 - idem
            if select.select([self._fd], [], [], left)[0]:
                data += os.read(self._fd, 65536)
        return bytes(data)

    def read_until(self, mark: bytes, patience_s: float) -> float:
        """Read until `mark` was written; return seconds since the start."""
        seen = bytearray()
        while mark not in seen:
            if time.monotonic() - self.started > patience_s:  # noqa: TID251 - idem
                message = f"{mark!r} was not written within {patience_s} s"
                raise TimeoutError(message)
            if select.select([self._fd], [], [], 0.05)[0]:
                seen += os.read(self._fd, 65536)
        return time.monotonic() - self.started  # noqa: TID251 - idem

    def cost(self, seconds: float) -> Cost:
        """Measure for so long, reading all the while."""
        before = self._process.cpu_times()
        written = len(self.read(seconds))
        after = self._process.cpu_times()
        used = after.user + after.system - before.user - before.system
        return Cost(used / seconds, written / seconds)
