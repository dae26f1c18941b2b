"""Two parts of one text are joined so that nothing is said twice and nothing is lost."""

import itertools
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_failover.wire.continuation import (
    MOST_HELD,
    Splice,
    anchor_of,
    invitation,
    may_be_continued,
    sound,
)
from tui_failover.wire.dialect import Dialect

STORY = (
    "The quick brown fox jumps over the lazy dog. It does so every morning, rain or shine,\n\nand nobody has ever "
    "asked it why. The dog, for its part, has stopped looking up; it has seen the fox before.\n"
)
# Few letters, so that texts repeat themselves, and much white space.
TEXTS = st.one_of(
    st.text(min_size=1, max_size=300),
    st.text("ab \n", min_size=1, max_size=300),
    st.builds(lambda one, times: one * times, st.text("ab c", min_size=1, max_size=9), st.integers(1, 40)),
)


@st.composite
def broken(draw: st.DrawFn) -> tuple[str, int]:
    """Draw a text and where it broke off, after something that can be seen."""
    text = draw(TEXTS.filter(str.strip))
    first = len(text) - len(text.lstrip()) + 1
    return text, draw(st.integers(first, len(text)))


def in_pieces(text: str, cuts: Sequence[int]) -> list[str]:
    """Cut `text` at the given places, wherever they fall in it."""
    edges = [0, *sorted(cut % (len(text) + 1) for cut in cuts), len(text)]
    return [text[start:end] for start, end in itertools.pairwise(edges)]


def joined(delivered: str, pieces: Sequence[str], anchor: str) -> str:
    splice = Splice(delivered, anchor)
    rest = "".join([splice.feed(piece) for piece in pieces])
    return delivered + rest if splice.settled else "lost"


CUTS = st.lists(st.integers(0, 1000), max_size=30)


@given(broken(), CUTS)
def test_a_model_that_repeats_the_end_is_joined_on_without_a_seam(case: tuple[str, int], cuts: list[int]) -> None:
    text, cut = case
    delivered, anchor = text[:cut], anchor_of(text[:cut])
    from_there = text[delivered.rindex(anchor) :]

    if anchor:
        assert joined(delivered, in_pieces(from_there, cuts), anchor) == text


@given(broken(), CUTS)
def test_a_model_that_begins_again_is_followed_to_where_the_text_broke_off(
    case: tuple[str, int], cuts: list[int]
) -> None:
    text, cut = case
    delivered, anchor = text[:cut], anchor_of(text[:cut])

    if anchor:
        assert joined(delivered, in_pieces(text, cuts), anchor) == text


@given(broken(), CUTS)
def test_a_model_that_was_given_the_beginning_goes_on_at_once(case: tuple[str, int], cuts: list[int]) -> None:
    text, cut = case
    delivered = text[:cut]
    given = delivered.rstrip()  # a vendor refuses white space at the end

    assert joined(delivered, in_pieces(text[len(given) :], cuts), "") == text


@given(broken(), CUTS, st.sampled_from(["Sure, here is the rest:\n\n", "...", '"', "<end>"]))
def test_what_is_said_before_a_long_enough_end_is_cut(case: tuple[str, int], cuts: list[int], lead: str) -> None:
    text, cut = case
    delivered = f"{STORY}{text[:cut]}"
    anchor = anchor_of(delivered)

    if anchor:
        said = lead + (STORY + text)[delivered.rindex(anchor) :]
        assert joined(delivered, in_pieces(said, cuts), anchor) == STORY + text


@given(broken(), CUTS)
def test_white_space_may_be_repeated_otherwise(case: tuple[str, int], cuts: list[int]) -> None:
    text, _ = case
    anchor = anchor_of(STORY)
    said = "\n".join(anchor.split()) + "\n" + text.lstrip()

    assert joined(STORY, in_pieces(said, cuts), anchor) == STORY + text.lstrip()


@given(st.text(min_size=1, max_size=200).filter(lambda text: "seen the fox" not in text), CUTS)
def test_a_model_that_says_something_else_is_given_up_within_a_bound(text: str, cuts: list[int]) -> None:
    splice = Splice(STORY, anchor_of(STORY))
    endless = ("x" + text.replace("T", "t")) * (MOST_HELD + 1)

    told = [splice.feed(piece) for piece in in_pieces(endless, cuts)]

    assert not any(told)
    assert (splice.settled, splice.lost) == (False, True)


def test_a_text_begun_again_is_followed_beyond_that_bound() -> None:
    long = " ".join(str(number) for number in range(2_000))
    delivered = long[:5_000]

    assert joined(delivered, in_pieces(long, range(0, len(long), 7)), anchor_of(delivered)) == long


def test_a_short_end_counts_only_at_the_beginning() -> None:
    splice = Splice("I", "I")

    assert splice.feed("Sure, I can go on.") == ""
    assert not splice.settled


@pytest.mark.parametrize(
    ("text", "anchor"),
    [
        (STORY, "s stopped looking up; it has seen the fox before."),
        ("Short. ", "Short."),
        ("x" * 5_000, ""),
        ("  \n", ""),
    ],
    ids=["the last forty", "all of it", "no end of its own", "nothing to be seen"],
)
def test_what_is_to_be_repeated(text: str, anchor: str) -> None:
    assert anchor_of(text) == anchor


def test_an_end_that_stands_elsewhere_too_is_made_longer() -> None:
    refrain = "and the rain it raineth every day, with hey, ho, the wind and the rain"
    text = f"First verse, {refrain}\nSecond verse, {refrain}"

    anchor = anchor_of(text)

    assert text.endswith(anchor)
    assert text.find(anchor) == len(text) - len(anchor)


def test_the_invitation_quotes_the_end() -> None:
    assert "<end>the lazy dog.</end>" in invitation("the lazy dog.")


def test_halves_of_a_letter_become_whole_again() -> None:
    assert sound("a\ud83d\ude00b\ud83d") == "a😀b\ufffd"


@pytest.mark.parametrize(
    ("dialect", "body", "may"),
    [
        (Dialect.OPENAI, {}, True),
        (Dialect.OPENAI, {"n": 1, "response_format": {"type": "text"}, "logprobs": False}, True),
        (Dialect.OPENAI, {"n": 2}, False),
        (Dialect.OPENAI, {"n": []}, False),
        (Dialect.ANTHROPIC, {"tools": [{"type": []}]}, False),
        (Dialect.OPENAI, {"response_format": {"type": "json_object"}}, False),
        (Dialect.OPENAI, {"response_format": {"type": "json_schema"}}, False),
        (Dialect.OPENAI, {"logprobs": True}, False),
        (Dialect.OPENAI, {"audio": {"voice": "alloy"}}, False),
        (Dialect.OPENAI, {"modalities": ["text", "audio"]}, False),
        (Dialect.OPENAI, {"tools": [{"type": "function"}]}, True),
        (Dialect.ANTHROPIC, {"tools": [{"name": "a"}, {"type": "custom", "name": "b"}]}, True),
        (Dialect.ANTHROPIC, {"tools": [{"type": "web_search_20250305", "name": "web_search"}]}, False),
        (Dialect.ANTHROPIC, {"output_config": {"effort": "low"}}, True),
        (Dialect.ANTHROPIC, {"output_config": {"format": {"type": "json_schema"}}}, False),
    ],
)
def test_only_plain_text_is_continued(dialect: Dialect, body: dict[str, object], may: bool) -> None:
    assert may_be_continued(dialect, body) is may
