"""From a request and a fault to the steps of the answer: bytes, pauses, and how the connection ends.

Nothing is sent or waited for here, so every byte of every fault can be read in a test without a socket.
"""

import http
from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum

from msgspec import Struct

from tui_failover.core.copying import replace
from tui_failover.rehearsal.faults import (
    Away,
    Break,
    Broken,
    Denied,
    Fault,
    Latency,
    Limited,
    Odd,
    Oddity,
    Status,
)
from tui_failover.rehearsal.http1 import LAST_CHUNK, chunk, date_text, head
from tui_failover.rehearsal.problems import HOSTILE_LINE, HOSTILE_TEXT, PORTAL_PAGE, Problem, Wait429
from tui_failover.rehearsal.voice import EVENTS, HTML, JSON, Answer, Page, Stamp, Voice


class Send(Struct, frozen=True):
    """These bytes go out."""

    data: bytes


class Pause(Struct, frozen=True):
    """Nothing happens for so many seconds."""

    seconds: float


class Hang(Struct, frozen=True):
    """Nothing happens until the client goes away."""


class Close(Struct, frozen=True):
    """The connection is closed; what was sent before arrives."""


class Reset(Struct, frozen=True):
    """The connection is reset (RST)."""


Step = Send | Pause | Hang | Close | Reset


class Asked(StrEnum):
    """What sort of answer is wanted."""

    STREAM = "stream"
    WHOLE = "whole"
    MODELS = "models"


class Exchange(Struct, frozen=True):
    """One request and what would normally be answered.

    Attributes:
        voice: the dialect.
        stamp: what the headers carry.
        asked: what sort of answer is wanted.
        answer: the content.
        first_s: seconds until the first content.
        between_s: seconds before each further piece.
        refusal: what a provider in order refuses the request with, if it must.
    """

    voice: Voice
    stamp: Stamp
    asked: Asked
    answer: Answer
    first_s: float
    between_s: tuple[float, ...]
    refusal: Page | None = None

    def body(self) -> bytes:
        """Return the whole answer as JSON."""
        if self.asked is Asked.MODELS:
            return self.voice.models(self.answer.model, self.answer.created)
        return self.voice.whole(self.answer)


_HEAD_SHARE = 0.7  # of the wait for the first content passes before the headers
_REFUSAL_SHARE = 0.2  # a refusal needs no model and comes sooner
_PING_EVERY_S = 1.0
_OVERSTATED = 1000  # bytes a too long Content-Length promises and never sends

_STATUS_PROBLEMS: Mapping[int, Problem] = {
    400: Problem.BAD_REQUEST,
    401: Problem.WRONG_KEY,
    402: Problem.PAYMENT,
    403: Problem.FORBIDDEN,
    404: Problem.NO_MODEL,
    408: Problem.TIMEOUT,
    409: Problem.CONFLICT,
    413: Problem.TOO_LARGE,
    500: Problem.SERVER_ERROR,
    502: Problem.BAD_GATEWAY,
    503: Problem.UNAVAILABLE,
    504: Problem.GATEWAY_TIMEOUT,
    529: Problem.OVERLOADED,
}


def perform(fault: Fault | None, ex: Exchange) -> Iterator[Step]:
    """Return the steps of the answer; endless where the fault is. The connection stays open unless they end it."""
    match fault:
        case None:
            return _normal(ex)
        case Status() | Denied() | Limited() | Away():
            return _page(ex, _denial(fault, ex))
        case Latency(seconds):
            return _later(seconds, ex)
        case Broken(how, tokens):
            return _broken(ex, how, tokens)
        case Odd(what):
            return _ODD[what](ex)


def _denial(fault: Status | Denied | Limited | Away, ex: Exchange) -> Page:
    match fault:
        case Status(code):
            return _status_page(ex, code)
        case Denied(problem):
            return ex.voice.problem(problem, ex.stamp)
        case Limited(wait, value):
            return ex.voice.rate_limit(wait, value, ex.stamp)
        case Away(seconds):
            page = ex.voice.problem(Problem.UNAVAILABLE, ex.stamp)
            return replace(page, headers=(*page.headers, ("retry-after", f"{seconds:g}")))


def _normal(ex: Exchange) -> Iterator[Step]:
    if ex.refusal is not None:
        return _page(ex, ex.refusal)
    return _stream(ex) if ex.asked is Asked.STREAM else _whole(ex)


