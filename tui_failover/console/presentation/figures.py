"""Shares, rates, counts and money in words, each with its unit and of a width that columns can rely on."""

import math
from typing import Final

UNKNOWN: Final = "-"
_DOLLAR: Final = 1_000_000  # micro-dollars


def share(part: float | None) -> str:
    """Return a share of 1 as percent in at most five cells ("0.2%", "12%", "100%")."""
    if part is None or not math.isfinite(part):
        return UNKNOWN
    percent = min(max(part * 100, 0.0), 100.0)
    return f"{percent:.1f}%" if percent < 9.95 else f"{percent:.0f}%"


def rate(per_second: float) -> str:
    """Return a rate in at most six cells ("0.9/s", "41.2/s", "12k/s")."""
    if not math.isfinite(per_second):
        return UNKNOWN
    each = max(0.0, per_second)
    if each < 99.95:
        return f"{each:.1f}/s"
    if each < 9999.5:
        return f"{each:.0f}/s"
    return f"{min(each / 1000, 999):.0f}k/s"


def count(number: int) -> str:
    """Return a count in at most five cells ("312", "41.8k", "3.2M")."""
    if abs(number) < 10_000:
        return str(number)
    if abs(number) < 99_950:
        return f"{number / 1000:.1f}k"
    if abs(number) < 999_500:
        return f"{number / 1000:.0f}k"
    return f"{min(number / 1_000_000, 999):.1f}M"


def money(micro: float) -> str:
    """Return an amount of micro-dollars in at most seven cells ("$0.0003", "$4.10", "$1.2k")."""
    if not math.isfinite(micro):
        return UNKNOWN
    dollars = max(0.0, micro) / _DOLLAR
    if dollars == 0:
        return "$0"
    if dollars < 0.01:
        return f"${dollars:.4f}"
    if dollars < 999.5:
        return f"${dollars:.2f}"
    return f"${min(dollars / 1000, 99999):.1f}k"


def plural(number: int, word: str, words: str = "") -> str:
    """Return the number with its noun ("1 alert", "2 alerts"); `words` where the plural is not made by an s."""
    return f"{number} {word}" if number == 1 else f"{number} {words or f'{word}s'}"


def tokens(per_second: float) -> str:
    """Return a rate of tokens without its unit in at most five cells ("0", "340", "41.8k")."""
    return count(round(max(0.0, per_second))) if math.isfinite(per_second) else UNKNOWN


def ordinal(number: int) -> str:
    """Return a place in a row ("1st", "2nd", "11th")."""
    ending = "th" if number % 100 in {11, 12, 13} else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"
