"""What right files give."""

import math
from pathlib import Path

import pytest

from tests.support.settings import AGENT, CLAUDE, COMPLETE, KEYS, LOCAL, MY_AGENT, OPENAI, PROVIDERS, settings_of
from tui_failover.config.secret import EnvKey, FileKey
from tui_failover.config.settings import Auth, ConsoleSettings, Theme
from tui_failover.core.need import EVERY_NEED, Need
from tui_failover.core.spec import (
    Dialect,
    FailbackMode,
    FailoverConfig,
    MidStream,
    Price,
    ProbeKind,
    ProbeSpec,
    ProviderLimits,
    ProviderSpec,
    Rules,
    Strategy,
)

LOCAL_TEXT = """\
[providers.local]
dialect = "openai"
model = "llama3.2"
base_url = "http://127.0.0.1:11434/v1/"
auth = "none"
"""


def test_provider_takes_the_vendors_address_where_none_is_given() -> None:
    settings = settings_of(COMPLETE)

    assert settings.providers[0] == ProviderSpec(
        id=OPENAI,
        dialect=Dialect.OPENAI,
        model="gpt-test",
        endpoint="https://api.openai.com",
        host="api.openai.com",
        credential="env:OPENAI_API_KEY",
        responses=True,
        carries=EVERY_NEED - {Need.PDF},
    )
    assert settings.connections[OPENAI].base_url == "https://api.openai.com/v1"
    assert settings.connections[CLAUDE].base_url == "https://api.anthropic.com"


def test_agent_has_the_known_defaults() -> None:
    settings = settings_of(COMPLETE)

    assert settings.agents == (
        FailoverConfig(
            agent_id=MY_AGENT,
            primary_provider_id=OPENAI,
            backup_provider_ids=(CLAUDE,),
            health_check_enabled=True,
            health_check_interval=60.0,
            health_check_timeout=5.0,
            max_consecutive_failures=3,
            auto_failover_enabled=True,
            health_check_query="Hello",
            failback=FailbackMode.AUTO,
            max_retries=1,
            mid_stream=MidStream.ERROR,
        ),
    )


def test_unsaid_rules_and_console_keep_their_defaults() -> None:
    settings = settings_of(COMPLETE + "[rules.breaker]\nopen_s = 7\n")

    assert settings.rules.breaker.open_s == 7.0
    assert settings.rules.hold == Rules().hold
    assert settings.console == ConsoleSettings()


def test_console_says_how_to_start() -> None:
    settings = settings_of(
        COMPLETE + '[console]\nenvironment = "prod-eu"\ntheme = "mono"\nascii = true\nread_only = true\n'
    )

    assert settings.console == ConsoleSettings("prod-eu", Theme.MONO, ascii=True, read_only=True)


def test_keyless_endpoint_on_this_machine_is_complete() -> None:
    settings = settings_of(LOCAL_TEXT)

    (spec,) = settings.providers
    connection = settings.connections[LOCAL]
    assert (spec.endpoint, spec.host, spec.missing_key) == ("http://127.0.0.1:11434", "127.0.0.1", None)
    assert (connection.base_url, connection.key, connection.auth) == (
        "http://127.0.0.1:11434/v1",
        None,
        Auth.NONE,
    )


def test_keyless_endpoints_share_no_credential() -> None:
    other = LOCAL_TEXT.replace("providers.local", "providers.other").replace("127.0.0.1:11434", "127.0.0.1:8080")

    first, second = settings_of(LOCAL_TEXT + other).providers

    assert first.credential != second.credential


@pytest.mark.parametrize(
    ("address", "endpoint"),
    [
        pytest.param("https://API.Example.com:443/v1", "https://api.example.com", id="standard-port-and-capitals"),
        pytest.param("http://example.com:80", "http://example.com", id="standard-port-of-http"),
        pytest.param("https://example.com:8443/x/y", "https://example.com:8443", id="own-port"),
        pytest.param("http://[::1]:9000/v1", "http://[::1]:9000", id="ipv6"),
    ],
)
def test_equal_endpoints_are_spelt_equally(address: str, endpoint: str) -> None:
    settings = settings_of(LOCAL_TEXT.replace("http://127.0.0.1:11434/v1/", address))

    assert settings.providers[0].endpoint == endpoint


def test_prices_and_budget_become_whole_micro_dollars() -> None:
    text = PROVIDERS + "[providers.claude-agent.probe]\ndaily_budget_usd = 0.07\n"
    text = text.replace('model = "claude-test"', 'model = "claude-test"\nprice_input = 0.8\nprice_output = 4')

    spec = settings_of(text).providers[1]

    assert spec.price == Price(input_per_million=800_000, output_per_million=4_000_000)
    assert spec.probe == ProbeSpec(daily_budget=70_000)


def test_limits_and_weight_are_the_providers_and_the_strategy_the_agents() -> None:
    text = COMPLETE.replace(
        'model = "gpt-test"', 'model = "gpt-test"\nqueries_per_min = 60\nconcurrency = 4\nweight = 3'
    )

    settings = settings_of(text.rstrip() + '\nstrategy = "cheapest"\n')

    assert settings.providers[0].limits == ProviderLimits(queries_per_min=60, concurrency=4)
    assert (settings.providers[0].weight, settings.providers[1].weight) == (3, 1)
    assert settings.providers[1].limits == ProviderLimits()
    assert settings.agents[0].strategy is Strategy.CHEAPEST


