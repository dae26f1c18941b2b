"""A real pseudo-terminal with a program in it, read as bytes and as a screen."""

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Self

import pyte

LINES, COLUMNS = 24, 80


class Terminal:
    """Runs a Python program in a terminal of its own; `written` is every byte it wrote."""

    def __init__(self, program: str, **environment: str) -> None:
        self.written = b""
        self._screen = pyte.Screen(COLUMNS, LINES)
        self._stream = pyte.ByteStream(self._screen)
        self._master, side = pty.openpty()
        fcntl.ioctl(side, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
        plain = {key: value for key, value in os.environ.items() if key not in {"COLUMNS", "LINES", "NO_COLOR"}}
        self.process = subprocess.Popen(  # noqa: S603 - our own interpreter and our own text
            [sys.executable, "-c", program],
            stdin=side,
            stdout=subprocess.PIPE,
            stderr=side,
            env=plain | {"TERM": "xterm-256color", "COLORTERM": "truecolor"} | environment,
            start_new_session=True,
        )
        os.close(side)

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the program if it still runs."""
        self.hang_up()
        with suppress(ProcessLookupError):
            self.process.kill()
        self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()

    @property
    def text(self) -> str:
        """What is on the screen."""
        return "\n".join(self._screen.display)

    def until(self, seen: Callable[[str], bool], seconds: float = 20.0) -> str:
        """Read until the screen is as wanted, and return it; fail when that takes too long."""
        turns = int(seconds / 0.05)
        for _ in range(turns):
            if seen(self.text):
                return self.text
            ready, _, _ = select.select([self._master], [], [], 0.05)
            if ready:
                data = os.read(self._master, 65536)
                self.written += data
                self._stream.feed(data)
        message = f"not seen within {seconds} s:\n{self.text}"
        raise AssertionError(message)

    def press(self, keys: str) -> None:
        """Press keys."""
        os.write(self._master, keys.encode())

    def insist(self, keys: str, seen: Callable[[str], bool]) -> str:
        """Press keys again and again, as keys pressed too early are ignored, until the screen is as wanted."""
        for _ in range(40):
            self.press(keys)
            with suppress(AssertionError):
                return self.until(seen, 0.5)
        return self.until(seen, 0.5)

    def insist_until_ended(self, keys: str) -> None:
        """Press keys again and again until the program has closed the terminal."""
        for _ in range(40):
            with suppress(OSError):
                self.press(keys)
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(0.5)
                return
            with suppress(AssertionError, OSError):
                self.until(lambda _screen: False, 0.1)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the program."""
        self.process.send_signal(number)

    def unread(self) -> int:
        """Return how many bytes the program has written that nobody has read."""
        waiting = fcntl.ioctl(self._master, termios.FIONREAD, struct.pack("I", 0))
        return int(struct.unpack("I", waiting)[0])

    def drain(self) -> None:
        """Read what is left until the program has closed the terminal."""
        with suppress(OSError):
            while select.select([self._master], [], [], 5.0)[0] and (data := os.read(self._master, 65536)):
                self.written += data
                self._stream.feed(data)

    def hang_up(self) -> None:
        """Close the terminal from outside, as a lost connection does."""
        with suppress(OSError):
            os.close(self._master)

    def said(self) -> str:
        """Return the next line of the program's standard output; "" once it has ended."""
        assert self.process.stdout is not None
        return self.process.stdout.readline().decode().strip()
