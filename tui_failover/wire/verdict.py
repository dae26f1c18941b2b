"""What becomes of a field that the other dialect lacks: carried, mapped, dropped with a note, or refused.

Nothing is dropped silently: every loss leaves a note, and where the caller asked for strictness it is a refusal.
"""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import NoReturn, ParamSpec, TypeVar

from msgspec import Struct

INVALID = "invalid_request"  # the caller broke its own dialect
UNSUPPORTED = "unsupported_by_active_provider"  # sound, but this provider cannot carry it

_Given = ParamSpec("_Given")
_Made = TypeVar("_Made")


class Problem(Struct, frozen=True):
    """Why a body could not be read or translated.

    Attributes:
        field: the path of the field at fault ("messages[2].content[0]"), or "" for the body as a whole.
        text: one sentence for the caller; quotes field names and types, never values.
        code: `INVALID` or `UNSUPPORTED`.
    """

    field: str
    text: str
    code: str = INVALID


class Note(Struct, frozen=True):
    """One thing a translation changed or left out.

    Attributes:
        code: short and stable ("sampling_dropped"), fit for a response header.
        field: the path of the field concerned.
        quiet: the loss changes nothing for the caller (a cache mark, another model's signed reasoning): logged,
            but neither a warning nor a reason to refuse where strictness is asked for.
    """

    code: str
    field: str
    quiet: bool = False


class Untranslatable(Exception):
    """Ends a translation; it never leaves this room: `problem_as_value` turns it into its `problem`."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        super().__init__(problem.text)


_AS_THEY_ARE: Mapping[str, str] = {}


class Notes:
    """Collects what a translation changed; with `strict` the first loss refuses the request.

    `named` holds the caller's own names of fields, where its API calls them otherwise than the others do.
    """

    def __init__(self, *, strict: bool = False, named: Mapping[str, str] = _AS_THEY_ARE) -> None:
        self._strict = strict
        self._named = named
        self._notes: dict[Note, None] = {}

    def quiet(self, code: str, field: str) -> None:
        """Note a loss that changes nothing for the caller."""
        self._notes[Note(code, field, quiet=True)] = None

    def warn(self, code: str, field: str) -> None:
        """Note a loss or an approximation the caller should know of."""
        field = self._named.get(field, field)
        if self._strict:
            refuse(field, f"Strict translation was asked for, and {field} cannot be carried exactly ({code}).")
        self._notes[Note(code, field)] = None

    def taken(self) -> tuple[Note, ...]:
        """Return the notes in the order they arose."""
        return tuple(self._notes)


def refuse(field: str, text: str) -> NoReturn:
    """End the translation: the provider cannot carry `field`."""
    raise Untranslatable(Problem(field, text, UNSUPPORTED))


def invalid(field: str, text: str) -> NoReturn:
    """End the reading: the caller broke its own dialect in `field`."""
    raise Untranslatable(Problem(field, text))


def problem_as_value(translate: Callable[_Given, _Made]) -> Callable[_Given, _Made | Problem]:
    """Make `translate` return its problem instead of raising it; nesting without end is a problem as well."""

    @wraps(translate)
    def translated(*args: _Given.args, **kwargs: _Given.kwargs) -> _Made | Problem:
        try:
            return translate(*args, **kwargs)
        except Untranslatable as ended:
            return ended.problem
        except RecursionError:
            return Problem("", "The body is nested too deeply.")

    return translated
