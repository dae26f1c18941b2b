"""What a rehearsed provider says: a greeting, or a few sentences an operator understands."""

import re

from tui_failover.core.ports import Rng

GREETING = "Hello, I am here and answering. What would you like to know?"

SENTENCES = (
    "The queue is short and every worker is busy.",
    "A retry after a short pause is safe here, because the request changes nothing.",
    "The error rate went down once the slow node was taken out.",
    "Please check the certificate first; it ends on Friday.",
    "The deployment finished, and two of three regions serve the new version.",
    "I would move the nightly job by one hour, so that it no longer meets the backup.",
    "The disk fills by about two percent a day, which leaves three weeks.",
    "Your ticket was passed to the billing team with the last invoice attached.",
    "The test fails because the clock in the container is one hour behind.",
    "Most of the time is spent waiting for the database, not in the handler.",
    "The cache answers nine of ten questions; the rest go to the store.",
    "Nothing was lost: the message stayed in the outbox until the line was back.",
    "The limit is counted per minute, so a burst is refused even where the hour has room.",
    "A smaller page size keeps memory flat and costs one more round trip.",
    "The customer can reset the password under Account, then Security.",
    "Roll back first and look for the cause afterwards.",
)

_GREETED_BY = re.compile(r"\s*(hello|hi|hey|good (morning|day|evening))\b.{0,20}$", re.IGNORECASE)
_TOKEN = re.compile(r"\s*\S+|\s+")


def pick(rng: Rng, count: int) -> int:
    """Return a number from 0 to `count` - 1."""
    return min(count - 1, int(rng.uniform(0, count)))


def words_for(question: str, tokens: int, rng: Rng) -> tuple[str, ...]:
    """Return the answer to `question` in pieces, one per token.

    There are about `tokens` of them: the answer ends with the first sentence that reaches that number. A greeting
    has its own length.
    """
    if _GREETED_BY.match(question):
        return pieces_of(GREETING)
    at = pick(rng, len(SENTENCES))
    said: tuple[str, ...] = ()
    while len(said) < tokens:
        sentence = SENTENCES[at % len(SENTENCES)]
        said += pieces_of(f" {sentence}" if said else sentence)
        at += 1
    return said


def pieces_of(text: str) -> tuple[str, ...]:
    """Return `text` cut before its blanks, the way tokens usually fall; joined again they are `text`."""
    return tuple(_TOKEN.findall(text)) or (text,)


def tokens_in(text: str) -> int:
    """Return about how many tokens a question has."""
    return max(1, len(text) // 4)
