"""Where the state is kept, and how it is forgotten."""

from pathlib import Path

import pytest
from platformdirs import user_state_path

from tests.support.settings import COMPLETE, KEYS
from tui_failover.bootstrap.hosting import reset_state, state_folder
from tui_failover.config.reader import parse_settings
from tui_failover.config.settings import Settings
from tui_failover.core.copying import replace
from tui_failover.journal.folder import StateInUse, held
from tui_failover.journal.state_file import NAME


def settings_with(state: str) -> Settings:
    return parse_settings(f'{COMPLETE}[process]\nstate = "{state}"\n', Path("/etc/failover/settings.toml"), KEYS)


def test_the_command_line_goes_before_the_settings_and_those_before_the_users_own_folder() -> None:
    settings = settings_with("state")

    assert state_folder(settings, Path("here")) == Path("here")
    assert state_folder(settings, None) == Path("/etc/failover/state")
    assert state_folder(settings_with("/var/lib/x"), None) == Path("/var/lib/x")
    assert state_folder(settings_with(""), None).parent == user_state_path("tui-failover")
    assert state_folder(None, None) == user_state_path("tui-failover")


def test_every_settings_file_has_a_memory_of_its_own() -> None:
    here, there = settings_with(""), replace(settings_with(""), path=Path("/srv/failover/settings.toml"))

    assert state_folder(here, None) == state_folder(settings_with(""), None)
    assert state_folder(here, None) != state_folder(there, None)


def test_forgetting_tells_what_became_of_the_state(tmp_path: Path) -> None:
    (tmp_path / NAME).write_text("anything")

    first, second = reset_state(None, tmp_path), reset_state(None, tmp_path)

    assert first == f"{tmp_path}: forgotten; the settings alone hold now"
    assert second == f"{tmp_path}: nothing is kept there"
    assert not (tmp_path / NAME).exists()


def test_forgetting_in_a_folder_that_is_not_there_makes_none(tmp_path: Path) -> None:
    told = reset_state(None, tmp_path / "missing")

    assert told.endswith("missing: nothing is kept there")
    assert list(tmp_path.iterdir()) == []


def test_the_state_of_a_running_process_is_not_forgotten(tmp_path: Path) -> None:
    (tmp_path / NAME).write_text("precious")

    with held(tmp_path), pytest.raises(StateInUse):
        reset_state(None, tmp_path)

    assert (tmp_path / NAME).read_text() == "precious"
