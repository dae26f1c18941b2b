"""A provider in five lines, where the screen is large enough: a rule with its state, then what is known."""

from tui_failover.console.picture import Ink, Line, Span
from tui_failover.console.presentation import duration, figures, sparkline, words
from tui_failover.console.presentation.cells import cells, close, left, light, width_of
from tui_failover.console.presentation.chain_frame import Frame, lead, summary
from tui_failover.core.snapshot import ProviderView

_LABEL = 6


def card(frame: Frame, place: int, view: ProviderView) -> tuple[Line, ...]:
    """Return the provider's five lines."""
    indent = Span(" " * frame.columns.lead)
    window = frame.window(max(0, frame.width - frame.columns.lead - _LABEL - 2))
    title = _title(frame, place)
    selected = view.id == frame.picture.selected
    return (
        light(title) if selected else title,
        close((indent, Span(_story(frame, view), Ink.MUTED)), frame.width),
        close((indent, _label("live"), *sparkline.live(view, window, frame.scale)), frame.width),
        close((indent, _label("probe"), *sparkline.probes(view, window, frame.scale)), frame.width),
        close((indent, *_figures(frame, view)), frame.width),
    )


def _title(frame: Frame, place: int) -> Line:
    start = lead(frame, place)
    return close((*start, Span("─" * max(0, frame.width - width_of(start)), Ink.FAINT)), frame.width)


def _story(frame: Frame, view: ProviderView) -> str:
    since_at = words.since_at(view)
    since = () if since_at is None else (f"for {duration.length(frame.picture.at - since_at)}",)
    return " · ".join((summary(frame, view), *since, view.dialect.value, view.model))


def _label(text: str) -> Span:
    return Span(left(text, _LABEL), Ink.MUTED)


def _figures(frame: Frame, view: ProviderView) -> tuple[Span, ...]:
    now = frame.picture.at
    checked = duration.ago(view.last_check_at, now)
    after = duration.due(view.next_probe_at, now) or "none"
    pairs = [
        ("p50", duration.latency(view.p50_s), 6),
        ("p95", duration.latency(view.p95_s), 6),
        ("err", figures.share(view.error_share), 5),
        ("rate", figures.rate(view.rate), 7),
        ("in flight", figures.count(view.inflight), 4),
        ("tok/s", figures.tokens(view.tokens_per_s), 5),
        ("checked", checked, 10),
        ("next", after, 8),
        ("spent", figures.money(view.spend + view.probe_spend) + (" +?" if view.unpriced else ""), 11),
    ]
    room = frame.width - frame.columns.lead
    if sum(cells(label) + cells_wide + 2 for label, _, cells_wide in pairs) > room:
        del pairs[0]  # the one that is missed least
    spans: list[Span] = []
    for label, value, cells_wide in pairs:
        spans.extend((Span(f"{label} ", Ink.MUTED), Span(left(value, cells_wide) + " ", Ink.TEXT)))
    return tuple(spans)
