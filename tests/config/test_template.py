"""The shipped settings, and what `init` writes."""

import re
import tomllib
from pathlib import Path

import pytest

from tests.support.settings import BACKUP, CLAUDE, KEYS, MY_AGENT, OPENAI, settings_of
from tui_failover.config.reader import read_settings
from tui_failover.config.tables import ANY_NAME, KNOWN_KEYS
from tui_failover.config.template import template, write_template
from tui_failover.core.errors import SettingsError
from tui_failover.core.spec import FailoverConfig

SHIPPED = Path(__file__).parents[2] / "settings.toml"
SWITCHED_ON = re.sub(r"(?m)^#(?=[a-z_]+ = )", "", template())


def test_shipped_settings_are_what_init_writes() -> None:
    assert SHIPPED.read_text(encoding="utf-8") == template()


def test_shipped_settings_are_complete_and_give_no_warning() -> None:
    settings = read_settings(SHIPPED, KEYS)

    assert [provider.id for provider in settings.providers] == [
        "openai-agent",
        "claude-agent",
        "backup-openai-agent",
    ]
    assert settings.agents == (FailoverConfig(MY_AGENT, OPENAI, (CLAUDE, BACKUP)),)
    assert settings.warnings == ()


def test_every_value_shown_as_switched_off_is_the_one_that_holds_anyway() -> None:
    assert template() != SWITCHED_ON

    assert settings_of(SWITCHED_ON) == settings_of(template())


@pytest.mark.parametrize("topic", [path for path in KNOWN_KEYS if ANY_NAME not in path], ids=".".join)
def test_every_rule_and_console_setting_stands_in_the_template(topic: tuple[str, ...]) -> None:
    table = tomllib.loads(SWITCHED_ON)
    for part in topic:
        table = table[part]

    assert list(table) == sorted(table, key=KNOWN_KEYS[topic].index) or topic == ()
    assert set(table) == set(KNOWN_KEYS[topic])


@pytest.mark.parametrize("topic", [path for path in KNOWN_KEYS if ANY_NAME in path], ids=".".join)
def test_every_setting_of_providers_and_agents_is_explained_in_the_template(topic: tuple[str, ...]) -> None:
    assert [key for key in KNOWN_KEYS[topic] if not re.search(rf"\b{key}\b", template())] == []


def test_example_of_a_local_server_works_once_its_lines_are_switched_on() -> None:
    example = "".join(re.findall(r"(?m)^# (\[providers\.local-agent\]\n)((?:# .+ = .+\n)+)", template())[0])

    settings = settings_of(example.replace("\n# ", "\n"))

    assert settings.providers[0].endpoint == "http://127.0.0.1:11434"
    assert settings.providers[0].missing_key is None


def test_init_writes_a_file_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"

    write_template(path, force=False)

    assert path.read_text(encoding="utf-8") == template()
    assert path.stat().st_mode & 0o077 == 0


def test_init_leaves_an_existing_file_alone(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_text("mine")

    with pytest.raises(SettingsError, match="exists already and stays as it is; --force replaces it"):
        write_template(path, force=False)

    assert path.read_text() == "mine"


def test_init_by_force_replaces_the_file_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_text("mine")

    write_template(path, force=True)

    assert path.read_text(encoding="utf-8") == template()
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("force", [False, True], ids=["new", "by-force"])
@pytest.mark.parametrize("name", ["missing/settings.toml", "a\0b"], ids=["missing-folder", "null-character"])
def test_init_says_why_it_cannot_write(tmp_path: Path, name: str, force: bool) -> None:
    with pytest.raises(SettingsError, match="cannot be written"):
        write_template(tmp_path / name, force=force)


def test_init_by_force_does_not_replace_a_directory(tmp_path: Path) -> None:
    path = tmp_path / "folder"
    path.mkdir()

    with pytest.raises(SettingsError, match=r"cannot be written \(is a directory\)"):
        write_template(path, force=True)

    assert list(tmp_path.iterdir()) == [path]
