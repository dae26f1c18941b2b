"""Every legal transition with its reason in words: the breaker's and the route's, in two tables.

Screen, log, tests and the README's diagram all read these rows; a move that is not in its table is a bug.
"""

from enum import StrEnum

from msgspec import Struct


class Trigger(StrEnum):
    """What makes a machine move; the value is the sentence people read."""

    FAILURES_IN_A_ROW = "failures in a row reached the limit"
    FAILURE_SHARE = "too many of the recent attempts failed"
    SLOW_SHARE = "most of the recent answers were too slow"
    ANSWERED = "it answered, the trial begins"
    COOLDOWN_OVER = "the cooldown is over, one query is let through"
    TRIALS_PASSED = "the trials passed"
    TRIAL_FAILED = "a trial failed"
    LEASE_EXPIRED = "a trial never came back"
    RESET = "an operator reset it"

    UNAVAILABLE = "the active provider is not available"
    PROVEN = "an earlier provider has proven itself, its ramp begins"
    RAMP_DONE = "the ramp is complete"
    RELAPSED = "the returning provider failed"
    SWITCHED = "an operator switched"
    PIN_ENDED = "the switch ended"
    TRIAL_ENDED = "the trial was not confirmed"
    UNDONE = "an operator took it back"
    STOPPED = "the return was stopped"


class BreakerState(StrEnum):
    """Closed passes, open refuses, half-open admits a counted few."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"


class Mode(StrEnum):
    """Where an agent's route stands."""

    PRIMARY = "on its first choice"
    BACKUP = "on a backup"
    RETURNING = "returning"
    PINNED = "switched by hand"


class Transition(Struct, frozen=True):
    """One row."""

    source: StrEnum
    trigger: Trigger
    target: StrEnum


_B, _M, _T = BreakerState, Mode, Trigger

BREAKER = (
    Transition(_B.CLOSED, _T.FAILURES_IN_A_ROW, _B.OPEN),
    Transition(_B.CLOSED, _T.FAILURE_SHARE, _B.OPEN),
    Transition(_B.CLOSED, _T.SLOW_SHARE, _B.OPEN),
    Transition(_B.OPEN, _T.ANSWERED, _B.HALF_OPEN),
    Transition(_B.OPEN, _T.COOLDOWN_OVER, _B.HALF_OPEN),
    Transition(_B.OPEN, _T.RESET, _B.CLOSED),
    Transition(_B.HALF_OPEN, _T.TRIALS_PASSED, _B.CLOSED),
    Transition(_B.HALF_OPEN, _T.TRIAL_FAILED, _B.OPEN),
    Transition(_B.HALF_OPEN, _T.LEASE_EXPIRED, _B.OPEN),
    Transition(_B.HALF_OPEN, _T.RESET, _B.CLOSED),
)

ROUTE = (
    Transition(_M.PRIMARY, _T.UNAVAILABLE, _M.BACKUP),
    Transition(_M.BACKUP, _T.UNAVAILABLE, _M.BACKUP),
    Transition(_M.BACKUP, _T.UNAVAILABLE, _M.PRIMARY),
    Transition(_M.BACKUP, _T.PROVEN, _M.RETURNING),
    Transition(_M.RETURNING, _T.RAMP_DONE, _M.PRIMARY),
    Transition(_M.RETURNING, _T.RAMP_DONE, _M.BACKUP),
    Transition(_M.RETURNING, _T.RELAPSED, _M.BACKUP),
    Transition(_M.RETURNING, _T.UNAVAILABLE, _M.PRIMARY),
    Transition(_M.RETURNING, _T.UNAVAILABLE, _M.BACKUP),
    Transition(_M.PRIMARY, _T.SWITCHED, _M.PINNED),
    Transition(_M.BACKUP, _T.SWITCHED, _M.PINNED),
    Transition(_M.RETURNING, _T.SWITCHED, _M.PINNED),
    Transition(_M.PINNED, _T.SWITCHED, _M.PINNED),
    Transition(_M.PINNED, _T.UNAVAILABLE, _M.PINNED),
    Transition(_M.PINNED, _T.PROVEN, _M.PINNED),
    Transition(_M.PINNED, _T.RAMP_DONE, _M.PINNED),
    Transition(_M.PINNED, _T.RELAPSED, _M.PINNED),
    Transition(_M.PINNED, _T.PIN_ENDED, _M.PRIMARY),
    Transition(_M.PINNED, _T.PIN_ENDED, _M.BACKUP),
    Transition(_M.PINNED, _T.TRIAL_ENDED, _M.PRIMARY),
    Transition(_M.PINNED, _T.TRIAL_ENDED, _M.BACKUP),
    Transition(_M.RETURNING, _T.STOPPED, _M.BACKUP),
    Transition(_M.PINNED, _T.STOPPED, _M.PINNED),
    *(Transition(mode, _T.UNDONE, before) for mode in _M for before in (_M.PRIMARY, _M.BACKUP, _M.PINNED)),
)


def legal(table: tuple[Transition, ...], source: StrEnum, trigger: Trigger, target: StrEnum) -> bool:
    """Tell whether the table has the row."""
    return Transition(source, trigger, target) in table


def diagram(table: tuple[Transition, ...]) -> str:
    """Return the table as a Mermaid state diagram."""
    names = {row.source: row.source.name for row in table} | {row.target: row.target.name for row in table}
    states = [f"    {name.lower()}: {state.value}" for state, name in names.items()]
    rows = [f"    {row.source.name.lower()} --> {row.target.name.lower()}: {row.trigger.value}" for row in table]
    return "\n".join(["stateDiagram-v2", *states, *rows])