def _page(ex: Exchange, page: Page) -> Iterator[Step]:
    yield Pause(ex.first_s * _REFUSAL_SHARE)
    yield Send(_page_head(ex, page, len(page.body)) + page.body)


def _whole(ex: Exchange) -> Iterator[Step]:
    body = ex.body()
    yield Pause(ex.first_s + sum(ex.between_s))
    yield Send(_page_head(ex, Page(200, body), len(body)) + body)


def _stream(ex: Exchange) -> Iterator[Step]:
    yield from _begin(ex)
    yield from _pieces(ex, 0, len(ex.answer.pieces))
    yield from _end(ex)


def _begin(ex: Exchange) -> Iterator[Step]:
    yield Pause(ex.first_s * _HEAD_SHARE)
    yield Send(_stream_head(ex))
    for event in ex.voice.opening(ex.answer):
        yield Send(chunk(event))
    yield Pause(ex.first_s * (1 - _HEAD_SHARE))


def _pieces(ex: Exchange, begin: int, end: int) -> Iterator[Step]:
    for place in range(begin, min(end, len(ex.answer.pieces))):
        if place:
            yield Pause(ex.between_s[place - 1])
        yield Send(chunk(ex.voice.piece(ex.answer, ex.answer.pieces[place], place)))


def _end(ex: Exchange) -> Iterator[Step]:
    for event in (*ex.voice.closing(ex.answer), ex.voice.end_mark(ex.answer)):
        yield Send(chunk(event))
    yield Send(LAST_CHUNK)


def _later(seconds: float, ex: Exchange) -> Iterator[Step]:
    yield Pause(seconds)
    yield from _normal(ex)


def _broken(ex: Exchange, how: Break, tokens: int) -> Iterator[Step]:
    if ex.refusal is not None:
        return _page(ex, ex.refusal)
    return _broken_stream(ex, how, tokens) if ex.asked is Asked.STREAM else _broken_whole(ex, how)


def _broken_stream(ex: Exchange, how: Break, tokens: int) -> Iterator[Step]:
    if how is Break.ERROR_EVENT and tokens == 0:
        yield Pause(ex.first_s)
        yield Send(_stream_head(ex))
    else:
        yield from _begin(ex)
        yield from _pieces(ex, 0, tokens)
    yield from _after_break(ex, how, tokens)


