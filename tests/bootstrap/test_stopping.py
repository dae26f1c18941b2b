"""What is said of the queries under way when the process is to stop."""

import pytest

from tui_failover.bootstrap.stopping import waits_for


@pytest.mark.parametrize(
    ("queries", "said"),
    [(1, "1 attempt may take 30 s to finish"), (2, "2 attempts may take 30 s to finish")],
)
def test_what_is_waited_for_is_said_with_how_long_at_most(queries: int, said: str) -> None:
    assert waits_for(queries, 30.0) == said
