"""What Anthropic says when it says no: its documentation, its SDK's error types and public reports."""

import datetime
from collections.abc import Mapping

from msgspec import Struct

from tui_failover.rehearsal.http1 import date_text
from tui_failover.rehearsal.problems import CHALLENGE_PAGE, Problem, Wait429, gateway_page
from tui_failover.rehearsal.voice import HTML, Page, Stamp, to_json

_BAD = "invalid_request_error"


class _Row(Struct, frozen=True):
    status: int
    type: str
    message: str
    error_code: str | None = None
    may_retry: bool | None = None


_ROWS: Mapping[Problem, _Row] = {
    Problem.BAD_REQUEST: _Row(400, _BAD, "messages: Input should be a valid list"),
    Problem.CONTEXT_LENGTH: _Row(400, _BAD, "prompt is too long: 204308 tokens > 200000 maximum"),
    Problem.SPEND_LIMIT: _Row(
        400,
        _BAD,
        "You have reached your specified API usage limits. You will regain access on {next_month} at 00:00 UTC.",
    ),
    Problem.CREDIT_BALANCE: _Row(
        400,
        _BAD,
        "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or "
        "purchase credits.",
    ),
    Problem.CONTENT_POLICY: _Row(400, _BAD, "Output blocked by content filtering policy"),
    Problem.UNSUPPORTED: _Row(400, _BAD, "temperature: Extra inputs are not permitted"),
    Problem.NO_KEY: _Row(401, "authentication_error", "x-api-key header is required"),
    Problem.WRONG_KEY: _Row(401, "authentication_error", "invalid x-api-key"),
    Problem.PAYMENT: _Row(
        402, "billing_error", "There is an issue with your organization's billing or payment information."
    ),
    Problem.FORBIDDEN: _Row(
        403, "permission_error", "Your API key does not have permission to use the specified resource."
    ),
    Problem.NO_MODEL: _Row(404, "not_found_error", "model: {model}"),
    Problem.TIMEOUT: _Row(408, "timeout_error", "Request timed out", may_retry=True),
    Problem.CONFLICT: _Row(409, _BAD, "The request conflicts with another request in progress", may_retry=True),
    Problem.TOO_LARGE: _Row(413, "request_too_large", "Request exceeds the maximum size"),
    Problem.QUOTA: _Row(
        429,
        "rate_limit_error",
        "Your organization has reached the monthly API usage threshold of its tier.",
        "enforced_spend_limit_reached",
        may_retry=False,
    ),
    Problem.SERVER_ERROR: _Row(500, "api_error", "Internal server error", may_retry=True),
    Problem.UNAVAILABLE: _Row(503, "api_error", "Service temporarily unavailable", may_retry=True),
    Problem.GATEWAY_TIMEOUT: _Row(504, "timeout_error", "Request timed out", may_retry=True),
    Problem.OVERLOADED: _Row(529, "overloaded_error", "Overloaded", may_retry=True),
    Problem.NO_RETRY: _Row(503, "api_error", "Service temporarily unavailable", may_retry=False),
}

_PAGES: Mapping[Problem, Page] = {
    Problem.CHALLENGE: Page(403, CHALLENGE_PAGE, HTML, (("cf-mitigated", "challenge"),)),
    Problem.BAD_GATEWAY: Page(502, gateway_page(502, "Bad Gateway"), HTML),
}


def error_json(kind: str, message: str, request_id: str, error_code: str | None = None) -> bytes:
    """Return Anthropic's error envelope; `error_code` goes into `details`."""
    error: dict[str, object] = {"type": kind, "message": message}
    if error_code is not None:
        error["details"] = {"error_code": error_code}
    return to_json({"type": "error", "error": error, "request_id": request_id})


def problem_page(problem: Problem, stamp: Stamp) -> Page:
    """Return Anthropic's answer for `problem`."""
    page = _PAGES.get(problem)
    if page is not None:
        return page
    row = _ROWS[problem]
    message = row.message.replace("{model}", stamp.model).replace("{next_month}", _next_month(stamp.utc))
    headers = () if row.may_retry is None else (("x-should-retry", str(row.may_retry).lower()),)
    return Page(row.status, error_json(row.type, message, stamp.request_id, row.error_code), headers=headers)


def rate_limit_page(wait: Wait429, value: str, stamp: Stamp) -> Page:
    """Return Anthropic's 429, which says in the way `wait` names when to come again."""
    message = (
        "This request would exceed the rate limit for your organization of 50 requests per minute. For details, "
        "refer to: https://docs.claude.com/en/api/rate-limits. You can see the response headers for current usage."
    )
    body = error_json("rate_limit_error", message, stamp.request_id)
    return Page(429, body, headers=(*_wait_headers(wait, value, stamp.utc), ("x-should-retry", "true")))


def _wait_headers(wait: Wait429, value: str, utc: float) -> tuple[tuple[str, str], ...]:
    match wait:
        case Wait429.SECONDS:
            return (("retry-after", value),)
        case Wait429.MILLISECONDS:
            return (("retry-after-ms", value),)
        case Wait429.DATE:
            return (("retry-after", date_text(utc + float(value))),)
        case Wait429.RESET:
            return (
                ("anthropic-ratelimit-requests-limit", "50"),
                ("anthropic-ratelimit-requests-remaining", "0"),
                ("anthropic-ratelimit-requests-reset", rfc3339(utc + float(value))),
            )
        case Wait429.SILENT:
            return ()
        case Wait429.GARBAGE:
            return (("retry-after", value),)
        case Wait429.TWICE:
            return (("retry-after", value), ("retry-after", f"{2 * float(value):g}"))


def rfc3339(utc: float) -> str:
    """Return Unix time `utc` as Anthropic's reset headers write it."""
    return datetime.datetime.fromtimestamp(utc, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _next_month(utc: float) -> str:
    today = datetime.datetime.fromtimestamp(utc, datetime.UTC)
    year, month = (today.year + 1, 1) if today.month == 12 else (today.year, today.month + 1)
    return f"{year:04}-{month:02}-01"
