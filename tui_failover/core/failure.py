"""What follows from a failed attempt: one row per kind, and one ladder that reads the rows."""

from enum import StrEnum

from msgspec import Struct

from tui_failover.core.outcome import Failure, FailureKind
from tui_failover.core.spec import AttemptRules


class Scope(StrEnum):
    """Whom a verdict concerns; providers that share the scope share the verdict."""

    ENDPOINT = "endpoint"
    CREDENTIAL = "credential"
    MODEL = "model"
    CALLER = "caller"
    NOBODY = "nobody"


class Effect(StrEnum):
    """What a failure does to availability."""

    BREAKER = "breaker"
    HOLD = "hold"
    NONE = "none"


class Again(StrEnum):
    """Whether the same provider is tried once more."""

    NO = "no"
    ONCE = "once"
    IF_CLOSED = "once while its breaker is closed and it asks for no longer wait"
    IF_SHORT = "once if the stated wait is short"


class Step(StrEnum):
    """Where a query goes after a failed attempt."""

    HERE = "same provider again"
    ONWARD = "next provider"
    STOP = "stop"


class Policy(Struct, frozen=True):
    """One row of the failure table.

    Attributes:
        again: whether the same provider is tried once more.
        pause_s: bounds of the pause before that, in seconds.
        then: when not tried here (again): onward to the next provider, or stop.
        scope: whom it is booked against.
        effect: what it does to availability.
        weight: how much it counts towards opening the breaker.
        sibling_weight: the same, for other providers at the same endpoint.
        strike: it makes the public word `unhealthy`.
        words: the kind in a sentence for people.
    """

    again: Again
    then: Step
    scope: Scope
    effect: Effect
    words: str
    pause_s: tuple[float, float] = (0.3, 0.8)
    weight: float = 0.0
    sibling_weight: float = 0.0
    strike: bool = True


_K, _A, _S, _E = FailureKind, Again, Scope, Effect
_ON, _STOP = Step.ONWARD, Step.STOP
POLICY: dict[FailureKind, Policy] = {
    _K.CONNECT: Policy(_A.ONCE, _ON, _S.ENDPOINT, _E.BREAKER, "cannot connect", (0.1, 0.25), 1.0, 1.0),
    _K.CONNECT_TIMEOUT: Policy(
        _A.NO, _ON, _S.ENDPOINT, _E.BREAKER, "connecting timed out", weight=1.0, sibling_weight=1.0
    ),
    _K.SILENT: Policy(_A.NO, _ON, _S.MODEL, _E.BREAKER, "no answer in time", weight=1.0),
    _K.SERVER: Policy(_A.IF_CLOSED, _ON, _S.MODEL, _E.BREAKER, "server error", weight=1.0, sibling_weight=0.5),
    _K.OVERLOADED: Policy(_A.NO, _ON, _S.MODEL, _E.BREAKER, "overloaded", weight=1.0),
    _K.RATE_LIMITED: Policy(_A.IF_SHORT, _ON, _S.NOBODY, _E.HOLD, "rate limited", strike=False),
    _K.QUOTA: Policy(_A.NO, _ON, _S.CREDENTIAL, _E.HOLD, "quota or credit used up"),
    _K.AUTH: Policy(_A.NO, _ON, _S.CREDENTIAL, _E.HOLD, "key refused"),
    _K.MODEL_MISSING: Policy(_A.NO, _ON, _S.MODEL, _E.HOLD, "model not found"),
    _K.DIALECT: Policy(_A.NO, _ON, _S.NOBODY, _E.NONE, "parameter not supported", strike=False),
    _K.CONTEXT_LENGTH: Policy(_A.NO, _ON, _S.NOBODY, _E.NONE, "too long for the model", strike=False),
    _K.CONTENT_POLICY: Policy(_A.NO, _STOP, _S.NOBODY, _E.NONE, "refused by content policy", strike=False),
    _K.CALLER_FAULT: Policy(_A.NO, _STOP, _S.CALLER, _E.NONE, "the query is at fault", strike=False),
    _K.CONFLICT: Policy(_A.ONCE, _ON, _S.MODEL, _E.BREAKER, "conflict or timeout at the provider", weight=0.5),
    _K.STREAM_BROKEN: Policy(_A.NO, _ON, _S.MODEL, _E.BREAKER, "answer broke off", weight=1.0),
    _K.LOCAL: Policy(_A.NO, _ON, _S.NOBODY, _E.NONE, "fault on our side", strike=False),
}

