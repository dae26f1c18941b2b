"""The terminal can vanish at any time; the process lives on, without spinning, and says that it did.

A plain Textual program dies by SIGHUP when its window is closed; with SIGHUP ignored its input thread spins on the
dead terminal and its output thread dies on the first write, after which the event loop blocks on a full queue. So
writes here swallow the loss, a watcher waits for the hang-up without reading a byte, and all signals become an
orderly `exit()` on the console's own loop.
"""

import asyncio
import os
import select
import signal
import sys
import threading
from collections.abc import Callable
from typing import IO, Any, Final, Protocol, cast, runtime_checkable

from textual.drivers.linux_driver import LinuxDriver

from tui_failover.console.ending import ConsoleEnd, Ending

_LEAVE_S: Final = 1.0
_LOOK_MS: Final = 1000  # how long the watcher sleeps in the kernel before it looks whether it is still wanted
SIGNALS: Final = {
    signal.SIGHUP: Ending.LOST,
    signal.SIGTERM: Ending.STOP_DRAIN,
    signal.SIGINT: Ending.STOP_DRAIN,
}


@runtime_checkable
class Endable(Protocol):
    """What the terminal's keeper needs of a console.

    Attributes:
        end: how it ended.
        leaving: set once it is to end; the output waits for no terminal any more.
    """

    end: ConsoleEnd | None
    leaving: threading.Event

    async def run_async(self) -> Any:
        """Show the screen until it ends."""

    def finish(self, why: Ending) -> None:
        """Leave the screen; called on the console's own loop, any number of times."""


class LossyFile:
    """Standard error as Textual's output thread sees it, on a descriptor that never blocks.

    A terminal that is gone takes everything and keeps nothing. One that has stopped reading is waited for, until
    `leaving` is set: then it gets one more second, and what is left to say is lost.
    """

    def __init__(self, file: IO[str], leaving: threading.Event) -> None:
        self._file = file
        self._leaving = leaving
        self._gone = False
        self._out = _never_blocking(file.fileno())

    def write(self, text: str) -> int:
        """Write, or forget."""
        rest = memoryview(text.encode("utf-8", "replace"))
        while rest and not self._gone:
            try:
                rest = rest[os.write(self._out, rest) :]
            except BlockingIOError:
                self._wait()
            except OSError:
                self._gone = True
        return len(text)

    def _wait(self) -> None:
        before = self._leaving.is_set()
        _, ready, _ = select.select([], [self._out], [], _LEAVE_S)
        self._gone = before and not ready

    def flush(self) -> None:
        """Do nothing: what is written is out."""

    def fileno(self) -> int:
        """Return the descriptor Textual knows."""
        return self._file.fileno()

    def isatty(self) -> bool:
        """Tell whether this is a terminal."""
        return self._file.isatty()


def _never_blocking(descriptor: int) -> int:
    """Return another way to the same terminal: making the given one non-blocking would change the shell's, too."""
    try:
        return os.open(os.ttyname(descriptor), os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK)
    except OSError:
        return descriptor


class KeptDriver(LinuxDriver):
    """Textual's driver, with an output that survives the terminal and an input that ends with it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._leaving = self._app.leaving if isinstance(self._app, Endable) else threading.Event()
        # Typed as the file it stands for; Textual uses these four methods and nothing else of it.
        self._file = LossyFile(cast("IO[str]", self._file), self._leaving)  # type: ignore[assignment]
        # Ctrl-Z from outside would stop the whole process, and with it every query under way. Textual takes the
        # terminal back when told to go on, as the kernel does when a window is closed, screen or no screen.
        signal.signal(signal.SIGTSTP, signal.SIG_IGN)
        signal.signal(signal.SIGCONT, signal.SIG_DFL)

    def start_application_mode(self) -> None:
        """Take the terminal, and watch whether it stays."""
        super().start_application_mode()  # type: ignore[no-untyped-call]
        loop = asyncio.get_running_loop()

        def lost() -> None:
            self.exit_event.set()  # ends the input thread, which would spin on the end of file
            if isinstance(self._app, Endable):
                loop.call_soon_threadsafe(self._app.finish, Ending.LOST)

        Watcher(self.fileno, self._leaving, lost).start()

    def stop_application_mode(self) -> None:
        """Give the terminal back."""
        self._leaving.set()
        super().stop_application_mode()


class Watcher(threading.Thread):
    """Calls `lost` once when the terminal hangs up; ends unasked when `done` is set.

    It polls for no event at all: a hang-up is reported all the same, and not one byte of input is touched.
    """

    def __init__(self, fileno: int, done: threading.Event, lost: Callable[[], None]) -> None:
        super().__init__(name="terminal-watcher", daemon=True)
        self._fileno = fileno
        self._done = done
        self._lost = lost

    def run(self) -> None:
        """Wait in the kernel."""
        poll = select.poll()
        poll.register(self._fileno, 0)
        while not self._done.is_set():
            for _, what in poll.poll(_LOOK_MS):
                if what & select.POLLNVAL:
                    return
                if what & (select.POLLHUP | select.POLLERR):
                    self._lost()
                    return


def unfit() -> str | None:
    """Return why the screen cannot be shown here, or None; `--plain` can always be offered instead."""
    if not (sys.__stdin__ is not None and sys.__stdin__.isatty()):
        return "standard input is not a terminal"
    if not (sys.__stderr__ is not None and sys.__stderr__.isatty()):
        return "standard error, which the screen is drawn on, is not a terminal"
    term = os.environ.get("TERM", "")
    if term in {"", "dumb"}:
        return f"TERM is {term or 'not set'}: the terminal cannot draw a screen"
    return None


def wants_ascii() -> bool:
    """Tell whether the terminal's encoding cannot carry the signs, so that `--ascii` is the better default."""
    encoding = getattr(sys.__stderr__, "encoding", None) or ""
    return encoding.lower().replace("-", "") not in {"utf8", "utf16", "utf32"}


def run_console(console: Endable) -> ConsoleEnd:
    """Show the console until it ends, and return how it did; to be called on the main thread.

    SIGHUP is left ignored, so that the process may go on without a terminal; SIGTERM and SIGINT have their default
    meaning again when this returns.
    """
    try:
        asyncio.run(_watch_over(console))
    finally:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    return console.end or ConsoleEnd(Ending.DETACHED)


async def _watch_over(console: Endable) -> None:
    loop = asyncio.get_running_loop()

    def ended(number: int, _frame: object) -> None:
        # Not as a handler of the loop: that one would wait for ever behind a terminal that has stopped reading.
        console.leaving.set()
        loop.call_soon_threadsafe(console.finish, SIGNALS[signal.Signals(number)])

    before = {number: signal.signal(number, ended) for number in SIGNALS}
    try:
        await console.run_async()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
