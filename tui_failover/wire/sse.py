"""Server-sent events: bytes in, events out (WHATWG HTML, "Server-sent events", interpreting an event stream).

An event is handed out only with its closing blank line; what is left at the end of the bytes is incomplete and
therefore no event.
"""

import re
from collections.abc import Iterator

import orjson
from msgspec import Struct

from tui_failover.wire.json_text import json_value

_LINE_END = re.compile(rb"\r\n|\n|\r")
_BOM = b"\xef\xbb\xbf"
MOST_PENDING = 4 << 20  # bytes one event may take; more is an attack on memory

Said = tuple[str, bytes]
"""What an event says: its name, "" where the peer sent none, and its `data` lines, joined with line feeds."""


class ProtocolError(ValueError):
    """The peer broke the dialect; the message says how, without quoting the peer."""


class SseEvent(Struct, frozen=True):
    """One event.

    Attributes:
        name: the `event` field; "" where the peer sent none.
        data: the `data` lines, joined with line feeds.
    """

    name: str
    data: str


class SseDecoder:
    """Reads an event stream in pieces of any size; the events do not depend on where the pieces were cut."""

    def __init__(self) -> None:
        self._pending = bytearray()
        self._looked_at = 0
        self._name = ""
        self._data: list[str] = []
        self._size = 0
        self._at_start = True
        self._after_cr = False

    def feed(self, piece: bytes) -> Iterator[SseEvent]:
        """Yield the events that `piece` completes; raises `ProtocolError` where one grows beyond all bounds."""
        self._pending += piece
        if not self._past_bom():
            return
        start = 0
        for match in _LINE_END.finditer(self._pending, self._looked_at):
            # The line feed of a CR LF is no second line end, also where a piece was cut between the two.
            halved = self._after_cr and match.start() == start and match.group() == b"\n"
            line = self._pending[start : match.start()]
            start = match.end()
            self._after_cr = match.group() == b"\r" and start == len(self._pending)
            event = None if halved else self._line(line.decode("utf-8", "replace"))
            if event is not None:
                yield event
        del self._pending[:start]
        self._looked_at = len(self._pending)
        self._after_cr = self._after_cr and not self._pending
        if len(self._pending) + self._size > MOST_PENDING:
            msg = f"an event of more than {MOST_PENDING >> 20} MiB"
            raise ProtocolError(msg)

    def _past_bom(self) -> bool:
        if self._at_start:
            if len(self._pending) < len(_BOM) and _BOM.startswith(self._pending):
                return False
            self._at_start = False
            if self._pending.startswith(_BOM):
                del self._pending[: len(_BOM)]
        return True

    def _line(self, line: str) -> SseEvent | None:
        if not line:
            return self._dispatch()
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "data":
            self._data.append(value)
            self._size += len(value)
        elif field == "event":
            self._name = value
        return None

    def _dispatch(self) -> SseEvent | None:
        event = SseEvent(self._name, "\n".join(self._data)) if self._data else None
        self._name, self._data, self._size = "", [], 0
        return event


def json_object(event: SseEvent) -> dict[str, object]:
    """Return the JSON object an event carries; raises `ProtocolError` where it carries none."""
    return _object(event.data)


def object_in(data: bytes) -> dict[str, object]:
    """Return the JSON object an event's data hold; raises `ProtocolError` where they hold none."""
    try:
        document: object = orjson.loads(data)
    except orjson.JSONDecodeError:  # bytes that are no text, or one of the things it is stricter about
        document = None
    return document if isinstance(document, dict) else _object(str(data, "utf-8", "replace"))


def _object(data: str) -> dict[str, object]:
    try:
        document = json_value(data)
    except ValueError as error:
        msg = "an event that is no JSON"
        raise ProtocolError(msg) from error
    if not isinstance(document, dict):
        msg = "an event that is no JSON object"
        raise ProtocolError(msg)
    return document
