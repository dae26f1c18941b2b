"""What a streaming caller is told of an answer that broke off: each thing once."""

import pytest

from tui_failover.core.names import ProviderId
from tui_failover.core.outcome import Failure, FailureKind
from tui_failover.engine.errand import Carried
from tui_failover.gateway.refusals import told_of_break


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (FailureKind.STREAM_BROKEN, "The answer of one broke off."),
        (FailureKind.OVERLOADED, "The answer of one broke off: overloaded."),
    ],
)
def test_why_an_answer_broke_off_is_said_where_there_is_more_to_say(kind: FailureKind, said: str) -> None:
    carried = Carried(ProviderId("one"), ())

    assert told_of_break(carried, Failure(kind, "it ended")) == (kind, said)
