"""How hard to think: a level in one dialect, a mode and a budget in the other."""

from tui_failover.wire.capabilities import Capabilities, ThinkingKind
from tui_failover.wire.conversation import Params, Wish
from tui_failover.wire.verdict import Notes

LEVELS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
_BUDGETS = {"minimal": 1_024, "low": 1_024, "medium": 8_192, "high": 16_384, "xhigh": 32_768, "max": 32_768}
LEAST_BUDGET = 1_024  # the vendor's floor
_LEVEL_UP_TO = ((4_096, "low"), (16_384, "medium"))
_FIELD = "reasoning_effort"


def nearest(level: str, accepted: tuple[str, ...], notes: Notes, field: str) -> str:
    """Return `level`, else the nearest lower accepted one, else the lowest; a change is noted."""
    if level in accepted:
        return level
    notes.warn("effort_changed", field)
    rank = LEVELS.index(level)
    return next((one for one in reversed(accepted) if LEVELS.index(one) < rank), accepted[0])


def anthropic_thinking(
    params: Params, capabilities: Capabilities, max_tokens: int, notes: Notes
) -> tuple[dict[str, object] | None, str | None]:
    """Return the `thinking` setting and the `effort` level that carry `reasoning_effort`; None leaves it out."""
    level = params.effort
    if level is None:
        return None, None
    if level == "none":
        return _off(capabilities, notes)
    if capabilities.thinking is ThinkingKind.NONE:
        notes.warn("reasoning_dropped", _FIELD)
        return None, None
    if capabilities.thinking is ThinkingKind.BUDGET:
        return _budget(level, max_tokens, notes), None
    wanted = "low" if level == "minimal" else level
    accepted = capabilities.effort_levels
    chosen = nearest(wanted, accepted, notes, _FIELD) if accepted else None
    always = capabilities.thinking is ThinkingKind.ALWAYS
    return None if always else {"type": "adaptive"}, chosen


def _off(capabilities: Capabilities, notes: Notes) -> tuple[dict[str, object] | None, str | None]:
    match capabilities.thinking:
        case ThinkingKind.NONE | ThinkingKind.BUDGET:
            return None, None
        case ThinkingKind.ADAPTIVE:
            return {"type": "disabled"}, None
        case ThinkingKind.BETWEEN_TOOLS:
            return {"type": "between_tools"}, None
        case ThinkingKind.ALWAYS:
            # It cannot be switched off; the least of it comes nearest to what was asked.
            notes.warn("effort_changed", _FIELD)
            return None, next(iter(capabilities.effort_levels), None)


def _budget(level: str, max_tokens: int, notes: Notes) -> dict[str, object] | None:
    budget = min(_BUDGETS[level], max_tokens - 1)
    if budget < LEAST_BUDGET:
        notes.warn("reasoning_dropped", _FIELD)
        return None
    return {"type": "enabled", "budget_tokens": budget}


def openai_effort(params: Params, capabilities: Capabilities, notes: Notes) -> str | None:
    """Return the `reasoning_effort` that carries a Messages request's wish; None leaves it out."""
    level, field = _asked(params)
    accepted = capabilities.effort_levels
    if level is None or (level == "none" and not accepted):
        return None
    if not accepted:
        notes.warn("reasoning_dropped", field)
        return None
    return nearest(level, accepted, notes, field)


def _asked(params: Params) -> tuple[str | None, str]:
    if params.effort is not None and params.thinking is not Wish.OFF:
        return params.effort, "output_config.effort"
    match params.thinking:
        case Wish.OFF | Wish.BETWEEN_TOOLS:
            return "none", "thinking"
        case Wish.BUDGET:
            budget = params.budget or 0
            return next((level for most, level in _LEVEL_UP_TO if budget <= most), "high"), "thinking"
        case Wish.ADAPTIVE | None:
            return None, "thinking"
