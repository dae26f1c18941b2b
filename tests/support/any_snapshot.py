"""Hypothesis strategies for snapshots that hold anything their types allow."""

from typing import TypeVar

from hypothesis import strategies as st

from tests.support.views import MOMENT, NOW, a_provider, a_snapshot, an_agent, an_event
from tui_failover.console.picture import Picture
from tui_failover.core.command import BreakerHand, Imposed
from tui_failover.core.copying import replace
from tui_failover.core.event import Event, EventKind, Source
from tui_failover.core.health import Status
from tui_failover.core.history import Series, Slot
from tui_failover.core.names import AgentId, ProviderId
from tui_failover.core.snapshot import (
    AgentView,
    BreakerView,
    Flag,
    NotUsed,
    PinView,
    ProviderView,
    RampView,
    Snapshot,
    UndoView,
    WhyNot,
)
from tui_failover.core.spec import FailoverConfig
from tui_failover.core.text import scrub
from tui_failover.core.transition import BreakerState

T = TypeVar("T")

WORDS = st.one_of(
    st.text(max_size=40), st.sampled_from(["", "料金", "e\u0301" * 9, "⚠\ufe0f", "[/x]", "W" * 90])
).map(scrub)
INSTANTS = st.one_of(st.none(), st.floats(NOW - 1e6, NOW + 1e6), st.floats(-1e12, 1e12))
SECONDS = st.one_of(st.none(), st.floats(0, 1e7))
COUNTS = st.integers(0, 10**9)
SLOTS = st.dictionaries(
    st.integers(int(NOW / 2) - 500, int(NOW / 2) + 3),
    st.tuples(st.integers(0, 9), st.integers(0, 9), st.floats(0, 1e5)),
    max_size=60,
)
SERIES = st.builds(
    lambda held, recent: Series(tuple(Slot(number, *held[number]) for number in sorted(held)), tuple(recent)),
    SLOTS,
    st.lists(st.floats(0, 1e5), max_size=20),
)


@st.composite
def why_nots(draw: st.DrawFn, provider: ProviderId) -> WhyNot:
    """Return an obstacle of any kind."""
    return WhyNot(provider, draw(st.sampled_from(NotUsed)), draw(WORDS), draw(INSTANTS))


@st.composite
def providers(draw: st.DrawFn, name: str) -> ProviderView:
    """Return a provider in any state."""
    id_ = ProviderId(name)
    breaker = BreakerView(
        draw(st.sampled_from(BreakerState)),
        draw(INSTANTS),
        draw(COUNTS),
        draw(COUNTS),
        draw(st.one_of(st.none(), st.sampled_from(BreakerHand))),
        draw(INSTANTS),
        draw(COUNTS),
        draw(WORDS),
    )
    return replace(
        a_provider(name),
        id=id_,
        model=draw(WORDS),
        missing_key=draw(st.one_of(st.none(), WORDS)),
        status=draw(st.sampled_from(Status)),
        verdict=draw(st.sampled_from(Status)),
        checking=draw(st.booleans()),
        available=draw(st.booleans()),
        why_not=draw(st.one_of(st.none(), why_nots(id_))),
        imposed=draw(st.sampled_from(Imposed)),
        flags=draw(st.frozensets(st.sampled_from(Flag))),
        reason=draw(WORDS),
        breaker=breaker,
        failures=draw(COUNTS),
        last_check_at=draw(INSTANTS),
        error=draw(WORDS),
        p50_s=draw(SECONDS),
        p95_s=draw(SECONDS),
        error_share=draw(st.one_of(st.none(), st.floats(0, 1))),
        rate=draw(st.floats(0, 1e9)),
        inflight=draw(COUNTS),
        live=draw(SERIES),
        probes=draw(SERIES),
        next_probe_at=draw(INSTANTS),
        interval_s=draw(st.floats(0.1, 1e5)),
        spend=draw(COUNTS),
        unpriced=draw(COUNTS),
        full=draw(st.one_of(st.none(), why_nots(id_))),
        tokens_per_s=draw(st.floats(0, 1e9)),
    )


