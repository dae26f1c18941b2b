"""The README tells the truth where it repeats what the code knows."""

from pathlib import Path

import pytest

from tui_failover.console.keymap import readme_table
from tui_failover.core.transition import BREAKER, ROUTE, Transition, diagram

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


def part(name: str) -> str:
    """What stands between a pair of markers."""
    return README.split(f"<!-- {name} -->")[1].split(f"<!-- /{name} -->")[0].strip()


@pytest.mark.parametrize(
    ("name", "table"), [("breaker-diagram", BREAKER), ("route-diagram", ROUTE)], ids=["breaker", "route"]
)
def test_diagram_is_the_one_the_transition_table_draws(name: str, table: tuple[Transition, ...]) -> None:
    assert part(name) == f"```mermaid\n{diagram(table)}\n```"


def test_keys_are_those_of_the_key_table() -> None:
    assert part("keys") == readme_table().strip()
