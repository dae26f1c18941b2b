"""Places of secrets that tell what was read there, so that a secret is known, and hidden, from its first use."""

import os
from collections.abc import Callable, Mapping

from tui_failover.config.secret import EnvKey, FileKey, KeySource, Missing, Secret

Learn = Callable[[str], None]


def learning(source: KeySource, learn: Learn) -> KeySource:
    """Return the same place; `learn` is told every value that is read from it."""
    match source:
        case EnvKey(name):
            return _LearningEnvKey(name, learn)
        case FileKey(shown, path):
            return _LearningFileKey(shown, path, learn)


def _told(found: Secret | Missing, learn: Learn) -> Secret | Missing:
    if isinstance(found, Secret):
        learn(found.reveal())
    return found


class _LearningEnvKey(EnvKey, frozen=True):
    learn: Learn

    def read(self, environ: Mapping[str, str] = os.environ) -> Secret | Missing:
        return _told(EnvKey.read(self, environ), self.learn)


class _LearningFileKey(FileKey, frozen=True):
    learn: Learn

    def read(self, environ: Mapping[str, str] = os.environ) -> Secret | Missing:
        return _told(FileKey.read(self, environ), self.learn)
