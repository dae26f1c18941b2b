"""What an answer's headers say of the provider's rate limits, in the words of both vendors.

OpenAI's, and many others' of its dialect: `x-ratelimit-{limit,remaining,reset}-{requests,tokens}`, resets as spans
such as "6m12s". Anthropic's: `anthropic-ratelimit-{requests,input-tokens,...}-{limit,remaining,reset}`, resets as
RFC 3339 times. Whatever is not a plain count is left out, as is a limit that allows nothing at all.
"""

from collections.abc import Mapping

from tui_failover.core.allowance import Quantity, Word
from tui_failover.wire.retry_after import number, reset_s

_MOST = 10**12  # beyond it a count is nonsense, or no limit


def _openai(name: str) -> tuple[str, str, str]:
    return f"x-ratelimit-limit-{name}", f"x-ratelimit-remaining-{name}", f"x-ratelimit-reset-{name}"


def _anthropic(name: str) -> tuple[str, str, str]:
    start = f"anthropic-ratelimit-{name}"
    return f"{start}-limit", f"{start}-remaining", f"{start}-reset"


# In order of preference: Anthropic's "tokens" repeat whichever of its other two is tighter, so they come last.
_GROUPS = (
    (Quantity.QUERIES, *_openai("requests")),
    (Quantity.TOKENS, *_openai("tokens")),
    (Quantity.QUERIES, *_anthropic("requests")),
    (Quantity.TOKENS, *_anthropic("input-tokens")),
    (Quantity.WRITTEN, *_anthropic("output-tokens")),
    (Quantity.TOKENS, *_anthropic("tokens")),
)
_TELLING = frozenset(left_name for _, _, left_name, _ in _GROUPS)


def limit_words(headers: Mapping[str, str]) -> tuple[Word, ...]:
    """Return what the headers say, at most one word for each quantity; () where they say nothing.

    Args:
        headers: of the answer, with lower-case names; times are measured against its own `date`.
    """
    if _TELLING.isdisjoint(headers):
        return ()
    words: dict[Quantity, Word] = {}
    for quantity, limit_name, left_name, reset_name in _GROUPS:
        if left_name not in headers or quantity in words:
            continue
        left, limit = _count(headers, left_name), _count(headers, limit_name)
        if left is None or limit is None or limit == 0:
            continue
        reset = headers.get(reset_name, "").strip()
        words[quantity] = Word(quantity, limit, min(left, limit), reset_s(reset, headers) if reset else None)
    return tuple(words.values())


def _count(headers: Mapping[str, str], name: str) -> int | None:
    found = number(headers.get(name, ""))
    return int(found) if found is not None and found <= _MOST else None
