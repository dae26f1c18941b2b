"""Keys: named in the settings, read when they are needed, never shown.

The settings hold only where a key is found. It is read anew for every use, so that a rotated key works at once.
"""

import hmac
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

from msgspec import Struct

from tui_failover.config.files import Unreadable, read_regular
from tui_failover.core.text import scrub

STARS = "********"
_KEY_FILE_LIMIT = 16 * 1024
_OTHERS_MAY = 0o077
_KEY = re.compile(r"[\x21-\x7e]+")  # what may follow a scheme in a header, RFC 9110 section 11.4
_LOOKS_SECRET = re.compile(
    r"(?<![A-Za-z0-9])(?:"
    r"sk-(?=[A-Za-z0-9_-]*\d)[A-Za-z0-9_-]{12,}"
    r"|(?:gsk_|xai-|hf_|AIza|gh[opsu]_|AKIA)[A-Za-z0-9_-]{12,}"
    r"|eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_.-]+"
    r"|[Bb]earer\s+\S{8,})"
)


class Secret:
    """A value that shows itself to nobody but the caller of `reveal`."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the value, for the one header it belongs into."""
        return self._value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and hmac.compare_digest(self._value.encode(), other.reveal().encode())

    def __hash__(self) -> int:
        return hash(self._value)

    def __repr__(self) -> str:
        return f"Secret({STARS})"

    def __str__(self) -> str:
        return STARS

    def __format__(self, spec: str) -> str:
        return format(STARS, spec)

    def __reduce__(self) -> NoReturn:
        message = "a secret is not written anywhere"
        raise TypeError(message)


class Missing(Struct, frozen=True):
    """There is no usable key; `text` says what to do ("set OPENAI_API_KEY")."""

    text: str


class EnvKey(Struct, frozen=True):
    """A key in an environment variable."""

    name: str

    @property
    def label(self) -> str:
        """What stands for the key on the screen."""
        return f"env:{self.name}"

    def read(self, environ: Mapping[str, str] = os.environ) -> Secret | Missing:
        """Return the key as it is now, or what to do about its absence."""
        value = environ.get(self.name, "").strip()
        if not value:
            return Missing(f"set {self.name}")
        if not _KEY.fullmatch(value):
            return Missing(f"set {self.name} to the key alone: it holds characters that no key has")
        return Secret(value)


class FileKey(Struct, frozen=True):
    """A key in a file.

    Attributes:
        shown: the path as it stands in the settings.
        path: where it is read.
    """

    shown: str
    path: Path

    @property
    def label(self) -> str:
        """What stands for the key on the screen."""
        return f"file:{scrub(self.shown)}"

    def read(self, environ: Mapping[str, str] = os.environ) -> Secret | Missing:  # noqa: ARG002  # same shape as EnvKey.read
        """Return the key as it is now, or what to do about its absence."""
        name = scrub(self.shown)
        try:
            text = read_regular(self.path, _KEY_FILE_LIMIT).data.decode("ascii").strip()
        except Unreadable as problem:
            return Missing(f"put the key into {name}: {problem}")
        except UnicodeDecodeError:
            text = "\0"
        if not text:
            return Missing(f"put the key into {name}: the file is empty")
        if not _KEY.fullmatch(text):
            return Missing(f"put the key alone into {name}: the file holds characters that no key has")
        return Secret(text)

    def warning(self) -> str | None:
        """Return the sentence on permissions that let others read the key, or None."""
        try:
            mode = read_regular(self.path, _KEY_FILE_LIMIT).mode
        except Unreadable:
            return None
        if not mode & _OTHERS_MAY:
            return None
        name = scrub(self.shown)
        return f"{name}: others may read this key file (mode {mode:04o}); chmod 600 {name}"


KeySource = EnvKey | FileKey


def looks_secret(text: str) -> bool:
    """Tell whether the text holds something in the known form of a key."""
    return _LOOKS_SECRET.search(text) is not None


def redact(text: str) -> str:
    """Return the text with stars for everything in the known form of a key."""
    return _LOOKS_SECRET.sub(STARS, text)
