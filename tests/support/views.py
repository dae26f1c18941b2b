"""Builders of snapshots, provider by provider and agent by agent; `fleets` has the situations made of them."""

import math
from collections.abc import Sequence
from datetime import UTC, datetime

from tui_failover.console.picture import Picture
from tui_failover.core.command import Imposed
from tui_failover.core.copying import replace
from tui_failover.core.event import Event, EventKind, Source
from tui_failover.core.health import Status
from tui_failover.core.history import RECENT, SLOT_S, Series, Slot
from tui_failover.core.names import AgentId, Moment, ProviderId
from tui_failover.core.snapshot import (
    AgentView,
    BreakerView,
    Flag,
    NotUsed,
    ProviderView,
    Snapshot,
    WhyNot,
)
from tui_failover.core.spec import Dialect, FailoverConfig, ProbeKind
from tui_failover.core.transition import BreakerState

NOW = 10_000.0
UTC_NOW = datetime(2026, 1, 15, 14, 5, 23, tzinfo=UTC).timestamp()
MOMENT = Moment(NOW, UTC_NOW)

OPENAI = ProviderId("openai")
CLAUDE = ProviderId("anthropic")
BACKUP = ProviderId("backup-openai")
AGENT = AgentId("support-bot")

_REFUSED = "breaker open: 503 server error, 3 failures in a row"


def a_series(usual_s: float, *, seconds: float = 900.0, every_s: float = SLOT_S, until: float = NOW) -> Series:
    """Return a regular past of answers around `usual_s`, the newest at `until`; the same on every call."""
    count = int(seconds / every_s)
    times = [until - each * every_s for each in range(count)][::-1]
    values = [usual_s * (1.0 + 0.35 * math.sin(time * 0.9) * math.sin(time * 0.37)) for time in times]
    return _collected(tuple(zip(times, values, strict=True)))


