"""The circuit breaker of one provider: a value with generations, moved only along `core.transition.BREAKER`.

Every change of state starts a new generation. A result admitted under an older one changes nothing (the idea of
sony/gobreaker's `beforeRequest`/`afterRequest`). The cooldown's end is seen on the next look, without a timer.
"""

from msgspec import Struct

from tui_failover.core.copying import replace
from tui_failover.core.spec import BreakerRules
from tui_failover.core.transition import BREAKER, BreakerState, Trigger, legal

_CLOSED = BreakerState.CLOSED  # a member costs ten times what a name of the module does
_TALLY_S = 3.0
_TOP = 16  # rungs of the ladder; far beyond the longest cooldown, small enough for a float


class Tally(Struct, frozen=True):
    """Outcomes of a few seconds; the window forgets them tally by tally."""

    number: int
    ok: int = 0
    failed: int = 0
    slow: int = 0


class Breaker(Struct, frozen=True):
    """One breaker; instants are monotonic seconds.

    Attributes:
        generation: counts up with every change of state.
        since_at: when this state began.
        trigger: what led to it; None at the beginning.
        reason: the same with its evidence, for people.
        strikes: weighted failures in a row.
        until_at: open: end of the cooldown.
        quiet_until_at: open: not even checks before this instant, the provider asked for it; or None.
        level: rung of the cooldown ladder: each failed trial, and each opening soon after passed ones, doubles
            the next cooldown.
        successes: half-open: trials passed.
        lease_until_at: half-open: when the query under trial is given up; None without one.
        good: live successes since it closed; enough of them reset the ladder.
        opened: how often it has opened.
    """

    state: BreakerState = BreakerState.CLOSED
    generation: int = 0
    since_at: float = 0.0
    trigger: Trigger | None = None
    reason: str = ""
    strikes: float = 0.0
    tallies: tuple[Tally, ...] = ()
    until_at: float | None = None
    quiet_until_at: float | None = None
    level: int = 0
    successes: int = 0
    lease_until_at: float | None = None
    good: int = 0
    opened: int = 0


class Strike(Struct, frozen=True):
    """A failure on its way to a breaker.

    Attributes:
        weight: how much it counts.
        reason: one line for people.
        limit: weighted failures in a row that open.
        jitter: between -1 and 1; spreads the cooldowns of many breakers.
        retry_after_s: how long the provider asked to be left alone, or None.
        may_open: False for evidence that concerns a neighbour first.
    """

    weight: float
    reason: str
    limit: int
    jitter: float
    retry_after_s: float | None = None
    may_open: bool = True


def passed(breaker: Breaker, now: float, rules: BreakerRules, *, slow: bool, probe: bool) -> Breaker:
    """Return the breaker after a success of its own generation.

    Only live answers count towards resetting the ladder: a provider that passes checks and fails queries would
    otherwise flap at the shortest cooldown.
    """
    if breaker.state is _CLOSED:
        tallies = _tallied(breaker, now, rules, ok=1, slow=int(slow))
        after = replace(breaker, strikes=0.0, tallies=tallies, good=breaker.good + (0 if probe else 1))
        return _opened_if_sluggish(after, now, rules) if slow else after
    if breaker.state is BreakerState.HALF_OPEN:
        return _passed_trial(breaker, now, rules)
    # Checks go on while it is open, and in an emergency queries do: an answer begins the trial early.
    # It is the first to pass but never also the last, so that each move is told by itself.
    return replace(_move(breaker, BreakerState.HALF_OPEN, Trigger.ANSWERED, now), successes=1)


def struck(breaker: Breaker, now: float, rules: BreakerRules, strike: Strike) -> Breaker:
    """Return the breaker after a failure of its own generation."""
    match breaker.state:
        case BreakerState.CLOSED:
            return _struck_closed(breaker, now, rules, strike)
        case BreakerState.OPEN:
            if not (strike.may_open and cooled(breaker, now)):
                return breaker
            longer = replace(breaker, level=min(breaker.level + 1, _TOP))
            return _cooling(longer, now, rules, strike)
        case BreakerState.HALF_OPEN:
            if not strike.may_open:
                return breaker
            again = replace(strike, reason=f"{strike.reason}, a trial failed")
            return _open(replace(breaker, level=breaker.level + 1), Trigger.TRIAL_FAILED, now, rules, again)


def cooled(breaker: Breaker, now: float) -> bool:
    """Tell whether an open breaker's cooldown is over."""
    return breaker.state is BreakerState.OPEN and breaker.until_at is not None and now >= breaker.until_at


def undecided(breaker: Breaker, now: float, rules: BreakerRules) -> bool:
    """Tell whether checks had a lease's time to prove or strike it and did neither, refused as they may be.

    Then a query has to be the trial: a breaker that only checks may close would stay as it is for ever.
    """
    since = breaker.until_at if breaker.state is BreakerState.OPEN else breaker.since_at
    return breaker.state is not BreakerState.CLOSED and since is not None and now >= since + rules.lease_s


def admit_trial(breaker: Breaker, now: float, rules: BreakerRules) -> Breaker | None:
    """Return the breaker with a query under trial, or None where none may be: one at a time, each with a lease."""
    if breaker.state is BreakerState.OPEN and cooled(breaker, now):
        breaker = _move(breaker, BreakerState.HALF_OPEN, Trigger.COOLDOWN_OVER, now)
    if breaker.state is not BreakerState.HALF_OPEN or breaker.lease_until_at is not None:
        return None
    return replace(breaker, lease_until_at=now + rules.lease_s)


