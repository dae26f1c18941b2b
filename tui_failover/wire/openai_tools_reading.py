"""The tools of a Chat Completions request: what is offered, what may be called, what was called."""

from tui_failover.wire.conversation import Leftover, Pick, Tool, ToolCall, ToolChoice, Verdict
from tui_failover.wire.fields import flag_field, listed_objects, needed_text, object_field, text_field
from tui_failover.wire.verdict import invalid

_Document = dict[str, object]
_PICKS = {"auto": Pick.AUTO, "none": Pick.NONE, "required": Pick.ANY}


def read_tools(body: _Document) -> tuple[tuple[Tool, ...], list[Leftover]]:
    """Return the tools offered, and what of their definitions has no neutral place."""
    old = [] if body.get("tools") else listed_objects(body, "functions")
    tools = [_function(function, path) for path, function in old]
    losses: list[Leftover] = []
    for path, tool in listed_objects(body, "tools"):
        match tool.get("type", "function"):
            case "function":
                tools.append(_function(object_field(tool, "function", path), f"{path}.function"))
            case "custom":
                custom = object_field(tool, "custom", path)
                tools.append(_custom(custom, f"{path}.custom"))
                if object_field(custom, "format", f"{path}.custom").get("type", "text") != "text":
                    losses.append(Leftover(f"{path}.custom.format", Verdict.DROP, "tool_grammar_dropped"))
            case _:
                invalid(f"{path}.type", f"{path}.type is neither function nor custom.")
    return tuple(tools), losses


def _function(function: _Document, path: str) -> Tool:
    return Tool(
        needed_text(function, "name", path),
        text_field(function, "description", path) or "",
        object_field(function, "parameters", path) or None,
        flag_field(function, "strict", path),
    )


def _custom(custom: _Document, path: str) -> Tool:
    return Tool(needed_text(custom, "name", path), text_field(custom, "description", path) or "", custom=True)


def read_choice(body: _Document) -> ToolChoice:
    """Return which tools may or must be called."""
    old = [] if body.get("tools") else listed_objects(body, "functions")
    # The old field holds one call, so one is all that may be made.
    parallel = False if old else flag_field(body, "parallel_tool_calls")
    field = "function_call" if old else "tool_choice"
    choice = body.get(field)
    if choice is None:
        return ToolChoice(parallel=parallel)
    if isinstance(choice, str) and choice in _PICKS:
        return ToolChoice(_PICKS[choice], parallel=parallel)
    if not isinstance(choice, dict):
        invalid(field, f"{field} is neither one of {', '.join(_PICKS)} nor an object.")
    if choice.get("type") == "allowed_tools":
        return _allowed(object_field(choice, "allowed_tools", field), parallel)
    kind = "custom" if choice.get("type") == "custom" else "function"
    named = choice if old else object_field(choice, kind, field)
    return ToolChoice(Pick.NAMED, needed_text(named, "name", field), parallel=parallel)


def _allowed(allowed: _Document, parallel: bool | None) -> ToolChoice:  # noqa: FBT001  # a value passed on
    path = "tool_choice.allowed_tools"
    names = []
    for inner, tool in listed_objects(allowed, "tools", path):
        kind = "custom" if tool.get("type") == "custom" else "function"
        names.append(needed_text(object_field(tool, kind, inner), "name", inner))
    mode = allowed.get("mode", "auto")
    if mode not in ("auto", "required"):
        invalid(f"{path}.mode", f"{path}.mode is neither auto nor required.")
    return ToolChoice(Pick.ANY if mode == "required" else Pick.AUTO, allowed=tuple(names), parallel=parallel)


def read_calls(message: _Document, path: str) -> list[ToolCall]:
    """Return the tool calls of an assistant message, in either form."""
    calls = [_call(call, inner) for inner, call in listed_objects(message, "tool_calls", path)]
    old = object_field(message, "function_call", path)
    if old:
        calls.append(_call({"function": old}, f"{path}.function_call"))
    return calls


def _call(call: _Document, path: str) -> ToolCall:
    custom = call.get("type") == "custom"
    kind, given = ("custom", "input") if custom else ("function", "arguments")
    function = object_field(call, kind, path)
    name = needed_text(function, "name", f"{path}.{kind}")
    arguments = text_field(function, given, f"{path}.{kind}") or ""
    return ToolCall(text_field(call, "id", path) or "", name, arguments, custom=custom)
