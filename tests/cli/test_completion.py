"""Shell completion: the scripts, and what they offer."""

import pytest
from click.shell_completion import ShellComplete

from tests.cli.conftest import Run
from tests.support.settings import COMPLETE
from tui_failover.cli import cli


def offered(*words: str) -> list[str]:
    """What is offered for the last of the words."""
    complete = ShellComplete(cli, {}, "tui-failover", "_TUI_FAILOVER_COMPLETE")
    return [item.value for item in complete.get_completions(list(words[:-1]), words[-1])]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_script_is_printed_for_each_shell(run: Run, shell: str) -> None:
    result = run("completion", shell)

    assert result.exit_code == 0
    assert f"_TUI_FAILOVER_COMPLETE={shell}_complete" in result.stdout


def test_commands_are_offered(run: Run) -> None:
    assert offered("") == ["check", "completion", "demo", "init", "reset-state", "serve", "validate"]


def test_providers_of_the_settings_are_offered_for_check(run: Run) -> None:
    with open("settings.toml", "w", encoding="utf-8") as file:
        file.write(COMPLETE)

    assert offered("check", "") == ["openai-agent", "claude-agent"]
    assert offered("check", "cl") == ["claude-agent"]
    assert offered("check", "openai-agent", "") == ["claude-agent"]


def test_providers_of_the_named_settings_are_offered(run: Run) -> None:
    with open("other.toml", "w", encoding="utf-8") as file:
        file.write(COMPLETE.replace("openai-agent", "other-agent"))

    assert offered("check", "--settings", "other.toml", "o") == ["other-agent"]


def test_nothing_is_offered_and_nothing_breaks_without_settings(run: Run) -> None:
    assert offered("check", "") == []
