"""Settings for tests: the smallest complete text, and what is told about a wrong one."""

from pathlib import Path

from tui_failover.config.reader import parse_settings
from tui_failover.config.settings import Settings
from tui_failover.core.errors import SettingsError
from tui_failover.core.names import AgentId, ProviderId

OPENAI = ProviderId("openai-agent")
CLAUDE = ProviderId("claude-agent")
BACKUP = ProviderId("backup-openai-agent")
LOCAL = ProviderId("local")
MY_AGENT = AgentId("my-agent")
FILE = Path("settings.toml")

PROVIDERS = """\
[providers.openai-agent]
dialect = "openai"
model = "gpt-test"
api_key_env = "OPENAI_API_KEY"

[providers.claude-agent]
dialect = "anthropic"
model = "claude-test"
api_key_env = "ANTHROPIC_API_KEY"
"""

AGENT = """\
[agents.my-agent]
primary_provider_id = "openai-agent"
backup_provider_ids = ["claude-agent"]
"""

COMPLETE = PROVIDERS + AGENT

KEYS = {"OPENAI_API_KEY": "made-up-openai-key", "ANTHROPIC_API_KEY": "made-up-anthropic-key"}


def settings_of(text: str, environ: dict[str, str] | None = None) -> Settings:
    """Return the settings in the text; all keys are there unless `environ` says otherwise."""
    return parse_settings(text, FILE, KEYS if environ is None else environ)


def told(text: str) -> tuple[str, ...]:
    """Return the sentences told about the text; none where it is right."""
    try:
        settings_of(text)
    except SettingsError as error:
        return error.problems
    return ()