# Where a query ends with several causes, people are told the one they can do something about.
ACTIONABLE = (
    FailureKind.AUTH,
    FailureKind.QUOTA,
    FailureKind.MODEL_MISSING,
    FailureKind.STREAM_BROKEN,
    FailureKind.SERVER,
    FailureKind.OVERLOADED,
    FailureKind.CONNECT,
    FailureKind.CONNECT_TIMEOUT,
    FailureKind.SILENT,
    FailureKind.RATE_LIMITED,
)
SHORT_WAIT_S = 2.0  # a stated wait up to this long is waited out rather than moved away from


def most_actionable(kinds: list[FailureKind]) -> FailureKind | None:
    """Return the kind an operator can best act on; None without any."""
    ranked = [kind for kind in ACTIONABLE if kind in kinds]
    return next(iter(ranked or kinds), None)


class Next(Struct, frozen=True):
    """The decision after a failed attempt, with its reason; `pause_s` bounds the wait before a try again here."""

    step: Step
    reason: str
    pause_s: tuple[float, float] = (0.0, 0.0)


class Spent(Struct, frozen=True):
    """What a query has used so far.

    Attributes:
        here: attempts at this provider.
        total: attempts in all.
        left_s: seconds until the query's deadline.
        retries: how many more attempts than one the agent grants a provider.
        closed: the provider's breaker is closed after this failure.
        affordable: the retry budget has room.
    """

    here: int
    total: int
    left_s: float
    retries: int
    closed: bool
    affordable: bool


def next_step(failure: Failure, spent: Spent, rules: AttemptRules) -> Next:
    """Decide, rung by rung: is it worth going on, is there time, are there tries, here again or onward?"""
    policy = POLICY[failure.kind]
    if policy.then is Step.STOP:
        return Next(Step.STOP, f"{policy.words}: another provider would not help")
    if spent.left_s <= 0:
        return Next(Step.STOP, "the query's deadline has passed")
    if spent.total >= rules.per_query:
        return Next(Step.STOP, f"{spent.total} attempts were made")
    obstacle = _not_here(failure, policy.again, spent)
    if obstacle:
        return Next(Step.ONWARD, obstacle)
    return Next(Step.HERE, policy.words, _pause(failure, policy, spent.here, rules))


def _not_here(failure: Failure, again: Again, spent: Spent) -> str:
    """Return why the same provider is not tried again, or ""."""
    if again is Again.NO:
        return f"{POLICY[failure.kind].words}: not worth a retry here"
    if not failure.may_retry_here:
        return "the provider asks not to be retried"
    if spent.here > spent.retries:
        return "its tries are used up"
    if not spent.affordable:
        return "the retry budget is used up"
    wait = failure.retry_after_s
    if wait is not None and wait > min(SHORT_WAIT_S, spent.left_s):
        return f"it asks to wait {wait:.0f} s"
    if again is Again.IF_SHORT and wait is None:
        return "it does not say how long to wait"
    if again is Again.IF_CLOSED and not spent.closed:
        return "its breaker is not closed"
    return ""


def _pause(failure: Failure, policy: Policy, here: int, rules: AttemptRules) -> tuple[float, float]:
    """Bounds of the pause: what the provider stated and upwards, else the row's, doubling, capped."""
    low, high = policy.pause_s
    if failure.retry_after_s is not None:
        return failure.retry_after_s, failure.retry_after_s + low
    if here > 1:
        low, high = 0.0, min(rules.backoff_cap_s, rules.backoff_base_s * 2.0**here)
    return low, high
