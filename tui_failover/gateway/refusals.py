"""What a caller is told when nobody answered, in its own dialect and without a word that could hold a key."""

from collections.abc import Sequence

from tui_failover.core.copying import replace
from tui_failover.core.errors import AllProvidersFailed, AttemptRecord, QueryRefused
from tui_failover.core.failure import POLICY
from tui_failover.core.outcome import Failure, FailureKind
from tui_failover.engine.errand import Carried
from tui_failover.gateway.errand import Errand
from tui_failover.gateway.headers import tried
from tui_failover.wire.dialect import Dialect
from tui_failover.wire.error_writing import ErrorDetail, Fault, WrittenError, write_error, write_problem
from tui_failover.wire.forwarding import NOT_TAKEN_UP, Refusal

# Somebody else might have carried it, but nobody did, and the fault lies in the request.
_CALLERS = frozenset({FailureKind.DIALECT, FailureKind.CONTEXT_LENGTH})


def of_refused(errand: Errand, error: QueryRefused, query_id: str) -> WrittenError:
    """Return the answer to a request that is itself at fault: the provider's own, where it can be read."""
    own = _own(errand, errand.refusals[-1:])
    written = own or write_error(errand.asked.dialect, error.kind, error.reason, ErrorDetail(query_id))
    return _with_attempts(written, error.attempts)


def of_exhausted(errand: Errand, error: AllProvidersFailed, query_id: str) -> WrittenError:
    """Return the answer to a request that nobody answered."""
    return _with_attempts(_exhausted(errand, error, query_id), error.attempts)


def _exhausted(errand: Errand, error: AllProvidersFailed, query_id: str) -> WrittenError:
    dialect = errand.asked.dialect
    kinds = {one.kind for one in error.attempts if one.kind is not None}
    if error.kind is not None and kinds and kinds <= _CALLERS:
        text = f"{POLICY[error.kind].words}. {_lines(error.attempts)}"
        return _own(errand, errand.refusals) or write_error(dialect, error.kind, text, ErrorDetail(query_id))
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
        why = "" if failure.kind is FailureKind.STREAM_BROKEN else f": {POLICY[failure.kind].words}"
        return failure.kind, f"The answer of {carried.provider} broke off{why}."
    broken = carried.attempts[-1]
    text = f"The answer of {broken.provider} broke off, and {carried.provider} could not go on with it."
    return broken.kind or failure.kind, text


def _with_attempts(written: WrittenError, attempts: Sequence[AttemptRecord]) -> WrittenError:
    return replace(written, headers={**written.headers, **tried(attempts)})


def _own(errand: Errand, refusals: Sequence[tuple[Dialect, Refusal]]) -> WrittenError | None:
    """Return the first of the providers' own answers that the caller can read, with the status it had."""
    for dialect, answer in refusals:
        readable = answer.content_type.startswith("application/json")
        if dialect is errand.asked.dialect and answer.status is not None and readable:
            headers = {"content-type": answer.content_type, "x-should-retry": "false"}
            return WrittenError(answer.status, answer.body, headers)
    return None


def _lines(attempts: Sequence[AttemptRecord]) -> str:
    return "; ".join(
        f"{one.provider}: {one.reason}" if one.kind is None else f"{one.provider}: {one.kind} ({_ms(one)} ms)"
        for one in attempts
    )


def _ms(attempt: AttemptRecord) -> int:
    return round(attempt.elapsed_s * 1000)
