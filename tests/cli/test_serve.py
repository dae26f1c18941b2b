"""Running without a screen, and forgetting what was ordered then: what the command line makes of it."""

from pathlib import Path

import pytest

from tests.cli.conftest import NotedComposition, Run
from tests.support.settings import COMPLETE
from tui_failover.config.settings import ListenAt, LogStyle


@pytest.fixture
def file(folder: Path) -> Path:
    """A complete settings file where the commands look for it."""
    path = folder / "settings.toml"
    path.write_text(COMPLETE)
    return path


def test_serve_follows_the_settings_where_the_command_line_is_silent(
    run: Run, composition: NotedComposition, file: Path
) -> None:
    result = run("serve")

    (options,) = composition.served
    assert result.exit_code == 0
    assert (options.state, options.listen, options.log) == (None, None, None)
    assert options.settings.path == Path("settings.toml")


def test_serve_takes_every_option(run: Run, composition: NotedComposition, file: Path) -> None:
    run("serve", "--settings", str(file), "--listen", "[::1]:0", "--state", "kept", "--log", "json")

    (options,) = composition.served
    assert (options.state, options.listen, options.log) == (Path("kept"), ListenAt("::1", 0), LogStyle.JSON)


def test_console_takes_the_same_address_and_folder(run: Run, composition: NotedComposition, file: Path) -> None:
    run("--listen", "127.0.0.1:8080", "--state", "kept")

    (options,) = composition.consoles
    assert (options.state, options.listen) == (Path("kept"), ListenAt("127.0.0.1", 8080))


@pytest.mark.parametrize("status", [0, 1, 2, 143])
def test_exit_status_is_the_one_of_the_run(
    run: Run, composition: NotedComposition, file: Path, status: int
) -> None:
    composition.status = status

    assert run("serve").exit_code == status


@pytest.mark.parametrize("address", ["5000", "localhost", "a:b", "h:70000"])
def test_what_is_no_address_is_refused(run: Run, composition: NotedComposition, file: Path, address: str) -> None:
    result = run("serve", "--listen", address)

    assert result.exit_code == 2
    assert 'is no address to listen on; write it like "127.0.0.1:5000"' in result.stderr
    assert composition.served == []


def test_serve_without_settings_says_how_to_begin(run: Run, composition: NotedComposition) -> None:
    result = run("serve")

    assert result.exit_code == 2
    assert "tui-failover init" in result.stderr
    assert composition.served == []


def test_state_is_forgotten_where_the_settings_keep_it(
    run: Run, composition: NotedComposition, file: Path
) -> None:
    result = run("reset-state")

    ((settings, folder),) = composition.resets
    assert (result.exit_code, result.stdout) == (0, "forgotten\n")
    assert settings is not None
    assert folder is None


def test_state_in_a_named_folder_is_forgotten_whatever_the_settings_say(
    run: Run, composition: NotedComposition, file: Path
) -> None:
    file.write_text("broken [")

    result = run("reset-state", "--state", "kept")

    assert result.exit_code == 0
    assert composition.resets == [(None, Path("kept"))]


def test_state_is_forgotten_also_where_there_are_no_settings(run: Run, composition: NotedComposition) -> None:
    result = run("reset-state")

    assert result.exit_code == 0
    assert composition.resets == [(None, None)]


def test_state_in_use_is_told_and_left_alone(run: Run, composition: NotedComposition, file: Path) -> None:
    composition.refusal = "kept: this state folder is in use by process 7"

    result = run("reset-state")

    assert result.exit_code == 2
    assert result.stderr == "tui-failover: kept: this state folder is in use by process 7\n"
