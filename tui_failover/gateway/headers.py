"""Headers of answers: what of the provider's reaches the caller, and what we say ourselves."""

from collections.abc import Mapping, Sequence
from urllib.parse import quote

from tui_failover.core.errors import AttemptRecord
from tui_failover.core.names import ProviderId
from tui_failover.gateway.errand import Errand

QUERY_ID = "x-failover-query-id"
_MINE = "x-failover-"
_KEPT_BACK = frozenset(
    {
        "alt-svc", "anthropic-organization-id", "connection", "content-encoding", "content-length", "date",
        "keep-alive", "location", "openai-organization", "openai-project", "proxy-authenticate",
        "proxy-authorization", "public-key-pins", "server", "set-cookie", "set-cookie2",
        "strict-transport-security", "trailer", "trailers", "transfer-encoding", "upgrade",
        "www-authenticate", "x-should-retry",
    }
)  # fmt: skip
_KEPT_BACK_BEGINNINGS = (_MINE, "access-control-", "cross-origin-")
_LONGEST = 4000
_PLAIN = " !#$&'()*+/:;<=>?@[]^`{|}~"


def passed_on(headers: Mapping[str, str]) -> dict[str, str]:
    """Return what of a provider's headers is the caller's business, and can be sent."""
    kept = {
        name: value
        for name, value in headers.items()
        if name not in _KEPT_BACK and not name.startswith(_KEPT_BACK_BEGINNINGS) and _sendable(value)
    }
    for name in headers.get("connection", "").split(","):  # what else concerns that connection alone
        kept.pop(name.strip().lower(), None)
    upstream = kept.get("request-id") or kept.get("x-request-id")
    return kept | ({f"{_MINE}upstream-request-id": upstream} if upstream else {})


def served_by(errand: Errand, attempts: Sequence[AttemptRecord]) -> dict[str, str]:
    """Return what tells a caller who answered, and after what."""
    spec = errand.spec
    if spec is None:
        return {}
    said = {f"{_MINE}provider": _named(spec.id), f"{_MINE}model": errand.model, **tried(attempts, answered=1)}
    translation = errand.translation
    if translation is not None:
        said[f"{_MINE}translated"] = f"{errand.asked.spoken}>{spec.dialect}"
        if translation.warnings:
            said[f"{_MINE}warnings"] = ",".join(translation.warnings)
    return {name: value for name, value in said.items() if _sendable(value)}


def tried(attempts: Sequence[AttemptRecord], *, answered: int = 0) -> dict[str, str]:
    """Return what tells a caller how many attempts were made, `answered` of them well, and why the others failed.

    Attempts that were never made are no part of it.
    """
    failed = [one for one in attempts if one.kind is not None]
    said = {f"{_MINE}attempts": str(len(failed) + answered)}
    if failed:
        said[f"{_MINE}reason"] = ", ".join(f"{_named(one.provider)}: {one.kind}" for one in failed)
    return {name: value for name, value in said.items() if _sendable(value)}


def _named(provider: ProviderId) -> str:
    """Return a provider's name as a header can hold it: percent-encoded where it is more than plain words."""
    return provider if "%" not in provider and _sendable(provider) else quote(provider, safe=_PLAIN)


def _sendable(value: str) -> bool:
    return len(value) <= _LONGEST and value.isascii() and value.isprintable()
