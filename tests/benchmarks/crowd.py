"""A fleet of N providers whose history is made beforehand, so that only the console's own work is measured."""

import time
from collections.abc import Sequence

from tui_failover.core.command import Command, Refused, Verdict
from tui_failover.core.fact import ProbeEnded, ProbeStarted, Started
from tui_failover.core.fleet import Fleet
from tui_failover.core.fold import apply
from tui_failover.core.names import AgentId, Moment, ProviderId
from tui_failover.core.outcome import Answered
from tui_failover.core.ports import Breathe, at_once
from tui_failover.core.query import Reply
from tui_failover.core.snapshot import Snapshot
from tui_failover.core.spec import Dialect, FailoverConfig, ProbeKind, ProviderSpec, Rules
from tui_failover.core.view import snapshot_of

_FRAMES = 60
_CHANGING = 5  # one provider in five changes every second


class WallClock:
    """The machine's clock."""

    def now(self) -> Moment:
        """Return the present instant."""
        return Moment(time.monotonic(), time.time())  # noqa: TID251 - measured in real time

    async def sleep(self, seconds: float) -> None:
        """Never needed by a console."""
        raise NotImplementedError


class CrowdLink:
    """An `EngineLink` that shows one prepared fleet after the other, a second each."""

    def __init__(self, providers: int) -> None:
        self.clock = WallClock()
        self._began = self.clock.now()
        self._fleets = _history(providers, self._began)

    def snapshot(self, breathe: Breathe = at_once) -> Snapshot:
        """Return the read model of this second, made here as a real engine's is."""
        now = self.clock.now()
        frame = int(now.mono - self._began.mono) % _FRAMES
        return snapshot_of(self._fleets[frame], now, (), breathe)

    async def submit(self, command: Command) -> Verdict:
        """Refuse: there is nobody to order about."""
        return Refused(f"{type(command).__name__}: this is a benchmark")

    async def check(self, providers: Sequence[ProviderId]) -> None:
        """Do nothing."""


def _history(count: int, began: Moment) -> list[Fleet]:
    names = [ProviderId(f"provider-{number:03}") for number in range(count)]
    specs = tuple(
        ProviderSpec(name, Dialect.OPENAI, "model", f"https://{name}.example", f"{name}.example", f"env:{name}")
        for name in names
    )
    config = FailoverConfig(AgentId("agent"), names[0], tuple(names[1:]))
    fleet, _ = apply(Fleet(Rules(), began), Started(specs, (config,)), began)
    fleets = []
    for second in range(_FRAMES):
        moment = Moment(began.mono + second, began.utc + second)
        for place, name in enumerate(names):
            if place % _CHANGING == second % _CHANGING:
                latency = 0.2 + 0.01 * ((place * 7 + second * 13) % 50)
                answer = Answered(Reply("ok", "model"), latency, latency)
                fleet, _ = apply(fleet, ProbeStarted(name), moment)
                fleet, _ = apply(fleet, ProbeEnded(name, 0, ProbeKind.QUERY, answer), moment)
        fleets.append(fleet)
    return fleets
