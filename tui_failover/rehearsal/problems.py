"""The ways a provider says no in HTTP, before any vendor words them, and pages no vendor's API wrote."""

from enum import StrEnum


class Problem(StrEnum):
    """A refusal both dialects have a body for; the value is the fault's name."""

    BAD_REQUEST = "bad-request"
    CONTEXT_LENGTH = "context-length"
    SPEND_LIMIT = "spend-limit"
    CREDIT_BALANCE = "credit-balance"
    CONTENT_POLICY = "content-policy"
    UNSUPPORTED = "unsupported-parameter"
    NO_KEY = "no-key"
    WRONG_KEY = "wrong-key"
    PAYMENT = "payment"
    FORBIDDEN = "forbidden"
    CHALLENGE = "challenge"
    NO_MODEL = "no-model"
    TIMEOUT = "request-timeout"
    CONFLICT = "conflict"
    TOO_LARGE = "too-large"
    QUOTA = "quota"
    SERVER_ERROR = "server-error"
    BAD_GATEWAY = "bad-gateway"
    UNAVAILABLE = "unavailable"
    GATEWAY_TIMEOUT = "gateway-timeout"
    OVERLOADED = "overloaded"
    NO_RETRY = "no-retry"


class Wait429(StrEnum):
    """How a 429 says when to come again; the value is the fault's name."""

    SECONDS = "rate-limit"
    MILLISECONDS = "rate-limit-ms"
    DATE = "rate-limit-date"
    RESET = "rate-limit-reset"
    SILENT = "rate-limit-silent"
    GARBAGE = "rate-limit-garbage"
    TWICE = "rate-limit-twice"


def gateway_page(status: int, phrase: str) -> bytes:
    """Return the page a proxy in front of a vendor shows."""
    return (
        f"<html>\r\n<head><title>{status} {phrase}</title></head>\r\n<body>\r\n"
        f"<center><h1>{status} {phrase}</h1></center>\r\n<hr><center>cloudflare</center>\r\n</body>\r\n</html>\r\n"
    ).encode()


CHALLENGE_PAGE = (
    b'<!DOCTYPE html><html lang="en-US"><head><title>Just a moment...</title>'
    b'<meta name="robots" content="noindex,nofollow"></head><body><noscript>'
    b"Enable JavaScript and cookies to continue</noscript></body></html>"
)

PORTAL_PAGE = (
    b"<!DOCTYPE html><html><head><title>Welcome to the guest network</title></head>"
    b"<body><h1>Sign in to continue</h1><form method=post><input name=room></form></body></html>"
)

HOSTILE_TEXT = (
    "\x1b[2J\x1b[31mred\x1b[0m \x1b]0;title\x07 \x1b]52;c;cm0gLXJmIC8=\x07 "
    "\x1b]8;;http://evil.example\x1b\\link\x1b]8;;\x1b\\ \x1b[6n \x1bP1$r\x1b\\ \x9b2J \x00 \x7f "
    "[@click=app.quit()]quit[/] [/x] [link=http://evil.example]here[/link] [bold \\ "
    "\u202eesrever\u202c \u2066isolate\u2069 zero\u200bwidth z" + "\u0301" * 500 + " "
)
"""Terminal escapes, clipboard and title changes, console markup, bidirectional overrides, a tower of marks."""

HOSTILE_LINE = HOSTILE_TEXT + "A" * 200_000


def duration_text(seconds: float) -> str:
    """Return `seconds` as OpenAI's reset headers write them: 120ms, 1.5s, 6m12s, 1h0m5s."""
    if seconds < 1:
        return f"{round(seconds * 1000)}ms"
    whole = int(seconds)
    hours, minutes, rest = whole // 3600, whole % 3600 // 60, seconds - whole // 60 * 60
    text = f"{rest:g}s"
    if hours or minutes:
        text = f"{minutes}m{text}"
    return f"{hours}h{text}" if hours else text
