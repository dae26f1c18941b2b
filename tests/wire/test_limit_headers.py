"""What answers say of rate limits, in the vendors' own examples and in nonsense."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_failover.core.allowance import Quantity, Word
from tui_failover.wire.limit_headers import limit_words

DATE = {"date": "Mon, 23 Nov 2026 10:00:00 GMT"}
# https://platform.openai.com/docs/guides/rate-limits, "Rate limits in headers"
OPENAI = {
    "x-ratelimit-limit-requests": "60",
    "x-ratelimit-limit-tokens": "150000",
    "x-ratelimit-remaining-requests": "59",
    "x-ratelimit-remaining-tokens": "149984",
    "x-ratelimit-reset-requests": "1s",
    "x-ratelimit-reset-tokens": "6m0s",
}
# https://docs.anthropic.com/en/api/rate-limits, "Response headers"
ANTHROPIC = DATE | {
    "anthropic-ratelimit-requests-limit": "50",
    "anthropic-ratelimit-requests-remaining": "0",
    "anthropic-ratelimit-requests-reset": "2026-11-23T10:00:12Z",
    "anthropic-ratelimit-tokens-limit": "8000",
    "anthropic-ratelimit-tokens-remaining": "7000",
    "anthropic-ratelimit-tokens-reset": "2026-11-23T10:00:08Z",
    "anthropic-ratelimit-input-tokens-limit": "30000",
    "anthropic-ratelimit-input-tokens-remaining": "29000",
    "anthropic-ratelimit-input-tokens-reset": "2026-11-23T10:00:02Z",
    "anthropic-ratelimit-output-tokens-limit": "8000",
    "anthropic-ratelimit-output-tokens-remaining": "7000",
    "anthropic-ratelimit-output-tokens-reset": "2026-11-23T10:00:08Z",
}
NAMES = st.sampled_from(sorted(OPENAI | ANTHROPIC))


def test_openais_headers_are_read() -> None:
    assert limit_words(OPENAI) == (
        Word(Quantity.QUERIES, 60, 59, 1.0),
        Word(Quantity.TOKENS, 150_000, 149_984, 360.0),
    )


def test_anthropics_headers_are_read_by_their_own_date() -> None:
    assert limit_words(ANTHROPIC) == (
        Word(Quantity.QUERIES, 50, 0, 12.0),
        Word(Quantity.TOKENS, 30_000, 29_000, 2.0),
        Word(Quantity.WRITTEN, 8_000, 7_000, 8.0),
    )


def test_tokens_in_all_count_where_those_read_are_not_told() -> None:
    told = {name: value for name, value in ANTHROPIC.items() if "input" not in name and "output" not in name}

    assert limit_words(told)[1] == Word(Quantity.TOKENS, 8_000, 7_000, 8.0)


@pytest.mark.parametrize(
    ("reset", "seconds"),
    [("20ms", 0.02), ("6m12s", 372.0), ("1h", 3600.0), ("soon", None), ("-5s", None), ("", None), ("NaN", None)],
)
def test_resets_are_read(reset: str, seconds: float | None) -> None:
    (queries, _) = limit_words(OPENAI | {"x-ratelimit-reset-requests": reset})

    assert queries.reset_s == seconds


@pytest.mark.parametrize("value", ["", "-1", "NaN", "inf", "1e9", "59, 59", "many", "٥", "9" * 30])
@pytest.mark.parametrize("name", ["x-ratelimit-remaining-requests", "x-ratelimit-limit-requests"])
def test_what_is_no_count_is_left_out(name: str, value: str) -> None:
    assert [word.quantity for word in limit_words(OPENAI | {name: value})] == [Quantity.TOKENS]


def test_a_limit_that_allows_nothing_is_none() -> None:
    assert limit_words({"x-ratelimit-limit-requests": "0", "x-ratelimit-remaining-requests": "0"}) == ()


def test_no_more_is_left_than_there_is() -> None:
    (word, _) = limit_words(OPENAI | {"x-ratelimit-remaining-requests": "90"})

    assert word.left == 60


@given(
    headers=st.dictionaries(NAMES | st.text(max_size=20), st.text(max_size=30) | st.from_regex(r"\d+[a-z]{0,2}"))
)
def test_whatever_comes_words_are_possible(headers: dict[str, str]) -> None:
    words = limit_words(headers)

    assert len({word.quantity for word in words}) == len(words)
    for word in words:
        assert 0 <= word.left <= word.limit
        assert word.reset_s is None or (math.isfinite(word.reset_s) and word.reset_s >= 0)
