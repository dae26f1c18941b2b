"""What OpenAI says when it says no: its API reference and public reports."""

from collections.abc import Mapping

from msgspec import Struct

from tui_failover.rehearsal.http1 import date_text
from tui_failover.rehearsal.problems import CHALLENGE_PAGE, Problem, Wait429, duration_text, gateway_page
from tui_failover.rehearsal.voice import HTML, Page, Stamp, to_json

_KEYS_PAGE = "https://platform.openai.com/account/api-keys"
_BAD = "invalid_request_error"


class _Row(Struct, frozen=True):
    status: int
    message: str
    type: str | None
    code: str | int | None = None
    param: str | None = None


_ROWS: Mapping[Problem, _Row] = {
    Problem.BAD_REQUEST: _Row(
        400,
        "Invalid type for 'messages': expected an array of objects, but got a string instead.",
        _BAD,
        "invalid_type",
        "messages",
    ),
    Problem.CONTEXT_LENGTH: _Row(
        400,
        "This model's maximum context length is 128000 tokens. However, your messages resulted in 204308 tokens. "
        "Please reduce the length of the messages.",
        _BAD,
        "context_length_exceeded",
        "messages",
    ),
    Problem.SPEND_LIMIT: _Row(
        400, "Billing hard limit has been reached", "billing_limit_user_error", "billing_hard_limit_reached"
    ),
    Problem.CREDIT_BALANCE: _Row(
        400,
        "Your credit balance is too low to access the API. Please go to Plans & Billing to upgrade or purchase "
        "credits.",
        _BAD,
        "invalid_request_error",
    ),
    Problem.CONTENT_POLICY: _Row(
        400,
        "Invalid prompt: your prompt was flagged as potentially violating our usage policy. Please try again with "
        "a different prompt: https://platform.openai.com/docs/guides/reasoning#advice-on-prompting",
        _BAD,
        "invalid_prompt",
    ),
    Problem.UNSUPPORTED: _Row(
        400,
        "Unsupported parameter: 'max_tokens' is not supported with this model. "
        "Use 'max_completion_tokens' instead.",
        _BAD,
        "unsupported_parameter",
        "max_tokens",
    ),
    Problem.NO_KEY: _Row(
        401,
        "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer "
        f"auth (i.e. Authorization: Bearer YOUR_KEY). You can obtain an API key from {_KEYS_PAGE}.",
        _BAD,
    ),
    Problem.WRONG_KEY: _Row(
        401,
        f"Incorrect API key provided: sk-****. You can find your API key at {_KEYS_PAGE}.",
        _BAD,
        "invalid_api_key",
    ),
    Problem.PAYMENT: _Row(402, "Insufficient Balance", "unknown_error", _BAD),
    Problem.FORBIDDEN: _Row(
        403,
        "Country, region, or territory not supported",
        "request_forbidden",
        "unsupported_country_region_territory",
    ),
    Problem.NO_MODEL: _Row(
        404, "The model `{model}` does not exist or you do not have access to it.", _BAD, "model_not_found"
    ),
    Problem.TIMEOUT: _Row(
        408,
        "Timed out generating response. Please try again with a shorter prompt or with `max_tokens` set to a "
        "lower value.",
        "internal_error",
        "request_timeout",
    ),
    Problem.CONFLICT: _Row(409, "The requested resource is locked by another request.", _BAD, "conflict"),
    Problem.QUOTA: _Row(
        429,
        "You exceeded your current quota, please check your plan and billing details. For more information on "
        "this error, read the docs: https://platform.openai.com/docs/guides/error-codes/api-errors.",
        "insufficient_quota",
        "insufficient_quota",
    ),
    Problem.SERVER_ERROR: _Row(
        500,
        "The server had an error while processing your request. Sorry about that! You can retry your request, or "
        "contact us through our help center at help.openai.com if the error persists.",
        "server_error",
    ),
    Problem.UNAVAILABLE: _Row(503, "The server is overloaded or not ready yet.", "server_error"),
    Problem.OVERLOADED: _Row(
        503, "The engine is currently overloaded, please try again later", "server_error", "overloaded"
    ),
    # The code is a number here: matrixgpt/matrix-chatgpt-bot#249.
    Problem.NO_RETRY: _Row(503, "Service Unavailable.", "cf_service_unavailable", 503),
}

_PAGES: Mapping[Problem, Page] = {
    Problem.CHALLENGE: Page(403, CHALLENGE_PAGE, HTML, (("cf-mitigated", "challenge"),)),
    Problem.TOO_LARGE: Page(413, gateway_page(413, "Request Entity Too Large"), HTML),
    Problem.BAD_GATEWAY: Page(502, gateway_page(502, "Bad Gateway"), HTML),
    Problem.GATEWAY_TIMEOUT: Page(504, gateway_page(504, "Gateway Time-out"), HTML),
}

_EXTRA_HEADERS: Mapping[Problem, tuple[tuple[str, str], ...]] = {
    Problem.NO_RETRY: (("x-should-retry", "false"),),
    Problem.NO_KEY: (("www-authenticate", 'Bearer realm="OpenAI API"'),),
}


def error_json(message: str, kind: str | None, code: str | int | None = None, param: str | None = None) -> bytes:
    """Return OpenAI's error envelope."""
    return to_json({"error": {"message": message, "type": kind, "param": param, "code": code}})


def problem_page(problem: Problem, model: str) -> Page:
    """Return OpenAI's answer for `problem`; `model` is named where it names one."""
    page = _PAGES.get(problem)
    if page is not None:
        return page
    row = _ROWS[problem]
    body = error_json(row.message.replace("{model}", model), row.type, row.code, row.param)
    return Page(row.status, body, headers=_EXTRA_HEADERS.get(problem, ()))


def rate_limit_page(wait: Wait429, value: str, stamp: Stamp) -> Page:
    """Return OpenAI's 429, which says in the way `wait` names when to come again."""
    seconds = float(value) / (1000 if wait is Wait429.MILLISECONDS else 1) if wait not in _UNSAID else None
    later = "" if seconds is None else f" Please try again in {duration_text(seconds)}."
    message = (
        f"Rate limit reached for {stamp.model} in organization org-rehearsal on requests per min (RPM): "
        f"Limit 500, Used 500, Requested 1.{later} "
        "Visit https://platform.openai.com/account/rate-limits to learn more."
    )
    body = error_json(message, "requests", "rate_limit_exceeded")
    return Page(429, body, headers=_wait_headers(wait, value, seconds or 0.0, stamp.utc))


_UNSAID = (Wait429.SILENT, Wait429.GARBAGE)


def _wait_headers(wait: Wait429, value: str, seconds: float, utc: float) -> tuple[tuple[str, str], ...]:
    match wait:
        case Wait429.SECONDS:
            return (("retry-after", value),)
        case Wait429.MILLISECONDS:
            return (("retry-after-ms", value),)
        case Wait429.DATE:
            return (("retry-after", date_text(utc + seconds)),)
        case Wait429.RESET:
            return (
                ("x-ratelimit-limit-requests", "500"),
                ("x-ratelimit-remaining-requests", "0"),
                ("x-ratelimit-reset-requests", duration_text(seconds)),
            )
        case Wait429.SILENT:
            return ()
        case Wait429.GARBAGE:
            return (("retry-after", value),)
        case Wait429.TWICE:
            return (("retry-after", value), ("retry-after", f"{2 * seconds:g}"))
