"""The console works in short pieces, and rests between them only while nobody waits for it."""

from dataclasses import dataclass, field

from tests.support import fleets
from tests.support.consoles import StillClock
from tests.support.fake_link import FakeLink
from tui_failover.console.desk import Desk
from tui_failover.console.pace import Pace
from tui_failover.console.presentation.chain_rows import chain


@dataclass
class Machine:
    """Time that passes by working and by resting alone."""

    now: float = 0.0
    rests: list[float] = field(default_factory=list)

    def clock(self) -> float:
        return self.now

    def rest(self, seconds: float) -> None:
        self.rests.append(self.now)
        self.now += seconds


def test_work_rests_after_every_piece_and_not_before() -> None:
    machine = Machine()
    breathe = Pace(machine.clock, machine.rest)

    for _ in range(100):
        machine.now += 0.0001
        breathe()

    worked = [later - earlier for earlier, later in zip(machine.rests, machine.rests[1:], strict=False)]
    assert len(machine.rests) >= 25
    assert all(0.0012 < one < 0.0015 for one in worked)


def test_a_picture_that_nobody_waits_for_is_made_and_drawn_in_pieces() -> None:
    breaths: list[None] = []
    desk = Desk(FakeLink(fleets.all_healthy()), StillClock(), breathe=lambda: breaths.append(None))

    chain(desk.picture(), 120, 40)
    assert not breaths

    chain(desk.picture(calmly=True), 120, 40)
    assert len(breaths) >= len(fleets.all_healthy().providers)
