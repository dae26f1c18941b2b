"""Who is called when the fleet changes."""

from tests.support.consoles import StillClock
from tests.support.world import AGENT, a_chain, a_failure, a_spec, an_answer
from tui_failover.core.fact import AttemptEnded, Fact, Permit, QueryAsked, QueryEnded, Started
from tui_failover.core.fleet import Fleet
from tui_failover.core.names import ProviderId
from tui_failover.core.outcome import FailureKind
from tui_failover.core.spec import Rules
from tui_failover.engine.bus import Bus
from tui_failover.engine.state import Cell

A = ProviderId("A")


class Listening:
    """A cell and how often its listener was called."""

    def __init__(self) -> None:
        self.cell = Cell(Rules(), StillClock(), Bus(), 1)
        self.cell.listen(self._changed)
        self.calls = 0
        self.cell.apply(Started((a_spec("A"), a_spec("B")), (a_chain("AB"),)))
        self.cell.apply(AttemptEnded(self.permit(), an_answer()))

    def permit(self) -> Permit:
        """Give out the right to an attempt at the first provider."""
        permit = self.cell.admit(AGENT, A)
        assert isinstance(permit, Permit)
        return permit

    def calls_for(self, *facts: Fact) -> int:
        """Tell facts, and return how often the listener is called for them."""
        before = self.calls
        for fact in facts:
            self.cell.apply(fact)
        return self.calls - before

    def _changed(self, before: Fleet, after: Fleet) -> None:
        assert before is not after
        self.calls += 1


def test_a_query_that_is_answered_like_those_before_it_calls_nobody() -> None:
    listening = Listening()
    ends = AttemptEnded(listening.permit(), an_answer())

    assert listening.calls_for(QueryAsked(AGENT), ends, QueryEnded(AGENT, A, A)) == 0


def test_a_failure_calls_whoever_listens() -> None:
    listening = Listening()

    assert listening.calls_for(AttemptEnded(listening.permit(), a_failure())) == 1


def test_a_failure_to_connect_calls_whoever_listens_before_anything_is_booked() -> None:
    listening = Listening()
    first, second = listening.permit(), listening.permit()
    refused = a_failure(FailureKind.CONNECT)

    assert listening.calls_for(AttemptEnded(first, refused), AttemptEnded(second, refused)) == 2
