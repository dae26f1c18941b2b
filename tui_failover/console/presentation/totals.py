"""Line 3: the traffic of everyone together, and how it went in the last minutes."""

from heapq import nlargest

from tui_failover.console.picture import Ink, Line, Picture, Span
from tui_failover.console.presentation import duration, figures, sparkline
from tui_failover.console.presentation.cells import close, drawn, left, right, width_of
from tui_failover.console.presentation.sparkline import Tallies, Window
from tui_failover.core.snapshot import ProviderView, Snapshot

_BARRED = 3  # the first three figures have bars
_NEEDED = 6  # figures that no bars take the room from
_LEAST_BARS, _MOST_BARS = 6, 30
_BARS_FROM = 24  # providers; each costs some microseconds a second, and the rest would hardly move a bar
_MINUTE_S = 60.0
_SAMPLES = 1000  # how many of the newest answers p50 and p95 are taken over
_HOUR_S = 3600.0
_LEAST_UPTIME_S = 60.0  # before that a price per hour would be a guess


def totals(picture: Picture, width: int) -> tuple[Line, ...]:
    """Return the line of totals; the small rows of bars take the room that is left."""
    busy = [view for view in picture.snapshot.providers if view.live]
    blocks = _figures(picture, busy)
    gap = 3 if width >= 120 else 2
    spare = 3 * (_LEAST_BARS + 1)
    while len(blocks) > _NEEDED and _taken(blocks, gap) + spare > width:
        blocks.pop()
    columns = min(_MOST_BARS, (width - _taken(blocks, gap)) // 3 - 1)
    if columns >= _LEAST_BARS:
        bars = _bars(picture, busy, columns)
        blocks = [[*block, Span(" "), *row] for block, row in zip(blocks, bars, strict=False)] + blocks[_BARRED:]
    while len(blocks) > 1 and _taken(blocks, gap) > width:
        blocks.pop()
    spans = [Span(" ")]
    for block in blocks:
        spans.extend((*block, Span(" " * gap)))
    return drawn((close(spans, width),), ascii_only=picture.ascii)


def _taken(blocks: list[list[Span]], gap: int) -> int:
    return 1 + sum(width_of(block) + gap for block in blocks)


def _figures(picture: Picture, busy: list[ProviderView]) -> list[list[Span]]:
    """Return the figures, the most needed first; each keeps its width while its value changes."""
    snapshot = picture.snapshot
    asked = sum(agent.rate for agent in snapshot.agents)
    p50, p95 = _percentiles(busy)
    failed = _failed_share(busy, picture.at)
    inflight = sum(agent.inflight for agent in snapshot.agents)
    tokens = sum(agent.tokens_per_s for agent in snapshot.agents)
    saved = sum(agent.saved for agent in snapshot.agents)
    bad = failed is not None and failed >= 0.005
    blocks = [
        [Span(right(figures.rate(asked), 6), Ink.TEXT)],
        [Span("err ", Ink.MUTED), Span(right(figures.share(failed), 5), Ink.DEGR if bad else Ink.TEXT, bold=bad)],
        [Span("p95 ", Ink.MUTED), Span(right(duration.latency(p95), 5), Ink.TEXT)],
        [Span("in flight ", Ink.MUTED), Span(right(figures.count(inflight), 4), Ink.TEXT)],
        [Span("saved ", Ink.MUTED), Span(right(figures.count(saved), 5), Ink.UP if saved else Ink.MUTED)],
        [Span(right(figures.tokens(tokens), 5), Ink.TEXT), Span(" tok/s", Ink.MUTED)],
    ]
    cost = _per_hour(snapshot, picture.at)
    if cost:
        blocks.append([Span("cost ", Ink.MUTED), Span(left(cost, 12), Ink.TEXT)])
    blocks.append([Span("p50 ", Ink.MUTED), Span(right(duration.latency(p50), 5), Ink.TEXT)])
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
    """Return the failed share of the last minute; where nothing failed the answers are estimated from the rate."""
    failed, everything = 0, 0.0
    for view in busy:
        if view.error_share:
            ok, bad = view.live.counts(now, _MINUTE_S)
            failed += bad
            everything += ok + bad
        elif view.error_share is not None:
            everything += view.rate * _MINUTE_S
    return failed / everything if everything else None


def _per_hour(snapshot: Snapshot, now: float) -> str:
    uptime = now - snapshot.started_at
    spent = sum(view.spend + view.probe_spend for view in snapshot.providers)
    if uptime < _LEAST_UPTIME_S or spent <= 0:
        return ""
    unpriced = any(view.unpriced for view in snapshot.providers)
    return f"{figures.money(spent * _HOUR_S / uptime)}/h" + (" +?" if unpriced else "")


def _bars(picture: Picture, busy: list[ProviderView], columns: int) -> tuple[tuple[Span, ...], ...]:
    """Return three rows of bars: queries, failures, slowest answers; drawn from the busiest and the failing."""
    tallies = Tallies(Window(picture.at, picture.window_s, columns))
    weighed = busy if len(busy) <= _BARS_FROM else nlargest(_BARS_FROM, busy, key=_weight)
    for view in weighed:
        tallies.add(view.live.since(tallies.window.since))
    scale = sparkline.shared_scale(picture.snapshot)
    attempts = [ok + failed for ok, failed in zip(tallies.ok, tallies.failed, strict=True)]
    done = attempts[:-1]  # the newest column is still being filled
    most = max(done, default=0)
    counts = "".join(_share_bar(count, most) for count in done) + " "
    failures = "".join(_share_bar(failed, of) for failed, of in zip(tallies.failed, attempts, strict=True))
    slowest = "".join(scale.bar(worst) if worst else " " for worst in tallies.worst_s)
    return (Span(counts, Ink.MUTED),), (Span(failures, Ink.DOWN),), (Span(slowest, Ink.MUTED),)


def _weight(view: ProviderView) -> float:
    return view.rate + 100.0 * (view.error_share or 0.0)


def _share_bar(part: int, whole: int) -> str:
    bars = sparkline.BARS
    return bars[min(len(bars) - 1, part * len(bars) // whole)] if part else " "
