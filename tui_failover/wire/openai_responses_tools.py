"""The tools of a Responses request: the caller's own functions and plain-text tools; the vendor's are refused."""

from tui_failover.wire.conversation import Leftover, Pick, Tool, ToolChoice, Verdict
from tui_failover.wire.fields import (
    Losses,
    flag_field,
    leftovers,
    listed_objects,
    needed_text,
    object_field,
    text_field,
)
from tui_failover.wire.verdict import invalid, refuse

_Document = dict[str, object]
_PICKS = {"auto": Pick.AUTO, "none": Pick.NONE, "required": Pick.ANY}
_OF_CALLER = frozenset({"function", "custom"})
_KNOWN = frozenset({"type", "name", "description", "parameters", "strict", "format"})
_LOSSES: Losses = {
    "allowed_callers": (Verdict.DROP, ([], ["direct"])),
    "async": (Verdict.DROP, (False,)),
    "defer_loading": (Verdict.DROP, (False,)),
    "output_schema": (Verdict.QUIET, ()),
}


def read_tools(body: _Document) -> tuple[tuple[Tool, ...], list[Leftover]]:
    """Return the tools offered, and what of their definitions has no neutral place."""
    tools: list[Tool] = []
    losses: list[Leftover] = []
    for path, tool in listed_objects(body, "tools"):
        custom = _kind(tool, path) == "custom"
        losses += leftovers(tool, _KNOWN, _LOSSES, path)
        if custom and object_field(tool, "format", path).get("type", "text") != "text":
            losses.append(Leftover(f"{path}.format", Verdict.DROP, "tool_grammar_dropped"))
        tools.append(_tool(tool, path, custom=custom))
    return tuple(tools), losses


def _tool(tool: _Document, path: str, *, custom: bool) -> Tool:
    name, description = needed_text(tool, "name", path), text_field(tool, "description", path) or ""
    if custom:
        return Tool(name, description, custom=True)
    schema = object_field(tool, "parameters", path) or None
    return Tool(name, description, schema, flag_field(tool, "strict", path))


def _kind(tool: _Document, path: str) -> str:
    kind = tool.get("type")
    if not isinstance(kind, str):
        invalid(f"{path}.type", f"{path}.type is missing.")
    if kind not in _OF_CALLER:
        refuse(path, f"{path} is a tool of its vendor's own, which the active provider does not have.")
    return kind


def read_choice(body: _Document) -> ToolChoice:
    """Return which tools may or must be called."""
    parallel, choice = flag_field(body, "parallel_tool_calls"), body.get("tool_choice")
    if choice is None:
        return ToolChoice(parallel=parallel)
    if isinstance(choice, str) and choice in _PICKS:
        return ToolChoice(_PICKS[choice], parallel=parallel)
    if not isinstance(choice, dict):
        invalid("tool_choice", f"tool_choice is neither one of {', '.join(_PICKS)} nor an object.")
    if choice.get("type") != "allowed_tools":
        _kind(choice, "tool_choice")
        return ToolChoice(Pick.NAMED, needed_text(choice, "name", "tool_choice"), parallel=parallel)
    names = []
    for path, tool in listed_objects(choice, "tools", "tool_choice"):
        _kind(tool, path)
        names.append(needed_text(tool, "name", path))
    mode = choice.get("mode", "auto")
    if mode not in ("auto", "required"):
        invalid("tool_choice.mode", "tool_choice.mode is neither auto nor required.")
    return ToolChoice(Pick.ANY if mode == "required" else Pick.AUTO, allowed=tuple(names), parallel=parallel)
