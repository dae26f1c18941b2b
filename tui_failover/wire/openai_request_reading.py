"""A Chat Completions request, read into neutral turns, tools and parameters."""

from collections.abc import Callable

from tui_failover.wire.conversation import (
    Block,
    Document,
    Format,
    Image,
    Leftover,
    Params,
    Refusal,
    Request,
    Shape,
    Speaker,
    Stored,
    Text,
    Thinking,
    ToolResult,
    Turn,
    Verdict,
)
from tui_failover.wire.dialect import Dialect
from tui_failover.wire.effort import LEVELS
from tui_failover.wire.fields import (
    at,
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
from tui_failover.wire.media import PDF, data_in, inline, source_of
from tui_failover.wire.openai_parts import ReadPart, read_parts, read_text
from tui_failover.wire.openai_tools_reading import read_calls, read_choice, read_tools
from tui_failover.wire.verdict import invalid, problem_as_value, refuse

_Document = dict[str, object]
_DROP, _REFUSE, _QUIET = Verdict.DROP, Verdict.REFUSE, Verdict.QUIET
# fmt: off
_KNOWN = frozenset({
    "model", "messages", "max_tokens", "max_completion_tokens", "temperature", "top_p", "stop", "reasoning_effort",
    "user", "safety_identifier", "service_tier", "tools", "tool_choice", "parallel_tool_calls", "functions",
    "function_call", "response_format", "stream", "stream_options",
})
_MESSAGE_KNOWN = frozenset({
    "role", "content", "refusal", "tool_calls", "function_call", "tool_call_id", "reasoning_content", "reasoning",
})
# fmt: on
_LOSSES = {
    "n": (_REFUSE, (1,)),
    "audio": (_REFUSE, ()),
    "modalities": (_REFUSE, (["text"], [])),
    "logprobs": (_REFUSE, (False,)),
    "top_logprobs": (_REFUSE, (0,)),
    "web_search_options": (_REFUSE, ()),
    "seed": (_DROP, ()),
    "logit_bias": (_DROP, ({},)),
    "frequency_penalty": (_DROP, (0,)),
    "presence_penalty": (_DROP, (0,)),
    "prediction": (_DROP, ()),
    "store": (_DROP, (False,)),
    "verbosity": (_DROP, ("medium",)),
    "moderation": (_DROP, ()),
    "metadata": (_DROP, ({},)),
    "prompt_cache_key": (_DROP, ("",)),
    "prompt_cache_options": (_DROP, ({},)),
    "prompt_cache_retention": (_DROP, ()),
}
_MESSAGE_LOSSES = {"name": (_DROP, ("",)), "annotations": (_QUIET, ([],)), "audio": (_REFUSE, ())}


@problem_as_value
def read_openai_request(body: object) -> Request:
    """Return the request a Chat Completions body holds, or the problem with it."""
    if not isinstance(body, dict):
        invalid("", "The body is not a JSON object.")
    messages = listed_objects(body, "messages")
    if not messages:
        invalid("messages", "messages is empty or missing.")
    turns = [_turn(message, path) for path, message in messages]
    leading = next((place for place, turn in enumerate(turns) if turn.speaker is not Speaker.SYSTEM), len(turns))
    system = tuple(block for turn in turns[:leading] for block in turn.blocks if isinstance(block, Text))
    tools, tool_losses = read_tools(body)
    return Request(
        model=needed_text(body, "model"),
        system=system,
        turns=tuple(turns[leading:]),
        tools=tools,
        choice=read_choice(body),
        params=_params(body),
        stream=flag_field(body, "stream") or False,
        include_usage=flag_field(object_field(body, "stream_options"), "include_usage", "stream_options") or False,
        functions="functions" in body and "tools" not in body,
        leftovers=(*leftovers(body, _KNOWN, _LOSSES), *tool_losses, *_message_losses(messages)),
    )


_DETAIL_KNOWN = frozenset({"url"})
_DETAIL_LOSSES = {"detail": (_QUIET, ("auto",))}


def _picture_losses(message: _Document, path: str) -> list[Leftover]:
    if not isinstance(message.get("content"), list):
        return []
    return [
        lost
        for inner, part in listed_objects(message, "content", path)
        for lost in leftovers(object_field(part, "image_url", inner), _DETAIL_KNOWN, _DETAIL_LOSSES, inner)
    ]


def _message_losses(messages: list[tuple[str, _Document]]) -> list[Leftover]:
    # The name of a `function` message says which call it answers; it is read, not lost.
    return [
        lost
        for path, message in messages
        for lost in (
            *leftovers(message, _MESSAGE_KNOWN, _MESSAGE_LOSSES, path),
            *_picture_losses(message, path),
        )
        if not (message.get("role") == "function" and lost.code == "name_dropped")
    ]


def _turn(message: _Document, path: str) -> Turn:
    role = message.get("role")
    read = _ROLES.get(role) if isinstance(role, str) else None
    if read is None:
        invalid(f"{path}.role", f"{path}.role is none of {', '.join(_ROLES)}.")
    speaker, blocks = read
    return Turn(speaker, blocks(message, path), path)


def _said(message: _Document, path: str) -> tuple[Block, ...]:
    return read_parts(message, "content", path, _PARTS)


def _image(part: _Document, path: str) -> Image:
    url = needed_text(object_field(part, "image_url", path), "url", f"{path}.image_url")
    return Image(source_of(url, f"{path}.image_url.url"))


def _file(part: _Document, path: str) -> Document:
    file, inner = object_field(part, "file", path), f"{path}.file"
    title = text_field(file, "filename", inner) or ""
    data = text_field(file, "file_data", inner)
    if data is None:
        return Document(Stored(needed_text(file, "file_id", inner)), title)
    field = at(inner, "file_data")
    return Document(data_in(data, field) if data.startswith("data:") else inline(PDF, data, field), title)


def _audio(_part: _Document, path: str) -> Text:
    refuse(path, f"{path} is audio, which the active provider does not take.")


def _refusal(part: _Document, path: str) -> Refusal:
    return Refusal(text_field(part, "refusal", path) or "")


def _assistant(message: _Document, path: str) -> tuple[Block, ...]:
    reasoning = text_field(message, "reasoning_content", path) or text_field(message, "reasoning", path)
    refusal = text_field(message, "refusal", path)
    return (
        *([Thinking(reasoning, "", Dialect.OPENAI)] if reasoning else []),
        *_said(message, path),
        *([Refusal(refusal)] if refusal else []),
        *read_calls(message, path),
    )


def _tool(message: _Document, path: str) -> tuple[Block, ...]:
    return (_result(text_field(message, "tool_call_id", path) or "", message, path),)


def _function(message: _Document, path: str) -> tuple[Block, ...]:
    # The old kind of call has no id: its result answers the call before it.
    return (_result("", message, path),)


def _result(call_id: str, message: _Document, path: str) -> ToolResult:
    content = tuple(block for block in _said(message, path) if isinstance(block, (Text, Image, Document)))
    return ToolResult(call_id, content)


_Blocks = Callable[[_Document, str], tuple[Block, ...]]
_ROLES: dict[str, tuple[Speaker, _Blocks]] = {
    "system": (Speaker.SYSTEM, _said),
    "developer": (Speaker.SYSTEM, _said),
    "user": (Speaker.USER, _said),
    "assistant": (Speaker.ASSISTANT, _assistant),
    "tool": (Speaker.USER, _tool),
    "function": (Speaker.USER, _function),
}
_PARTS: dict[str, ReadPart] = {
    "text": read_text,
    "image_url": _image,
    "file": _file,
    "input_audio": _audio,
    "refusal": _refusal,
}


def _params(body: _Document) -> Params:
    effort = text_field(body, "reasoning_effort")
    if effort is not None and effort not in LEVELS:
        invalid("reasoning_effort", f"reasoning_effort is none of {', '.join(LEVELS)}.")
    cap = count_field(body, "max_completion_tokens")
    return Params(
        max_tokens=count_field(body, "max_tokens") if cap is None else cap,
        temperature=number_field(body, "temperature"),
        top_p=number_field(body, "top_p"),
        stop=listed_texts(body, "stop"),
        effort=effort,
        user=text_field(body, "safety_identifier") or text_field(body, "user"),
        tier=text_field(body, "service_tier"),
        format=_format(body),
    )


def _format(body: _Document) -> Format | None:
    wanted = object_field(body, "response_format")
    kind = wanted.get("type", "text")
    if kind == "text":
        return None
    if kind == "json_object":
        return Format(Shape.JSON_OBJECT)
    if kind != "json_schema":
        invalid("response_format.type", "response_format.type is none of text, json_object, json_schema.")
    path = "response_format.json_schema"
    stated = object_field(wanted, "json_schema", "response_format")
    name = text_field(stated, "name", path) or "answer"
    return Format(Shape.JSON_SCHEMA, object_field(stated, "schema", path), name)
