"""The chain: every provider in its place, with its state, its breaker, its figures and its recent past.

Rows never move and sick rows never fold away; rows out of view are told by a count of what they are.
"""

from collections import Counter

from tui_failover.console.picture import Ink, Line, Picture, Span
from tui_failover.console.presentation import duration, sparkline, words
from tui_failover.console.presentation.arrangement import Arrangement, Style, arrange
from tui_failover.console.presentation.cards import card
from tui_failover.console.presentation.cells import clip, close, drawn, left, light, page, right, rule
from tui_failover.console.presentation.chain_frame import (
    ERR_CELLS,
    FLIGHT_CELLS,
    GATE_CELLS,
    LABELLED_CELLS,
    P95_CELLS,
    TOKENS_CELLS,
    Frame,
    frame_of,
    lead,
    numbers,
    summary,
    why,
)
from tui_failover.core.snapshot import ProviderView

_CHECKED = 18  # cells of "checked 6m50s ago"
_NAMED = 8  # cells of the name before a row of bars


def chain(picture: Picture, width: int, height: int, top: int = 0) -> tuple[Line, ...]:
    """Return the block of the chain in exactly that size, with `top` as the first row in view."""
    plan = arrange(picture, width, height)
    first = plan.top(top)
    frame = frame_of(picture, width)
    lines = [_title(frame, plan)]
    if plan.head > 1:
        lines.append(_headings(frame))
    for row in range(first, min(first + plan.capacity, len(plan.shown))):
        picture.breathe()
        lines.extend(_row(frame, plan.style, plan.shown[row]))
    if not plan.shown:
        lines.append(_none(frame))
    if plan.scrolls:
        lines = [*page(lines, width, height - 1), _out_of_view(frame, plan, first)]
    return drawn(page(lines, width, height), ascii_only=picture.ascii)


def _row(frame: Frame, style: Style, place: int) -> tuple[Line, ...]:
    view = frame.picture.snapshot.providers[place]
    match style:
        case Style.LINE:
            lines: tuple[Line, ...] = (_one(frame, place, view),)
        case Style.PAIR:
            lines = _pair(frame, place, view)
        case Style.CARD:
            return card(frame, place, view)
    return tuple(light(line) for line in lines) if view.id == frame.picture.selected else lines


def _one(frame: Frame, place: int, view: ProviderView) -> Line:
    columns = frame.columns
    spans = [*lead(frame, place)]
    if columns.figures:
        spans.extend(numbers(frame, view, labels=False))
    if columns.bars and not view.live and not view.probes:
        spans.append(Span("  " + left(why(view) or "no data yet", columns.bars), Ink.MUTED))
    elif columns.bars:
        spans.append(Span("  "))
        spans.extend(sparkline.either(view, frame.window(columns.bars), frame.scale))
    if columns.reason:
        spans.append(Span("  " + clip(why(view), columns.reason), Ink.MUTED))
    return close(spans, frame.width)


def _pair(frame: Frame, place: int, view: ProviderView) -> tuple[Line, ...]:
    columns = frame.columns
    now = frame.picture.at
    told = columns.names + LABELLED_CELLS
    window = frame.window(max(0, frame.width - 1 - columns.lead - told - _NAMED))
    first = [*lead(frame, place), *numbers(frame, view, labels=True), Span("  live  ", Ink.MUTED)]
    first.extend(sparkline.live(view, window, frame.scale))
    checked = "never checked" if view.last_check_at is None else f"checked {duration.ago(view.last_check_at, now)}"
    second = [
        Span(" " * columns.lead),
        Span(left(summary(frame, view), told - _CHECKED - 2) + "  ", Ink.MUTED),
        Span(right(checked, _CHECKED), Ink.MUTED),
        Span("  probe ", Ink.MUTED),
        *sparkline.probes(view, window, frame.scale),
    ]
    return close(first, frame.width), close(second, frame.width)


def _title(frame: Frame, plan: Arrangement) -> Line:
    picture = frame.picture
    if picture.filter:
        found = f'filter "{clip(picture.filter, 20)}": {len(plan.shown)} of {plan.total}'
        return rule("chain (order of use)", frame.width, Span(found, Ink.ACCENT))
    low, high = duration.latency(frame.scale.low_s), duration.latency(frame.scale.high_s)
    notes = f"{duration.window(picture.window_s)} · ▁ {low} █ {high}"
    if frame.width >= 90:
        notes = f"last {notes} · × failed · no sample"
    return rule("chain (order of use)", frame.width, Span(notes, Ink.MUTED))


def _headings(frame: Frame) -> Line:
    columns = frame.columns
    text = right("#", columns.lead - 1) + " " + left("PROVIDER", columns.name + 1)
    text += left("STATE", words.STATE_CELLS) + left("BREAKER", GATE_CELLS)
    if columns.figures:
        text += right("P95", P95_CELLS) + right("ERR", ERR_CELLS)
    text += right("RATE", columns.rate) if columns.rate else ""
    text += right("FLIGHT", FLIGHT_CELLS) + right("TOK/S", TOKENS_CELLS) if columns.flow else ""
    text += "  " + left("RESPONSE TIME", columns.bars) if columns.bars else ""
    text += "  WHY" if columns.reason else ""
    return close((Span(text, Ink.MUTED),), frame.width)


def _none(frame: Frame) -> Line:
    if frame.picture.filter:
        return close((Span("   no provider matches the filter; esc clears it", Ink.MUTED),), frame.width)
    return close((Span("   no providers are configured", Ink.MUTED),), frame.width)


def _out_of_view(frame: Frame, plan: Arrangement, first: int) -> Line:
    views = frame.picture.snapshot.providers
    hidden = [*plan.shown[:first], *plan.shown[first + plan.capacity :]]
    counts = Counter(words.state(views[place]) for place in hidden)
    last = min(first + plan.capacity, len(plan.shown))
    spans = [Span(f"   {first + 1}-{last} of {len(plan.shown)}   not in view: ", Ink.MUTED)]
    for word, sign in words.SIGNS.items():
        if counts[word]:
            text = f"{sign.shape} {counts[word]} {sign.name}"
            spans.extend((Span(text, sign.ink, bold=sign.loud), Span("   ")))
    return close(spans, frame.width)
