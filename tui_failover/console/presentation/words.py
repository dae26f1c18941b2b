"""What a provider's state is called on the screen: shape, word and ink, so that none has to be trusted alone."""

from collections.abc import Callable
from enum import StrEnum
from typing import Final

from msgspec import Struct

from tui_failover.console.picture import Ink, Span
from tui_failover.console.presentation import duration
from tui_failover.core.command import BreakerHand, Imposed
from tui_failover.core.health import Status
from tui_failover.core.snapshot import Flag, NotUsed, ProviderView
from tui_failover.core.transition import BreakerState


class Word(StrEnum):
    """The short state words, in the order in which they outrank each other."""

    MAINT = "MAINT"
    DRAIN = "DRAIN"
    HELD = "HELD"
    NOKEY = "NOKEY"
    DOWN = "DOWN"
    DEGR = "DEGR"
    SLOW = "SLOW"
    UNKN = "UNKN"
    UP = "UP"


class Sign(Struct, frozen=True):
    """How a word is drawn. `name` is what sentences call it."""

    shape: str
    ink: Ink
    loud: bool
    name: str


SIGNS: Final[dict[Word, Sign]] = {
    Word.MAINT: Sign("■", Ink.HELD, loud=False, name="in maintenance"),
    Word.DRAIN: Sign("■", Ink.HELD, loud=False, name="drained"),
    Word.HELD: Sign("■", Ink.HELD, loud=False, name="held by hand"),
    Word.NOKEY: Sign("◇", Ink.UNKN, loud=False, name="without a key"),
    Word.DOWN: Sign("✖", Ink.DOWN, loud=True, name="down"),
    Word.DEGR: Sign("▲", Ink.DEGR, loud=True, name="degraded"),
    Word.SLOW: Sign("◐", Ink.SLOW, loud=True, name="slow"),
    Word.UNKN: Sign("○", Ink.UNKN, loud=False, name="unknown"),
    Word.UP: Sign("●", Ink.UP, loud=False, name="up"),
}

CHECKING: Final = "↻"
_FINAL: Final = frozenset({Word.NOKEY, Word.DOWN})
STATE_CELLS: Final = 12  # "▲ DEGR 1/3" and the mark of a check under way


_BY_HAND: Final = frozenset({NotUsed.MAINTENANCE, NotUsed.DRAINING, NotUsed.HELD_OPEN})


def _only_by_hand(view: ProviderView) -> bool:
    """Tell whether nothing but a person's order keeps queries away."""
    ordered = view.why_not is not None and view.why_not.code in _BY_HAND
    return ordered and view.verdict is not Status.UNHEALTHY and view.breaker.state is BreakerState.CLOSED


def _struggling(view: ProviderView) -> bool:
    return view.failures > 0 or view.verdict is Status.UNHEALTHY or Flag.DEGRADED in view.flags


_LADDER: Final[tuple[tuple[Word, Callable[[ProviderView], bool]], ...]] = (
    (Word.MAINT, lambda view: view.imposed is Imposed.MAINTENANCE),
    (Word.DRAIN, lambda view: view.imposed is Imposed.DRAIN),
    (Word.HELD, lambda view: view.breaker.hand is not None),
    (Word.NOKEY, lambda view: view.missing_key is not None),
    (Word.DOWN, lambda view: not view.available and not _only_by_hand(view)),
    (Word.DEGR, _struggling),
    (Word.SLOW, lambda view: Flag.SLOW in view.flags),
    (Word.UNKN, lambda view: view.verdict not in {Status.HEALTHY, Status.UNHEALTHY}),
)


def _plainly_up(view: ProviderView) -> bool:
    return (
        view.available
        and view.verdict is Status.HEALTHY
        and view.failures == 0
        and not view.flags
        and view.missing_key is None
        and view.imposed is Imposed.NOTHING
        and view.breaker.hand is None
    )


def reasons(view: ProviderView) -> tuple[Word, ...]:
    """Return every word that adds something, the one to show first; never empty.

    A provider that is down, or has no key, is not also degraded, slow or unknown.
    """
    held = [word for word, holds in _LADDER if holds(view)] or [Word.UP]
    final = next((place for place, word in enumerate(held) if word in _FINAL), len(held))
    return tuple(held[: final + 1])


def state(view: ProviderView) -> Word:
    """Return the word to show: what a person imposed outranks what failed, and failing outranks being slow."""
    if _plainly_up(view):  # most are, and this is asked for every provider several times a second
        return Word.UP
    return next((word for word, holds in _LADDER if holds(view)), Word.UP)


def since_at(view: ProviderView) -> float | None:
    """Return since when the word holds; None where the engine's last change of status tells of something else."""
    match state(view):
        case Word.SLOW:
            return None
        case Word.DEGR:
            return view.since_at if view.verdict is Status.UNHEALTHY else None
        case Word.DOWN:
            recovering = view.verdict is Status.HEALTHY and view.breaker.state is not BreakerState.CLOSED
            return None if recovering else view.since_at
        case _:
            return view.since_at


def mark(view: ProviderView) -> Span:
    """Return shape and word as one run ("▲ DEGR 1/3")."""
    first, second = marks(view)
    return Span(first.text + second.text, first.ink, first.bold)


def marks(view: ProviderView) -> tuple[Span, Span]:
    """Return shape and word apart: the word of a healthy provider is not coloured."""
    word = state(view)
    sign = SIGNS[word]
    tally = f" {view.failures}/{view.threshold}" if word is Word.DEGR and view.failures else ""
    ink = Ink.MUTED if word is Word.UP else sign.ink
    return Span(sign.shape, sign.ink, bold=sign.loud), Span(f" {word.value}{tally}", ink, bold=sign.loud)


def shape(view: ProviderView) -> Span:
    """Return the shape alone, for places without room for the word."""
    sign = SIGNS[state(view)]
    return Span(sign.shape, sign.ink, bold=sign.loud)


_HANDS: Final = {BreakerHand.OPEN: "held open", BreakerHand.CLOSED: "held closed"}
_HOLDS: Final = {
    NotUsed.RATE_LIMITED: "429",
    NotUsed.QUOTA: "quota",
    NotUsed.AUTH: "auth",
    NotUsed.MODEL_MISSING: "model",
}


def gate(view: ProviderView, now: float) -> Span:
    """Return the breaker in at most twelve cells, or the timed hold that keeps a closed one's provider out."""
    breaker = view.breaker
    if breaker.hand is not None:
        return Span(_HANDS[breaker.hand], Ink.HELD)
    match breaker.state:
        case BreakerState.OPEN:
            return Span(_with_rest("OPEN", breaker.until_at, now), Ink.DOWN, bold=True)
        case BreakerState.HALF_OPEN:
            return Span(f"half {breaker.successes}/{breaker.needed}", Ink.SLOW)
        case BreakerState.CLOSED:
            held = None if view.why_not is None else _HOLDS.get(view.why_not.code)
            if view.why_not is None and view.full is not None:
                return Span(_with_rest("full", view.full.until_at, now), Ink.SLOW)
            if view.why_not is None or held is None:
                return Span("closed", Ink.MUTED)
            return Span(_with_rest(held, view.why_not.until_at, now), Ink.DOWN)


def _with_rest(word: str, until: float | None, now: float) -> str:
    rest = duration.countdown(until, now)
    return f"{word} {rest}" if rest else word
