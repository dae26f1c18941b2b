"""Who may do what: tokens are compared as digests of their bytes, all of them every time."""

import asyncio
import hashlib
import hmac
from collections import Counter
from enum import StrEnum
from http import HTTPStatus
from types import MappingProxyType

from tui_failover.config.secret import KeySource, Missing, Secret
from tui_failover.control.problem import Problem
from tui_failover.control.settings import Access
from tui_failover.serving import Request

_SHORTEST = 16  # characters; anything shorter can be guessed
_WINDOW_S = 60
_MISTYPED = 100  # wrong tokens a minute that a script with an old one may well send
_MOST_SOURCES = 1000
_CHALLENGE = MappingProxyType({"WWW-Authenticate": 'Bearer realm="tui-failover"'})


class Scope(StrEnum):
    """What a route needs. A token has the scopes the settings give it, never those a caller claims."""

    ANYONE = "anyone"
    USE = "use"
    READ = "read"
    WRITE = "write"


class Strangers:
    """Counts wrong tokens by where they come from; bounded, and never in the way of a right one."""

    def __init__(self) -> None:
        self._began_at = 0.0
        self._counts: Counter[str] = Counter()

    def too_many(self, source: str, now: float) -> bool:
        """Count a wrong token; tell whether more came from there in a minute than anybody mistypes."""
        if now - self._began_at >= _WINDOW_S or len(self._counts) > _MOST_SOURCES:
            self._began_at = now
            self._counts.clear()
        self._counts[source] += 1
        return self._counts[source] > _MISTYPED


class Tokens:
    """The tokens of one server.

    Attributes:
        wanted: callers need one.
    """

    def __init__(self, access: Access) -> None:
        self._strangers = Strangers()
        self._grants: tuple[tuple[frozenset[Scope], tuple[KeySource, ...]], ...] = (
            (frozenset({Scope.USE}), access.gateway),
            (frozenset({Scope.READ}), access.read),
            (frozenset({Scope.READ, Scope.WRITE}), access.write),
        )
        self.wanted = bool(access.tokens)

    def faults(self) -> list[str]:
        """Return what keeps the tokens from being safe, one sentence each; they are named, never shown."""
        found: list[str] = []
        owners: dict[bytes, int] = {}
        for grant, (_, sources) in enumerate(self._grants):
            for source in sources:
                value = source.read()
                if isinstance(value, Missing):
                    found.append(f"the token {source.label} cannot be had: {value.text}")
                elif len(value.reveal()) < _SHORTEST:
                    found.append(f"the token {source.label} is shorter than {_SHORTEST} characters")
                elif owners.setdefault(_digest(value.reveal().encode()), grant) != grant:
                    found.append(f"the token {source.label} is used for two different purposes; use separate ones")
        return found

    def allowed(self, presented: bytes) -> frozenset[Scope]:
        """Return the scopes of a token; none where it is not one of ours.

        Every candidate is read and compared whatever the ones before came to: the time taken tells nothing.
        """
        offered = _digest(presented)
        found: frozenset[Scope] = frozenset()
        for scopes, sources in self._grants:
            for source in sources:
                value = source.read()
                usable = isinstance(value, Secret) and len(value.reveal()) >= _SHORTEST
                known = _digest(value.reveal().encode()) if isinstance(value, Secret) else bytes(32)
                if hmac.compare_digest(offered, known) and usable:
                    found |= scopes
        return found

    def check(self, request: Request, scope: Scope) -> frozenset[Scope]:
        """Return the caller's scopes; raises `Problem` where the one needed is not among them."""
        if not self.wanted:
            return frozenset(Scope)
        presented = _presented(request)
        scopes = frozenset({Scope.ANYONE}) | (self.allowed(presented) if presented is not None else frozenset())
        if scope in scopes:
            return scopes
        if len(scopes) == 1:
            source = request.source
            if presented is not None and self._strangers.too_many(source, asyncio.get_running_loop().time()):
                message = "too many wrong tokens came from this address"
                headers = {"Retry-After": str(_WINDOW_S), "Connection": "close"}
                raise Problem(HTTPStatus.TOO_MANY_REQUESTS, "too-many", message, headers=headers)
            message = "a token that is valid here is needed, as Authorization: Bearer"
            raise Problem(HTTPStatus.UNAUTHORIZED, "unauthorized", message, headers=_CHALLENGE)
        message = f"this token may not do that: the scope {scope} is needed"
        raise Problem(HTTPStatus.FORBIDDEN, "forbidden", message)


def _presented(request: Request) -> bytes | None:
    """Return the bytes of the token sent; None where none, several, or another scheme came."""
    sent = request.headers.getall("Authorization", [])
    if len(sent) != 1:
        return None
    scheme, _, token = sent[0].partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        return None
    return token.strip().encode("utf-8", "surrogateescape")


def _digest(value: bytes) -> bytes:
    return hashlib.sha256(value).digest()
