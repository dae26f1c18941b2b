"""A Responses request, read into neutral turns, tools and parameters.

Whatever rests on state that its vendor keeps (an earlier response, a conversation, a stored prompt) can be carried
by nobody else and is refused.
"""

from tui_failover.wire.conversation import (
    Format,
    Leftover,
    Params,
    Request,
    Shape,
    Speaker,
    Text,
    Verdict,
)
from tui_failover.wire.effort import LEVELS
from tui_failover.wire.fields import (
    Losses,
    count_field,
    flag_field,
    leftovers,
    listed_texts,
    needed_text,
    number_field,
    object_field,
    text_field,
)
from tui_failover.wire.openai_responses_items import read_items
from tui_failover.wire.openai_responses_tools import read_choice, read_tools
from tui_failover.wire.verdict import invalid, problem_as_value, refuse

_Document = dict[str, object]
_DROP, _REFUSE, _QUIET = Verdict.DROP, Verdict.REFUSE, Verdict.QUIET
# fmt: off
_KNOWN = frozenset({
    "model", "input", "instructions", "max_output_tokens", "temperature", "top_p", "reasoning", "user",
    "safety_identifier", "service_tier", "tools", "tool_choice", "parallel_tool_calls", "text", "stream",
    "stream_options", "include",
})
# fmt: on
_LOSSES: Losses = {
    "previous_response_id": (_REFUSE, ("",)),
    "conversation": (_REFUSE, ("",)),
    "prompt": (_REFUSE, ()),
    "background": (_REFUSE, (False,)),
    "top_logprobs": (_REFUSE, (0,)),
    "access_programs": (_DROP, ()),
    "background_options": (_QUIET, ()),
    "context_management": (_DROP, ([],)),
    "image": (_DROP, ()),
    "max_tool_calls": (_QUIET, ()),  # it counts calls of the vendor's own tools only
    "metadata": (_DROP, ({},)),
    "moderation": (_DROP, ()),
    "prompt_cache_key": (_DROP, ("",)),
    "prompt_cache_options": (_DROP, ({},)),
    "prompt_cache_retention": (_DROP, ()),
    "store": (_DROP, (False,)),
    "truncation": (_DROP, ("disabled",)),
}
_TEXT_KNOWN = frozenset({"format"})
_TEXT_LOSSES: Losses = {"verbosity": (_DROP, ("medium",))}
_REASONING_KNOWN = frozenset({"effort", "summary", "generate_summary"})
_REASONING_LOSSES: Losses = {"mode": (_DROP, ("standard",)), "context": (_QUIET, ())}
_INCLUDED = {
    "message.output_text.logprobs": _REFUSE,
    # Nothing of the kind is made by another vendor, or it belongs to tools that are refused themselves.
    "reasoning.encrypted_content": _QUIET,
    "web_search_call.action.sources": _QUIET,
    "code_interpreter_call.outputs": _QUIET,
    "computer_call_output.output.image_url": _QUIET,
    "file_search_call.results": _QUIET,
}
_NAMED = {
    "max_tokens": "max_output_tokens",
    "messages": "input",
    "output_config.effort": "reasoning.effort",
    "output_config.format": "text.format",
    "reasoning_effort": "reasoning.effort",
    "response_format": "text.format",
    "tool_choice.disable_parallel_tool_use": "parallel_tool_calls",
}
_ECHOED = (
    "instructions", "max_output_tokens", "metadata", "parallel_tool_calls", "reasoning", "safety_identifier",
    "temperature", "tool_choice", "top_p", "user",
)  # fmt: skip


@problem_as_value
def read_responses_request(body: object) -> Request:
    """Return the request a Responses body holds, or the problem with it."""
    if not isinstance(body, dict):
        invalid("", "The body is not a JSON object.")
    lost = [*leftovers(body, _KNOWN, _LOSSES), *_inner_losses(body)]
    _check_state(lost)
    turns, item_losses = read_items(body)
    leading = next((place for place, turn in enumerate(turns) if turn.speaker is not Speaker.SYSTEM), len(turns))
    instructions = text_field(body, "instructions")
    before = [Text(instructions)] if instructions else []
    before += [block for turn in turns[:leading] for block in turn.blocks if isinstance(block, Text)]
    tools, tool_losses = read_tools(body)
    return Request(
        model=needed_text(body, "model"),
        system=tuple(before),
        turns=tuple(turns[leading:]),
        tools=tools,
        choice=read_choice(body),
        params=_params(body),
        stream=flag_field(body, "stream") or False,
        leftovers=(*lost, *tool_losses, *item_losses),
        named=_NAMED,
        echo=_echo(body),
    )


def _check_state(lost: list[Leftover]) -> None:
    """Refuse what rests on the vendor's state before an input that is left out for it is missed."""
    for one in lost:
        if one.verdict is _REFUSE:
            refuse(one.field, f"{one.field} is not supported by the active provider.")


def _inner_losses(body: _Document) -> list[Leftover]:
    return [
        *leftovers(object_field(body, "text"), _TEXT_KNOWN, _TEXT_LOSSES, "text"),
        *leftovers(object_field(body, "reasoning"), _REASONING_KNOWN, _REASONING_LOSSES, "reasoning"),
        *(
            Leftover(f"include[{place}]", _INCLUDED.get(name, _DROP), "include_dropped")
            for place, name in enumerate(listed_texts(body, "include"))
        ),
    ]


def _params(body: _Document) -> Params:
    effort = text_field(object_field(body, "reasoning"), "effort", "reasoning")
    if effort is not None and effort not in LEVELS:
        invalid("reasoning.effort", f"reasoning.effort is none of {', '.join(LEVELS)}.")
    return Params(
        max_tokens=count_field(body, "max_output_tokens"),
        temperature=number_field(body, "temperature"),
        top_p=number_field(body, "top_p"),
        effort=effort,
        user=text_field(body, "safety_identifier") or text_field(body, "user"),
        tier=text_field(body, "service_tier"),
        format=_format(body),
    )


def _format(body: _Document) -> Format | None:
    wanted, path = object_field(object_field(body, "text"), "format", "text"), "text.format"
    kind = wanted.get("type", "text")
    if kind == "text":
        return None
    if kind == "json_object":
        return Format(Shape.JSON_OBJECT)
    if kind != "json_schema":
        invalid(f"{path}.type", f"{path}.type is none of text, json_object, json_schema.")
    name = text_field(wanted, "name", path) or "answer"
    return Format(Shape.JSON_SCHEMA, object_field(wanted, "schema", path), name)


def _echo(body: _Document) -> dict[str, object]:
    """Return what answers repeat of the request, with what the vendor fills in."""
    echo = {name: body[name] for name in _ECHOED if body.get(name) is not None}
    echo["text"] = {"format": {"type": "text"}, **object_field(body, "text")}
    tools = body.get("tools")
    if isinstance(tools, list):
        unsaid = {"parameters": None, "strict": None}
        echo["tools"] = [{**unsaid, **tool} if tool.get("type") == "function" else tool for tool in tools]
    return echo
