"""Names and ids that fit the other dialect's rules, one to one, and the way back.

What already fits is kept. What does not is cleaned and ends in a short digest of the original, so that the same
original always gets the same alias and two originals never share one.
"""

import hashlib
import re
from collections.abc import Callable

_UNFIT = re.compile(r"[^a-zA-Z0-9_-]")
_DIGEST = 8  # hexadecimal digits


class Aliases:
    """Hands out aliases of at most `longest` characters from `a-z A-Z 0-9 _ -`."""

    def __init__(self, longest: int) -> None:
        self._longest = longest
        self._given: dict[str, str] = {}
        self._taken: set[str] = set()
        self._turns: dict[str, int] = {}

    def of(self, original: str) -> str:
        """Return the alias of `original`, the same at each call."""
        if original not in self._given:
            self._given[original] = self.fresh(original)
        return self._given[original]

    def fresh(self, original: str) -> str:
        """Return an alias nobody else has, also where `original` has one already: two calls may carry one id."""
        clean = _UNFIT.sub("_", original) or "_"
        # Where an original comes again and again, its earlier aliases need not be tried anew.
        turn = self._turns.get(original, 0)
        alias = self._digested(clean, original, turn - 1) if turn else clean
        while self._unfit(alias, original, turn):
            alias = self._digested(clean, original, turn)
            turn += 1
        self._turns[original] = turn
        self._taken.add(alias)
        return alias

    def _digested(self, clean: str, original: str, turn: int) -> str:
        digest = hashlib.sha256(f"{original}\0{turn}".encode("utf-8", "surrogatepass")).hexdigest()[:_DIGEST]
        return f"{clean[: self._longest - _DIGEST - 1]}_{digest}"

    def _unfit(self, alias: str, original: str, turn: int) -> bool:
        changed = turn == 0 and alias != original
        return changed or len(alias) > self._longest or alias in self._taken

    def changed(self) -> dict[str, str]:
        """Return original by alias, for those handed out by `of` that had to be changed."""
        return {alias: original for original, alias in self._given.items() if alias != original}


def kept_or_made(identity: str, prefix: str, make_id: Callable[[str], str]) -> str:
    """Return a tool call's id if every provider takes it back later, else a fresh one."""
    return identity if identity and not _UNFIT.search(identity) else make_id(prefix)


def pseudonym(user: str) -> str:
    """Return a stable digest that stands for a user, where the id itself must not leave the house."""
    return hashlib.sha256(user.encode("utf-8", "surrogatepass")).hexdigest()[:32]
