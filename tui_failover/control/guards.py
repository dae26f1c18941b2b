"""What every request has to pass before anybody looks at what it wants. One function for each danger."""

import json
import re
from collections.abc import Collection
from http import HTTPStatus

from multidict import istr

from tui_failover.control.answer import JSON
from tui_failover.control.problem import Problem, bad_request
from tui_failover.serving import BodyBroken, BodyTooLong, Request

_HOST, _ORIGIN, _SITE = istr("Host"), istr("Origin"), istr("Sec-Fetch-Site")
CHANGING = frozenset({"POST", "PUT", "PATCH"})
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
_MOST_PARTS = 5_000  # members, elements and brackets; a conversation of a thousand turns stays below
_NOT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_ONE_KIND = bytes.maketrans(b"{}", b"[]")
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
_CLOSE = {"Connection": "close"}
_SAME_SITE = frozenset({"same-origin", "none"})


def check_target(request: Request) -> None:
    """Refuse request targets in any form but a path: absolute ones name a host that nobody has checked."""
    if not request.target.startswith("/") or request.method == "CONNECT":
        message = "the request target must be a path"
        raise bad_request(message, "bad-target")


def check_host(request: Request, ours: Collection[str]) -> None:
    """Refuse what was not meant for us, as a web page sends it whose name was rebound to this address."""
    sent = request.headers.getall(_HOST, [])
    if not sent and request.version == "1.0":
        return  # no web page can leave it out, but load balancers do that look whether we are there
    if len(sent) != 1:
        message = f"exactly one Host header is needed, {len(sent)} came"
        raise bad_request(message, "bad-host")
    if sent[0].lower() not in ours:
        message = (
            f"the Host header names {sent[0]}, which is not us; if it is, add it to allowed_hosts of [control]"
        )
        raise Problem(HTTPStatus.MISDIRECTED_REQUEST, "wrong-host", message)


def check_origin(request: Request, allowed: Collection[str]) -> None:
    """Refuse what web pages send, but for those the settings name."""
    headers = request.headers
    if _ORIGIN not in headers and _SITE not in headers:
        return  # no web page did
    origins = headers.getall(_ORIGIN, [])
    sites = headers.getall(_SITE, [])
    if any(origin not in allowed for origin in origins):
        message = "web pages of this origin may not call here"
        raise Problem(HTTPStatus.FORBIDDEN, "wrong-origin", message)
    if not origins and any(site not in _SAME_SITE for site in sites):
        message = "web pages of other sites may not call here"
        raise Problem(HTTPStatus.FORBIDDEN, "wrong-origin", message)


def check_kind(request: Request) -> None:
    """Refuse changes in anything but JSON: a form on any web page can send the other kinds."""
    if request.method in CHANGING and request.kind != JSON:
        message = f"send Content-Type: {JSON} and a JSON object; {{}} where nothing is to be said"
        raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "not-json", message)
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        message = "a body must not be compressed"
        raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "compressed", message)


async def read_body(request: Request, most: int, within_s: float) -> bytes:
    """Return the body; one that is too long, or too long in coming, ends the connection.

    Args:
        request: whose body.
        most: bytes.
        within_s: seconds for all of it.
    """
    try:
        return await request.body(most, within_s)
    except BodyTooLong:
        message = f"the body is longer than {most} bytes"
        raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too-long", message, headers=_CLOSE) from None
    except TimeoutError:
        message = f"the body did not come within {within_s:g} s"
        raise Problem(HTTPStatus.REQUEST_TIMEOUT, "too-slow", message, headers=_CLOSE) from None
    except BodyBroken:
        message = "the body broke off or is not encoded as its headers say"
        raise bad_request(message, "bad-body") from None


def check_shape(body: bytes, depth: int) -> None:
    """Refuse what nests deeper than `depth` or has too many parts, before it costs the loop much time."""
    quotes = body.count(b'"') - body.count(b'\\"')
    bare = _STRING.sub(b"", body) if quotes <= 4 * _MOST_PARTS else body
    brackets = bare.translate(_ONE_KIND, _NOT_BRACKETS)
    if len(brackets) + bare.count(b",") > _MOST_PARTS:
        message = f"the body has more than {_MOST_PARTS} parts"
        raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too-many", message)
    for _ in range(depth):
        if not brackets:
            return
        brackets = brackets.replace(b"[]", b"")
    if b"[]" in brackets or len(brackets) > depth:  # else they do not match, as reading it tells
        message = f"the body nests deeper than {depth} levels"
        raise bad_request(message, "too-deep")


def parse_object(body: bytes) -> dict[str, object]:
    """Return the JSON object in the body.

    Raises:
        Problem: it is no JSON object by RFC 8259, names a member twice, or holds text that is no Unicode.
    """
    try:
        value = json.loads(body.decode(), object_pairs_hook=_without_repeats, parse_constant=_no_number)
        if _SURROGATE.search(body):
            json.dumps(value, ensure_ascii=False).encode()
    except UnicodeError:
        message = "the body holds text that is no Unicode"
        raise bad_request(message, "not-json") from None
    except (ValueError, RecursionError) as error:
        what = f" at character {error.pos}" if isinstance(error, json.JSONDecodeError) else ""
        what = f": {error}" if isinstance(error, _Repeated) else what
        message = f"the body is not JSON{what}"
        raise bad_request(message, "not-json") from None
    if not isinstance(value, dict):
        message = "the body must be a JSON object"
        raise bad_request(message, "not-json")
    return value


class _Repeated(ValueError):
    """A member is there twice."""


def _without_repeats(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        message = "an object names a member twice"
        raise _Repeated(message)
    return found


def _no_number(_: str) -> object:
    message = "not a number of JSON"
    raise ValueError(message)
