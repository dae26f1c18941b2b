"""On which line of a TOML text each key stands.

`tomllib` keeps no positions. The text has been accepted by `tomllib` before it comes here, so this walks over the
syntax without judging it; where it loses its way all the same, it returns what it has found until then.
"""

import re
import tomllib
from bisect import bisect_left
from collections.abc import Mapping

Path = tuple[str | int, ...]

_DEEPEST = 12  # no setting lies deeper; positions of absurd nesting would only fill the memory

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_KEY = re.compile(r'"(?P<basic>(?:[^"\\\n]|\\.)*)"|\'(?P<literal>[^\'\n]*)\'|(?P<bare>[A-Za-z0-9_-]+)')
_DOT = re.compile(r"[ \t]*\.[ \t]*")
_EQUALS = re.compile(r"[ \t]*=[ \t]*")
_STRING = re.compile(
    r'"""(?:[^"\\]|\\.|"{1,2}(?!"))*"{3,5}'
    r"|'''(?:[^']|'{1,2}(?!'))*'{3,5}"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'[^'\n]*'",
    re.DOTALL,
)
_SCALAR = re.compile(r"[^,\]}#\n]+")


class _LostWay(Exception):
    """The text is not what the walk expected."""


def line_numbers(text: str) -> Mapping[Path, int]:
    """Return the line, counted from 1, of every key, table and list item of a valid TOML text."""
    walk = _Walk(text.replace("\r\n", "\n"))
    try:
        walk.document()
    except (_LostWay, RecursionError, tomllib.TOMLDecodeError):
        return walk.lines
    return walk.lines


def nearest_line(lines: Mapping[Path, int], path: Path) -> int | None:
    """Return the line of the path, or of the innermost table around it; None where nothing of it is written."""
    while path:
        if path in lines:
            return lines[path]
        path = path[:-1]
    return None


class _Walk:
    """One pass over a text."""

    def __init__(self, text: str) -> None:
        self.lines: dict[Path, int] = {}
        self._text = text
        self._at = 0
        self._breaks = [match.start() for match in re.finditer("\n", text)]
        self._counts: dict[Path, int] = {}

    def document(self) -> None:
        """Walk over the whole text."""
        table: Path = ()
        self._skip(_BLANK)
        while self._at < len(self._text):
            if self._peek() == "[":
                table = self._header()
            else:
                self._pair(table)
            self._skip(_BLANK)

    def _header(self) -> Path:
        start = self._at
        repeated = self._text.startswith("[[", self._at)
        self._at += 2 if repeated else 1
        self._skip(_BLANK)
        parts = self._keys()
        self._skip(_BLANK)
        self._at += 2 if repeated else 1
        path: Path = ()
        for part in parts[:-1]:
            path = self._newest((*path, part))
            self._note(path, start)
        path = (*path, parts[-1])
        if repeated:
            self._counts[path] = self._counts.get(path, 0) + 1
            self._note(path, start)
        path = self._newest(path)
        self._note(path, start)
        return path

    def _newest(self, path: Path) -> Path:
        count = self._counts.get(path)
        return path if count is None else (*path, count - 1)

    def _pair(self, table: Path) -> None:
        start = self._at
        path = table
        for part in self._keys():
            path = (*path, part)
            self._note(path, start)
        self._expect(_EQUALS)
        self._value(path)

    def _value(self, path: Path) -> None:
        match self._peek():
            case '"' | "'":
                self._expect(_STRING)
            case "[":
                self._list(path)
            case "{":
                self._inline_table(path)
            case _:
                self._expect(_SCALAR)

    def _list(self, path: Path) -> None:
        self._at += 1
        index = 0
        self._skip(_BLANK)
        while self._peek() != "]":
            self._note((*path, index), self._at)
            self._value((*path, index))
            index += 1
            self._comma()
        self._at += 1

    def _inline_table(self, path: Path) -> None:
        self._at += 1
        self._skip(_BLANK)
        while self._peek() != "}":
            self._pair(path)
            self._comma()
        self._at += 1

    def _comma(self) -> None:
        self._skip(_BLANK)
        if self._peek() == ",":
            self._at += 1
            self._skip(_BLANK)

    def _keys(self) -> list[str]:
        parts = [self._key()]
        while self._skip(_DOT):
            parts.append(self._key())
        return parts

    def _key(self) -> str:
        found = self._expect(_KEY)
        if found["basic"] is not None:
            return str(tomllib.loads(f'key = "{found["basic"]}"')["key"])
        return found["literal"] if found["literal"] is not None else found["bare"]

    def _peek(self) -> str:
        if self._at >= len(self._text):
            raise _LostWay
        return self._text[self._at]

    def _skip(self, pattern: re.Pattern[str]) -> bool:
        found = pattern.match(self._text, self._at)
        if found is None:
            return False
        self._at = found.end()
        return True

    def _expect(self, pattern: re.Pattern[str]) -> re.Match[str]:
        found = pattern.match(self._text, self._at)
        if found is None:
            raise _LostWay
        self._at = found.end()
        return found

    def _note(self, path: Path, offset: int) -> None:
        if len(path) <= _DEEPEST:
            self.lines.setdefault(path, bisect_left(self._breaks, offset) + 1)
