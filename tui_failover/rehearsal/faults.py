"""Every way a rehearsed provider can misbehave, as values, and the catalogue of their names.

A fault is written `name` or `name:argument`; `parse(str(fault)) == fault` holds for each.
"""

import math
from collections.abc import Callable, Mapping
from enum import StrEnum

from msgspec import Struct

from tui_failover.core.errors import FailoverError
from tui_failover.rehearsal.problems import Problem, Wait429


class BadFault(FailoverError, ValueError):
    """A fault that does not exist or cannot be played that way; the message says what does."""


class Break(StrEnum):
    """How an answer goes wrong after so many tokens; a whole answer goes wrong half-way instead."""

    CUT = "cut"
    CLEAN_CUT = "cleancut"
    STALL = "stall"
    MALFORMED = "malformed"
    ERROR_EVENT = "error-event"
    RESET = "reset-after"


class Oddity(StrEnum):
    """Misbehaviour that needs no number."""

    HANG = "hang"
    REFUSE = "refuse"
    RESET = "reset"
    EMPTY = "empty"
    HTML_200 = "html200"
    NO_MARK = "nomark"
    JSON_ERROR_200 = "json-error-200"
    PINGS = "pings"
    TRUNCATED_JSON = "truncated-json"
    LENGTH_TOO_LONG = "length-too-long"
    TRICKLE = "trickle"
    HOSTILE = "hostile"
    HOSTILE_ANSWER = "hostile-answer"


class Status(Struct, frozen=True):
    """An HTTP status with the vendor's body where it has one; 300 to 999, and 299."""

    code: int

    def __str__(self) -> str:
        return f"status:{self.code}"


class Denied(Struct, frozen=True):
    """A refusal with the vendor's own body and headers."""

    problem: Problem

    def __str__(self) -> str:
        return self.problem.value


class Limited(Struct, frozen=True):
    """A 429; `value` is seconds, milliseconds or the garbage itself, after `wait`."""

    wait: Wait429
    value: str = ""

    def __str__(self) -> str:
        return self.wait.value if self.wait is Wait429.SILENT else f"{self.wait.value}:{self.value}"


class Away(Struct, frozen=True):
    """A 503 that says in `Retry-After` when to come again."""

    seconds: float

    def __str__(self) -> str:
        return f"away:{_plain(self.seconds)}"


class Latency(Struct, frozen=True):
    """The right answer, `seconds` later than it should be."""

    seconds: float

    def __str__(self) -> str:
        return f"latency:{_plain(self.seconds)}"


class Broken(Struct, frozen=True):
    """An answer that begins well and breaks after `tokens` tokens."""

    how: Break
    tokens: int

    def __str__(self) -> str:
        return f"{self.how.value}:{self.tokens}"


class Odd(Struct, frozen=True):
    """Misbehaviour that needs no number."""

    what: Oddity

    def __str__(self) -> str:
        return self.what.value


Fault = Status | Denied | Limited | Away | Latency | Broken | Odd


class Entry(Struct, frozen=True):
    """One name of the catalogue.

    Attributes:
        name: what stands before the colon.
        argument: what stands behind it; "" where nothing may.
        says: what happens, for people.
        example: the whole spelling, ready to parse.
        make: the fault of an argument; raises `ValueError` for a bad one.
    """

    name: str
    argument: str
    says: str
    example: str
    make: Callable[[str], Fault]


_STATUS_LEAST, _STATUS_MOST = 299, 999
_WITHOUT_BODY = 304
_TOKENS_MOST = 10_000


def parse(text: str) -> Fault:
    """Return the fault spelled `text`; raises `BadFault` naming what is known."""
    name, colon, argument = text.strip().partition(":")
    entry = CATALOGUE.get(name)
    if entry is None:
        known = ", ".join(e.name + (f":{e.argument}" if e.argument else "") for e in CATALOGUE.values())
        msg = f"there is no fault {name!r}; known are: {known}"
        raise BadFault(msg)
    if bool(colon) != bool(entry.argument):
        expected = f"{name}:{entry.argument}" if entry.argument else name
        msg = f"the fault {name!r} is written {expected!r}, not {text.strip()!r}"
        raise BadFault(msg)
    try:
        return entry.make(argument)
    except ValueError as error:
        msg = f"{text.strip()!r}: {error}; for example {entry.example!r}"
        raise BadFault(msg) from None


def _plain(number: float) -> str:
    return str(int(number)) if number == int(number) else repr(number)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 <= seconds < math.inf:
        msg = "needs seconds, 0 or more"
        raise ValueError(msg)
    return seconds


def _whole(text: str, least: int, most: int, what: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 9 and least <= int(text) <= most):
        msg = f"needs {what}, {least} to {most}"
        raise ValueError(msg)
    return int(text)


def _status(text: str) -> Fault:
    code = _whole(text, _STATUS_LEAST, _STATUS_MOST, "an HTTP status")
    if code == _WITHOUT_BODY:
        msg = "304 has no body and means nothing here"
        raise ValueError(msg)
    return Status(code)


def _limited(wait: Wait429) -> Callable[[str], Fault]:
    def make(text: str) -> Fault:
        numeric = wait not in (Wait429.GARBAGE, Wait429.SILENT)
        return Limited(wait, _plain(_seconds(text)) if numeric else _header_safe(text))

    return make


def _header_safe(text: str) -> str:
    if not (text.isascii() and (text.isprintable() or not text)):
        msg = "needs printable ASCII, for it goes into a header"
        raise ValueError(msg)
    return text


