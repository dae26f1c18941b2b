"""How providers are reached, from the settings and from what was registered at run time."""

from pathlib import Path

import pytest

from tests.support.settings import CLAUDE, COMPLETE, KEYS, OPENAI
from tests.support.virtual_loop import VirtualClock
from tui_failover.bootstrap.known_secrets import MARK, KnownSecrets
from tui_failover.bootstrap.registry import Registry, priced
from tui_failover.config.reader import parse_settings
from tui_failover.config.registration import provider_in
from tui_failover.config.settings import Settings
from tui_failover.core.errors import SettingsError
from tui_failover.core.names import AgentId, ProviderId
from tui_failover.core.outcome import Failed
from tui_failover.core.ports import Limits
from tui_failover.core.query import Query
from tui_failover.core.spec import FailoverConfig, MidStream

TABLE = {"dialect": "openai", "model": "m", "base_url": "http://127.0.0.1:9/v1", "api_key_env": "LATE_KEY"}
LIMITS = Limits(1.0, 1.0, 1.0, 1.0)


def settings_in(folder: Path, text: str = COMPLETE) -> Settings:
    return parse_settings(text, folder / "settings.toml", KEYS)


async def test_a_table_read_back_says_what_it_said(tmp_path: Path) -> None:
    registry = Registry(settings_in(tmp_path), VirtualClock(), environ=KEYS)

    spec = registry.provider("late", TABLE)
    again = registry.provider("late", registry.provider_table(spec))

    assert again == spec
    assert registry.provider_table(spec)["api_key_env"] == "LATE_KEY"
    assert spec.missing_key == "set LATE_KEY"


@pytest.mark.parametrize("mode", MidStream)
async def test_an_agents_table_read_back_says_what_it_said(tmp_path: Path, mode: MidStream) -> None:
    registry = Registry(settings_in(tmp_path), VirtualClock(), environ=KEYS)
    config = FailoverConfig(AgentId("late"), OPENAI, (CLAUDE,), mid_stream=mode)

    assert registry.agent("late", registry.agent_table(config)) == config


async def test_providers_of_the_settings_have_tables_too(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    registry = Registry(settings, VirtualClock(), environ=KEYS)

    tables = [registry.provider_table(spec) for spec in settings.providers]

    assert [one["api_key_env"] for one in tables] == ["OPENAI_API_KEY", "ANTHROPIC_API_KEY"]


async def test_a_table_that_is_not_in_order_is_refused(tmp_path: Path) -> None:
    registry = Registry(settings_in(tmp_path), VirtualClock(), environ=KEYS)

    with pytest.raises(SettingsError):
        registry.provider("late", {"dialect": "openai"})
    with pytest.raises(SettingsError):
        registry.agent("late", {})


async def test_a_key_is_known_as_a_secret_once_it_was_used(tmp_path: Path) -> None:
    known = KnownSecrets()
    registry = Registry(settings_in(tmp_path), VirtualClock(), known.learn, {"LATE_KEY": "a-late-made-up-key"})
    upstream = registry.upstreams(registry.provider("late", TABLE))

    outcome = await upstream.send(Query("hello"), LIMITS)
    await upstream.close()

    assert isinstance(outcome, Failed)
    assert known.hide("said a-late-made-up-key") == f"said {MARK}"


async def test_what_is_registered_at_run_time_is_priced_and_ready_to_be_asked(tmp_path: Path) -> None:
    registry = Registry(settings_in(tmp_path), VirtualClock(), environ=KEYS)
    table = {"dialect": "openai", "model": "gpt-4o-mini", "api_key_env": "OPENAI_API_KEY"}

    spec, upstream = await registry(*provider_in("late", table, tmp_path, KEYS))
    await upstream.close()

    assert spec.price is not None
    assert registry.provider_table(spec)["model"] == "gpt-4o-mini"


async def test_a_key_that_rotates_is_read_anew(tmp_path: Path) -> None:
    learnt: list[str] = []
    (tmp_path / "late.key").write_text("the-first-key")
    registry = Registry(settings_in(tmp_path), VirtualClock(), learnt.append)
    table = {name: value for name, value in TABLE.items() if name != "api_key_env"} | {"api_key_file": "late.key"}
    upstream = registry.upstreams(registry.provider("late", table))

    await upstream.send(Query("hello"), LIMITS)
    (tmp_path / "late.key").write_text("the-second-key")
    await upstream.send(Query("hello"), LIMITS)
    await upstream.close()

    assert list(dict.fromkeys(learnt)) == ["the-first-key", "the-second-key"]


def test_what_others_charge_is_not_known(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    foreign, _ = provider_in(ProviderId("foreign"), TABLE, tmp_path, KEYS)

    assert [one.price for one in priced((foreign,))] == [None]
    assert [one.id for one in priced(settings.providers)] == [OPENAI, CLAUDE]
