"""Each state is told by shape, word and ink, and the worst reason outranks the others."""

import pytest

from tests.support.views import NOW, a_provider, degraded, down, slow, without_key
from tui_failover.console.picture import Ink, Span
from tui_failover.console.presentation import words
from tui_failover.console.presentation.words import Word
from tui_failover.core.command import BreakerHand, Imposed
from tui_failover.core.copying import replace
from tui_failover.core.health import Status
from tui_failover.core.snapshot import NotUsed, ProviderView, WhyNot
from tui_failover.core.transition import BreakerState

USUAL = a_provider("openai")
UNPROVEN = replace(USUAL, status=Status.UNKNOWN, verdict=Status.UNKNOWN)
HELD = replace(USUAL, breaker=replace(USUAL.breaker, hand=BreakerHand.OPEN, hand_until_at=NOW + 60))


@pytest.mark.parametrize(
    ("view", "expected"),
    [
        pytest.param(USUAL, "● UP", id="healthy"),
        pytest.param(UNPROVEN, "○ UNKN", id="without evidence"),
        pytest.param(slow(USUAL), "◐ SLOW", id="slow"),
        pytest.param(degraded(USUAL), "▲ DEGR 1/3", id="failing but available"),
        pytest.param(degraded(slow(USUAL)), "▲ DEGR 1/3", id="failing outranks slow"),
        pytest.param(down(USUAL), "✖ DOWN", id="unavailable"),
        pytest.param(without_key(USUAL), "◇ NOKEY", id="without a key"),
        pytest.param(HELD, "■ HELD", id="breaker held by hand"),
        pytest.param(replace(down(USUAL), imposed=Imposed.DRAIN), "■ DRAIN", id="drained outranks down"),
        pytest.param(replace(HELD, imposed=Imposed.MAINTENANCE), "■ MAINT", id="maintenance outranks held"),
    ],
)
def test_the_highest_reason_is_the_word(view: ProviderView, expected: str) -> None:
    assert words.mark(view).text == expected


@pytest.mark.parametrize(
    ("verdict", "expected"),
    [(Status.HEALTHY, Word.UP), (Status.UNKNOWN, Word.UNKN), (Status.UNHEALTHY, Word.DEGR)],
)
def test_a_check_under_way_never_hides_the_last_verdict(verdict: Status, expected: Word) -> None:
    view = replace(USUAL, status=Status.CHECKING, verdict=verdict, checking=True)

    assert words.state(view) is expected


def test_each_word_differs_from_each_other_without_colour() -> None:
    texts = [(sign.shape, word.value) for word, sign in words.SIGNS.items()]

    assert len(set(texts)) == len(Word)


def test_what_a_person_imposed_keeps_the_failure_as_second_reason() -> None:
    view = replace(down(USUAL), imposed=Imposed.DRAIN)

    assert words.reasons(view) == (Word.DRAIN, Word.DOWN)


def test_what_only_a_person_keeps_out_is_not_also_down() -> None:
    why = WhyNot(USUAL.id, NotUsed.DRAINING, "drained by ana, 0 in flight")
    view = replace(USUAL, imposed=Imposed.DRAIN, available=False, why_not=why)

    assert words.reasons(view) == (Word.DRAIN,)


def test_a_healthy_provider_has_one_reason() -> None:
    assert words.reasons(USUAL) == (Word.UP,)


def test_what_fails_is_not_also_unknown() -> None:
    assert words.reasons(replace(degraded(USUAL), verdict=Status.UNHEALTHY)) == (Word.DEGR,)


def test_how_long_a_word_has_held_is_told_only_where_it_is_known() -> None:
    half_open = replace(USUAL.breaker, state=BreakerState.HALF_OPEN)
    recovering = replace(down(USUAL), verdict=Status.HEALTHY, breaker=half_open)

    assert words.since_at(down(USUAL)) == down(USUAL).since_at
    assert words.since_at(slow(USUAL)) is None
    assert words.since_at(recovering) is None


def test_only_the_shape_of_a_healthy_provider_is_coloured() -> None:
    assert words.marks(USUAL) == (Span("●", Ink.UP), Span(" UP", Ink.MUTED))


@pytest.mark.parametrize(
    ("view", "expected"),
    [
        pytest.param(USUAL, Span("closed", Ink.MUTED), id="closed"),
        pytest.param(down(USUAL), Span("OPEN 18s", Ink.DOWN, bold=True), id="open, counting down"),
        pytest.param(
            replace(USUAL, breaker=replace(USUAL.breaker, state=BreakerState.HALF_OPEN, successes=1)),
            Span("half 1/3", Ink.SLOW),
            id="half-open, with its trials",
        ),
        pytest.param(HELD, Span("held open", Ink.HELD), id="held open"),
        pytest.param(
            replace(USUAL, breaker=replace(USUAL.breaker, hand=BreakerHand.CLOSED)),
            Span("held closed", Ink.HELD),
            id="held closed",
        ),
        pytest.param(
            replace(USUAL, available=False, why_not=WhyNot(USUAL.id, NotUsed.RATE_LIMITED, "limited", NOW + 42)),
            Span("429 42s", Ink.DOWN),
            id="a rate limit keeps it out",
        ),
        pytest.param(
            replace(USUAL, available=False, why_not=WhyNot(USUAL.id, NotUsed.AUTH, "key refused")),
            Span("auth", Ink.DOWN),
            id="a hold without an end",
        ),
        pytest.param(
            replace(USUAL, full=WhyNot(USUAL.id, NotUsed.FULL, "at its limit", NOW + 12)),
            Span("full 12s", Ink.SLOW),
            id="at its limit, though available",
        ),
    ],
)
def test_the_breaker_column_says_what_keeps_the_provider_out(view: ProviderView, expected: Span) -> None:
    assert words.gate(view, NOW) == expected