def test_infinite_budget_means_no_cap() -> None:
    spec = settings_of(PROVIDERS + "[providers.claude-agent.probe]\ndaily_budget_usd = inf\n").providers[1]

    assert spec.probe.daily_budget is None
    assert not math.isinf(ProbeSpec().daily_budget or 0)


def test_custom_probe_carries_question_and_expected_text() -> None:
    text = PROVIDERS + '[providers.claude-agent.probe]\nkind = "custom"\nquery = "Say ready."\nexpect = "ready"\n'

    spec = settings_of(text).providers[1]

    assert spec.probe == ProbeSpec(ProbeKind.CUSTOM, "Say ready.", "ready")


@pytest.mark.parametrize(
    ("dialect", "lines", "offered"),
    [
        ("openai", "", True),
        ("openai", 'base_url = "https://api.openai.com:443/v1/"', True),
        ("openai", "responses = false", False),
        ("openai", 'base_url = "https://relay.example/v1"', False),
        ("openai", 'base_url = "http://127.0.0.1:8000/v1"\nresponses = true', True),
        ("anthropic", "", False),
    ],
)
def test_only_the_vendor_offers_responses_unless_the_settings_say_so(
    dialect: str, lines: str, offered: bool
) -> None:
    text = f'[providers.p]\ndialect = "{dialect}"\nmodel = "m"\nauth = "none"\n{lines}\n'

    assert settings_of(text).providers[0].responses is offered


def test_connection_carries_headers_and_cap() -> None:
    text = COMPLETE.replace(
        'model = "gpt-test"',
        'model = "gpt-test"\nmax_tokens = 256\nauth = "x-api-key"\nheaders = { X-Team = "on call" }',
    )

    connection = settings_of(text).connections[OPENAI]

    assert connection.headers == (("X-Team", "on call"),)
    assert (connection.max_tokens, connection.auth) == (256, Auth.X_API_KEY)


def test_missing_key_is_no_mistake_but_says_what_to_set() -> None:
    settings = settings_of(COMPLETE, environ={"OPENAI_API_KEY": "made-up"})

    assert [spec.missing_key for spec in settings.providers] == [None, "set ANTHROPIC_API_KEY"]


def test_key_file_is_looked_for_beside_the_settings(tmp_path: Path) -> None:
    from tui_failover.config.reader import read_settings

    path = tmp_path / "settings.toml"
    path.write_text(PROVIDERS.replace('api_key_env = "OPENAI_API_KEY"', 'api_key_file = "openai.key"'))
    key = tmp_path / "openai.key"
    key.write_text("made-up\n")
    key.chmod(0o600)

    settings = read_settings(path, KEYS)

    assert settings.connections[OPENAI].key == FileKey("openai.key", key)
    assert settings.connections[CLAUDE].key == EnvKey("ANTHROPIC_API_KEY")
    assert settings.providers[0].missing_key is None
    assert settings.providers[0].credential == "file:openai.key"


def test_warning_where_others_may_read_a_key_file(tmp_path: Path) -> None:
    from tui_failover.config.reader import read_settings

    path = tmp_path / "settings.toml"
    path.write_text((PROVIDERS + AGENT).replace('api_key_env = "OPENAI_API_KEY"', 'api_key_file = "openai.key"'))
    key = tmp_path / "openai.key"
    key.write_text("made-up\n")
    key.chmod(0o644)

    settings = read_settings(path, KEYS)

    assert settings.warnings == ("openai.key: others may read this key file (mode 0644); chmod 600 openai.key",)


@pytest.mark.parametrize(
    ("text", "warning"),
    [
        pytest.param(
            PROVIDERS,
            "no agent is configured, so nothing fails over; add a table such as [agents.my-agent]",
            id="no-agent",
        ),
        pytest.param(
            COMPLETE.replace('backup_provider_ids = ["claude-agent"]', ""),
            "my-agent: has no backup to fail over to; add backup_provider_ids",
            id="no-backup",
        ),
        pytest.param(
            COMPLETE.replace('model = "gpt-test"', 'model = "gpt-test"\nbase_url = "http://gateway.example/v1"'),
            "openai-agent: the key is sent unencrypted to gateway.example; use https",
            id="key-without-tls",
        ),
    ],
)
def test_what_works_but_deserves_a_look_is_a_warning(text: str, warning: str) -> None:
    assert settings_of(text).warnings == (warning,)


def test_key_file_of_an_unknown_user_is_missing_rather_than_a_failure() -> None:
    text = PROVIDERS.replace('api_key_env = "OPENAI_API_KEY"', 'api_key_file = "~nobody-of-that-name/key"')

    spec = settings_of(text).providers[0]

    assert spec.missing_key == "put the key into ~nobody-of-that-name/key: there is no such file"


@pytest.mark.parametrize("host", ["localhost", "127.8.9.10", "[::1]", "gateway.localhost"])
def test_key_sent_to_this_machine_needs_no_tls(host: str) -> None:
    text = COMPLETE.replace('model = "gpt-test"', f'model = "gpt-test"\nbase_url = "http://{host}:4000/v1"')

    assert settings_of(text).warnings == ()
