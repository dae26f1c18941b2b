"""The public word about a provider: what the latest evidence says. Availability is another question."""

from enum import StrEnum

from msgspec import Struct

from tui_failover.core.copying import replace


class Status(StrEnum):
    """The four public words."""

    HEALTHY = "healthy"
    UNHEALTHY = "unhealthy"
    UNKNOWN = "unknown"
    CHECKING = "checking"


class Health(Struct, frozen=True):
    """What is known of one provider; instants are monotonic seconds.

    Attributes:
        verdict: the word of the latest evidence: healthy, unhealthy or unknown.
        evidence_at: when that evidence came; None without any.
        consecutive_failures: counted failures since the last success.
        passes: successes in a row, for the proof of a recovery.
        passing_since_at: when that row began.
        response_time_s: time to first content of the newest success.
        baseline_s: what first content normally takes, learnt while healthy; None before the first success.
        error: why the newest failure failed; "" after a success.
        last_error: why the newest failure that counted failed, whatever came after it.
    """

    verdict: Status = Status.UNKNOWN
    evidence_at: float | None = None
    last_check_at: float | None = None
    last_success_at: float | None = None
    last_failure_at: float | None = None
    consecutive_failures: int = 0
    passes: int = 0
    passing_since_at: float | None = None
    response_time_s: float | None = None
    baseline_s: float | None = None
    error: str = ""
    last_error: str = ""

    def status(self, *, checking: bool) -> Status:
        """Return the public word; a check under way shows as `checking`, its verdict stays beside it."""
        return Status.CHECKING if checking else self.verdict


_HEALTHY = Status.HEALTHY  # a member costs ten times what a name of the module does
_LEARN = 0.1  # weight of a new sample in the baseline: about the last twenty answers count
_UNUSUAL, _UNUSUAL_S = 2.0, 0.25  # beyond so many times the normal and so much an answer is unusual


def succeeded(health: Health, now: float, first_content_s: float, *, probe: bool, learn: bool) -> Health:
    """Return the health after a success.

    Args:
        health: before.
        now: monotonic seconds.
        first_content_s: seconds to the first content.
        probe: a check rather than a live query; only checks move `last_check`.
        learn: take the sample into the baseline unless it is unusual (not while recovering): neither a slow
            comeback nor a slow spell must become the normal that slowness is measured against.
    """
    baseline = health.baseline_s
    if baseline is None:
        baseline = first_content_s
    elif learn and first_content_s <= _UNUSUAL * baseline + _UNUSUAL_S:
        baseline += _LEARN * (first_content_s - baseline)
    checked_at = now if probe else health.last_check_at
    passing_since_at = now if health.passing_since_at is None else health.passing_since_at
    return Health(
        _HEALTHY,
        now,
        checked_at,
        now,
        health.last_failure_at,
        0,
        health.passes + 1,
        passing_since_at,
        first_content_s,
        baseline,
        "",
        health.last_error,
    )


def failed(health: Health, now: float, reason: str, *, probe: bool) -> Health:
    """Return the health after a failure that counts."""
    return replace(
        health,
        verdict=Status.UNHEALTHY,
        evidence_at=now,
        last_check_at=now if probe else health.last_check_at,
        last_failure_at=now,
        consecutive_failures=health.consecutive_failures + 1,
        passes=0,
        passing_since_at=None,
        error=reason,
        last_error=reason,
    )


def inconclusive(health: Health, now: float, reason: str) -> Health:
    """Return the health after a check that was answered but refused: neither a pass nor a strike."""
    return replace(health, last_check_at=now, error=reason)


def stale(health: Health, now: float, limit_s: float) -> bool:
    """Tell whether the evidence is older than `limit_s` seconds, so that the word has to become unknown."""
    return (
        health.verdict is not Status.UNKNOWN
        and health.evidence_at is not None
        and now - health.evidence_at > limit_s
    )


def forgotten(health: Health) -> Health:
    """Return the health with its verdict gone unknown: green by staleness is not possible."""
    return replace(health, verdict=Status.UNKNOWN, passes=0, passing_since_at=None)
