"""Errors as callers of each dialect expect them: whole answers, and the event that ends a broken stream.

Official clients try an error again by themselves, on top of the tries made here; so every answer says whether that
is of use (`x-should-retry`, which both vendors' clients obey).
"""

import math
from enum import StrEnum

from msgspec import Struct, field

from tui_failover.core.outcome import FailureKind
from tui_failover.wire.dialect import Dialect
from tui_failover.wire.json_text import json_bytes, sse_bytes
from tui_failover.wire.responses_standing import Standing
from tui_failover.wire.verdict import UNSUPPORTED, Problem


class Fault(StrEnum):
    """What a caller is told went wrong."""

    BAD_REQUEST = "bad request"
    UNTRANSLATABLE = "untranslatable"
    KEY = "key"
    MONEY = "money"
    NOT_ALLOWED = "not allowed"
    NO_SUCH_MODEL = "no such model"
    TOO_LARGE = "too large"
    POLICY = "policy"
    RATE = "rate"
    INTERNAL = "internal"
    UPSTREAM = "upstream failed"
    NO_PROVIDER = "no healthy provider"
    TIMEOUT = "timeout"
    OVERLOADED = "overloaded"


class _Row(Struct, frozen=True):
    """One fault in both dialects; `openai_status` where the two differ."""

    status: int
    anthropic_type: str
    openai_type: str
    openai_code: str
    openai_status: int | None = None


_INVALID = "invalid_request_error"
_ROWS: dict[Fault, _Row] = {
    Fault.BAD_REQUEST: _Row(400, _INVALID, _INVALID, "invalid_request"),
    Fault.UNTRANSLATABLE: _Row(400, _INVALID, _INVALID, UNSUPPORTED),
    Fault.KEY: _Row(401, "authentication_error", "authentication_error", "invalid_api_key"),
    Fault.MONEY: _Row(402, "billing_error", "insufficient_quota", "insufficient_quota"),
    Fault.NOT_ALLOWED: _Row(403, "permission_error", "permission_error", "permission_denied"),
    Fault.NO_SUCH_MODEL: _Row(404, "not_found_error", _INVALID, "model_not_found"),
    Fault.TOO_LARGE: _Row(413, "request_too_large", _INVALID, "context_length_exceeded"),
    Fault.POLICY: _Row(400, _INVALID, _INVALID, "content_filter"),
    Fault.RATE: _Row(429, "rate_limit_error", "rate_limit_error", "rate_limit_exceeded"),
    Fault.INTERNAL: _Row(500, "api_error", "server_error", "internal_error"),
    Fault.UPSTREAM: _Row(502, "api_error", "server_error", "upstream_error"),
    Fault.NO_PROVIDER: _Row(503, "overloaded_error", "server_error", "no_provider_available"),
    Fault.TIMEOUT: _Row(504, "timeout_error", "server_error", "timeout"),
    Fault.OVERLOADED: _Row(529, "overloaded_error", "server_error", "overloaded", openai_status=503),
}
# A provider's refusal of our key is not the caller's 401: its own key is sound.
FAULT_OF: dict[FailureKind, Fault] = {
    FailureKind.CONNECT: Fault.UPSTREAM,
    FailureKind.CONNECT_TIMEOUT: Fault.TIMEOUT,
    FailureKind.SILENT: Fault.TIMEOUT,
    FailureKind.SERVER: Fault.UPSTREAM,
    FailureKind.OVERLOADED: Fault.OVERLOADED,
    FailureKind.RATE_LIMITED: Fault.RATE,
    FailureKind.QUOTA: Fault.MONEY,
    FailureKind.AUTH: Fault.UPSTREAM,
    FailureKind.MODEL_MISSING: Fault.NO_SUCH_MODEL,
    FailureKind.DIALECT: Fault.UNTRANSLATABLE,
    FailureKind.CONTEXT_LENGTH: Fault.TOO_LARGE,
    FailureKind.CONTENT_POLICY: Fault.POLICY,
    FailureKind.CALLER_FAULT: Fault.BAD_REQUEST,
    FailureKind.CONFLICT: Fault.UPSTREAM,
    FailureKind.STREAM_BROKEN: Fault.UPSTREAM,
    FailureKind.LOCAL: Fault.INTERNAL,
}


