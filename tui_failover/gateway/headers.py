"""Headers of answers: what of the provider's reaches the caller, and what we say ourselves."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from urllib.parse import quote

from tui_failover.core.errors import AttemptRecord
from tui_failover.core.names import ProviderId
from tui_failover.gateway.errand import Errand

QUERY_ID = "x-failover-query-id"
_MINE = "x-failover-"
_ATTEMPTS = f"{_MINE}attempts"
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
    kept = {name: value for name, value in headers.items() if _may_pass(name)}
    if not _sendable("".join(kept.values())):  # which nearly always are, all together
        kept = {name: value for name, value in kept.items() if _sendable(value)}
    if "connection" in headers:
        for name in headers["connection"].split(","):  # what else concerns that connection alone
            kept.pop(name.strip().lower(), None)
    upstream = kept.get("request-id") or kept.get("x-request-id")
    if upstream:
        kept[f"{_MINE}upstream-request-id"] = upstream
    return kept


def served_by(errand: Errand, attempts: Sequence[AttemptRecord]) -> Mapping[str, str]:
    """Return what tells a caller who answered, and after what."""
    spec = errand.spec
    if spec is None:
        return {}
    said = _at_once(spec.id, errand.model)
    if attempts:
        said = {**said, **tried(attempts, answered=1)}
    translation = errand.translation
    if translation is not None:
        said = {**said, f"{_MINE}translated": f"{errand.asked.spoken}>{spec.dialect}"}
        warnings = ",".join(translation.warnings)
        if warnings and _sendable(warnings):
            said[f"{_MINE}warnings"] = warnings
    return said


def tried(attempts: Sequence[AttemptRecord], *, answered: int = 0) -> dict[str, str]:
    """Return what tells a caller how many attempts were made, `answered` of them well, and why the others failed.

    Attempts that were never made are no part of it.
    """
    failed = [one for one in attempts if one.kind is not None]
    said = {_ATTEMPTS: str(len(failed) + answered)}
    reason = ", ".join([f"{_named(one.provider)}: {one.kind}" for one in failed])
    if reason and _sendable(reason):
        said[f"{_MINE}reason"] = reason
    return said


@lru_cache(maxsize=1024)  # providers use few names, and answer with the same ones each time
def _may_pass(name: str) -> bool:
    return name not in _KEPT_BACK and not name.startswith(_KEPT_BACK_BEGINNINGS)


@lru_cache(maxsize=1024)  # as few as there are models
def _at_once(provider: ProviderId, model: str) -> Mapping[str, str]:
    """Return what is said of the first who was asked, where it has answered."""
    said = {f"{_MINE}provider": _named(provider), f"{_MINE}model": model, _ATTEMPTS: "1"}
    return {name: value for name, value in said.items() if _sendable(value)}


def _named(provider: ProviderId) -> str:
    """Return a provider's name as a header can hold it: percent-encoded where it is more than plain words."""
    return provider if "%" not in provider and _sendable(provider) else quote(provider, safe=_PLAIN)


def _sendable(value: str) -> bool:
    return len(value) <= _LONGEST and value.isascii() and value.isprintable()
