"""Errors as every caller gets them: one JSON shape, one sentence, and where it helps one line per field."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus

from msgspec import Struct

from tui_failover.config.secret import redact
from tui_failover.core.text import scrub

_SENTENCE = 500
MOST_DETAILS = 50


class Detail(Struct, frozen=True):
    """What is wrong with one field; `field` is its path ("backup_provider_ids[1]")."""

    field: str
    message: str


@dataclass(eq=False)
class Problem(Exception):
    """A request that is not carried out.

    Attributes:
        status: the HTTP status.
        code: one word for programs.
        message: one sentence for people.
        details: one per field.
        headers: sent with the answer.
        extra: further members of the error, for programs.
    """

    status: HTTPStatus
    code: str
    message: str
    details: Sequence[Detail] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    extra: Mapping[str, object] = field(default_factory=dict)

    def body(self) -> dict[str, object]:
        """Return the JSON value; whatever is quoted in it is harmless, and free of what looks like a key."""
        details = [
            {"field": _clean(one.field), "message": _clean(one.message)} for one in self.details[:MOST_DETAILS]
        ]
        error = {"code": self.code, "message": _clean(self.message), "details": details}
        return {"error": {**error, **self.extra}}


def _clean(text: str) -> str:
    return redact(scrub(text, _SENTENCE))


def bad_request(message: str, code: str = "bad-request") -> Problem:
    """Return the answer to what cannot be read at all."""
    return Problem(HTTPStatus.BAD_REQUEST, code, message)


def unusable(message: str, *details: Detail) -> Problem:
    """Return the answer to what can be read but not be carried out."""
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", message, details)


def not_found(message: str) -> Problem:
    """Return the answer to what does not exist."""
    return Problem(HTTPStatus.NOT_FOUND, "not-found", message)


def refused(message: str, *, needs_force: bool = False) -> Problem:
    """Return the answer to an order that is refused."""
    details: tuple[Detail, ...] = ()
    if needs_force:
        details = (Detail("force", 'the same order with "force": true is carried out'),)
    code = "needs-force" if needs_force else "refused"
    return Problem(HTTPStatus.CONFLICT, code, message, details, extra={"needs_force": needs_force})