@st.composite
def agents(draw: st.DrawFn, name: str, views: list[ProviderView]) -> AgentView:
    """Return an agent of these providers, on any of them, moved by anybody."""
    chain = draw(st.lists(st.sampled_from(views), min_size=1, max_size=6, unique_by=lambda view: view.id))
    base = an_agent("any", chain, active=draw(st.integers(0, len(chain) - 1)))
    names = [view.id for view in chain]
    pin = PinView(
        draw(st.sampled_from(names)),
        draw(WORDS),
        draw(WORDS),
        draw(INSTANTS),
        draw(st.booleans()),
        draw(st.booleans()),
    )
    ramp = RampView(draw(st.sampled_from(names)), draw(st.sampled_from([0.0, 0.25, 0.5, 1.0])), 2, 4)
    return replace(
        base,
        id=AgentId(name),
        config=FailoverConfig(
            AgentId(name), names[0], tuple(names[1:]), auto_failover_enabled=draw(st.booleans())
        ),
        active_because=draw(WORDS),
        plan=tuple(draw(why_nots(name)) for name in names),
        next_best=draw(st.one_of(st.none(), st.sampled_from(names))),
        pin=draw(_maybe(pin)),
        automation_held=draw(st.one_of(st.none(), WORDS)),
        strict=draw(st.booleans()),
        panic=draw(st.booleans()),
        ramp=draw(_maybe(ramp)),
        failback_note=draw(WORDS),
        rate=draw(st.floats(0, 1e9)),
        failed=draw(COUNTS),
        saved=draw(COUNTS),
        inflight=draw(COUNTS),
        tokens_per_s=draw(st.floats(0, 1e9)),
        error_share=draw(st.one_of(st.none(), st.floats(0, 1))),
    )


@st.composite
def happenings(draw: st.DrawFn, number: int, views: list[ProviderView]) -> Event:
    """Return an event of any kind."""
    return replace(
        an_event(number, draw(st.floats(0, 1e6)), draw(st.sampled_from(EventKind)), draw(WORDS), draw(WORDS)),
        source=draw(st.sampled_from(Source)),
        provider=draw(st.one_of(st.none(), st.sampled_from([view.id for view in views]))) if views else None,
        actor=draw(WORDS),
    )


@st.composite
def snapshots(draw: st.DrawFn) -> Snapshot:
    """Return any snapshot."""
    names = draw(st.lists(st.one_of(WORDS.filter(bool), st.just("p")), max_size=9, unique=True))
    views = [draw(providers(name)) for name in names]
    callers = [draw(agents(f"agent-{n}", views)) for n in range(draw(st.integers(0, 4)))] if views else []
    events = [draw(happenings(n, views)) for n in range(draw(st.integers(0, 6)))]
    undo = UndoView(draw(WORDS), draw(st.floats(NOW - 10, NOW + 60)))
    return replace(
        a_snapshot(views, callers, events, revision=draw(COUNTS)),
        moment=MOMENT,
        undo=draw(_maybe(undo)),
        local_fault=draw(st.one_of(st.none(), WORDS)),
    )


@st.composite
def pictures(draw: st.DrawFn) -> Picture:
    """Return any picture of any snapshot."""
    snapshot = draw(snapshots())
    names = [view.id for view in snapshot.providers]
    return Picture(
        snapshot,
        now=NOW + draw(st.floats(0, 1e6)),
        selected=draw(st.one_of(st.none(), st.sampled_from(names))) if names else None,
        filter=draw(st.one_of(st.just(""), WORDS)),
        window_s=draw(st.sampled_from([60.0, 120.0, 300.0, 900.0])),
        ascii=draw(st.booleans()),
        paused=draw(st.booleans()),
        read_only=draw(st.booleans()),
        caption=draw(WORDS),
        environment=draw(WORDS),
        gateway=draw(st.sampled_from(["", "http://127.0.0.1:5000", "http://[::1]:80"])),
        gateway_problem=draw(st.sampled_from(["", "the address is taken"])),
    )


def _maybe(value: T) -> st.SearchStrategy[T | None]:
    return st.sampled_from([None, value])
