"""Rules about the code itself that no linter has."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import tui_failover

PACKAGE = Path(tui_failover.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))
MOST_LINES = 400
SAYS_NOTHING = {"base", "common", "helpers", "misc", "utils"}


def name_of(path: Path) -> str:
    """The module's path inside the package."""
    return str(path.relative_to(PACKAGE))


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_module_can_be_read_in_one_sitting(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").count("\n")

    assert lines < MOST_LINES, f"{name_of(path)} has {lines} lines; is it still one thing?"


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_module_is_named_after_what_it_holds(path: Path) -> None:
    parts = {part.removesuffix(".py") for part in path.relative_to(PACKAGE).parts}

    assert not parts & SAYS_NOTHING


def test_importing_the_library_loads_neither_sdk_nor_screen_nor_settings() -> None:
    heavy = ("openai", "anthropic", "textual", "rich", "pydantic", "click")
    code = (
        f"import json, sys, tui_failover\nprint(json.dumps([name for name in {heavy!r} if name in sys.modules]))"
    )

    done = subprocess.run(  # noqa: S603  # our own interpreter
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30
    )

    assert json.loads(done.stdout) == []
