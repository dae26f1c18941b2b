"""Single tables, as they come from the state file."""

from pathlib import Path

import pytest

from tests.support.settings import KEYS, LOCAL, MY_AGENT, OPENAI, settings_of
from tui_failover.config.effective import agent_table, provider_table
from tui_failover.config.registration import agent_in, provider_in
from tui_failover.config.template import template
from tui_failover.core.errors import SettingsError


def test_providers_and_agents_written_as_tables_are_read_as_they_were() -> None:
    settings = settings_of(template())

    providers = [
        provider_in(spec.id, provider_table(spec, settings.connections[spec.id]), Path(), KEYS)
        for spec in settings.providers
    ]
    agents = [agent_in(config.agent_id, agent_table(config)) for config in settings.agents]

    assert providers == [(spec, settings.connections[spec.id]) for spec in settings.providers]
    assert agents == list(settings.agents)


def test_a_key_file_is_looked_for_in_the_folder_given(tmp_path: Path) -> None:
    (tmp_path / "one.key").write_text("made-up-key")

    spec, _ = provider_in(LOCAL, {"dialect": "openai", "model": "m", "api_key_file": "one.key"}, tmp_path)

    assert spec.missing_key is None


def test_a_key_in_place_of_its_name_is_refused_without_repeating_it() -> None:
    table = {"dialect": "openai", "model": "m", "api_key": "sk-made-up-0123456789abcdef"}

    with pytest.raises(SettingsError, match="api_key: holds a secret; remove it") as refused:
        provider_in(OPENAI, table, Path())

    assert "0123456789" not in str(refused.value)


def test_every_mistake_is_told() -> None:
    with pytest.raises(SettingsError) as refused:
        agent_in(MY_AGENT, {"health_check_interval": 0, "primery": "x"})

    assert len(refused.value.problems) == 3
