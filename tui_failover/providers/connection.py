"""How one provider is reached: address, key, and what its endpoint wants differently."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from ipaddress import ip_address
from types import MappingProxyType
from typing import Literal
from urllib.parse import urlsplit

from msgspec import Struct

MaxTokensField = Literal["max_completion_tokens", "max_tokens"]


class AuthHeader(StrEnum):
    """The header the key travels in; third-party endpoints of both dialects differ, and some want no key."""

    BEARER = "bearer"
    X_API_KEY = "x-api-key"
    NONE = "none"


def _keyless() -> str:
    return ""


class Connection(Struct, frozen=True):
    """How one provider is reached. Neither the key nor the headers appear in its repr.

    Attributes:
        base_url: what the SDK of the dialect takes: with `/v1` for OpenAI, without for Anthropic.
        key: returns the key, or "" where there is none; called before every request, so that a rotated key works
            without a restart. What it raises counts as a key that cannot be had.
        auth: the header the key travels in.
        headers: sent with every request, over what the SDK sends; those that frame it are left out.
        max_tokens: cap on an answer's tokens where the query has none. Anthropic's dialect demands one; None
            means 4096 there, and no cap at OpenAI's.
        max_tokens_field: what an OpenAI-compatible endpoint calls the cap; old ones know `max_tokens` only.
        usage_in_stream: the endpoint takes `stream_options`; some compatible ones refuse them.
    """

    base_url: str
    key: Callable[[], str] = _keyless
    auth: AuthHeader = AuthHeader.BEARER
    headers: Mapping[str, str] = MappingProxyType({})
    max_tokens: int | None = None
    max_tokens_field: MaxTokensField = "max_completion_tokens"
    usage_in_stream: bool = True

    def __repr__(self) -> str:
        return f"Connection({self.base_url!r}, auth={self.auth!r}, max_tokens={self.max_tokens!r})"

    @property
    def loopback(self) -> bool:
        """Whether the address is this machine: no proxy from the environment may be asked for it."""
        host = urlsplit(self.base_url).hostname or ""
        try:
            return ip_address(host).is_loopback
        except ValueError:
            return host == "localhost" or host.endswith(".localhost")
