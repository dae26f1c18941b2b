"""What a provider's own answers say of its limits, and how much of that is left.

Providers that share credential and model share the allowance. What is asked for is taken off until the next word
comes, and after a minute without one nothing is known any more.
"""

from enum import StrEnum

from msgspec import Struct, field

from tui_failover.core.copying import replace

LASTS_S = 60.0
CREEP_S = 10.0
AllowanceKey = tuple[str, str]  # credential and model
_SEVERAL = 2
_LARGEST_SHARE = 4  # an estimate may be far too high (pictures): alone it takes no more than this part of a limit


class Quantity(StrEnum):
    """What is limited: queries, tokens read (or read and written), tokens written."""

    QUERIES = "queries"
    TOKENS = "tokens"
    WRITTEN = "tokens written"


class Word(Struct, frozen=True):
    """What an answer said of one limit.

    Attributes:
        limit: how much there is when nothing is used.
        left: how much was left after this query.
        reset_s: seconds until all of it is there again; None where it did not say.
    """

    quantity: Quantity
    limit: int
    left: int
    reset_s: float | None = None


class Left(Struct, frozen=True):
    """How much is left of one limit; instants are monotonic seconds.

    Attributes:
        reset_at: from then on all of it is there again.
    """

    limit: int
    left: int
    reset_at: float

    def at(self, now: float) -> int:
        """Return how much may be asked for; never below zero."""
        return max(0, self.left if now < self.reset_at else self.limit)

    def less(self, now: float, amount: int) -> "Left":
        """Return what is left after so much was asked for."""
        reset_at = self.reset_at if now < self.reset_at else now + LASTS_S
        return replace(self, left=self.at(now) - amount, reset_at=reset_at)


class Allowance(Struct, frozen=True):
    """What is known of the limits of one credential and model.

    Attributes:
        told_at: when the newest word came.
        left: by quantity; what was never spoken of is absent.
        asked: queries and estimated tokens admitted since this became known, for words that come late.
    """

    told_at: float
    left: dict[Quantity, Left] = field(default_factory=dict)
    asked: tuple[int, int] = (0, 0)

    def known(self, now: float) -> bool:
        """Tell whether a word has come within the last minute."""
        return now - self.told_at < LASTS_S

    def admitted(self, now: float, tokens: int) -> "Allowance":
        """Return the allowance after a query of about so many tokens was let through."""
        left = {
            quantity: one.less(now, _amount(quantity, one.limit, 1, tokens)) for quantity, one in self.left.items()
        }
        return Allowance(self.told_at, left, (self.asked[0] + 1, self.asked[1] + tokens))


class Cap(Struct, frozen=True):
    """How many attempts may be under way after a provider refused a burst, though it stated no wait.

    It creeps up by one every ten seconds, and is no constraint any more where it has reached `peak`.

    Attributes:
        most: at `since_at`, monotonic seconds.
        peak: how many were under way when it refused.
    """

    most: int
    peak: int
    since_at: float

    def at(self, now: float) -> int | None:
        """Return how many may be under way, or None where that is no constraint any more."""
        most = self.most + int((now - self.since_at) // CREEP_S)
        return most if most < self.peak else None


def halved(cap: Cap | None, inflight: int, began_at: float, now: float) -> Cap | None:
    """Return the cap after a refusal of an attempt begun at `began_at`; one burst halves it once only."""
    if inflight < _SEVERAL or (cap is not None and began_at <= cap.since_at):
        return cap
    return Cap(max(1, inflight // 2), inflight, now)


def heard(before: Allowance | None, words: tuple[Word, ...], asked: tuple[int, int], now: float) -> Allowance:
    """Return the allowance after an answer's words.

    Args:
        before: what was known; None where nothing was.
        words: what the answer said, one for each limit it spoke of.
        asked: `Allowance.asked` just after its query was admitted: what was let through later is in no word yet.
        now: monotonic seconds.
    """
    known = before or Allowance(now)
    if not known.known(now):
        known = Allowance(now, asked=known.asked)
    queries, tokens = max(0, known.asked[0] - asked[0]), max(0, known.asked[1] - asked[1])
    left = dict(known.left)
    for word in words:
        wait = LASTS_S if word.reset_s is None else min(word.reset_s, LASTS_S)
        rest = word.left - _amount(word.quantity, word.limit, queries, tokens)
        left[word.quantity] = Left(word.limit, rest, now + wait)
    return Allowance(now, left, known.asked)


def _amount(quantity: Quantity, limit: int, queries: int, tokens: int) -> int:
    match quantity:
        case Quantity.QUERIES:
            return queries
        case Quantity.TOKENS:
            return min(tokens, max(1, limit // _LARGEST_SHARE) * queries)
        case Quantity.WRITTEN:
            return 0  # how long an answer becomes is not known before
