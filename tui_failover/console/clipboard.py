"""Copies as files, because OSC 52 never says whether the terminal took it."""

import contextlib
import os
from pathlib import Path


def keep(folder: Path | None, name: str, text: str) -> Path | None:
    """Write a copy that only its owner can read; return where, or None where that was not possible."""
    if folder is None:
        return None
    path = folder / name
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        return path
    return None
