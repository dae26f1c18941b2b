"""Named situations as snapshots: what screens, pages and pictures are tested on."""

from collections.abc import Callable
from typing import Final

from tests.support.views import (
    AGENT,
    BACKUP,
    CLAUDE,
    NOW,
    OPENAI,
    a_picture,
    a_provider,
    a_series,
    a_snapshot,
    an_agent,
    an_event,
    degraded,
    down,
    slow,
    with_gap,
    without_key,
)
from tui_failover.console.picture import Picture
from tui_failover.core.command import BreakerHand, Imposed
from tui_failover.core.copying import replace
from tui_failover.core.event import Event, EventKind, Source
from tui_failover.core.health import Status
from tui_failover.core.names import ProviderId
from tui_failover.core.snapshot import (
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
from tui_failover.core.transition import BreakerState

__all__ = ["SITUATIONS", "a_picture"]

_K = EventKind


def all_healthy() -> Snapshot:
    """Return a quiet day: one agent on its first choice, two backups ready."""
    chain = _chain(rate=12.4)
    return a_snapshot(chain, [an_agent("support-bot", chain, rate=12.4)], _quiet())


def failover_in_progress() -> Snapshot:
    """Return five providers with the first down, traffic on the second, one slow and one unknown."""
    first = down(a_provider("openai", 0.8, rate=41.0), for_s=58.0)
    second = a_provider("anthropic", 1.1, rate=41.2)
    third = slow(a_provider("azure-oai", 0.9, rate=0.9))
    fourth = replace(a_provider("bedrock", 1.3), checking=True, status=Status.CHECKING)
    fifth = _unknown(a_provider("local-llama", 2.4))
    chain = [first, second, third, fourth, fifth]
    agents = [
        an_agent("support-bot", chain, active=1, rate=22.0),
        an_agent("coder", [first, second, fifth], active=1, rate=14.0),
        replace(an_agent("batch", [third, fourth], rate=6.1), failed=4),
    ]
    return a_snapshot(chain, agents, _incident())


def all_down() -> Snapshot:
    """Return an outage of the whole chain: the least bad provider is being tried."""
    chain = [
        down(a_provider("openai", 0.8, rate=12.0), for_s=190.0, opens_in_s=22.0),
        down(a_provider("anthropic", 1.1, rate=12.0), for_s=95.0, opens_in_s=8.0),
        _limited(a_provider("backup-openai", 1.4)),
    ]
    agent = replace(an_agent("support-bot", chain, active=1, rate=11.8), panic=True, failed=37, failovers=2)
    story = (
        *_incident(),
        an_event(40, 30.0, _K.PANIC_BEGAN, "nothing in its chain is available: the least bad provider is tried"),
        replace(an_event(41, 2.0, _K.EXHAUSTED, "all providers failed"), agent=AGENT, source=Source.LIVE),
    )
    return a_snapshot(chain, [agent], story)


def no_keys() -> Snapshot:
    """Return a first start without any key."""
    chain = [without_key(view) for view in _chain(rate=0.0)]
    agent = replace(an_agent("my-agent", chain), queries=0, next_best=None)
    return a_snapshot(chain, [agent], (an_event(1, 3.0, _K.STARTED, "engine started, 3 providers"),), revision=1)


def recovering() -> Snapshot:
    """Return a failback under way: a quarter of the queries go to the first choice again."""
    first = replace(a_provider("openai", 0.8, rate=3.1), flags=frozenset({Flag.RECOVERING}), since_at=NOW - 24.0)
    chain = [first, a_provider("anthropic", 1.1, rate=9.3), a_provider("backup-openai", 1.4)]
    agent = replace(
        an_agent("support-bot", chain, active=1, rate=12.4),
        ramp=RampView(OPENAI, 0.25, 2, 4),
        active_because="openai: breaker open: 503 server error, 3 failures in a row",
        active_since_at=NOW - 192.0,
    )
    story = (
        *_incident(),
        replace(
            an_event(40, 24.0, _K.BREAKER_CLOSED, "breaker half-open -> closed", "the trials passed"),
            provider=OPENAI,
        ),
        replace(
            an_event(
                41, 11.0, _K.FAILBACK_STAGE, "returning to openai: one canary query", "3 checks passed in a row"
            ),
            agent=AGENT,
            provider=OPENAI,
        ),
        replace(
            an_event(
                42, 5.0, _K.FAILBACK_STAGE, "returning to openai: 25% of the queries", "the canary query passed"
            ),
            agent=AGENT,
            provider=OPENAI,
        ),
    )
    return a_snapshot(chain, [agent], story)


def waiting_for_proof() -> Snapshot:
    """Return the first choice healthy again, and the route waiting on the backup until it has proven itself."""
    calm = recovering()
    note = "openai: available, returns when proven: the route stays 12 s more where it is"
    return replace(calm, agents=(replace(calm.agents[0], ramp=None, failback_note=note),))


def pinned_trial() -> Snapshot:
    """Return a trial switch that goes back in 41 seconds unless it is confirmed; it can be undone."""
    chain = _chain(rate=12.4)
    agent = replace(
        an_agent("support-bot", chain, active=1, rate=12.4),
        active_because="switched by ana",
        active_since_at=NOW - 19.0,
        pin=PinView(CLAUDE, "ana", "is it faster", NOW + 41.0, trial=True, hard=False),
        plan=(
            WhyNot(OPENAI, NotUsed.PINNED_ELSEWHERE, "switched to anthropic by ana"),
            WhyNot(CLAUDE, NotUsed.ACTIVE, "active: switched by ana"),
            WhyNot(BACKUP, NotUsed.PINNED_ELSEWHERE, "switched to anthropic by ana"),
        ),
    )
    switched = replace(
        an_event(40, 19.0, _K.SWITCHED, "openai -> anthropic, trial for 60 s", "is it faster"),
        agent=AGENT,
        provider=CLAUDE,
        left=OPENAI,
        actor="ana",
        source=Source.OPERATOR,
    )
    calm = a_snapshot(chain, [agent], (*_quiet(), switched))
    return replace(calm, undo=UndoView("switch of support-bot", NOW + 11.0))


def automation_held() -> Snapshot:
    """Return an agent whose automation a person holds, with one provider drained and one breaker held open."""
    first, second, third = _chain(rate=12.4)
    drained = replace(
        second,
        imposed=Imposed.DRAIN,
        available=False,
        why_not=WhyNot(second.id, NotUsed.DRAINING, "drained by ana, 2 in flight"),
        reason="drained by ana, 2 in flight",
        flags=frozenset({Flag.DRAINING}),
    )
    shut = replace(
        third,
        available=False,
        why_not=WhyNot(third.id, NotUsed.HELD_OPEN, "breaker held open by ana", NOW + 600.0),
        reason="breaker held open by ana",
        breaker=BreakerView(BreakerState.CLOSED, None, 0, 3, BreakerHand.OPEN, NOW + 600.0, 0, ""),
    )
    chain = [first, drained, shut]
    agent = replace(an_agent("support-bot", chain, rate=12.4), automation_held="ana")
    return a_snapshot(chain, [agent], _quiet())


def local_fault() -> Snapshot:
    """Return our own network at fault: every provider fails at once and nobody is blamed."""
    chain = [degraded(view) for view in _chain(rate=12.4)]
    calm = a_snapshot(chain, [an_agent("support-bot", chain, rate=12.4)], _quiet())
    return replace(calm, local_fault="our own network is at fault: verdicts are frozen")


def two_hundred_providers() -> Snapshot:
    """Return two hundred providers in the chains of ten agents, a few of them sick and out of sight."""
    sick: dict[int, Callable[[ProviderView], ProviderView]] = {
        17: down,
        93: down,
        94: degraded,
        140: slow,
        171: down,
    }
    usual = [
        a_provider(f"provider-{n:03d}", 0.3 + (n % 17) * 0.15, rate=2.5 if n % 3 else 0.0) for n in range(1, 201)
    ]
    chain = [sick.get(place, _as_it_is)(view) for place, view in enumerate(usual, start=1)]
    agents = [an_agent(f"agent-{n:02d}", chain[n * 20 : n * 20 + 20], rate=5.0) for n in range(10)]
    return a_snapshot(chain, agents, _incident())


def hostile_text() -> Snapshot:
    """Return foreign text that tries markup, wide and combining characters, and endless words; scrubbed."""
    texts = (
        "[/gpt] [@click=app.quit()]x[/] [link=https://evil.example]y",
        "エラー: 料金制限 ⚠\ufe0f 한국어",
        "é̂̃" * 40,
        "W" * 300,
    )
    chain = [
        replace(down(a_provider(name, 0.8, rate=2.0)), error=text, reason=text, why_not=_why(name, text))
        for name, text in zip(("[red]", "日本語プロバイダー", "naïve-e\u0301", "x" * 60), texts, strict=True)
    ]
    story = tuple(
        replace(an_event(n, 60.0 - n, _K.UNHEALTHY, text, text), provider=chain[n].id)
        for n, text in enumerate(texts)
    )
    return a_snapshot(chain, [an_agent("[bold]agent[/]", chain, active=1, rate=2.0)], story)


def nothing_configured() -> Snapshot:
    """Return an engine without a single provider or agent."""
    return a_snapshot((), ())


def paused() -> Picture:
    """Return a picture of a failover that has been standing still for 41 seconds."""
    return replace(a_picture(failover_in_progress()), now=NOW + 41.0, paused=True)


SITUATIONS: Final[dict[str, Callable[[], Snapshot]]] = {
    situation.__name__: situation
    for situation in (
        all_healthy,
        failover_in_progress,
        all_down,
        no_keys,
        recovering,
        waiting_for_proof,
        pinned_trial,
        automation_held,
        local_fault,
        two_hundred_providers,
        hostile_text,
        nothing_configured,
    )
}


def _as_it_is(view: ProviderView) -> ProviderView:
    return view


def _chain(rate: float) -> list[ProviderView]:
    return [
        a_provider("openai", 0.8, rate=rate),
        replace(a_provider("anthropic", 1.1, rate=rate / 10), next_probe_at=NOW + 3.0),
        a_provider("backup-openai", 1.4),
    ]


def _unknown(view: ProviderView) -> ProviderView:
    probes = with_gap(a_series(2.4, every_s=14.0), 400.0, 0.0)
    return replace(
        view,
        status=Status.UNKNOWN,
        verdict=Status.UNKNOWN,
        reason="no recent news",
        probes=probes,
        last_check_at=NOW - 410,
    )


def _limited(view: ProviderView) -> ProviderView:
    sick = down(view, for_s=40.0)
    return replace(
        sick,
        breaker=replace(sick.breaker, state=BreakerState.CLOSED, until_at=None),
        why_not=WhyNot(view.id, NotUsed.RATE_LIMITED, "rate limited, reset in the answer's headers", NOW + 42.0),
        reason="rate limited, reset in the answer's headers",
        flags=frozenset({Flag.LIMITED}),
        error="429 rate limited",
    )


def _why(name: str, text: str) -> WhyNot:
    return WhyNot(ProviderId(name), NotUsed.BREAKER_OPEN, text, NOW + 9.0)


def _quiet() -> tuple[Event, ...]:
    return (
        an_event(1, 3990.0, _K.STARTED, "engine started, 3 providers"),
        replace(an_event(2, 3980.0, _K.HEALTHY, "healthy", "check passed"), provider=OPENAI, source=Source.PROBE),
        replace(an_event(3, 3979.0, _K.HEALTHY, "healthy", "check passed"), provider=CLAUDE, source=Source.PROBE),
        replace(an_event(4, 3978.0, _K.HEALTHY, "healthy", "check passed"), provider=BACKUP, source=Source.PROBE),
    )


def _incident() -> tuple[Event, ...]:
    opened = "breaker closed -> open"
    cause = "503 server error, 3 failures in a row"
    failing = [
        replace(
            an_event(20 + n, 12.0 - n * 4, _K.UNHEALTHY, "check failed: 503 server error"),
            provider=OPENAI,
            source=Source.PROBE,
        )
        for n in range(3)
    ]
    return (
        *_quiet(),
        replace(an_event(8, 700.0, _K.SLOW, "answers slowly", "p95 6.1 s"), provider=ProviderId("azure-oai")),
        replace(
            an_event(9, 64.0, _K.UNHEALTHY, "unhealthy", "503 server error"), provider=OPENAI, source=Source.LIVE
        ),
        replace(an_event(10, 58.0, _K.BREAKER_OPENED, opened, cause), provider=OPENAI),
        replace(
            an_event(11, 58.0, _K.FAILOVER, "openai -> anthropic", f"openai: breaker open: {cause}"),
            agent=AGENT,
            provider=CLAUDE,
            left=OPENAI,
        ),
        *failing,
    )
