"""The members of a JSON object, changed one by one: every byte that is not changed stays as it came."""

import json
import re
from collections.abc import Mapping

from msgspec import Struct

from tui_failover.wire.json_text import json_bytes
from tui_failover.wire.verdict import Problem

_SPACES = " \t\n\r"
# None of these goes back over what it has taken: a body may be megabytes of spaces.
_NAME = r'("[^"\\\x00-\x1f]*+(?:\\.[^"\\\x00-\x1f]*+)*+")[ \t\n\r]*+:[ \t\n\r]*+'
_BEGINS = re.compile(rf"[ \t\n\r]*+\{{[ \t\n\r]*+(?:{_NAME}|\}})")
_GOES_ON = re.compile(rf"[ \t\n\r]*+(?:,[ \t\n\r]*+{_NAME}|\}})")
_NONE: Mapping[str, str] = {}


class Members(Struct, frozen=True):
    """A JSON object and where its members stand.

    Attributes:
        text: the object as it came.
        values: what the members hold.
        places: of each member the signs before its value, among them its name, and where the value ends.
    """

    text: str
    values: Mapping[str, object]
    places: Mapping[str, tuple[re.Match[str], int]]

    def with_values(self, changes: Mapping[str, object], renamed: Mapping[str, str] = _NONE) -> bytes:
        """Return the object with some values replaced or added, and some members called otherwise."""
        added: dict[str, object] = {}
        edits: list[tuple[int, int, bytes]] = []
        for name, new in changes.items():
            if name in self.places:
                sign, end = self.places[name]
                edits.append((sign.end(), end, json_bytes(new)))
            else:
                added[name] = new
        for old, called in renamed.items():
            if old in self.places:
                edits.append((*self.places[old][0].span(1), json_bytes(called)))
        if added:
            opening = self.text.index("{") + 1
            edits.append((opening, opening, json_bytes(added)[1:-1] + (b"," if self.places else b"")))
        return self._edited(edits)

    def _edited(self, edits: list[tuple[int, int, bytes]]) -> bytes:
        pieces: list[bytes] = []
        at = 0
        for start, end, new in sorted(edits):
            pieces += (self.text[at:start].encode(), new)
            at = end
        pieces.append(self.text[at:].encode())
        return b"".join(pieces)


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
    if isinstance(members, Problem) or name not in members.places:
        return None
    sign, end = members.places[name]
    return text[sign.end() : end].encode("utf-8", "surrogatepass")


class _Wrong(Exception):
    """The body is no object; the message is for the caller."""


def _read(text: str) -> Members:
    values: dict[str, object] = {}
    places: dict[str, tuple[re.Match[str], int]] = {}
    sign = _BEGINS.match(text)
    while sign is not None and (quoted := sign[1]):
        name = _DECODER.decode(quoted) if "\\" in quoted else quoted[1:-1]
        if name in values:
            message = "The body names a member twice."
            raise _Wrong(message)
        values[name], end = _DECODER.raw_decode(text, sign.end())
        places[name] = sign, end
        sign = _GOES_ON.match(text, end)
    if sign is None:
        message = "The body must be a JSON object."
        raise _Wrong(message)
    if text[sign.end() :].strip(_SPACES):
        message = "The body goes on after its JSON object."
        raise _Wrong(message)
    return Members(text, values, places)


def _no_number(word: str) -> object:
    message = f"{word} is not JSON"
    raise ValueError(message)


_DECODER = json.JSONDecoder(parse_constant=_no_number)
