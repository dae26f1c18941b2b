"""What each model can carry."""

import pytest

from tui_failover.core.errors import SettingsError
from tui_failover.wire.capabilities import ThinkingKind, capabilities_of
from tui_failover.wire.dialect import Dialect

OLD, NEW = "2023-06-01", "2026-10-21"


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("claude-sonnet-4-5-20250929", {"prefill": True, "sampling": True, "thinking": ThinkingKind.BUDGET}),
        ("claude-opus-4-6", {"prefill": False, "sampling": True, "thinking": ThinkingKind.ADAPTIVE}),
        ("claude-opus-4-8", {"sampling": False, "mid_system": False}),
        ("claude-sonnet-5", {"forced_tool_choice": True, "mid_system": True}),
        ("claude-sonnet-5-5", {"forced_tool_choice": False, "thinking": ThinkingKind.BETWEEN_TOOLS}),
        ("claude-opus-5-5", {"forced_tool_choice": False, "thinking": ThinkingKind.ALWAYS}),
        ("claude-haiku-5-5", {"forced_tool_choice": True}),
        ("anthropic.claude-opus-5-5-v1:0", {"thinking": ThinkingKind.ALWAYS}),
        ("claude-of-next-year", {"prefill": False, "sampling": False}),
    ],
)
def test_claude(model: str, expected: dict[str, object]) -> None:
    can = capabilities_of(Dialect.ANTHROPIC, model, version=OLD)

    assert {flag: getattr(can, flag) for flag in expected} == expected


@pytest.mark.parametrize("model", ["claude-sonnet-4-5", "claude-opus-4-6"])
def test_newer_version_of_the_dialect_refuses_sampling_on_every_model(model: str) -> None:
    assert capabilities_of(Dialect.ANTHROPIC, model, version=OLD).sampling
    assert not capabilities_of(Dialect.ANTHROPIC, model, version=NEW).sampling


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("gpt-4o-mini", {"sampling": True, "effort_levels": (), "max_tokens_field": "max_completion_tokens"}),
        ("o3", {"sampling": False, "parallel_flag": False, "stop_max": 0}),
        ("openai/gpt-5-mini", {"sampling": False, "effort_levels": ("minimal", "low", "medium", "high")}),
        ("gpt-5.1", {"effort_levels": ("none", "low", "medium", "high")}),
        ("gpt-5.4", {"effort_levels": ("none", "low", "medium", "high", "xhigh")}),
        ("gpt-6-sol", {"effort_levels": ("none", "low", "medium", "high", "xhigh", "max")}),
        ("gpt-5.2-chat-latest", {"effort_levels": (), "sampling": False}),
        ("llama-4", {"max_tokens_field": "max_tokens", "developer_role": False, "pdf": False}),
        ("foo3", {"sampling": True, "max_tokens_field": "max_tokens"}),
    ],
)
def test_chat_model(model: str, expected: dict[str, object]) -> None:
    """braintrustdata/lingua#78, agentjido/req_llm#57: the wrong name of the token cap is refused."""
    can = capabilities_of(Dialect.OPENAI, model)

    assert {flag: getattr(can, flag) for flag in expected} == expected


def test_settings_override_single_flags() -> None:
    can = capabilities_of(Dialect.OPENAI, "llama-4", override={"pdf": True, "stop_max": None})

    assert (can.pdf, can.stop_max, can.vision) == (True, None, True)


def test_unknown_flag_is_refused_with_the_known_ones() -> None:
    with pytest.raises(SettingsError, match=r"vison.*vision"):
        capabilities_of(Dialect.OPENAI, "llama-4", override={"vison": True})
