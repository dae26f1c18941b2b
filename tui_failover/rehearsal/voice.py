"""What both dialects have in common: an answer to be worded, and who words it."""

import json
from collections.abc import Mapping, Sequence
from typing import Protocol

from msgspec import Struct

from tui_failover.rehearsal.problems import Problem, Wait429

JSON = "application/json"
HTML = "text/html; charset=UTF-8"
EVENTS = "text/event-stream; charset=utf-8"


class Answer(Struct, frozen=True):
    """One answer before a dialect words it.

    Attributes:
        id: the message's own id.
        model: the model that answers.
        created: Unix time.
        pieces: the text, one piece per token.
        input_tokens: what the question counts.
        cut_short: the length limit ended it.
        with_usage: a stream tells its usage at the end (OpenAI: only where asked).
    """

    id: str
    model: str
    created: int
    pieces: tuple[str, ...]
    input_tokens: int
    cut_short: bool = False
    with_usage: bool = False

    @property
    def text(self) -> str:
        """The whole text."""
        return "".join(self.pieces)


class Page(Struct, frozen=True):
    """A whole answer that is no stream: status, type, body and the headers that belong to just this one."""

    status: int
    body: bytes
    content_type: str = JSON
    headers: tuple[tuple[str, str], ...] = ()


class Stamp(Struct, frozen=True):
    """What every answer carries in its headers, whichever it is.

    Attributes:
        request_id: as the vendor writes it.
        utc: Unix time, for dates and resets.
        model: named in some messages.
    """

    request_id: str
    utc: float
    model: str


class Voice(Protocol):
    """One dialect. Everything is a value or bytes; nothing waits or is sent here."""

    chat_path: str

    def headers(self, stamp: Stamp) -> tuple[tuple[str, str], ...]:
        """Return the vendor's headers, rate-limit figures included, without framing."""
        ...

    def fault_of_request(
        self, body: Mapping[str, object], headers: Mapping[str, str], stamp: Stamp
    ) -> Page | None:
        """Return the refusal a real provider would give to this chat request, or None if it is in order."""
        ...

    def models(self, model: str, created: int) -> bytes:
        """Return the list of models."""
        ...

    def whole(self, answer: Answer) -> bytes:
        """Return the answer to a request that does not stream."""
        ...

    def opening(self, answer: Answer) -> Sequence[bytes]:
        """Return the events before the first content."""
        ...

    def piece(self, answer: Answer, text: str, place: int) -> bytes:
        """Return the event that carries one piece of content; `place` counts them from 0."""
        ...

    def closing(self, answer: Answer) -> Sequence[bytes]:
        """Return the events that tell why the answer ended and what it cost, without the end mark."""
        ...

    def end_mark(self, answer: Answer) -> bytes:
        """Return the event after which a stream is complete."""
        ...

    def ping(self) -> bytes:
        """Return what keeps a connection alive and means nothing."""
        ...

    def error_body(self, message: str, stamp: Stamp) -> bytes:
        """Return a server error with that message, in the vendor's shape."""
        ...

    def error_event(self, stamp: Stamp) -> bytes:
        """Return an error inside a stream that began with 200."""
        ...

    def problem(self, problem: Problem, stamp: Stamp) -> Page:
        """Return the vendor's answer for `problem`."""
        ...

    def no_such_path(self, method: str, path: str, stamp: Stamp) -> Page:
        """Return the vendor's answer to a path it does not know, or a method the path does not take."""
        ...

    def rate_limit(self, wait: Wait429, value: str, stamp: Stamp) -> Page:
        """Return a 429 that says (or does not say) when to come again."""
        ...


def to_json(value: object) -> bytes:
    """Return compact JSON in ASCII, as both vendors send it."""
    return json.dumps(value, separators=(",", ":")).encode("ascii")
