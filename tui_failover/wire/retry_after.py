"""How long a provider asks to be left alone, read off an answer's headers (RFC 9110, 10.2.3, and vendors' own).

Header names are lower case here; a header sent twice comes joined with ", " and is ignored: nobody can tell which
of the two was meant.
"""

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache

_NUMBER = re.compile(r"\d{1,15}(\.\d{1,15})?")
_SPAN = re.compile(
    r"(?:(\d{1,9})d)?(?:(\d{1,9})h)?(?:(\d{1,9})m(?!s))?(?:(\d{1,9}(?:\.\d{1,9})?)s)?(?:(\d{1,9}(?:\.\d{1,9})?)ms)?"
)
_SPAN_UNITS = (86_400.0, 3_600.0, 60.0, 1.0, 0.001)
_REGAIN = re.compile(r"regain access on (\d{4}-\d{2}-\d{2})(?: at (\d{2}:\d{2}))?", re.IGNORECASE)
_OLDEST_EPOCH = 1e9  # a plain number this large is a Unix time in seconds, not a number of seconds to wait
_OLDEST_EPOCH_MS = 1e12
_OPENAI_RESET = re.compile(r"x-ratelimit-reset(-[a-z0-9-]+)?")
_ANTHROPIC_RESET = re.compile(r"anthropic-ratelimit-([a-z0-9-]+)-reset")


def retry_after_s(headers: Mapping[str, str], now_utc: float | None = None) -> float | None:
    """Return the seconds to wait, or None where the provider does not say; never negative, NaN or infinite.

    The first that can be read counts: `retry-after-ms`, `retry-after` in seconds, `retry-after` as a date, then
    the reset times of the exhausted rate limits.

    Args:
        headers: of the answer, with lower-case names.
        now_utc: Unix time to measure dates against where the answer carries no `date` of its own; a provider's
            clock may be an hour wrong, so its own date comes first.
    """
    stated = stated_wait_s(headers, now_utc)
    return _reset_wait_s(headers, now_utc) if stated is None else stated


def stated_wait_s(headers: Mapping[str, str], now_utc: float | None = None) -> float | None:
    """Return what `retry-after-ms` or `retry-after` ask for, without a look at the rate limits."""
    milliseconds = number(headers.get("retry-after-ms", ""))
    if milliseconds is not None:
        return milliseconds / 1000
    value = headers.get("retry-after", "").strip()
    seconds = number(value)
    return _until(_date(value), headers, now_utc) if seconds is None else seconds


def may_retry(headers: Mapping[str, str]) -> bool:
    """Return False where the provider forbids another try (`x-should-retry: false`, as both SDKs read it)."""
    return headers.get("x-should-retry", "").strip().lower() != "false"


def regain_wait_s(message: str, headers: Mapping[str, str], now_utc: float | None = None) -> float | None:
    """Return the seconds until the date a spend limit's message promises access again, or None without one."""
    match = _REGAIN.search(message)
    if match is None:
        return None
    return _until(_rfc3339(f"{match[1]}T{match[2] or '00:00'}:00Z"), headers, now_utc)


def _reset_wait_s(headers: Mapping[str, str], now_utc: float | None) -> float | None:
    waits: list[float] = []
    for name, value in headers.items():
        remaining = _remaining_name(name)
        if remaining is None or number(headers.get(remaining, "0")) not in {0.0, None}:
            continue
        wait = reset_s(value.strip(), headers, now_utc)
        if wait is not None:
            waits.append(wait)
    return max(waits, default=None)


def _remaining_name(name: str) -> str | None:
    openai = _OPENAI_RESET.fullmatch(name)
    if openai is not None:
        return f"x-ratelimit-remaining{openai[1] or ''}"
    anthropic = _ANTHROPIC_RESET.fullmatch(name)
    return None if anthropic is None else f"anthropic-ratelimit-{anthropic[1]}-remaining"


def reset_s(value: str, headers: Mapping[str, str], now_utc: float | None = None) -> float | None:
    """Return the seconds until a reset stated as a span, a count, a Unix time or a date; None otherwise."""
    count = number(value)
    if count is None:
        span = _span(value)
        return _until(_rfc3339(value), headers, now_utc) if span is None else span
    if count >= _OLDEST_EPOCH_MS:
        return _until(count / 1000, headers, now_utc)
    return _until(count, headers, now_utc) if count >= _OLDEST_EPOCH else count


def number(value: str) -> float | None:
    """Return what a header states as a plain number, never negative, NaN or infinite; None otherwise."""
    text = value.strip()
    return float(text) if text.isascii() and _NUMBER.fullmatch(text) else None


def _span(value: str) -> float | None:
    match = _SPAN.fullmatch(value) if value.isascii() else None
    if match is None or not value:
        return None
    return math.fsum(float(part) * unit for part, unit in zip(match.groups(), _SPAN_UNITS, strict=True) if part)


def _until(instant: float | None, headers: Mapping[str, str], now_utc: float | None) -> float | None:
    now = _date(headers.get("date", ""))
    now = now_utc if now is None else now
    return None if instant is None or now is None else max(0.0, instant - now)


@lru_cache(maxsize=64)  # the resets of all of an answer's limits are measured against its one date
def _date(value: str) -> float | None:
    if value.count(",") > 1 or not value.isascii():
        return None
    try:
        parsed = parsedate_to_datetime(value)
        return _as_utc(parsed)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def _rfc3339(value: str) -> float | None:
    try:
        return _as_utc(datetime.fromisoformat(value))
    except (ValueError, OverflowError):
        return None


def _as_utc(moment: datetime) -> float:
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
