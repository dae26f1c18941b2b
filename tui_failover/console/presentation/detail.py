"""Everything about the selected provider: its reasons, health fields, breaker, checks and cost."""

from tui_failover.console.picture import Ink, Line, Picture, Span
from tui_failover.console.presentation import duration, figures, routes, words
from tui_failover.console.presentation.cells import clip, close, drawn, left, page, rule
from tui_failover.core.command import Imposed
from tui_failover.core.snapshot import Flag, ProviderView
from tui_failover.core.transition import BreakerState

_LABEL = 11
_BESIDE = (Flag.PINNED, Flag.LIMITED, Flag.RECOVERING)  # what the state words do not say already
Row = tuple[str, tuple[Span, ...]]


def detail(picture: Picture, width: int, height: int) -> tuple[Line, ...]:
    """Return the block of the selected provider, or a hint where none is selected."""
    view = None if picture.selected is None else picture.snapshot.provider(picture.selected)
    if view is None:
        hint = close((Span(" no provider is selected", Ink.MUTED),), width)
        return drawn(page((rule("selected", width), hint), width, height), ascii_only=picture.ascii)
    lines = [rule(f"selected: {clip(view.id, 30)}", width)]
    lines.extend(_line(label, spans, width) for label, spans in rows(view, picture))
    return drawn(page(lines, width, height), ascii_only=picture.ascii)


def rows(view: ProviderView, picture: Picture) -> tuple[Row, ...]:
    """Return the facts as labelled rows, the most asked for first."""
    return (
        ("state", _state(view, picture.at)),
        ("why", (Span(routes.cause(view) or "nothing keeps it out"),)),
        *_overridden(picture, view),
        ("breaker", (Span(_breaker(view, picture.at)),)),
        ("failures", (Span(f"{view.failures} in a row, breaker opens at {view.threshold}"),)),
        ("last error", (_error(view, picture.at),)),
        ("checked", (Span(_checks(view, picture.at)),)),
        ("last ok", (Span(_successes(view, picture.at)),)),
        ("latency", (Span(_latency(view)),)),
        ("traffic", (Span(_traffic(view)),)),
        ("spent", (Span(_spent(view)),)),
        ("model", (Span(f"{view.model}, {view.dialect.value} dialect"),)),
        ("endpoint", (Span(view.endpoint),)),
        ("key", (Span(view.missing_key or f"from {view.credential}"),)),
        ("agents", (Span(_agents(view)),)),
    )


def _overridden(picture: Picture, view: ProviderView) -> tuple[Row, ...]:
    """Tell what of it no longer is as the settings file says."""
    agents = (picture.snapshot.agent(agent) for agent in view.agents)
    changed = [agent.id for agent in agents if agent is not None and agent.overridden]
    names = [*(["this provider"] if view.overridden else []), *changed]
    if not names:
        return ()
    return (("settings", (Span(f"changed at run time: {', '.join(names)}", Ink.HELD),)),)


def _line(label: str, spans: tuple[Span, ...], width: int) -> Line:
    facts = close(spans, max(0, width - _LABEL - 3))
    return close((Span(f" {left(label, _LABEL)} ", Ink.MUTED), *facts), width)


def _state(view: ProviderView, now: float) -> tuple[Span, ...]:
    found = words.reasons(view)
    first = words.marks(view)
    rest = [f"{words.SIGNS[word].shape} {word.value}" for word in found[1:]]
    notes = ["checking"] if view.checking else []
    notes += [flag.value for flag in _BESIDE if flag in view.flags]
    notes += [f"also {' '.join(rest)}"] if rest else []
    since_at = words.since_at(view)
    lasting = "" if since_at is None else f" for {duration.length(now - since_at)}"
    return (*first, Span("".join((lasting, *(f", {note}" for note in notes))), Ink.MUTED))


def _error(view: ProviderView, now: float) -> Span:
    """Return why it fails, or else why it failed when it last did: what is over may come again."""
    if view.error:
        return Span(view.error)
    before = f" now; {duration.ago(view.last_failure_at, now)}: {view.last_error}" if view.last_error else ""
    return Span(f"none{before}", Ink.MUTED)


def _breaker(view: ProviderView, now: float) -> str:
    breaker = view.breaker
    opened = f", opened {breaker.opened_count}×" if breaker.opened_count else ""
    if breaker.hand is not None:
        rest = duration.countdown(breaker.hand_until_at, now)
        return f"held {breaker.hand.value} by hand{f', {rest} left' if rest else ' until undone'}{opened}"
    match breaker.state:
        case BreakerState.OPEN:
            return f"open, half-open {duration.due(breaker.until_at, now) or 'by hand only'}{opened}"
        case BreakerState.HALF_OPEN:
            return f"half-open, {breaker.successes} of {breaker.needed} trials passed{opened}"
        case BreakerState.CLOSED:
            return f"closed{opened}"


def _checks(view: ProviderView, now: float) -> str:
    if view.imposed is Imposed.MAINTENANCE:
        return f"{duration.ago(view.last_check_at, now)}, not while in maintenance"
    after = duration.due(view.next_probe_at, now)
    planned = f"next {after}" if after else "none planned"
    if _traffic_stands_in(view):
        planned = "live traffic stands in"
    every = f"{view.probe_kind.value} every {duration.length(view.interval_s)}"
    return f"{duration.ago(view.last_check_at, now)}, {planned}, {every}"


def _traffic_stands_in(view: ProviderView) -> bool:
    """Tell whether a check would have come long ago, had live traffic not spoken for the provider since."""
    checked, answered = view.last_check_at, view.last_success_at
    return checked is not None and answered is not None and answered - checked > view.interval_s


def _successes(view: ProviderView, now: float) -> str:
    return f"{duration.ago(view.last_success_at, now)}, last failure {duration.ago(view.last_failure_at, now)}"


def _latency(view: ProviderView) -> str:
    p50, p95 = duration.latency(view.p50_s), duration.latency(view.p95_s)
    return f"p50 {p50}, p95 {p95} over {figures.plural(view.samples, 'answer')}"


def _traffic(view: ProviderView) -> str:
    flow = f"{figures.rate(view.rate)}, {view.inflight} in flight, {figures.tokens(view.tokens_per_s)} tok/s"
    return f"{flow}, err {figures.share(view.error_share)}"


def _spent(view: ProviderView) -> str:
    unpriced = f", {figures.plural(view.unpriced, 'attempt')} unpriced" if view.unpriced else ""
    return f"{figures.money(view.spend)} live, {figures.money(view.probe_spend)} on checks today{unpriced}"


def _agents(view: ProviderView) -> str:
    active = f"active for {', '.join(view.active_for)}" if view.active_for else "active for nobody"
    return f"{active}; in the chains of {', '.join(view.agents) or 'nobody'}"
