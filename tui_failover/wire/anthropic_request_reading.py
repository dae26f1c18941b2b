"""A Messages request, read into neutral turns, tools and parameters."""

from tui_failover.wire.anthropic_blocks_reading import block_losses, read_content
from tui_failover.wire.conversation import (
    Format,
    Leftover,
    Params,
    Pick,
    Request,
    Shape,
    Speaker,
    Text,
    Tool,
    ToolChoice,
    Turn,
    Verdict,
    Wish,
)
from tui_failover.wire.effort import LEVELS
from tui_failover.wire.fields import (
    count_field,
    flag_field,
    leftovers,
    listed_objects,
    listed_texts,
    needed_text,
    number_field,
    object_field,
    text_field,
)
from tui_failover.wire.verdict import invalid, problem_as_value

_Document = dict[str, object]
_DROP, _REFUSE, _QUIET = Verdict.DROP, Verdict.REFUSE, Verdict.QUIET
# fmt: off
_KNOWN = frozenset({
    "model", "messages", "system", "max_tokens", "temperature", "top_p", "stop_sequences", "tools", "tool_choice",
    "output_config", "thinking", "metadata", "service_tier", "stream",
})
_TOOL_KNOWN = frozenset({"type", "name", "description", "input_schema", "strict"})
# fmt: on
_LOSSES = {
    "top_k": (_DROP, ()),
    "inference_geo": (_REFUSE, ()),  # a promise where the data stay, which nobody else can keep
    "mcp_servers": (_REFUSE, ([],)),
    "speed": (_DROP, ("standard",)),
    "container": (_DROP, ()),
    "context_management": (_DROP, ({},)),
    "diagnostics": (_DROP, ({},)),
    "fallbacks": (_DROP, ([],)),
    "user_profile_id": (_DROP, ()),
    "workspace_id": (_DROP, ()),
    "cache_control": (_QUIET, ()),
    "betas": (_QUIET, ([],)),
}
_TOOL_LOSSES = {
    "cache_control": (_QUIET, ()),
    "eager_input_streaming": (_QUIET, ()),
    "defer_loading": (_DROP, (False,)),
    "input_examples": (_DROP, ([],)),
    "allowed_callers": (_DROP, (["direct"],)),
}
_PICKS = {"auto": Pick.AUTO, "any": Pick.ANY, "none": Pick.NONE, "tool": Pick.NAMED}
_BILLING = "x-anthropic-billing-header:"


@problem_as_value
def read_anthropic_request(body: object) -> Request:
    """Return the request a Messages body holds, or the problem with it.

    A request for no tokens at all (`max_tokens` 0 warms the provider's cache) is read like any other; it is
    answered by nobody but its own dialect.
    """
    if not isinstance(body, dict):
        invalid("", "The body is not a JSON object.")
    messages = listed_objects(body, "messages")
    if not messages:
        invalid("messages", "messages is empty or missing.")
    if count_field(body, "max_tokens") is None:
        invalid("max_tokens", "max_tokens is missing.")
    tools, tool_losses = _tools(body)
    return Request(
        model=needed_text(body, "model"),
        system=_system(body),
        turns=tuple(_turn(message, path) for path, message in messages),
        tools=tools,
        choice=_choice(body),
        params=_params(body),
        stream=flag_field(body, "stream") or False,
        leftovers=(
            *leftovers(body, _KNOWN, _LOSSES),
            *tool_losses,
            *(lost for path, message in messages for lost in block_losses(message, path)),
        ),
    )


def _system(body: _Document) -> tuple[Text, ...]:
    """Return the system prompt without the billing line one client adds anew to each request.

    Another vendor's prefix cache would never hit with it (1rgs/claude-code-proxy#99).
    """
    stated = body.get("system")
    if isinstance(stated, str):
        first, _, rest = stated.partition("\n")
        return (Text(rest if first.startswith(_BILLING) else stated),)
    texts = [_text(block, path) for path, block in listed_objects(body, "system")]
    return tuple(text for text in texts if not text.text.startswith(_BILLING))


def _text(block: _Document, path: str) -> Text:
    if block.get("type") != "text":
        invalid(f"{path}.type", f"{path}.type is not text.")
    return Text(text_field(block, "text", path) or "", cached=bool(block.get("cache_control")))


def _turn(message: _Document, path: str) -> Turn:
    role = message.get("role")
    if role not in tuple(Speaker):
        invalid(f"{path}.role", f"{path}.role is none of user, assistant, system.")
    return Turn(Speaker(str(role)), read_content(message, path), path)


def _tools(body: _Document) -> tuple[tuple[Tool, ...], list[Leftover]]:
    """Return the tools the caller runs itself; those the vendor would have to run are refused later."""
    tools: list[Tool] = []
    losses: list[Leftover] = []
    for path, tool in listed_objects(body, "tools"):
        if tool.get("type") not in (None, "custom"):
            losses.append(Leftover(path, Verdict.REFUSE, "server_tool_dropped"))
            continue
        tools.append(
            Tool(
                needed_text(tool, "name", path),
                text_field(tool, "description", path) or "",
                object_field(tool, "input_schema", path) or None,
                flag_field(tool, "strict", path),
            )
        )
        losses.extend(leftovers(tool, _TOOL_KNOWN, _TOOL_LOSSES, path))
    return tuple(tools), losses


def _choice(body: _Document) -> ToolChoice:
    stated = object_field(body, "tool_choice")
    if not stated:
        return ToolChoice()
    kind = stated.get("type")
    pick = _PICKS.get(kind) if isinstance(kind, str) else None
    if pick is None:
        invalid("tool_choice.type", f"tool_choice.type is none of {', '.join(_PICKS)}.")
    name = needed_text(stated, "name", "tool_choice") if pick is Pick.NAMED else ""
    single = flag_field(stated, "disable_parallel_tool_use", "tool_choice")
    return ToolChoice(pick, name, parallel=None if single is None else not single)


def _params(body: _Document) -> Params:
    thinking = object_field(body, "thinking")
    wish = thinking.get("type")
    if thinking and wish not in tuple(Wish):
        invalid("thinking.type", f"thinking.type is none of {', '.join(Wish)}.")
    output = object_field(body, "output_config")
    effort = text_field(output, "effort", "output_config")
    if effort is not None and effort not in LEVELS:
        invalid("output_config.effort", f"output_config.effort is none of {', '.join(LEVELS)}.")
    return Params(
        max_tokens=count_field(body, "max_tokens"),
        temperature=number_field(body, "temperature"),
        top_p=number_field(body, "top_p"),
        stop=listed_texts(body, "stop_sequences"),
        effort=effort,
        thinking=Wish(str(wish)) if thinking else None,
        budget=count_field(thinking, "budget_tokens", "thinking"),
        user=text_field(object_field(body, "metadata"), "user_id", "metadata"),
        tier=text_field(body, "service_tier"),
        format=_format(output),
    )


def _format(output: _Document) -> Format | None:
    wanted = object_field(output, "format", "output_config")
    if not wanted:
        return None
    path = "output_config.format"
    if wanted.get("type") != "json_schema":
        invalid(f"{path}.type", f"{path}.type is not json_schema.")
    return Format(Shape.JSON_SCHEMA, object_field(wanted, "schema", path))
