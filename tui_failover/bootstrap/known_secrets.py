"""Every secret this process has come to know, taken out of text by its value before the text goes anywhere."""

import base64
import json
from collections.abc import Iterator
from urllib.parse import quote, quote_plus

MARK = "[key]"
_PART = 8  # characters of a secret in a row that already give away too much
_BASE64_CUT = (0, 2, 3)  # characters that still depend on what stood before, by its length modulo 3


class KnownSecrets:
    """Learns secrets when they are read, and hides them, in whole or in part, however they are written.

    May be used by any thread. Values of less than eight characters are words rather than keys, and are not learnt.
    """

    def __init__(self) -> None:
        self._known: set[str] = set()
        self._parts: frozenset[str] = frozenset()

    def learn(self, secret: str) -> None:
        """Hide the secret from now on."""
        if secret in self._known or len(secret) < _PART:
            return
        self._known.add(secret)
        self._parts |= {part for form in _forms(secret) for part in _windows(form)}

    def hide(self, text: str) -> str:
        """Return the text without any of the secrets, and without parts of them."""
        parts = self._parts
        if not parts:
            return text
        kept: list[str] = []
        end = 0
        for at, part in enumerate(_windows(text)):
            if part in parts:
                if at > end or not kept:
                    kept += [text[end:at], MARK]
                end = at + _PART
        return "".join([*kept, text[end:]])


def _windows(text: str) -> Iterator[str]:
    return (text[at : at + _PART] for at in range(len(text) - _PART + 1))


def _forms(secret: str) -> Iterator[str]:
    data = secret.encode("utf-8", "surrogatepass")
    yield secret
    for quoted in (quote(data, safe=""), quote_plus(data)):
        yield quoted
        yield quoted.lower() if "%" in quoted else quoted
    yield json.dumps(secret)[1:-1]
    yield json.dumps(json.dumps(secret)[1:-1])[1:-1]  # JSON quoted in JSON
    yield repr(secret)[1:-1]
    yield data.hex()
    for before, cut in enumerate(_BASE64_CUT):
        encoded = base64.b64encode(bytes(before) + data).decode().rstrip("=")[cut:]
        yield encoded
        yield encoded.replace("+", "-").replace("/", "_")