def returned(breaker: Breaker) -> Breaker:
    """Return the breaker with its lease given back: the query under trial has ended, however it did."""
    return replace(breaker, lease_until_at=None)


def expired(breaker: Breaker, now: float, rules: BreakerRules, jitter: float) -> Breaker:
    """Return the breaker as time alone changes it: a lease that ran out counts as a failed trial."""
    if breaker.lease_until_at is None or now < breaker.lease_until_at:
        return breaker
    strike = Strike(1.0, "the query under trial did not come back", 1, jitter)
    return _open(replace(breaker, level=breaker.level + 1), Trigger.LEASE_EXPIRED, now, rules, strike)


def reset(breaker: Breaker, now: float) -> Breaker:
    """Return the breaker closed by an operator, without memory of failures or ladder."""
    if breaker.state is BreakerState.CLOSED:
        return replace(breaker, strikes=0.0, tallies=(), level=0)
    closed = _move(breaker, BreakerState.CLOSED, Trigger.RESET, now)
    return replace(closed, level=0)


def _opened_if_sluggish(breaker: Breaker, now: float, rules: BreakerRules) -> Breaker:
    total = sum(one.ok + one.failed for one in breaker.tallies)
    sluggish = sum(one.slow for one in breaker.tallies)
    if total >= rules.min_slow_outcomes and sluggish >= rules.slow_share * total:
        strike = Strike(1.0, f"{sluggish} of {total} answers took over {rules.slow_s:.0f} s", 1, 0.0)
        return _open(_climbed(breaker, now, rules), Trigger.SLOW_SHARE, now, rules, strike)
    return breaker


def _passed_trial(breaker: Breaker, now: float, rules: BreakerRules) -> Breaker:
    breaker = replace(breaker, successes=breaker.successes + 1)
    if breaker.successes < rules.successes_to_close:
        return breaker
    return _move(breaker, BreakerState.CLOSED, Trigger.TRIALS_PASSED, now)


def _struck_closed(breaker: Breaker, now: float, rules: BreakerRules, strike: Strike) -> Breaker:
    strikes = breaker.strikes + strike.weight
    if not strike.may_open:
        # A neighbour's trouble brings the breaker to the brink, never over it: its own evidence decides.
        return replace(breaker, strikes=max(breaker.strikes, min(strikes, strike.limit - 1.0)))
    tallies = _tallied(breaker, now, rules, failed=1)
    breaker = replace(breaker, strikes=strikes, tallies=tallies)
    if strikes >= strike.limit:
        row = replace(strike, reason=f"{strike.reason}, {strikes:g} failures in a row")
        return _open(_climbed(breaker, now, rules), Trigger.FAILURES_IN_A_ROW, now, rules, row)
    bad = sum(one.failed for one in tallies)
    total = sum(one.ok + one.failed for one in tallies)
    if total >= rules.min_outcomes and bad >= rules.failure_share * total:
        share = replace(strike, reason=f"{strike.reason}, {bad} of {total} attempts failed")
        return _open(_climbed(breaker, now, rules), Trigger.FAILURE_SHARE, now, rules, share)
    return breaker


def _climbed(breaker: Breaker, now: float, rules: BreakerRules) -> Breaker:
    """Return the breaker on the rung its next opening gets: the lowest after a calm time, else the next higher."""
    if breaker.good >= rules.calm_successes or now - breaker.since_at >= rules.calm_s:
        return replace(breaker, level=0)
    return replace(breaker, level=breaker.level + (1 if breaker.trigger is Trigger.TRIALS_PASSED else 0))


def _tallied(
    breaker: Breaker, now: float, rules: BreakerRules, *, ok: int = 0, failed: int = 0, slow: int = 0
) -> tuple[Tally, ...]:
    number = now // _TALLY_S
    kept = breaker.tallies
    if kept and kept[-1].number == number:
        last = kept[-1]
        return (*kept[:-1], Tally(last.number, last.ok + ok, last.failed + failed, last.slow + slow))
    oldest = number - int(rules.window_s // _TALLY_S)
    return (*(one for one in kept if one.number > oldest), Tally(int(number), ok, failed, slow))


def _open(breaker: Breaker, trigger: Trigger, now: float, rules: BreakerRules, strike: Strike) -> Breaker:
    opened = _move(breaker, BreakerState.OPEN, trigger, now)
    return _cooling(replace(opened, reason=strike.reason, opened=breaker.opened + 1), now, rules, strike)


def _cooling(breaker: Breaker, now: float, rules: BreakerRules, strike: Strike) -> Breaker:
    """Return the open breaker with its cooldown: the ladder's, or longer where the provider asked for it."""
    length = min(rules.open_s * 2.0**breaker.level, rules.open_max_s)
    length *= 1.0 + rules.jitter * strike.jitter
    if strike.retry_after_s is None:
        return replace(breaker, until_at=now + length)
    quiet = min(strike.retry_after_s, rules.retry_after_max_s)
    return replace(breaker, until_at=now + max(length, quiet), quiet_until_at=now + quiet)


def _move(breaker: Breaker, state: BreakerState, trigger: Trigger, now: float) -> Breaker:
    """Return the breaker in its next state and generation; what belongs to the old state is gone."""
    if not legal(BREAKER, breaker.state, trigger, state):
        message = f"a breaker cannot go from {breaker.state} to {state} because {trigger.value}"
        raise ValueError(message)
    return Breaker(
        state=state,
        generation=breaker.generation + 1,
        since_at=now,
        trigger=trigger,
        reason=trigger.value,
        level=min(breaker.level, _TOP),
        opened=breaker.opened,
    )
