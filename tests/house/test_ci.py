"""The tests a newcomer runs are the tests that are run for every change."""

import os
from pathlib import Path

ROOT = Path(__file__).parents[2]
CI = ROOT / ".ci" / "run"
INSTALL = "python3 -m venv .venv && .venv/bin/pip install --quiet --editable '.[dev]'"
TEST_COMMAND = f"{INSTALL} && .venv/bin/python -m pytest -n 4 --dist worksteal"


def test_readme_gives_the_command_that_every_change_is_tested_with() -> None:
    assert TEST_COMMAND in CI.read_text(encoding="utf-8").splitlines()
    assert TEST_COMMAND in (ROOT / "README.md").read_text(encoding="utf-8").splitlines()


def test_ci_script_can_be_run() -> None:
    assert os.access(CI, os.X_OK)
