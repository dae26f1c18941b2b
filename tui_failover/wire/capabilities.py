"""What each model can carry: one row per family, the first that fits counts, settings override.

The rows follow the vendors' model pages and migration guides of autumn 2026. A model nobody has listed gets the
careful row of its dialect: it is better to drop a parameter with a warning than to be refused for it.
"""

import re
from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import fields

from tui_failover.core.copying import replace
from tui_failover.core.errors import SettingsError
from tui_failover.wire.dialect import Dialect

NO_SAMPLING_SINCE = "2026-10-21"  # from this anthropic-version on any temperature or top_p is refused


class ThinkingKind(StrEnum):
    """How a model's thinking is steered."""

    NONE = "none"
    BUDGET = "budget"
    ADAPTIVE = "adaptive"
    BETWEEN_TOOLS = "between_tools"
    ALWAYS = "always"


class Capabilities(Struct, frozen=True):
    """What one model at one provider can carry.

    Attributes:
        prefill: a trailing assistant message is continued.
        sampling: temperature and top_p are accepted.
        forced_tool_choice: a tool call can be forced.
        mid_system: a system message may stand inside the conversation.
        thinking: how thinking is steered.
        effort_levels: accepted levels, lowest first; empty where effort is no parameter.
        structured_output: answers can be held to a JSON schema.
        json_object: answers can be held to be any JSON object.
        vision: takes pictures.
        fetches_urls: fetches pictures by their address.
        pdf: takes PDF files.
        max_output: most tokens of an answer; None where unknown.
        max_tokens_field: the name of the cap in the OpenAI dialect.
        developer_role: instructions go under `developer` rather than `system`.
        parallel_flag: parallel tool calls can be switched off.
        stop_max: most stop sequences; None for no limit, 0 where there are none.
        tool_name_max, tool_id_max: longest accepted, in characters.
        usage_in_stream: a stream can be asked to state its usage.
    """

    prefill: bool = False
    sampling: bool = True
    forced_tool_choice: bool = True
    mid_system: bool = True
    thinking: ThinkingKind = ThinkingKind.NONE
    effort_levels: tuple[str, ...] = ()
    structured_output: bool = True
    json_object: bool = True
    vision: bool = True
    fetches_urls: bool = True
    pdf: bool = False
    max_output: int | None = None
    max_tokens_field: str = "max_tokens"
    developer_role: bool = False
    parallel_flag: bool = True
    stop_max: int | None = 4
    tool_name_max: int = 64
    tool_id_max: int = 40
    usage_in_stream: bool = True


_LOW_TO_HIGH = ("low", "medium", "high")
_LOW_TO_MAX = ("low", "medium", "high", "xhigh", "max")
_NONE_TO_XHIGH = ("none", "low", "medium", "high", "xhigh")
_NONE_TO_MAX = ("none", *_LOW_TO_MAX)

_CLAUDE = Capabilities(
    sampling=False,
    mid_system=False,
    thinking=ThinkingKind.ADAPTIVE,
    effort_levels=_LOW_TO_HIGH,
    json_object=False,
    pdf=True,
    max_output=64_000,
    stop_max=None,
    tool_name_max=128,
    tool_id_max=256,
)
_CLAUDE_4_5 = replace(_CLAUDE, prefill=True, sampling=True, thinking=ThinkingKind.BUDGET, effort_levels=())
_CLAUDE_4_6 = replace(_CLAUDE, sampling=True, effort_levels=("low", "medium", "high", "max"))
_CLAUDE_4_7 = replace(_CLAUDE, effort_levels=_LOW_TO_MAX, max_output=128_000)
_CLAUDE_5 = replace(_CLAUDE_4_7, mid_system=True)
_CLAUDE_5_5 = replace(_CLAUDE_5, forced_tool_choice=False, thinking=ThinkingKind.BETWEEN_TOOLS)

_GPT = Capabilities(
    max_tokens_field="max_completion_tokens", developer_role=True, pdf=True, max_output=16_384, tool_id_max=40
)
_REASONING = replace(_GPT, sampling=False, max_output=128_000)
_O_SERIES = replace(_REASONING, effort_levels=_LOW_TO_HIGH, parallel_flag=False, stop_max=0, max_output=100_000)

_FAMILIES: dict[Dialect, tuple[tuple[str, Capabilities], ...]] = {
    Dialect.ANTHROPIC: (
        (r"claude-(opus|sonnet|haiku)-4-5", _CLAUDE_4_5),
        (r"claude-opus-4-6", replace(_CLAUDE_4_6, max_output=128_000)),
        (r"claude-sonnet-4-6", _CLAUDE_4_6),
        (r"claude-opus-4-[78]", _CLAUDE_4_7),
        (r"claude-haiku-5-5", replace(_CLAUDE_5_5, forced_tool_choice=True)),
        (r"claude-opus-5-5", replace(_CLAUDE_5_5, thinking=ThinkingKind.ALWAYS)),
        (r"claude-sonnet-5-5", _CLAUDE_5_5),
        (r"claude-(opus|sonnet|haiku|fable|mythos)-5", _CLAUDE_5),
        (r"", _CLAUDE),
    ),
    Dialect.OPENAI: (
        (r"gpt-(5\.[6-9]|[6-9])", replace(_REASONING, effort_levels=_NONE_TO_MAX)),
        (r"gpt-5\.[2-5](?!.*chat)", replace(_REASONING, effort_levels=_NONE_TO_XHIGH)),
        (r"gpt-5\.1(?!.*chat)", replace(_REASONING, effort_levels=("none", *_LOW_TO_HIGH))),
        (r"gpt-5[\d.]*-chat", replace(_REASONING, max_output=16_384)),
        (r"gpt-5", replace(_REASONING, effort_levels=("minimal", *_LOW_TO_HIGH))),
        (r"o[1-9](-|$)", _O_SERIES),
        (r"gpt-4\.1", replace(_GPT, max_output=32_768)),
        (r"(chatgpt|gpt)-4o", _GPT),
        (r"gpt-(4|3\.5)", replace(_GPT, max_output=4_096, structured_output=False, vision=False, pdf=False)),
        (r"", Capabilities()),
    ),
}
_FLAGS = frozenset(flag.name for flag in fields(Capabilities))


def capabilities_of(
    dialect: Dialect, model: str, *, version: str = NO_SAMPLING_SINCE, override: Mapping[str, object] | None = None
) -> Capabilities:
    """Return what `model` can carry.

    Args:
        dialect: the provider's.
        model: the provider's id; a maker's prefix ("openai/gpt-5", "anthropic.claude-opus-5-5") does not matter.
        version: the `anthropic-version` the provider is called with.
        override: flags set by hand, of the field's type; an unknown name raises `SettingsError`.
    """
    families = _FAMILIES[dialect]
    known = next(row for pattern, row in families if re.search(rf"(^|[./:@]){pattern}", model, re.IGNORECASE))
    if dialect is Dialect.ANTHROPIC and version >= NO_SAMPLING_SINCE:
        known = replace(known, sampling=False)
    unknown = sorted(set(override or ()) - _FLAGS)
    if unknown:
        raise SettingsError([f"capability {name!r} is not known; known are {sorted(_FLAGS)}" for name in unknown])
    return replace(known, **dict(override or {}))  # type: ignore[arg-type]  # the settings' model types the values
