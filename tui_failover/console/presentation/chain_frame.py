"""What all rows of the chain share: column widths, the scale, and the cells every row begins with."""

from typing import Final

from msgspec import Struct

from tui_failover.console.picture import Ink, Picture, Span
from tui_failover.console.presentation import duration, figures, routes, sparkline, words
from tui_failover.console.presentation.cells import cells, left, right, width_of
from tui_failover.console.presentation.sparkline import Scale, Window
from tui_failover.console.presentation.words import Word
from tui_failover.core.snapshot import ProviderView

CURSOR: Final = "›"
ACTIVE: Final = "▶"
GATE_CELLS: Final = 11
P95_CELLS: Final = 6
ERR_CELLS: Final = 6
RATE_CELLS: Final = 8
FLIGHT_CELLS: Final = 7
TOKENS_CELLS: Final = 7
LABELLED_CELLS: Final = 28  # the three figures where their labels stand beside them

_NAMES: Final = ((100, 20), (76, 16), (0, 12))  # cells a name may take, by the width of the block
_LEAST_BARS: Final = 8
_AMPLE_BARS: Final = 24  # from here on the figures of what is under way may take room from the bars
_MOST_BARS: Final = 60


class Columns(Struct, frozen=True):
    """The widths of the columns, the same for all rows; 0 leaves a column out."""

    number: int
    name: int
    figures: bool
    rate: int
    flow: bool
    bars: int
    reason: int

    @property
    def lead(self) -> int:
        """Cells before the name."""
        return 2 + self.number + 1

    @property
    def names(self) -> int:
        """Cells of name, state and breaker together."""
        return self.name + 1 + words.STATE_CELLS + GATE_CELLS


class Frame(Struct, frozen=True):
    """One picture's chain: what every row needs besides its provider."""

    picture: Picture
    columns: Columns
    scale: Scale
    width: int

    def window(self, columns: int) -> Window:
        """Return the time that a row of so many bars spans."""
        return Window(self.picture.at, self.picture.window_s, columns)


def frame_of(picture: Picture, width: int) -> Frame:
    """Return the frame for a block of that width."""
    return Frame(picture, columns_for(picture, width), sparkline.shared_scale(picture.snapshot), width)


def columns_for(picture: Picture, width: int) -> Columns:
    """Return the widths; where it is narrow what is under way goes first, then rate, bars and figures."""
    views = picture.snapshot.providers
    number = 1 + len(str(len(views)))  # never next to the sign of a route in use
    longest = max((cells(view.id) for view in views), default=0)
    name = min(max(longest, 8), next(most for least, most in _NAMES if width >= least))
    fixed = 2 + number + 1 + 1 + words.STATE_CELLS + GATE_CELLS
    name = max(4, min(name, width - fixed - 1))
    free = width - 1 - fixed - name
    shows_figures = free >= P95_CELLS + ERR_CELLS
    free -= P95_CELLS + ERR_CELLS if shows_figures else 0
    rate = RATE_CELLS if shows_figures and free >= RATE_CELLS + 2 + _LEAST_BARS else 0
    flow = rate > 0 and free - rate - 2 >= FLIGHT_CELLS + TOKENS_CELLS + _AMPLE_BARS
    free -= rate + 2 + (FLIGHT_CELLS + TOKENS_CELLS if flow else 0)
    bars = free if shows_figures and free >= _LEAST_BARS else 0
    reason = bars - bars // 2 - 2 if bars >= 48 else 0
    bars = min(bars - reason - 2 if reason else bars, _MOST_BARS)
    return Columns(number, name, shows_figures, rate, flow, bars, reason)


def lead(frame: Frame, place: int) -> tuple[Span, ...]:
    """Return the cells every row begins with: cursor, route, place, name, state, breaker."""
    view = frame.picture.snapshot.providers[place]
    columns = frame.columns
    cursor = CURSOR if view.id == frame.picture.selected else " "
    state = words.marks(view)
    checking = f" {words.CHECKING}" if view.checking else ""
    gate = words.gate(view, frame.picture.at)
    return (
        Span(cursor, Ink.ACCENT, bold=True),
        Span(ACTIVE if view.active_for else " ", Ink.ACCENT, bold=True),
        Span(right(str(place + 1), columns.number) + " ", Ink.MUTED),
        Span(left(view.id, columns.name) + " ", Ink.TEXT, bold=bool(view.active_for)),
        *state,
        Span(left(checking, words.STATE_CELLS - width_of(state)), Ink.MUTED),
        Span(left(gate.text, GATE_CELLS - 1) + " ", gate.ink, gate.bold),
    )


def numbers(frame: Frame, view: ProviderView, *, labels: bool) -> tuple[Span, ...]:
    """Return p95, error share and rate, right-aligned in their columns; in words where nothing heads them."""
    sick = view.error_share is not None and view.error_share >= 0.05
    share = Span(right(figures.share(view.error_share), ERR_CELLS), Ink.DEGR if sick else Ink.TEXT)
    p95 = Span(
        right(duration.latency(view.p95_s), P95_CELLS), Ink.SLOW if words.state(view) is Word.SLOW else Ink.TEXT
    )
    rate = Span(right(figures.rate(view.rate), RATE_CELLS), Ink.TEXT if view.rate >= 0.05 else Ink.MUTED)
    if labels:
        return (Span("p95", Ink.MUTED), p95, Span("  err", Ink.MUTED), share, rate)
    if not frame.columns.flow:
        return (p95, share, rate) if frame.columns.rate else (p95, share)
    flight = Span(right(figures.count(view.inflight), FLIGHT_CELLS), Ink.TEXT if view.inflight else Ink.MUTED)
    tokens = figures.tokens(view.tokens_per_s)
    return p95, share, rate, flight, Span(right(tokens, TOKENS_CELLS), Ink.TEXT if tokens != "0" else Ink.MUTED)


def why(view: ProviderView) -> str:
    """Return why the provider is not simply up; "" where it is."""
    if view.missing_key is not None:
        return view.missing_key
    if view.why_not is not None:
        return routes.cause(view)
    return "" if words.state(view) is Word.UP else view.reason or view.error


def summary(frame: Frame, view: ProviderView) -> str:
    """Return one line on the provider: what keeps it out, else whom it serves."""
    if reason := why(view):
        return reason
    for agent in frame.picture.snapshot.agents:
        if agent.ramp is not None and agent.ramp.candidate == view.id:
            share = f"{agent.ramp.share:.0%} of the queries" if agent.ramp.share else "one canary query"
            return f"returning to {agent.id}: {share}"
    if view.active_for:
        return f"serves {', '.join(view.active_for)}"
    waiting = [agent.id for agent in frame.picture.snapshot.agents if agent.next_best == view.id]
    return f"standby, next for {', '.join(waiting)}" if waiting else "standby"