def with_failures(series: Series, seconds: float, *, until: float = NOW) -> Series:
    """Return the series with every sample of the last `seconds` turned into a failure."""
    first = int((until - seconds) // SLOT_S)
    slots = tuple(
        slot if slot.number < first else Slot(slot.number, 0, slot.ok + slot.failed) for slot in series.slots
    )
    return Series(slots, series.recent)


def with_gap(series: Series, oldest_s: float, newest_s: float) -> Series:
    """Return the series without the samples from `oldest_s` to `newest_s` seconds ago."""
    first, last = int((NOW - oldest_s) // SLOT_S), int((NOW - newest_s) // SLOT_S)
    return Series(tuple(slot for slot in series.slots if not first <= slot.number <= last), series.recent)


def a_provider(name: str, usual_s: float = 0.9, *, rate: float = 0.0) -> ProviderView:
    """Return a healthy provider; with a rate it has live traffic."""
    live = a_series(usual_s) if rate else Series()
    probes = a_series(usual_s, every_s=14.0, until=NOW - 4.0)
    source = live if rate else probes
    return ProviderView(
        id=ProviderId(name),
        dialect=Dialect.ANTHROPIC if name.startswith("anthropic") else Dialect.OPENAI,
        model="gpt-4.1-mini" if not name.startswith("anthropic") else "claude-sonnet-4-5",
        endpoint=f"https://{name}.example",
        credential=f"env:{name.upper().replace('-', '_')}_KEY",
        missing_key=None,
        status=Status.HEALTHY,
        verdict=Status.HEALTHY,
        checking=False,
        available=True,
        why_not=None,
        imposed=Imposed.NOTHING,
        flags=frozenset(),
        reason="",
        since_at=NOW - 4_000.0,
        breaker=BreakerView(BreakerState.CLOSED, None, 0, 3, None, None, 0, ""),
        failures=0,
        threshold=3,
        last_check_at=NOW - 4.0,
        last_success_at=NOW - 4.0,
        last_failure_at=None,
        response_time_s=usual_s,
        error="",
        p50_s=source.percentile(0.5),
        p95_s=source.percentile(0.95),
        samples=len(source.recent),
        error_share=0.0 if rate else None,
        rate=rate,
        inflight=int(rate),
        live=live,
        probes=probes,
        probe_kind=ProbeKind.QUERY,
        next_probe_at=NOW + 11.0,
        interval_s=15.0,
        spend=int(rate * 1_200_000),
        probe_spend=1_400,
        unpriced=0,
        agents=(AGENT,),
        active_for=(),
        changed_revision=12,
        tokens_per_s=rate * 28,
    )


def down(view: ProviderView, *, for_s: float = 60.0, opens_in_s: float = 18.0) -> ProviderView:
    """Return the provider with an open breaker after server errors."""
    return replace(
        view,
        status=Status.UNHEALTHY,
        verdict=Status.UNHEALTHY,
        available=False,
        why_not=WhyNot(view.id, NotUsed.BREAKER_OPEN, _REFUSED, NOW + opens_in_s),
        reason=_REFUSED,
        since_at=NOW - for_s,
        breaker=BreakerView(BreakerState.OPEN, NOW + opens_in_s, 0, 3, None, None, 1, "3 failures in a row"),
        failures=5,
        last_failure_at=NOW - 4.0,
        last_success_at=NOW - for_s,
        error="503 server error",
        error_share=1.0,
        rate=0.0,
        tokens_per_s=0.0,
        inflight=0,
        live=with_failures(view.live, for_s),
        probes=with_failures(view.probes, for_s),
    )


def degraded(view: ProviderView) -> ProviderView:
    """Return the provider after one failure that did not open its breaker."""
    return replace(
        view,
        status=Status.UNHEALTHY,
        verdict=Status.UNHEALTHY,
        flags=frozenset({Flag.DEGRADED}),
        failures=1,
        error="no answer in time",
        reason="no answer in time",
        since_at=NOW - 9.0,
        error_share=0.021,
        last_failure_at=NOW - 9.0,
        probes=with_failures(view.probes, 9.0),
    )


def slow(view: ProviderView) -> ProviderView:
    """Return the provider answering five times slower than it used to."""
    late = a_series(6.2, seconds=60.0)
    live = Series((*view.live.slots[:-31], *late.slots), late.recent)
    return replace(
        view,
        flags=frozenset({Flag.SLOW}),
        reason="first content normally takes 0.9 s",
        since_at=NOW - 73.0,
        live=live if view.live.slots else view.live,
        probes=view.probes if view.live.slots else live,
        p50_s=late.percentile(0.5),
        p95_s=late.percentile(0.95),
    )


def without_key(view: ProviderView) -> ProviderView:
    """Return the provider without its key: never asked, never checked."""
    sentence = f"set {view.credential.removeprefix('env:')}"
    return replace(
        view,
        status=Status.UNKNOWN,
        verdict=Status.UNKNOWN,
        available=False,
        missing_key=sentence,
        why_not=WhyNot(view.id, NotUsed.NO_KEY, f"no key: {sentence}"),
        flags=frozenset({Flag.NO_KEY}),
        reason=f"no key: {sentence}",
        last_check_at=None,
        last_success_at=None,
        response_time_s=None,
        p50_s=None,
        p95_s=None,
        samples=0,
        error_share=None,
        rate=0.0,
        inflight=0,
        live=Series(),
        probes=Series(),
        next_probe_at=None,
        spend=0,
        probe_spend=0,
    )


def an_agent(name: str, chain: Sequence[ProviderView], *, active: int = 0, rate: float = 0.0) -> AgentView:
    """Return an agent whose route is on the provider at place `active` of its chain."""
    ids = tuple(view.id for view in chain)
    ready = [view.id for place, view in enumerate(chain) if view.available and place != active]
    because = "first in its chain" if active == 0 else f"{ids[0]}: {chain[0].reason}"
    return AgentView(
        id=AgentId(name),
        config=FailoverConfig(AgentId(name), ids[0], ids[1:]),
        chain=ids,
        active=ids[active],
        active_since_at=NOW - (4_000.0 if active == 0 else 58.0),
        active_because=because,
        plan=tuple(_place(view, place == active, because) for place, view in enumerate(chain)),
        next_best=ready[0] if ready else None,
        pin=None,
        automation_held=None,
        strict=False,
        panic=False,
        ramp=None,
        failback_note="",
        rate=rate,
        queries=41_800,
        failed=0,
        failovers=int(active > 0),
        saved=312 if active else 0,
        inflight=int(rate),
        tokens_per_s=rate * 28,
        error_share=0.0 if rate else None,
        changed_revision=40,
    )


def a_snapshot(
    providers: Sequence[ProviderView],
    agents: Sequence[AgentView],
    events: Sequence[Event] = (),
    *,
    revision: int = 41,
) -> Snapshot:
    """Return a snapshot of these; who is active for whom follows from the agents."""
    ids = [view.id for view in providers]
    views = [
        replace(view, active_for=tuple(agent.id for agent in agents if agent.active == view.id))
        for view in providers
    ]
    return Snapshot(
        revision=revision,
        moment=MOMENT,
        started_at=NOW - 4_000.0,
        data_at=NOW - 0.4,
        providers=tuple(views),
        agents=tuple(agents),
        events=tuple(events),
        shown={one: place for place, one in enumerate(ids)},
    )


def a_picture(snapshot: Snapshot) -> Picture:
    """Return the picture of a snapshot just taken, with the cursor on its first provider."""
    return Picture(snapshot, NOW + 0.1, selected=snapshot.providers[0].id if snapshot.providers else None)


def an_event(number: int, ago_s: float, kind: EventKind, text: str, cause: str = "") -> Event:
    """Return an event of the engine itself, `ago_s` seconds ago."""
    return Event(number, NOW - ago_s, UTC_NOW - ago_s, kind, text, cause, Source.AUTO)


def _collected(samples: tuple[tuple[float, float], ...]) -> Series:
    worst: dict[int, Slot] = {}
    for at, value in samples:
        number = int(at // SLOT_S)
        known = worst.get(number, Slot(number))
        worst[number] = Slot(number, known.ok + 1, 0, max(known.worst_s, value))
    return Series(tuple(worst[number] for number in sorted(worst)), tuple(value for _, value in samples[-RECENT:]))


def _place(view: ProviderView, active: bool, because: str) -> WhyNot:
    if view.why_not is not None:
        return view.why_not
    if active:
        return WhyNot(view.id, NotUsed.ACTIVE, f"active: {because}")
    return WhyNot(view.id, NotUsed.READY, "available, later in the chain")
