"""The cell that holds the fleet: the only writer. Every change is one synchronous call, never across an await."""

from collections.abc import Callable

from tui_failover.core import admission, fold, orders
from tui_failover.core.chain import Plan
from tui_failover.core.command import Command, Verdict
from tui_failover.core.event import Event
from tui_failover.core.fact import Fact, Permit
from tui_failover.core.fleet import Fleet
from tui_failover.core.names import AgentId, Moment, ProviderId
from tui_failover.core.ports import Breathe, Clock, at_once
from tui_failover.core.provider_state import Obstacle
from tui_failover.core.snapshot import Snapshot
from tui_failover.core.spec import ProviderSpec, Rules
from tui_failover.core.view import snapshot_of
from tui_failover.engine.bus import Bus

SHOWN_EVENTS = 500
Listener = Callable[[Fleet, Fleet], None]


class Cell:
    """The one fleet. Facts, admissions and orders go in on the engine's loop; `snapshot` may be read anywhere.

    Attributes:
        bus: where what happened is told.
        fleet: as it stands; for the engine's loop.
    """

    def __init__(self, rules: Rules, clock: Clock, bus: Bus, seed: int) -> None:
        self._clock = clock
        self.bus = bus
        self.fleet = Fleet(rules, clock.now(), seed)
        # One tuple, so that a reader in another thread sees a fleet and the events that belong to it.
        self._shown: tuple[Fleet, tuple[Event, ...]] = (self.fleet, ())
        self._listeners: list[Listener] = []

    def listen(self, listener: Listener) -> None:
        """Call `listener(before, after)` on the engine's loop after every change but of counts and samples."""
        self._listeners.append(listener)

    def apply(self, fact: Fact, also: Fact | None = None) -> None:
        """Fold a fact, or two of the same instant."""
        fleet, events = fold.apply(self.fleet, fact, self._clock.now(), also)
        self._replace(fleet, events)

    def admit(
        self, agent: AgentId, provider: ProviderId, *, desperate: bool = False, tokens: int = 0
    ) -> Permit | Obstacle:
        """Ask for the right to make an attempt."""
        moment = self._clock.now()
        fleet, events, answer = admission.admit(
            self.fleet, agent, provider, moment, desperate=desperate, tokens=tokens
        )
        self._replace(fleet, events)
        return answer

    def ask(
        self,
        agent: AgentId,
        moment: Moment,
        unfit: Callable[[ProviderSpec], str] | None,
        home: ProviderId | None,
        tokens: int,
    ) -> tuple[Plan, Permit | None]:
        """Take a query in: its plan, and where nothing stands against that the right to its first attempt."""
        fleet, events, plan, permit = admission.ask(self.fleet, agent, moment, unfit, home, tokens)
        self._replace(fleet, events)
        return plan, permit

    def decide(self, command: Command) -> Verdict:
        """Carry out or refuse an order."""
        fleet, events, verdict = orders.decide(self.fleet, command, self._clock.now())
        self._replace(fleet, events)
        return verdict

    def snapshot(self, breathe: Breathe = at_once) -> Snapshot:
        """Return the read model of this instant, `breathe` between its pieces; callable from any thread."""
        fleet, events = self._shown
        return snapshot_of(fleet, self._clock.now(), events, breathe)

    def _replace(self, fleet: Fleet, events: tuple[Event, ...]) -> None:
        before, recent = self._shown
        if events:
            recent = (*recent, *events)[-SHOWN_EVENTS:]
        self.fleet, self._shown = fleet, (fleet, recent)
        if events:
            self.bus.publish(events)
        if events or fleet.turns != before.turns or fleet.local is not before.local:
            for listener in self._listeners:
                listener(before, fleet)
