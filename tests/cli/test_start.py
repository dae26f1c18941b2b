"""The command as a process of its own."""

import json
import subprocess
import sys
from importlib.metadata import version

import pytest

HEAVY = ("openai", "anthropic", "textual", "pydantic", "httpx", "tomli_w", "asyncio")


def output(*arguments: str) -> str:
    """Standard output of a Python process that ended well."""
    done = subprocess.run(  # noqa: S603  # our own interpreter
        [sys.executable, *arguments], capture_output=True, text=True, check=True, timeout=30
    )
    return done.stdout


def test_module_runs_as_the_command() -> None:
    assert output("-m", "tui_failover", "--version") == f"tui-failover, version {version('tui-failover')}\n"


@pytest.mark.parametrize("arguments", [("--version",), ("--help",), ("demo", "--help")], ids=" ".join)
def test_quick_answers_load_nothing_heavy(arguments: tuple[str, ...]) -> None:
    code = (
        "import json, sys\n"
        "from tui_failover.cli import cli\n"
        f"cli({list(arguments)!r}, prog_name='tui-failover', standalone_mode=False)\n"
        f"print(json.dumps([name for name in {HEAVY!r} if name in sys.modules]))\n"
    )

    assert json.loads(output("-c", code).splitlines()[-1]) == []
