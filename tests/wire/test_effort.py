"""How hard to think, where the exact level does not exist."""

import pytest

from tui_failover.wire.effort import nearest
from tui_failover.wire.verdict import Notes


@pytest.mark.parametrize(
    ("asked", "accepted", "chosen", "changed"),
    [
        ("high", ("low", "medium", "high"), "high", False),
        ("xhigh", ("low", "medium", "high", "max"), "high", True),
        ("max", ("minimal", "low", "medium", "high"), "high", True),
        ("medium", ("low", "high"), "low", True),
        ("none", ("minimal", "low"), "minimal", True),
        ("low", ("high",), "high", True),
    ],
    ids=["exact", "between", "above all", "gap", "below all", "only a higher one"],
)
def test_level_becomes_the_nearest_lower_one_else_the_lowest(
    asked: str, accepted: tuple[str, ...], chosen: str, changed: bool
) -> None:
    notes = Notes()

    assert nearest(asked, accepted, notes, "reasoning_effort") == chosen
    assert bool(notes.taken()) is changed
