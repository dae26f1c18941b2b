"""What is logged, as lines: one for each event or message, whatever it holds."""

import json
import logging
import traceback
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from msgspec import Struct, field

from tui_failover.config.settings import LogStyle
from tui_failover.core.event import Event, EventKind

_LONGEST = 16_000  # characters of a line; the end of a long traceback tells more than its beginning
_WORRYING = frozenset(
    {
        EventKind.EXHAUSTED,
        EventKind.PANIC_BEGAN,
        EventKind.LOCAL_FAULT_BEGAN,
        EventKind.FAILBACK_SUSPENDED,
        EventKind.HOLD_DOWN,
        EventKind.UNKEPT,
        EventKind.WORKER_FAULT,
    }
)


class Entry(Struct, frozen=True):
    """One thing to be logged.

    Attributes:
        utc: seconds since the Unix epoch.
        level: INFO, WARNING, ERROR or CRITICAL.
        subject: whom it concerns, or who says it.
        text: what there is to say.
        details: what a JSON line says besides.
        trace: where an error came from, or "".
    """

    utc: float
    level: str
    subject: str
    text: str
    details: Mapping[str, object] = field(default_factory=dict)
    trace: str = ""


def entry_of_event(event: Event) -> Entry:
    """Return the entry that tells an event."""
    subject = event.agent or event.provider or ""
    cause = f", {event.cause}" if event.cause else ""
    actor = f" ({event.actor})" if event.actor else ""
    details = {
        "event": event.kind.value,
        "number": event.number,
        "provider": event.provider,
        "agent": event.agent,
        "cause": event.cause or None,
        "source": event.source.value,
        "actor": event.actor or None,
    }
    level = "WARNING" if event.kind in _WORRYING else "INFO"
    said = {name: value for name, value in details.items() if value is not None}
    return Entry(event.utc, level, subject, f"{event.text}{cause}{actor}", said)


def entry_of_record(record: logging.LogRecord) -> Entry:
    """Return the entry of a message from the code or a library; tracebacks are without local variables."""
    error = record.exc_info[1] if record.exc_info else None
    trace = "" if error is None else "".join(traceback.format_exception(error)).rstrip()
    return Entry(record.created, record.levelname, record.name, _message(record), {"logger": record.name}, trace)


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception as error:  # noqa: BLE001 - an argument's own text may fail in any way
        return f"a message that cannot be written ({type(error).__name__})"


def without(entry: Entry, hide: Callable[[str], str]) -> Entry:
    """Return the entry with every text in it passed through `hide`."""
    details = {name: hide(value) if isinstance(value, str) else value for name, value in entry.details.items()}
    return Entry(entry.utc, entry.level, hide(entry.subject), hide(entry.text), details, hide(entry.trace))


def line_of(entry: Entry, style: LogStyle) -> str:
    """Return the entry as one line without its end, in printable characters only."""
    time = datetime.fromtimestamp(entry.utc, UTC)
    match style:
        case LogStyle.PLAIN:
            subject = f"{entry.subject}: " if entry.subject else ""
            trace = f" | {_shortened(entry.trace)}" if entry.trace else ""
            return _printable(f"{time:%Y-%m-%dT%H:%M:%SZ} {entry.level} {subject}{_shortened(entry.text)}{trace}")
        case LogStyle.JSON:
            said = {"time": f"{time:%Y-%m-%dT%H:%M:%S}.{time.microsecond // 1000:03d}Z", "level": entry.level}
            trace_part = {"traceback": _shortened(entry.trace)} if entry.trace else {}
            return json.dumps({**said, "message": _shortened(entry.text), **entry.details, **trace_part})


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST else f"... {text[-_LONGEST:]}"


def _printable(text: str) -> str:
    """Line ends, terminal controls and invisible characters become visible escapes: nobody can forge a line."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)
