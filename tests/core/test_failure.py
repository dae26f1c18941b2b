"""Where a query goes after a failed attempt."""

import pytest

from tui_failover.core.copying import replace
from tui_failover.core.failure import POLICY, Spent, Step, most_actionable, next_step
from tui_failover.core.outcome import Failure, FailureKind
from tui_failover.core.spec import AttemptRules

K = FailureKind
FRESH = Spent(here=1, total=1, left_s=30.0, retries=1, closed=True, affordable=True)
RULES = AttemptRules()


def failure(kind: FailureKind, wait_s: float | None = None) -> Failure:
    return Failure(kind, "on purpose", retry_after_s=wait_s)


@pytest.mark.parametrize("kind", list(K), ids=list(K))
def test_every_kind_has_a_row(kind: FailureKind) -> None:
    assert POLICY[kind].words


FIRST_TRY = {
    K.CONNECT: Step.HERE,
    K.CONNECT_TIMEOUT: Step.ONWARD,
    K.SILENT: Step.ONWARD,
    K.SERVER: Step.HERE,
    K.OVERLOADED: Step.ONWARD,
    K.RATE_LIMITED: Step.ONWARD,
    K.QUOTA: Step.ONWARD,
    K.AUTH: Step.ONWARD,
    K.MODEL_MISSING: Step.ONWARD,
    K.DIALECT: Step.ONWARD,
    K.CONTEXT_LENGTH: Step.ONWARD,
    K.CONTENT_POLICY: Step.STOP,
    K.CALLER_FAULT: Step.STOP,
    K.CONFLICT: Step.HERE,
    K.STREAM_BROKEN: Step.ONWARD,
    K.LOCAL: Step.ONWARD,
}


@pytest.mark.parametrize(("kind", "step"), FIRST_TRY.items(), ids=list(FIRST_TRY))
def test_after_a_first_failure(kind: FailureKind, step: Step) -> None:
    assert next_step(failure(kind), FRESH, RULES).step is step


@pytest.mark.parametrize(
    ("failed", "spent", "step", "reason"),
    [
        (failure(K.SERVER), replace(FRESH, left_s=0.0), Step.STOP, "the query's deadline has passed"),
        (failure(K.SERVER), replace(FRESH, total=4), Step.STOP, "4 attempts were made"),
        (failure(K.SERVER), replace(FRESH, here=2), Step.ONWARD, "its tries are used up"),
        (failure(K.SERVER), replace(FRESH, affordable=False), Step.ONWARD, "the retry budget is used up"),
        (failure(K.SERVER), replace(FRESH, closed=False), Step.ONWARD, "its breaker is not closed"),
        (failure(K.SERVER, 3.0), FRESH, Step.ONWARD, "it asks to wait 3 s"),
        (failure(K.SERVER, 2.0), FRESH, Step.HERE, "server error"),
        (failure(K.SERVER, 1.5), replace(FRESH, left_s=1.0), Step.ONWARD, "it asks to wait 2 s"),
        (failure(K.RATE_LIMITED, 1.0), FRESH, Step.HERE, "rate limited"),
        (failure(K.RATE_LIMITED), FRESH, Step.ONWARD, "it does not say how long to wait"),
        (
            replace(failure(K.SERVER), may_retry_here=False),
            FRESH,
            Step.ONWARD,
            "the provider asks not to be retried",
        ),
        (failure(K.AUTH), FRESH, Step.ONWARD, "key refused: not worth a retry here"),
        (
            failure(K.CALLER_FAULT),
            replace(FRESH, left_s=0.0),
            Step.STOP,
            "the query is at fault: another provider would not help",
        ),
    ],
    ids=[
        "out of time",
        "out of attempts",
        "tried here",
        "budget",
        "breaker",
        "long wait",
        "short wait",
        "no time to wait",
        "limit with a short wait",
        "limit without",
        "asked not to",
        "not worth it",
        "caller",
    ],
)
def test_each_rung_of_the_ladder_says_why(failed: Failure, spent: Spent, step: Step, reason: str) -> None:
    decided = next_step(failed, spent, RULES)

    assert (decided.step, decided.reason) == (step, reason)


def test_the_pause_is_the_rows_at_first_and_grows_up_to_the_cap() -> None:
    patient = replace(FRESH, retries=9)

    pauses = [next_step(failure(K.SERVER), replace(patient, here=here), RULES).pause_s for here in (1, 2, 3, 5)]

    assert pauses == [(0.3, 0.8), (0.0, 1.2), (0.0, 2.4), (0.0, 5.0)]


def test_a_stated_wait_is_only_ever_stretched() -> None:
    low, high = next_step(failure(K.RATE_LIMITED, 1.0), FRESH, RULES).pause_s

    assert (low, high) == (1.0, 1.3)


@pytest.mark.parametrize(
    ("kinds", "told"),
    [
        ([], None),
        ([K.RATE_LIMITED, K.SERVER], K.SERVER),
        ([K.SERVER, K.AUTH, K.QUOTA], K.AUTH),
        ([K.RATE_LIMITED, K.QUOTA], K.QUOTA),
        ([K.LOCAL], K.LOCAL),
    ],
    ids=["nothing tried", "server before limited", "auth first", "quota before limited", "nothing actionable"],
)
def test_people_are_told_what_they_can_act_on(kinds: list[FailureKind], told: FailureKind | None) -> None:
    assert most_actionable(kinds) is told
