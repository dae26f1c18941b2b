"""What a switch would mean, in figures: made from a snapshot, told alike by the console and the API."""

from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from tui_failover.core.health import Status
from tui_failover.core.names import ProviderId
from tui_failover.core.need import EVERY_NEED, Need
from tui_failover.core.snapshot import AgentView, Limited, ProviderView, Snapshot
from tui_failover.core.spec import Price
from tui_failover.core.text import span
from tui_failover.core.traffic import SPAN_S, Recent

_NOW: Final = 20  # answers that p95 is taken over as it is now; those before tell what it was
_HOUR_S: Final = 3600.0
_LEAST_S: Final = 30.0
_MICRO: Final = 1_000_000


class Quickness(Struct, frozen=True):
    """Time to first content that 95 of 100 answers stayed within, and over how many answers that was taken."""

    p95_s: float
    samples: int


class End(Struct, frozen=True):
    """What is known of one end of a switch.

    Attributes:
        word: what the newest evidence says.
        known_at: when that came, in monotonic seconds; None without any.
        now: over the newest answers; live ones, or checks where there are none.
        before: over the answers before those; None where there are too few to tell.
        per_hour: micro-dollars an hour that the agent's present queries cost here; None where that is not known.
        inflight: attempts under way, everybody's.
        rate: attempts per second, everybody's.
    """

    provider: ProviderId
    word: Status
    known_at: float | None
    now: Quickness | None
    before: Quickness | None
    per_hour: int | None
    inflight: int
    rate: float


class Room(Struct, frozen=True):
    """A limit of the target in force, and what the switch puts on top of its use.

    Attributes:
        limit, used: as in `LimitView`.
        adds: what the agent asks for at present, by the same count.
    """

    what: Limited
    limit: int
    used: int
    adds: int

    @property
    def suffices(self) -> bool:
        """Whether it holds both."""
        return self.used + self.adds <= self.limit


class Loss(Struct, frozen=True):
    """Something that some of an agent's recent queries needed and the target does not carry."""

    need: Need
    queries: int


class Preview(Struct, frozen=True):
    """What a switch of an agent would mean.

    Attributes:
        source, target: both ends.
        recent: what the agent's queries of the last minutes took and needed.
        losses: what of it the target does not carry although the source does, the most frequent first.
        judged: whether it is known what the target carries.
        outgrown: the target's context window, where the longest recent query would not fit; else None.
        inflight: the agent's queries under way; they finish where they are.
        room: the target's limits, with what the agent adds to their use; () where the switch adds nothing.
    """

    source: End
    target: End
    recent: Recent
    losses: tuple[Loss, ...]
    judged: bool
    outgrown: int | None
    inflight: int
    room: tuple[Room, ...] = ()


def preview_of(snapshot: Snapshot, agent: AgentView, target: ProviderId) -> Preview | None:
    """Return what a switch would mean; None where either end is not registered."""
    source, goal = snapshot.provider(agent.active), snapshot.provider(target)
    if source is None or goal is None:
        return None
    now = snapshot.moment.mono
    recent = agent.traffic.recent(now, min(SPAN_S, max(_LEAST_S, now - snapshot.started_at)))
    window = goal.context_window
    return Preview(
        source=_end(source, recent),
        target=_end(goal, recent),
        recent=recent,
        losses=tuple(_losses(source, goal, recent)),
        judged=goal.carries is not None,
        outgrown=window if window is not None and recent.longest > window else None,
        inflight=agent.inflight,
        room=() if source.id == goal.id else tuple(_rooms(goal, agent, recent)),
    )


def losses_told(preview: Preview) -> tuple[str, ...]:
    """Return what the agent's recent queries would lose at the target, each to be read after "loses"."""
    recent, target = preview.recent, preview.target.provider
    if not recent.ended:
        return (f"nothing known: no query has ended in the last {span(recent.window_s)}",)
    asked = f"{recent.ended} {'query' if recent.ended == 1 else 'queries'} in the last {span(recent.window_s)}"
    lost = [f"{loss.need}: {loss.queries} of {asked}" for loss in preview.losses]
    if preview.outgrown is not None:
        lost.append(f"the longest queries: up to {recent.longest} tokens asked, {target} takes {preview.outgrown}")
    if lost:
        return tuple(lost)
    if preview.judged:
        return (f"nothing that {asked} needed",)
    return (f"nothing known: what {target} carries is not told",)


def _end(view: ProviderView, recent: Recent) -> End:
    before, now = _quickness(view)
    instants = (view.last_check_at, view.last_success_at, view.last_failure_at)
    return End(
        provider=view.id,
        word=view.verdict,
        known_at=max((at for at in instants if at is not None), default=None),
        now=now,
        before=before,
        per_hour=per_hour(view.price, recent),
        inflight=view.inflight,
        rate=view.rate,
    )


def per_hour(price: Price | None, recent: Recent) -> int | None:
    """Return micro-dollars an hour, at the rate of what is recent; None where price or tokens are not known."""
    metered = recent.ended - recent.failed - recent.unmetered
    if price is None or (recent.unmetered and not metered):
        return None
    cost = recent.input_tokens * price.input_per_million + recent.output_tokens * price.output_per_million
    # Answers whose tokens nobody counted are taken to be like the others.
    whole = 1.0 if not metered else (metered + recent.unmetered) / metered
    return round(cost / _MICRO * whole * _HOUR_S / recent.window_s)


def _rooms(goal: ProviderView, agent: AgentView, recent: Recent) -> Iterator[Room]:
    per_min = 60.0 / recent.window_s
    adds = {
        Limited.QUERIES: round(recent.ended * per_min),
        Limited.TOKENS: round((recent.input_tokens + recent.output_tokens) * per_min),
        Limited.WRITTEN: round(recent.output_tokens * per_min),
        Limited.CONCURRENCY: agent.inflight,
    }
    for one in goal.limits:
        yield Room(one.what, one.limit, one.used, adds[one.what])


def _quickness(view: ProviderView) -> tuple[Quickness | None, Quickness | None]:
    """Return how quick it was and how quick it is."""
    answers = (view.live if view.live.recent else view.probes).recent
    newest, older = answers[-_NOW:], answers[:-_NOW]
    return _over(older if len(older) >= _NOW else ()), _over(newest)


def _over(answers: tuple[float, ...]) -> Quickness | None:
    if not answers:
        return None
    ordered = sorted(answers)
    return Quickness(ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))], len(ordered))


def _losses(source: ProviderView, target: ProviderView, recent: Recent) -> Iterator[Loss]:
    if target.carries is None:
        return
    had = EVERY_NEED if source.carries is None else source.carries
    lost = [Loss(need, recent.needing(need)) for need in had - target.carries]
    yield from sorted((one for one in lost if one.queries), key=lambda one: (-one.queries, one.need))
