"""The members of a JSON object, changed one by one: every byte that is not changed stays as it came."""

import json
import re
from collections.abc import Mapping
from operator import itemgetter

from msgspec import Struct

from tui_failover.wire.json_text import json_bytes
from tui_failover.wire.verdict import Problem

_SPACES = " \t\n\r"
# None of these goes back over what it has taken: a body may be megabytes of spaces.
_NAME = r'("[^"\\\x00-\x1f]*+(?:\\.[^"\\\x00-\x1f]*+)*+")[ \t\n\r]*+:[ \t\n\r]*+'
_BEGINS = re.compile(rf"[ \t\n\r]*+\{{[ \t\n\r]*+(?:{_NAME}|\}})")
_GOES_ON = re.compile(rf"[ \t\n\r]*+(?:,[ \t\n\r]*+{_NAME}|\}})")
_PLACE = itemgetter(0)
_NONE: Mapping[str, str] = {}


class Members(Struct, frozen=True):
    """A JSON object and where its members stand.

    Attributes:
        text: the object as it came.
        values: what the members hold.
        keys, spans: where each member's name and value stand in the text.
    """

    text: str
    values: Mapping[str, object]
    keys: Mapping[str, tuple[int, int]]
    spans: Mapping[str, tuple[int, int]]

    def with_values(self, changes: Mapping[str, object], renamed: Mapping[str, str] = _NONE) -> bytes:
        """Return the object with some values replaced or added, and some members called otherwise."""
        added: dict[str, object] = {}
        edits: list[tuple[tuple[int, int], object]] = []
        for name, new in changes.items():
            if name in self.spans:
                edits.append((self.spans[name], new))
            else:
                added[name] = new
        if renamed:
            edits += [(self.keys[old], called) for old, called in renamed.items() if old in self.keys]
        text = self._edited(edits) if edits else self.text
        if added:
            opening = text.index("{") + 1
            text = f"{text[:opening]}{_written(added)[1:-1]}{',' if self.spans else ''}{text[opening:]}"
        return text.encode()

    def _edited(self, edits: list[tuple[tuple[int, int], object]]) -> str:
        pieces: list[str] = []
        at = 0
        for (start, end), new in sorted(edits, key=_PLACE):
            pieces += [self.text[at:start], _written(new)]
            at = end
        pieces.append(self.text[at:])
        return "".join(pieces)


def read_members(body: bytes) -> Members | Problem:
    """Return the object in a caller's body; one that names a member twice could mean either, and is refused."""
    try:
        return _read(body.decode())
    except _Wrong as wrong:
        return Problem("", str(wrong))
    except (ValueError, RecursionError):
        return Problem("", "The body is not JSON.")


def member_in(text: str, name: str) -> bytes | None:
    """Return the value of one member of a JSON object as it stands in `text`, or None where there is none."""
    members = read_members(text.encode("utf-8", "surrogatepass"))
    if isinstance(members, Problem) or name not in members.spans:
        return None
    start, end = members.spans[name]
    return text[start:end].encode("utf-8", "surrogatepass")


class _Wrong(Exception):
    """The body is no object; the message is for the caller."""


def _read(text: str) -> Members:
    values: dict[str, object] = {}
    keys: dict[str, tuple[int, int]] = {}
    spans: dict[str, tuple[int, int]] = {}
    sign = _BEGINS.match(text)
    while sign is not None and (quoted := sign[1]):
        name = _DECODER.decode(quoted) if "\\" in quoted else quoted[1:-1]
        if name in values:
            message = "The body names a member twice."
            raise _Wrong(message)
        start = sign.end()
        values[name], end = _DECODER.raw_decode(text, start)
        keys[name], spans[name] = sign.span(1), (start, end)
        sign = _GOES_ON.match(text, end)
    if sign is None:
        message = "The body must be a JSON object."
        raise _Wrong(message)
    if text[sign.end() :].strip(_SPACES):
        message = "The body goes on after its JSON object."
        raise _Wrong(message)
    return Members(text, values, keys, spans)


def _written(value: object) -> str:
    return json_bytes(value).decode()


def _no_number(word: str) -> object:
    message = f"{word} is not JSON"
    raise ValueError(message)


_DECODER = json.JSONDecoder(parse_constant=_no_number)