def _broken(how: Break) -> Callable[[str], Fault]:
    return lambda text: Broken(how, _whole(text, 0, _TOKENS_MOST, "a number of tokens"))


def _denied(problem: Problem) -> Callable[[str], Fault]:
    return lambda _: Denied(problem)


def _odd(what: Oddity) -> Callable[[str], Fault]:
    return lambda _: Odd(what)


_PROBLEMS: Mapping[Problem, str] = {
    Problem.BAD_REQUEST: "400: the request itself is wrong",
    Problem.CONTEXT_LENGTH: "400: the question is longer than the model's context window",
    Problem.SPEND_LIMIT: "400: the spend limit set by the customer is reached",
    Problem.CREDIT_BALANCE: "400: the credit balance is too low",
    Problem.CONTENT_POLICY: "400: refused by the content policy",
    Problem.UNSUPPORTED: "400: a parameter this model does not take",
    Problem.NO_KEY: "401: no key was sent",
    Problem.WRONG_KEY: "401: the key is not valid",
    Problem.PAYMENT: "402: a payment is due",
    Problem.FORBIDDEN: "403: the key may not do this",
    Problem.CHALLENGE: "403: an HTML challenge page instead of the API",
    Problem.NO_MODEL: "404: the model does not exist",
    Problem.TIMEOUT: "408: the provider gave up waiting",
    Problem.CONFLICT: "409: another request is in the way",
    Problem.TOO_LARGE: "413: the request is too large",
    Problem.QUOTA: "429: the quota or the enforced spend limit is used up",
    Problem.SERVER_ERROR: "500: a fault inside the provider",
    Problem.BAD_GATEWAY: "502: an HTML page of the proxy in front",
    Problem.UNAVAILABLE: "503: the service is unavailable",
    Problem.GATEWAY_TIMEOUT: "504: the proxy in front gave up waiting",
    Problem.OVERLOADED: "529 (OpenAI: 503): overloaded",
    Problem.NO_RETRY: "503 with x-should-retry: false",
}

_WAITS: Mapping[Wait429, tuple[str, str, str]] = {
    Wait429.SECONDS: ("SECONDS", "20", "429 with Retry-After in seconds"),
    Wait429.MILLISECONDS: ("MILLISECONDS", "1500", "429 with retry-after-ms"),
    Wait429.DATE: ("SECONDS", "30", "429 with Retry-After as a date that many seconds away"),
    Wait429.RESET: ("SECONDS", "372", "429 with the vendor's reset headers alone (372: 6m12s)"),
    Wait429.SILENT: ("", "", "429 that does not say when to come again"),
    Wait429.GARBAGE: ("TEXT", "soon", "429 with TEXT as Retry-After, such as -5, NaN, 1e309 or soon"),
    Wait429.TWICE: ("SECONDS", "20", "429 with two Retry-After headers, the second twice as long"),
}

_BREAKS: Mapping[Break, str] = {
    Break.CUT: "the connection ends inside the answer, after so many tokens",
    Break.CLEAN_CUT: "the answer ends cleanly after so many tokens, without reason or end mark",
    Break.STALL: "nothing comes any more after so many tokens",
    Break.MALFORMED: "one event that is not JSON after so many tokens",
    Break.ERROR_EVENT: "an error event inside a stream that began with 200, after so many tokens",
    Break.RESET: "the connection is reset after so many tokens",
}

_ODDITIES: Mapping[Oddity, str] = {
    Oddity.HANG: "accepts and never answers",
    Oddity.REFUSE: "refuses connections; those open are closed",
    Oddity.RESET: "resets the connection right after accepting it",
    Oddity.EMPTY: "200 with an empty body or stream",
    Oddity.HTML_200: "200 with an HTML page",
    Oddity.NO_MARK: "tells why the answer ended, but sends no end mark",
    Oddity.JSON_ERROR_200: "200 with an error as JSON",
    Oddity.PINGS: "pings for ever and no content",
    Oddity.TRUNCATED_JSON: "200 with JSON that stops half-way",
    Oddity.LENGTH_TOO_LONG: "a Content-Length longer than the body",
    Oddity.TRICKLE: "the right answer, one byte at a time",
    Oddity.HOSTILE: "500 with an error text full of terminal escapes and markup, 200 kB long",
    Oddity.HOSTILE_ANSWER: "200 with an answer full of terminal escapes and markup",
}


def _entries() -> list[Entry]:
    return [
        Entry("status", "CODE", "that HTTP status", "status:503", _status),
        Entry("away", "SECONDS", "503 with Retry-After", "away:20", lambda text: Away(_seconds(text))),
        Entry("latency", "SECONDS", "answers that much later", "latency:5", lambda text: Latency(_seconds(text))),
        *(Entry(p.value, "", says, p.value, _denied(p)) for p, says in _PROBLEMS.items()),
        *(
            Entry(w.value, argument, says, f"{w.value}:{example}" if argument else w.value, _limited(w))
            for w, (argument, example, says) in _WAITS.items()
        ),
        *(Entry(b.value, "TOKENS", says, f"{b.value}:5", _broken(b)) for b, says in _BREAKS.items()),
        *(Entry(o.value, "", says, o.value, _odd(o)) for o, says in _ODDITIES.items()),
    ]


CATALOGUE: Mapping[str, Entry] = {entry.name: entry for entry in _entries()}
"""Every fault by name, in the order lists show them."""
