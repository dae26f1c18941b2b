"""Line 3: the traffic of everyone together, and how it went in the last minutes."""

from tui_failover.console.picture import Ink, Line, Picture, Span
from tui_failover.console.presentation import duration, figures, sparkline
from tui_failover.console.presentation.cells import close, drawn, left, right, width_of
from tui_failover.console.presentation.sparkline import Window
from tui_failover.core.history import Slot
from tui_failover.core.snapshot import ProviderView, Snapshot

_MINUTE_S = 60.0
_SAMPLES = 1000  # how many of the newest answers p50 and p95 are taken over
_HOUR_S = 3600.0
_LEAST_UPTIME_S = 60.0  # before that a price per hour would be a guess

Held = dict[int, Slot]


def totals(picture: Picture, width: int) -> tuple[Line, ...]:
    """Return the line of totals; the small rows of bars take the room that is left."""
    busy = [view for view in picture.snapshot.providers if view.live.slots]
    blocks = _figures(picture, busy)
    gap = 3 if width >= 120 else 2
    while len(blocks) > 1 and 1 + sum(width_of(block) + gap for block in blocks) > width:
        blocks.pop()
    free = width - 1 - sum(width_of(block) + gap for block in blocks)
    columns = min(30, (free - 6) // 3)
    if columns >= 5 and len(blocks) >= 3:
        bars = _bars(picture, busy, columns)
        blocks = [[*block, Span(" "), *row] for block, row in zip(blocks, bars, strict=False)] + blocks[3:]
    spans = [Span(" ")]
    for block in blocks:
        spans.extend((*block, Span(" " * gap)))
    return drawn((close(spans, width),), ascii_only=picture.ascii)


def _figures(picture: Picture, busy: list[ProviderView]) -> list[list[Span]]:
    """Return the figures, the most needed first; each keeps its width while its value changes."""
    snapshot = picture.snapshot
    asked = sum(agent.rate for agent in snapshot.agents)
    p50, p95 = _percentiles(busy)
    failed = _failed_share(busy, picture.at)
    inflight = sum(view.inflight for view in snapshot.providers)
    bad = failed is not None and failed >= 0.005
    blocks = [
        [Span(right(figures.rate(asked), 6), Ink.TEXT)],
        [Span("err ", Ink.MUTED), Span(right(figures.share(failed), 5), Ink.DEGR if bad else Ink.TEXT, bold=bad)],
        [Span("p95 ", Ink.MUTED), Span(right(duration.latency(p95), 5), Ink.TEXT)],
        [Span("in flight ", Ink.MUTED), Span(left(str(inflight), 3), Ink.TEXT)],
        [Span("p50 ", Ink.MUTED), Span(right(duration.latency(p50), 5), Ink.TEXT)],
    ]
    cost = _per_hour(snapshot, picture.at)
    if cost:
        blocks.append([Span("cost ", Ink.MUTED), Span(left(cost, 12), Ink.TEXT)])
    return blocks


def _percentiles(busy: list[ProviderView]) -> tuple[float | None, float | None]:
    if not busy:
        return None, None
    each = max(5, _SAMPLES // len(busy))
    answers = sorted(value for view in busy for value in view.live.recent[-each:])
    if not answers:
        return None, None
    return answers[len(answers) // 2], answers[min(len(answers) - 1, int(0.95 * len(answers)))]


def _failed_share(busy: list[ProviderView], now: float) -> float | None:
    counted = [view.live.counts(now, _MINUTE_S) for view in busy]
    failed = sum(bad for _, bad in counted)
    everything = sum(ok for ok, _ in counted) + failed
    return failed / everything if everything else None


def _per_hour(snapshot: Snapshot, now: float) -> str:
    uptime = now - snapshot.started_at
    spent = sum(view.spend + view.probe_spend for view in snapshot.providers)
    if uptime < _LEAST_UPTIME_S or spent <= 0:
        return ""
    unpriced = any(view.unpriced for view in snapshot.providers)
    return f"{figures.money(spent * _HOUR_S / uptime)}/h" + (" +?" if unpriced else "")


def _bars(picture: Picture, busy: list[ProviderView], columns: int) -> tuple[tuple[Span, ...], ...]:
    """Return three rows of bars: queries, failures, slowest answers."""
    window = Window(picture.at, picture.window_s, columns)
    held: Held = {}
    for view in busy:
        for column, slot in sparkline.totals(sparkline.newest(view.live, window), window).items():
            known = held.get(column)
            held[column] = slot if known is None else sparkline.joined(known, slot)
    numbers = range(window.first, window.last + 1)
    most = max((slot.ok + slot.failed for slot in held.values()), default=1) or 1
    scale = sparkline.shared_scale(picture.snapshot)
    counts = "".join(_share_bar(held[n].ok + held[n].failed, most) if n in held else " " for n in numbers)
    failures = "".join(_failure_bar(held[n]) if n in held else " " for n in numbers)
    slowest = "".join(scale.bar(held[n].worst_s) if n in held and held[n].ok else " " for n in numbers)
    return (Span(counts, Ink.MUTED),), (Span(failures, Ink.DOWN),), (Span(slowest, Ink.MUTED),)


def _share_bar(part: int, whole: int) -> str:
    bars = sparkline.BARS
    return bars[min(len(bars) - 1, part * len(bars) // whole)]


def _failure_bar(slot: Slot) -> str:
    return _share_bar(slot.failed, slot.ok + slot.failed) if slot.failed else " "
