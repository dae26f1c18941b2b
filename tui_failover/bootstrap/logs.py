"""Where log lines go: through one thread, past the redaction, to standard error or to a file."""

import contextlib
import logging
import os
import queue
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TextIO

from tui_failover.bootstrap.known_secrets import KnownSecrets
from tui_failover.bootstrap.log_lines import Entry, entry_of_record, line_of, without
from tui_failover.config.settings import LogStyle

FILE = "tui-failover.log"
_MOST_WAITING = 10_000
_CLOSE_S = 2.0
_LARGEST = 5_000_000  # bytes of a log file, before it becomes the older one of two
_OURS = "tui_failover"

Write = Callable[[str], None]


class Log:
    """Takes entries from any thread without waiting; a thread of its own writes them.

    Where nobody takes the lines fast enough, the newest are dropped and counted.
    """

    def __init__(self, write: Write, style: LogStyle, secrets: KnownSecrets) -> None:
        self._write = write
        self._style = style
        self._secrets = secrets
        self._waiting: queue.Queue[Entry | None] = queue.Queue(_MOST_WAITING)
        self._dropped = 0
        self._thread = threading.Thread(target=self._run, name="log", daemon=True)
        self._thread.start()

    def put(self, entry: Entry) -> None:
        """Have an entry written."""
        try:
            self._waiting.put_nowait(entry)
        except queue.Full:
            self._dropped += 1

    def close(self) -> None:
        """Write what is waiting, for a limited time, and end the thread."""
        with contextlib.suppress(queue.Full):
            self._waiting.put(None, timeout=_CLOSE_S)
            self._thread.join(_CLOSE_S)

    def _run(self) -> None:
        while (entry := self._waiting.get()) is not None:
            dropped, self._dropped = self._dropped, 0
            if dropped:
                self._tell(
                    Entry(entry.utc, "WARNING", "", f"{dropped} lines were dropped: nobody took them in time")
                )
            self._tell(entry)

    def _tell(self, entry: Entry) -> None:
        with contextlib.suppress(OSError, ValueError):  # whoever read the lines is gone; the work goes on
            self._write(line_of(without(entry, self._secrets.hide), self._style))


class _Handler(logging.Handler):
    """Hands what code and libraries log to the log."""

    def __init__(self, log: Log) -> None:
        super().__init__()
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        self._log.put(entry_of_record(record))


def to_stream(stream: TextIO) -> Write:
    """Return what writes lines to a stream."""

    def write(line: str) -> None:
        stream.write(f"{line}\n")
        stream.flush()

    return write


def to_file(path: Path, largest: int = _LARGEST) -> Write:
    """Return what appends lines to a file for its owner alone; a full one is kept beside it as the older one."""

    def write(line: str) -> None:
        handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "a", encoding="utf-8", errors="backslashreplace") as file:
            file.write(f"{line}\n")
            full = file.tell() > largest
        if full:
            path.replace(path.with_name(f"{path.name}.1"))

    return write


@contextlib.contextmanager
def logging_to(write: Write, style: LogStyle, secrets: KnownSecrets) -> Iterator[Log]:
    """Send everything that is logged, and what ends a thread, to `write` until the context ends.

    Args:
        write: takes one line; called by the log's own thread.
        style: how lines look.
        secrets: hidden in every line.
    """
    log = Log(write, style, secrets)
    handler = _Handler(log)
    root, ours = logging.getLogger(), logging.getLogger(_OURS)
    levels = root.level, ours.level
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    ours.setLevel(logging.INFO)
    logging.captureWarnings(capture=True)
    hook = threading.excepthook
    threading.excepthook = _thread_failed
    try:
        yield log
    finally:
        threading.excepthook = hook
        logging.captureWarnings(capture=False)
        root.removeHandler(handler)
        root.setLevel(levels[0])
        ours.setLevel(levels[1])
        log.close()


def _thread_failed(args: threading.ExceptHookArgs) -> None:
    if args.exc_value is not None:
        name = "a thread" if args.thread is None else args.thread.name
        about = (args.exc_type, args.exc_value, args.exc_traceback)
        logging.getLogger(_OURS).error("%s ended by an error of ours", name, exc_info=about)