def _after_break(ex: Exchange, how: Break, tokens: int) -> Iterator[Step]:
    match how:
        case Break.CUT:
            yield Close()
        case Break.CLEAN_CUT:
            yield Send(LAST_CHUNK)
        case Break.STALL:
            yield Hang()
        case Break.RESET:
            yield Reset()
        case Break.ERROR_EVENT:
            yield Send(chunk(ex.voice.error_event(ex.stamp)))
            yield Send(LAST_CHUNK)
        case Break.MALFORMED:
            good = ex.voice.piece(ex.answer, "half", tokens)
            yield Send(chunk(good[: len(good) * 2 // 3] + b"\n\n"))
            yield from _pieces(ex, tokens, len(ex.answer.pieces))
            yield from _end(ex)


def _broken_whole(ex: Exchange, how: Break) -> Iterator[Step]:
    yield Pause(ex.first_s)
    body = ex.body()
    half = body[: len(body) // 2]
    page = Page(200, body)
    match how:
        case Break.CUT:
            yield Send(_page_head(ex, page, len(body)) + half)
            yield Close()
        case Break.STALL:
            yield Send(_page_head(ex, page, len(body)) + half)
            yield Hang()
        case Break.RESET:
            yield Send(_page_head(ex, page, len(body)) + half)
            yield Reset()
        case Break.CLEAN_CUT | Break.MALFORMED:
            yield Send(_page_head(ex, page, len(half)) + half)
        case Break.ERROR_EVENT:
            yield from _error_in_200(ex)


def _hang(_: Exchange) -> Iterator[Step]:
    yield Hang()


def _reset(_: Exchange) -> Iterator[Step]:
    yield Reset()


def _empty(ex: Exchange) -> Iterator[Step]:
    yield Pause(ex.first_s)
    if ex.asked is Asked.STREAM:
        yield Send(_stream_head(ex) + LAST_CHUNK)
    else:
        yield Send(_page_head(ex, Page(200, b""), 0))


def _html_in_200(ex: Exchange) -> Iterator[Step]:
    return _page(ex, Page(200, PORTAL_PAGE, HTML))


def _no_mark(ex: Exchange) -> Iterator[Step]:
    if ex.asked is not Asked.STREAM or ex.refusal is not None:
        yield from _normal(ex)
        return
    yield from _begin(ex)
    yield from _pieces(ex, 0, len(ex.answer.pieces))
    for event in ex.voice.closing(ex.answer):
        yield Send(chunk(event))
    yield Send(LAST_CHUNK)


def _error_in_200(ex: Exchange) -> Iterator[Step]:
    return _page(ex, replace(ex.voice.problem(Problem.SERVER_ERROR, ex.stamp), status=200))


def _pings(ex: Exchange) -> Iterator[Step]:
    if ex.asked is Asked.STREAM:
        yield from _begin(ex)
        ping = ex.voice.ping()
    else:
        yield Send(_chunked_head(ex, JSON))
        ping = b"\n"
    while True:
        yield Pause(_PING_EVERY_S)
        yield Send(chunk(ping))


def _truncated_json(ex: Exchange) -> Iterator[Step]:
    body = ex.body()
    half = body[: len(body) // 2]
    yield Pause(ex.first_s)
    yield Send(_page_head(ex, Page(200, half), len(half)) + half)


def _length_too_long(ex: Exchange) -> Iterator[Step]:
    body, kind = ex.body(), JSON
    if ex.asked is Asked.STREAM:
        events = [ex.voice.piece(ex.answer, text, place) for place, text in enumerate(ex.answer.pieces)]
        body, kind = b"".join((*ex.voice.opening(ex.answer), *events)), EVENTS
    yield Pause(ex.first_s)
    yield Send(_page_head(ex, Page(200, body, kind), len(body) + _OVERSTATED) + body)
    yield Close()


def _trickle(ex: Exchange) -> Iterator[Step]:
    for step in _normal(ex):
        if not isinstance(step, Send):
            yield step
            continue
        for place in range(len(step.data)):
            yield Send(step.data[place : place + 1])
            yield Pause(0.0)


def _hostile(ex: Exchange) -> Iterator[Step]:
    return _page(ex, Page(500, ex.voice.error_body(HOSTILE_LINE, ex.stamp)))


def _hostile_answer(ex: Exchange) -> Iterator[Step]:
    return _normal(replace(ex, answer=replace(ex.answer, pieces=(HOSTILE_TEXT,)), between_s=()))


_ODD: Mapping[Oddity, Callable[[Exchange], Iterator[Step]]] = {
    Oddity.HANG: _hang,
    Oddity.REFUSE: _reset,  # the listener is closed; whatever still comes in over an open connection is cut off
    Oddity.RESET: _reset,
    Oddity.EMPTY: _empty,
    Oddity.HTML_200: _html_in_200,
    Oddity.NO_MARK: _no_mark,
    Oddity.JSON_ERROR_200: _error_in_200,
    Oddity.PINGS: _pings,
    Oddity.TRUNCATED_JSON: _truncated_json,
    Oddity.LENGTH_TOO_LONG: _length_too_long,
    Oddity.TRICKLE: _trickle,
    Oddity.HOSTILE: _hostile,
    Oddity.HOSTILE_ANSWER: _hostile_answer,
}


def _status_page(ex: Exchange, code: int) -> Page:
    if code == http.HTTPStatus.TOO_MANY_REQUESTS:
        return ex.voice.rate_limit(Wait429.SECONDS, "20", ex.stamp)
    problem = _STATUS_PROBLEMS.get(code)
    if problem is None:
        return Page(code, ex.voice.error_body(f"Unexpected status {code}", ex.stamp))
    return replace(ex.voice.problem(problem, ex.stamp), status=code)


def _page_head(ex: Exchange, page: Page, length: int) -> bytes:
    own = {name for name, _ in page.headers}
    figures_apply = page.status != http.HTTPStatus.TOO_MANY_REQUESTS
    vendor = () if page.content_type == HTML else ex.voice.headers(ex.stamp)
    kept = (pair for pair in vendor if pair[0] not in own and (figures_apply or "ratelimit" not in pair[0]))
    framing = (("content-type", page.content_type), ("content-length", str(length)))
    return head(page.status, (("date", date_text(ex.stamp.utc)), *framing, *kept, *page.headers))


def _stream_head(ex: Exchange) -> bytes:
    return _chunked_head(ex, EVENTS)


def _chunked_head(ex: Exchange, kind: str) -> bytes:
    framing = (("content-type", kind), ("transfer-encoding", "chunked"), ("cache-control", "no-cache"))
    return head(200, (("date", date_text(ex.stamp.utc)), *framing, *ex.voice.headers(ex.stamp)))
