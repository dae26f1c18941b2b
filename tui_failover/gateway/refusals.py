"""What a caller is told when nobody answered, in its own dialect and without a word that could hold a key."""

from collections.abc import Sequence

from tui_failover.core.errors import AllProvidersFailed, AttemptRecord, QueryRefused
from tui_failover.core.failure import POLICY
from tui_failover.core.outcome import Failure, FailureKind
from tui_failover.engine.errand import Carried
from tui_failover.gateway.errand import Errand
from tui_failover.wire.error_writing import ErrorDetail, Fault, WrittenError, write_error, write_problem
from tui_failover.wire.forwarding import NOT_TAKEN_UP

# Somebody else might have carried it, but nobody did, and the fault lies in the request.
_CALLERS = frozenset({FailureKind.DIALECT, FailureKind.CONTEXT_LENGTH})


def of_refused(errand: Errand, error: QueryRefused, query_id: str) -> WrittenError:
    """Return the answer to a request that is itself at fault: the provider's own, where it can be read."""
    return _own(errand) or write_error(errand.asked.dialect, error.kind, error.reason, ErrorDetail(query_id))


def of_exhausted(errand: Errand, error: AllProvidersFailed, query_id: str) -> WrittenError:
    """Return the answer to a request that nobody answered."""
    dialect = errand.asked.dialect
    kinds = {one.kind for one in error.attempts if one.kind is not None}
    if error.kind is not None and kinds and kinds <= _CALLERS:
        text = f"{POLICY[error.kind].words}. {_lines(error.attempts)}"
        return _own(errand) or write_error(dialect, error.kind, text, ErrorDetail(query_id))
    if error.kind is None and errand.problems:
        return write_problem(dialect, errand.problems[0], query_id)
    limited = error.kind is FailureKind.RATE_LIMITED and kinds <= {FailureKind.RATE_LIMITED}
    fault = Fault.RATE if limited else Fault.NO_PROVIDER
    cause = "nobody could be asked" if error.kind is None else POLICY[error.kind].words
    message = f"No provider answered ({cause}). {_lines(error.attempts)}"
    return write_error(dialect, fault, message, ErrorDetail(query_id, retry_after_s=error.retry_after_s))


def told_of_break(carried: Carried, failure: Failure) -> tuple[FailureKind, str]:
    """Return what a streaming caller is told of an answer that broke off for good."""
    if failure is not NOT_TAKEN_UP:
        return failure.kind, f"The answer of {carried.provider} broke off: {POLICY[failure.kind].words}."
    broken = carried.attempts[-1]
    text = f"The answer of {broken.provider} broke off, and {carried.provider} could not go on with it."
    return broken.kind or failure.kind, text


def _own(errand: Errand) -> WrittenError | None:
    """Return the provider's own answer for a caller of its dialect, with the status it had."""
    if errand.refusal is None or errand.refusal[0] is not errand.asked.dialect:
        return None
    answer = errand.refusal[1]
    if answer.status is None or not answer.content_type.startswith("application/json"):
        return None
    return WrittenError(
        answer.status, answer.body, {"content-type": answer.content_type, "x-should-retry": "false"}
    )


def _lines(attempts: Sequence[AttemptRecord]) -> str:
    return "; ".join(
        f"{one.provider}: {one.reason}" if one.kind is None else f"{one.provider}: {one.kind} ({_ms(one)} ms)"
        for one in attempts
    )


def _ms(attempt: AttemptRecord) -> int:
    return round(attempt.elapsed_s * 1000)
