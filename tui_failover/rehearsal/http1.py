"""Just enough of HTTP/1.1 to be a provider: requests read with limits, answers that may be wrong on purpose.

Rules: RFC 9112. A body needs a Content-Length; both official SDKs send one.
"""

import asyncio
import email.utils
import http
from collections.abc import Mapping, Sequence

from msgspec import Struct

HEAD_MOST = 64 * 1024
BODY_MOST = 8 * 1024 * 1024
LAST_CHUNK = b"0\r\n\r\n"

Headers = Sequence[tuple[str, str]]


class Request(Struct, frozen=True):
    """A request as it came; header names are lower case, of repeated ones the last counts."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    keep_alive: bool


class Unreadable(Struct, frozen=True):
    """What came is not a request we read; `status` says why, and the connection cannot be used further."""

    status: int


async def read_request(reader: asyncio.StreamReader) -> Request | Unreadable | None:
    """Return the next request, why there is none to read, or None where the client has gone."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.LimitOverrunError:
        return Unreadable(431)
    except asyncio.IncompleteReadError:
        return None
    parsed = _parse_head(head)
    if isinstance(parsed, Unreadable):
        return parsed
    length = _body_length(parsed.headers)
    if isinstance(length, Unreadable):
        return length
    try:
        body = await reader.readexactly(length)
    except asyncio.IncompleteReadError:
        return None
    return Request(parsed.method, parsed.path, parsed.headers, body, parsed.keep_alive)


def _parse_head(head: bytes) -> Request | Unreadable:
    first, *lines = head.decode("latin-1")[:-4].split("\r\n")
    words = first.split(" ")
    if len(words) != 3 or not words[2].startswith("HTTP/1."):
        return Unreadable(400)
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or not name or name != name.strip():
            return Unreadable(400)
        headers[name.lower()] = value.strip()
    wish = headers.get("connection", "").lower()
    keep_alive = wish != "close" if words[2] != "HTTP/1.0" else wish == "keep-alive"
    return Request(words[0], words[1].partition("?")[0], headers, b"", keep_alive)


def _body_length(headers: Mapping[str, str]) -> int | Unreadable:
    if "transfer-encoding" in headers:
        return Unreadable(411)
    stated = headers.get("content-length", "0")
    if not (stated.isascii() and stated.isdigit()):
        return Unreadable(400)
    length = int(stated) if len(stated) < 12 else BODY_MOST + 1
    return length if length <= BODY_MOST else Unreadable(413)


def head(status: int, headers: Headers) -> bytes:
    """Return the status line and header block; the caller answers for its framing headers."""
    try:
        reason = http.HTTPStatus(status).phrase
    except ValueError:
        reason = ""
    lines = [f"HTTP/1.1 {status} {reason}", *(f"{name}: {value}" for name, value in headers), "", ""]
    return "\r\n".join(lines).encode("latin-1")


def chunk(data: bytes) -> bytes:
    """Return `data`, which must not be empty, as one chunk of a chunked body."""
    return b"%x\r\n%s\r\n" % (len(data), data)


def date_text(utc: float) -> str:
    """Return Unix time `utc` the way HTTP headers write it."""
    return email.utils.formatdate(utc, usegmt=True)
