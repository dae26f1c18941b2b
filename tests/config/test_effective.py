"""The settings as they hold, written out."""

import tomllib

import pytest

from tests.support.settings import COMPLETE, PROVIDERS, settings_of
from tui_failover.config.effective import effective
from tui_failover.config.template import template

FULL = """\
[providers.one]
dialect = "anthropic"
model = "m"
base_url = "https://gateway.example:8443/a"
api_key_file = "one.key"
auth = "x-api-key"
reasoning = true
max_tokens = 99
price_input = 0.07
price_output = 12.345678
queries_per_min = 600
tokens_per_min = 200000
concurrency = 8
weight = 3
headers = { "X-Team" = "on call" }
probe = { kind = "custom", query = 'say "ready"', expect = "ready", daily_budget_usd = inf }
[providers.two]
dialect = "openai"
model = "m"
responses = true
base_url = "http://127.0.0.1:1/v1"
auth = "none"
[agents."an agent"]
primary_provider_id = "two"
failback = "off"
mid_stream = "continue"
strategy = "weighted"
health_check_interval = 1.5
[console]
theme = "light"
environment = "prod"
[rules.override]
pin_s = 0
"""


@pytest.mark.parametrize(
    "text", [template(), COMPLETE, PROVIDERS, FULL], ids=["template", "small", "no-agent", "full"]
)
def test_reading_the_effective_settings_gives_the_same_settings(text: str) -> None:
    settings = settings_of(text)

    assert settings_of(effective(settings)) == settings


def test_effective_settings_say_the_defaults() -> None:
    document = tomllib.loads(effective(settings_of(COMPLETE)))

    assert document["providers"]["openai-agent"]["base_url"] == "https://api.openai.com/v1"
    assert document["agents"]["my-agent"]["health_check_interval"] == 60
    assert document["rules"]["breaker"]["open_max_s"] == 60
    assert document["console"]["theme"] == "dark"
