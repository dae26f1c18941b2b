"""The tables as text: a change of behaviour is a line of difference here.

Write them anew with `UPDATE_TABLES=1 pytest tests/core/test_tables.py`, and read the difference.
"""

import os
from pathlib import Path

import pytest

from tui_failover.core.failure import POLICY, Policy
from tui_failover.core.transition import BREAKER, ROUTE, Transition, diagram, legal

STORED = Path(__file__).parent / "tables"


def _policy() -> str:
    return "".join(f"{kind}\n{_row(policy)}" for kind, policy in POLICY.items())


def _row(policy: Policy) -> str:
    low, high = policy.pause_s
    return (
        f"    words:     {policy.words}\n"
        f"    here:      {policy.again} ({low}-{high} s)\n"
        f"    then:      {policy.then}\n"
        f"    booked on: {policy.scope}\n"
        f"    effect:    {policy.effect}, weight {policy.weight}, neighbours {policy.sibling_weight}\n"
        f"    unhealthy: {'yes' if policy.strike else 'no'}\n"
    )


def _transitions(table: tuple[Transition, ...]) -> str:
    return "".join(f"{row.source.name:10} {row.target.name:10} {row.trigger.value}\n" for row in table)


@pytest.mark.parametrize(
    ("name", "text"),
    [("policy", _policy()), ("breaker", _transitions(BREAKER)), ("route", _transitions(ROUTE))],
    ids=["policy", "breaker", "route"],
)
def test_table_is_as_stored(name: str, text: str) -> None:
    path = STORED / f"{name}.txt"
    if os.environ.get("UPDATE_TABLES"):
        path.write_text(text, encoding="utf-8")

    assert text == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("table", [BREAKER, ROUTE], ids=["breaker", "route"])
def test_no_row_stands_twice(table: tuple[Transition, ...]) -> None:
    assert len(set(table)) == len(table)


@pytest.mark.parametrize("table", [BREAKER, ROUTE], ids=["breaker", "route"])
def test_every_state_can_be_left(table: tuple[Transition, ...]) -> None:
    assert {row.target for row in table} <= {row.source for row in table if row.target is not row.source}


def test_a_move_that_is_no_row_is_not_legal() -> None:
    row = BREAKER[0]

    assert legal(BREAKER, row.source, row.trigger, row.target)
    assert not legal(BREAKER, row.target, row.trigger, row.source)


def test_the_diagram_names_every_state_and_every_row() -> None:
    lines = diagram(BREAKER).splitlines()

    assert lines[0] == "stateDiagram-v2"
    assert "    half_open: half-open" in lines
    assert sum(" --> " in line for line in lines) == len(BREAKER)
