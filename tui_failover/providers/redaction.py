"""Secrets taken out of text by their value, wherever and however a peer repeats them.

Patterns alone are not enough: a provider may echo a key of any form, in part, or encoded.
"""

import base64
import json
import re
from collections.abc import Iterable, Iterator
from urllib.parse import quote

MARK = "[key]"
_PART = 8  # characters of a secret in a row that already give away too much
_LOOKS_LIKE_KEY = re.compile(
    r"\b(?:sk|pk|rk|gsk|xai)[-_][A-Za-z0-9_*.\-]{8,}|\bAIza[0-9A-Za-z_\-]{20,}|(?i:\bbearer\s+)(?=\S*\d)[^\s\"',;]{6,}"
)


def redact(text: str, secrets: Iterable[str]) -> str:
    """Return `text` without any of `secrets`, without parts of them, and without what looks like a key."""
    for secret in secrets:
        for form in _forms(secret):
            text = _without(text, form)
    return _LOOKS_LIKE_KEY.sub(MARK, text)


def _forms(secret: str) -> Iterator[str]:
    if len(secret) < _PART:  # a placeholder such as "none"; words of that size would be hidden everywhere
        return
    yield secret
    yield quote(secret, safe="")
    yield json.dumps(secret)[1:-1]
    yield base64.b64encode(secret.encode()).decode().rstrip("=")


def _without(text: str, secret: str) -> str:
    parts = {secret[at : at + _PART] for at in range(len(secret) - _PART + 1)}
    hidden = [at for at in range(len(text) - _PART + 1) if text[at : at + _PART] in parts]
    kept: list[str] = []
    end = 0
    for at in hidden:
        if at >= end:
            kept += [text[end:at], MARK]
        end = at + _PART
    return "".join([*kept, text[end:]])
