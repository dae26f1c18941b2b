"""A command line in a folder of its own, over a composition that notes what it was asked."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

import pytest
from click.testing import CliRunner, Result

from tui_failover.cli import cli
from tui_failover.config.options import ConsoleOptions, ServeOptions
from tui_failover.config.settings import Settings
from tui_failover.core.errors import FailoverError


@dataclass
class NotedComposition:
    """Stands where `tui_failover.bootstrap` stands; ends every run with `status`."""

    status: int = 0
    interrupted: bool = False
    refusal: str = ""
    consoles: list[ConsoleOptions] = field(default_factory=list)
    demos: list[ConsoleOptions] = field(default_factory=list)
    served: list[ServeOptions] = field(default_factory=list)
    resets: list[tuple[Settings | None, Path | None]] = field(default_factory=list)
    checks: list[tuple[tuple[str, ...], bool]] = field(default_factory=list)

    def run_console(self, options: ConsoleOptions) -> int:
        self.consoles.append(options)
        if self.interrupted:
            raise KeyboardInterrupt
        return self.status

    def run_serve(self, options: ServeOptions) -> int:
        self.served.append(options)
        return self.status

    def token_faults(self, settings: Settings) -> list[str]:
        return [f"the token {one.label} is no good" for one in settings.control.gateway_tokens]

    def reset_state(self, settings: Settings | None, folder: Path | None) -> str:
        self.resets.append((settings, folder))
        if self.refusal:
            raise FailoverError(self.refusal)
        return "forgotten"

    def run_demo(self, options: ConsoleOptions) -> int:
        self.demos.append(options)
        return self.status

    def run_check(self, settings: Settings, names: tuple[str, ...], as_json: bool, out: TextIO) -> int:
        self.checks.append((names, as_json))
        out.write(f"checked for {len(settings.providers)} providers\n")
        return self.status


Run = Callable[..., Result]


@pytest.fixture
def composition() -> NotedComposition:
    return NotedComposition()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder the commands run in, without any key in the environment."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    return tmp_path


@pytest.fixture
def run(composition: NotedComposition, folder: Path) -> Run:
    """Runs a command line and returns its result."""

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(cli, arguments, obj=composition, prog_name="tui-failover")

    return run
