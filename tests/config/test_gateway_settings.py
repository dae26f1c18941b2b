"""The table on the gateway, and what providers say about models and what they can carry."""

import tomllib

import pytest
from msgspec.structs import asdict, fields

from tests.support.settings import AGENT, CLAUDE, COMPLETE, OPENAI, PROVIDERS, settings_of, told
from tui_failover.config.effective import effective
from tui_failover.config.settings import GatewaySettings
from tui_failover.config.tables import ANY_NAME, KNOWN_KEYS
from tui_failover.core.copying import replace
from tui_failover.wire.capabilities import Capabilities, ThinkingKind, capabilities_of
from tui_failover.wire.dialect import Dialect

GATEWAY = """\
[gateway]
default_agent = "my-agent"
rescue_whole = false
strict_translation = true
echo_model = false
body_mb = 5
body_s = 7.5
at_once = 9
"""
EVERY_CAPABILITY = """\
[providers.claude-agent.capabilities]
prefill = true
sampling = true
forced_tool_choice = false
mid_system = false
thinking = "budget"
effort_levels = ["high", "low", "high"]
structured_output = false
json_object = false
vision = false
fetches_urls = false
pdf = false
max_output = 1000
max_tokens_field = "max_completion_tokens"
developer_role = true
parallel_flag = false
stop_max = 0
tool_name_max = 20
tool_id_max = 30
usage_in_stream = false
"""


def claude(*lines: str) -> str:
    """The usual settings with further lines for one provider, from line 10."""
    return PROVIDERS + "".join(f"{line}\n" for line in lines) + AGENT


def test_unsaid_the_gateway_keeps_its_defaults() -> None:
    settings = settings_of(COMPLETE)

    assert settings.gateway == GatewaySettings("", True, False, True, 32, 60.0, 2000)
    assert settings.connections[CLAUDE].models == ()
    assert settings.connections[CLAUDE].capabilities == ()


def test_everything_said_about_the_gateway_is_read() -> None:
    settings = settings_of(COMPLETE + GATEWAY)

    assert settings.gateway == GatewaySettings("my-agent", False, True, False, 5, 7.5, 9)
    assert settings_of(effective(settings)) == settings


def test_a_provider_has_its_own_names_for_requested_models() -> None:
    settings = settings_of(claude('models = { "gpt-4o" = "claude-sonnet-5-5", "o 3" = "claude-opus-5-5" }'))

    assert settings.connections[CLAUDE].models == (("gpt-4o", "claude-sonnet-5-5"), ("o 3", "claude-opus-5-5"))
    assert settings.connections[OPENAI].models == ()
    assert settings_of(effective(settings)) == settings


def test_every_capability_can_be_said_otherwise() -> None:
    settings = settings_of(COMPLETE + EVERY_CAPABILITY)

    stated = dict(settings.connections[CLAUDE].capabilities)
    can = capabilities_of(Dialect.ANTHROPIC, "claude-opus-5-5", override=stated)
    assert set(stated) == {field.name for field in fields(Capabilities)}
    assert asdict(can) == {
        **tomllib.loads(EVERY_CAPABILITY)["providers"]["claude-agent"]["capabilities"],
        "thinking": ThinkingKind.BUDGET,
        "effort_levels": ("low", "high"),
    }
    assert isinstance(can.thinking, ThinkingKind)
    assert settings_of(effective(settings)) == settings


def test_what_is_not_said_of_a_capability_is_as_the_table_of_models_has_it() -> None:
    settings = settings_of(claude("capabilities = { vision = false }"))

    stated = dict(settings.connections[CLAUDE].capabilities)
    known = capabilities_of(Dialect.ANTHROPIC, "claude-opus-5-5")
    assert capabilities_of(Dialect.ANTHROPIC, "claude-opus-5-5", override=stated) == replace(known, vision=False)


def test_the_known_capabilities_are_those_of_the_translation() -> None:
    assert KNOWN_KEYS["providers", ANY_NAME, "capabilities"] == tuple(field.name for field in fields(Capabilities))


WRONG = {
    "unknown-agent": (
        COMPLETE + '[gateway]\ndefault_agent = "my-agnet"\n',
        'settings.toml:14: gateway.default_agent: "my-agnet" is not an agent; did you mean "my-agent"?',
    ),
    "agent-of-no-name-like-it": (
        COMPLETE + '[gateway]\ndefault_agent = "x"\n',
        'settings.toml:14: gateway.default_agent: "x" is not an agent; configured are "my-agent"',
    ),
    "agent-where-there-is-none": (
        PROVIDERS + '[gateway]\ndefault_agent = "x"\n',
        'settings.toml:11: gateway.default_agent: "x" is not an agent',
    ),
    "unknown-gateway-key": (
        COMPLETE + "[gateway]\nbody_bytes = 1\n",
        'settings.toml:14: gateway.body_bytes: is not a setting; did you mean "body_s"?',
    ),
    "body-of-nothing": (
        COMPLETE + "[gateway]\nbody_mb = 0\n",
        "settings.toml:14: gateway.body_mb: must be at least 1",
    ),
    "body-without-end": (
        COMPLETE + "[gateway]\nbody_s = inf\n",
        "settings.toml:14: gateway.body_s: must be a finite number",
    ),
    "nobody-at-once": (
        COMPLETE + "[gateway]\nat_once = 0\n",
        "settings.toml:14: gateway.at_once: must be at least 1",
    ),
    "model-as-number": (
        claude("models = { gpt-4o = 4 }"),
        "settings.toml:10: providers.claude-agent.models.gpt-4o: must be text in quotes",
    ),
    "models-as-list": (
        claude('models = ["gpt-4o"]'),
        "settings.toml:10: providers.claude-agent.models: must be a table",
    ),
    "model-without-name": (
        claude('models = { "gpt-4o" = "" }'),
        "settings.toml:10: providers.claude-agent.models.gpt-4o: must not be empty",
    ),
    "unknown-capability": (
        claude("capabilities = { vison = false }"),
        'settings.toml:10: providers.claude-agent.capabilities.vison: is not a setting; did you mean "vision"?',
    ),
    "capability-of-a-wrong-type": (
        claude("[providers.claude-agent.capabilities]", 'vision = "no"'),
        "settings.toml:11: providers.claude-agent.capabilities.vision: must be true or false, without quotes",
    ),
    "unknown-thinking": (
        claude('capabilities = { thinking = "adaptable" }'),
        'settings.toml:10: providers.claude-agent.capabilities.thinking: must be "none", "budget", "adaptive", '
        '"between_tools" or "always"; did you mean "adaptive"?',
    ),
    "unknown-level": (
        claude('capabilities = { effort_levels = ["low", "hi"] }'),
        "settings.toml:10: providers.claude-agent.capabilities.effort_levels[1]: must be "
        '"none", "minimal", "low", "medium", "high", "xhigh" or "max"; did you mean "high"?',
    ),
    "names-too-short-for-an-alias": (
        claude("capabilities = { tool_name_max = 8 }"),
        "settings.toml:10: providers.claude-agent.capabilities.tool_name_max: must be at least 16",
    ),
}


@pytest.mark.parametrize(("text", "sentence"), WRONG.values(), ids=WRONG.keys())
def test_mistake_is_told_with_line_key_and_remedy(text: str, sentence: str) -> None:
    assert told(text) == (sentence,)
