"""Lengths and instants of time in words, each with its unit and of a width that columns can rely on."""

import math
from datetime import UTC, datetime
from typing import Final

MINUTE: Final = 60
HOUR: Final = 3600
DAY: Final = 86400
UNKNOWN: Final = "-"


def length(seconds: float) -> str:
    """Return a length of time in at most two units and six cells ("18s", "3m12s", "2h05m", "3d04h", "412d")."""
    if not math.isfinite(seconds):
        return UNKNOWN
    whole = max(0, int(seconds))
    if whole < MINUTE:
        return f"{whole}s"
    if whole < HOUR:
        return f"{whole // MINUTE}m{whole % MINUTE:02d}s"
    if whole < DAY:
        return f"{whole // HOUR}h{whole % HOUR // MINUTE:02d}m"
    if whole < 100 * DAY:
        return f"{whole // DAY}d{whole % DAY // HOUR:02d}h"
    return f"{min(whole // DAY, 99999)}d"


def window(seconds: float) -> str:
    """Return the length of a window without the parts that are nought ("2m", "90s", "1h")."""
    whole = max(0, int(seconds)) if math.isfinite(seconds) else 0
    for unit, letter in ((HOUR, "h"), (MINUTE, "m")):
        if whole >= unit and whole % unit == 0:
            return f"{whole // unit}{letter}"
    return length(whole)


def age(seconds: float) -> str:
    """Return the age of data; below ten seconds with a tenth ("0.4s")."""
    if math.isfinite(seconds) and seconds < 9.95:
        return f"{max(0.0, seconds):.1f}s"
    return length(seconds)


def ago(at: float | None, now: float) -> str:
    """Return how long ago `at` was ("4s ago"), or "never"."""
    return "never" if at is None else f"{length(now - at)} ago"


def countdown(until: float | None, now: float) -> str:
    """Return how long it is until then, rounded up ("18s"); "now" once it is due, "" where nothing is due."""
    if until is None or not math.isfinite(until - now):
        return ""
    rest = math.ceil(until - now)
    return length(rest) if rest > 0 else "now"


def due(until: float | None, now: float) -> str:
    """Return the same with its preposition ("in 18s", "now"), or ""."""
    rest = countdown(until, now)
    return f"in {rest}" if rest not in {"", "now"} else rest


def latency(seconds: float | None) -> str:
    """Return a response time in at most five cells ("42ms", "1.2s", "12s", "3m")."""
    if seconds is None or not math.isfinite(seconds) or seconds < 0:
        return UNKNOWN
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f}ms"
    if seconds < 9.95:
        return f"{seconds:.1f}s"
    if seconds < 599.5:
        return f"{seconds:.0f}s"
    return f"{min(seconds / MINUTE, 9999):.0f}m"


def clock(utc: float) -> str:
    """Return the time of day, UTC, of a Unix time ("14:05:23"); "--:--:--" where it is none."""
    try:
        return datetime.fromtimestamp(utc, tz=UTC).strftime("%H:%M:%S")
    except (ValueError, OverflowError, OSError):
        return "--:--:--"