class ErrorDetail(Struct, frozen=True):
    """What an error says beside its sentence.

    Attributes:
        request_id: ours, for the Messages dialect's `request_id`; "" to leave it out.
        field: the path of the field at fault; "" without one.
        retry_after_s: seconds after which another try is honest; None to say nothing.
        may_retry: the caller's client may try again by itself; False once our own tries are used up.
        status: in place of the table's, where a provider's own answer is passed on.
    """

    request_id: str = ""
    field: str = ""
    retry_after_s: float | None = None
    may_retry: bool = False
    status: int | None = None


class WrittenError(Struct, frozen=True):
    """An error answer, ready to be sent; header names are lower case."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


_PLAIN = ErrorDetail()


def write_error(
    dialect: Dialect, kind: FailureKind | Fault, message: str, detail: ErrorDetail = _PLAIN
) -> WrittenError:
    """Return the error answer for `kind`; `message` is shown as it is, so it must be scrubbed already."""
    row = _row(kind)
    stated = row.openai_status if dialect is Dialect.OPENAI else None
    headers = {
        "content-type": "application/json",
        "x-should-retry": "true" if detail.may_retry else "false",
        **_waits(detail.retry_after_s),
    }
    body = json_bytes(_shape(dialect, row, message, detail))
    return WrittenError(detail.status or stated or row.status, body, headers)


def write_problem(dialect: Dialect, problem: Problem, request_id: str = "") -> WrittenError:
    """Return the error answer for a request that could not be read or translated."""
    fault = Fault.UNTRANSLATABLE if problem.code == UNSUPPORTED else Fault.BAD_REQUEST
    return write_error(dialect, fault, problem.text, ErrorDetail(request_id, problem.field))


def write_stream_error(
    dialect: Dialect, kind: FailureKind | Fault, message: str, detail: ErrorDetail = _PLAIN
) -> bytes:
    """Return the event that tells a streaming caller its answer broke off.

    Nothing may follow it: no end mark, and no close of the open block, or half a tool call would look whole.
    """
    return sse_bytes(_shape(dialect, _row(kind), message, detail), "error" if dialect is Dialect.ANTHROPIC else "")


def write_failed_response(
    standing: Standing, kind: FailureKind | Fault, message: str, detail: ErrorDetail = _PLAIN
) -> bytes:
    """Return the event that tells the reader of a Responses stream that it broke off; nothing may follow it.

    Who knows the API reads the response's own error; the official client raises on the error beside it, as it does
    in every other stream, and would take this event for one like the others without it.
    """
    row = _row(kind)
    code = "rate_limit_exceeded" if row.status == _TOO_MANY else "server_error"
    error: dict[str, object] = {"code": code, "message": message}
    response = {**standing.response, "status": "failed", "error": error}
    event = {"type": "response.failed", "sequence_number": standing.number, "response": response}
    return sse_bytes({**event, **_shape(Dialect.OPENAI, row, message, detail)}, "response.failed")


_TOO_MANY = 429


def _row(kind: FailureKind | Fault) -> _Row:
    return _ROWS[FAULT_OF[kind] if isinstance(kind, FailureKind) else kind]


def _shape(dialect: Dialect, row: _Row, message: str, detail: ErrorDetail) -> dict[str, object]:
    if dialect is Dialect.OPENAI:
        error: dict[str, object] = {
            "message": message,
            "type": row.openai_type,
            "param": detail.field or None,
            "code": row.openai_code,
        }
        return {"error": error}
    shape: dict[str, object] = {"type": "error", "error": {"type": row.anthropic_type, "message": message}}
    return {**shape, "request_id": detail.request_id} if detail.request_id else shape


def _waits(seconds: float | None) -> dict[str, str]:
    if seconds is None:
        return {}
    milliseconds = math.ceil(max(0.0, seconds) * 1000)
    return {"retry-after": str(math.ceil(max(0.0, seconds))), "retry-after-ms": str(milliseconds)}
