"""From the bytes of a settings file to its raw tables."""

import re
import tomllib
from collections.abc import Mapping
from typing import NoReturn

from tui_failover.core.errors import FailoverError

LIMIT = 1024 * 1024  # bytes; the largest settings file that is read

Raw = Mapping[str, object]

_PLACE = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")
_TOO_DOTTED = re.compile(r"""(?<![\w-])(?:(?:[\w-]+|"[^"\n]*"|'[^'\n]*')[ \t]*\.[ \t]*){33}""")


class Malformed(FailoverError):
    """The file is no TOML; the message says why, to be read after the file's name and `line`, if one is known."""

    def __init__(self, line: int | None, what: str) -> None:
        self.line = line
        super().__init__(what)


def decode(data: bytes) -> str:
    """Return the text of a file; raises `Malformed`."""
    if b"\0" in data:
        raise Malformed(None, "is not a text file; settings are written in TOML, encoded as UTF-8")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        line = data.count(b"\n", 0, problem.start) + 1
        raise Malformed(line, "is not encoded as UTF-8 here; save the file as UTF-8") from None


def parse(text: str) -> Raw:
    """Return the tables in the text; raises `Malformed`."""
    dotted = _TOO_DOTTED.search(text)
    if dotted is not None:  # tomllib needs memory by the square of the names
        raise Malformed(text.count("\n", 0, dotted.start()) + 1, "has more than 32 names joined by dots")
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        _refuse(str(problem), text)
    except RecursionError:
        raise Malformed(None, "is nested too deeply") from None
    except ValueError:
        raise Malformed(None, "holds a number with too many digits") from None


def _refuse(message: str, text: str) -> NoReturn:
    place = _PLACE.search(message)
    what = message[: place.start()] if place else message
    known = place is not None and place[1] is not None
    line = int(place[1]) if place is not None and known else text.count("\n") + 1
    where = "" if known else " before the end of the file"
    raise Malformed(line, f"is not valid TOML: {what[:1].lower()}{what[1:]}{where}") from None
