"""A provider that does what a script says, for tests: ours, and those of programs that use the library."""

import math
from collections import deque

from msgspec import Struct

from tui_failover.core.names import ProviderId
from tui_failover.core.outcome import Answered, Failed, Failure, FailureKind, Outcome
from tui_failover.core.ports import Clock, Limits
from tui_failover.core.query import Query, Reply, Usage
from tui_failover.core.spec import ProbeKind, ProviderSpec

_SOME_USAGE = Usage(10, 5)


class Answer(Struct, frozen=True):
    """Answers.

    Attributes:
        text: the answer.
        after_s: seconds until the first content.
        lasts_s: seconds from there to the end; a query probe does not wait for it.
        usage: tokens counted.
        model: the model named; "" names the provider's own.
    """

    text: str = "ok"
    after_s: float = 0.1
    lasts_s: float = 0.0
    usage: Usage | None = _SOME_USAGE
    model: str = ""


class Break(Struct, frozen=True):
    """Fails with `failure` after `after_s` seconds."""

    failure: Failure
    after_s: float = 0.1
    usage: Usage | None = None


class Hang(Struct, frozen=True):
    """Never says a word; ends as silent when the first-content limit has passed."""


Step = Answer | Break | Hang


def failing(kind: FailureKind, reason: str = "", *, retry_after_s: float | None = None) -> Break:
    """Return a step that fails as `kind`; the reason is the kind's own word unless one is given."""
    return Break(Failure(kind, reason or kind.value, rule="scripted", retry_after_s=retry_after_s))


class ScriptedUpstream:
    """An `Upstream` whose answers are scripted and whose time is a Clock's.

    Steps given with `will` are used up one by one, by queries and probes alike; then `otherwise` goes on for ever.

    Attributes:
        queries: every query sent, oldest first.
        probes: every probe, oldest first.
        inflight: attempts under way.
        closed: `close` was called.
    """

    def __init__(self, clock: Clock, otherwise: Step | None = None, model: str = "scripted") -> None:
        self.queries: list[Query] = []
        self.probes: list[tuple[ProbeKind, Query]] = []
        self.inflight = 0
        self.closed = False
        self._clock = clock
        self._model = model
        self._otherwise: Step = otherwise or Answer()
        self._steps: deque[Step] = deque()

    def will(self, *steps: Step) -> "ScriptedUpstream":
        """Do `steps` next, one for each attempt."""
        self._steps.extend(steps)
        return self

    def from_now_on(self, step: Step) -> "ScriptedUpstream":
        """Forget the steps that are left and do `step` for ever."""
        self._steps.clear()
        self._otherwise = step
        return self

    async def send(self, query: Query, limits: Limits) -> Outcome:
        """Answer as scripted, within `limits`."""
        self.queries.append(query)
        return await self._attempt(limits, only_first_content=False)

    async def probe(self, kind: ProbeKind, query: Query, timeout_s: float) -> Outcome:
        """Answer as scripted, within `timeout_s` seconds."""
        self.probes.append((kind, query))
        limits = Limits(timeout_s, timeout_s, timeout_s, timeout_s)
        return await self._attempt(limits, only_first_content=kind is not ProbeKind.CUSTOM)

    async def close(self) -> None:
        """Note that it was closed."""
        self.closed = True

    async def _attempt(self, limits: Limits, *, only_first_content: bool) -> Outcome:
        step = self._steps.popleft() if self._steps else self._otherwise
        started_at = self._clock.now().mono
        self.inflight += 1
        try:
            outcome = await self._play(step, limits, only_first_content=only_first_content)
        finally:
            self.inflight -= 1
        return _timed(outcome, self._clock.now().mono - started_at)

    async def _play(self, step: Step, limits: Limits, *, only_first_content: bool) -> Outcome:
        after_s = math.inf if isinstance(step, Hang) else step.after_s
        patience_s = min(limits.first_content_s, limits.total_s)
        await self._clock.sleep(min(after_s, patience_s))
        if after_s > patience_s or isinstance(step, Hang):
            return Failed(Failure(FailureKind.SILENT, "no answer in time", rule="scripted"), 0.0)
        if isinstance(step, Break):
            return Failed(step.failure, 0.0, step.usage)
        lasts_s = 0.0 if only_first_content else step.lasts_s
        room_s = limits.total_s - after_s
        await self._clock.sleep(min(lasts_s, room_s))
        if lasts_s > room_s:
            broken = Failure(FailureKind.STREAM_BROKEN, "did not end in time", rule="scripted")
            return Failed(broken, 0.0, step.usage)
        reply = Reply(step.text, step.model or self._model, step.usage, "stop")
        return Answered(reply, after_s, 0.0)


def _timed(outcome: Outcome, elapsed_s: float) -> Outcome:
    match outcome:
        case Answered():
            return Answered(outcome.reply, min(outcome.first_content_s, elapsed_s), elapsed_s)
        case Failed():
            return Failed(outcome.failure, elapsed_s, outcome.usage)
        case _:
            return outcome


class ScriptedUpstreams:
    """An `UpstreamFactory` of scripted providers; `factory[provider_id]` is the one to script."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._made: dict[ProviderId, ScriptedUpstream] = {}

    def __call__(self, spec: ProviderSpec) -> ScriptedUpstream:
        """Return the provider's upstream, the same one every time."""
        return self[spec.id]

    def __getitem__(self, provider: ProviderId) -> ScriptedUpstream:
        """Return the provider's upstream, made on first use so that it can be scripted beforehand."""
        return self._made.setdefault(provider, ScriptedUpstream(self._clock, model=f"{provider}-model"))
