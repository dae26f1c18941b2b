"""The input of a Responses request: one string, or items: messages, calls, results and reasoning."""

from collections.abc import Callable

from tui_failover.wire.conversation import (
    Block,
    Document,
    Image,
    Leftover,
    Link,
    Refusal,
    Speaker,
    Stored,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
    Turn,
    Verdict,
)
from tui_failover.wire.delta import as_text
from tui_failover.wire.dialect import Dialect
from tui_failover.wire.fields import Losses, at, leftovers, listed_objects, needed_text, text_field
from tui_failover.wire.media import PDF, data_in, inline, source_of
from tui_failover.wire.openai_parts import ReadPart, read_parts, read_text
from tui_failover.wire.verdict import invalid, refuse

_Document = dict[str, object]
_SPEAKERS = {
    "system": Speaker.SYSTEM,
    "developer": Speaker.SYSTEM,
    "user": Speaker.USER,
    "assistant": Speaker.ASSISTANT,
}
# fmt: off
_ITEM_KNOWN = frozenset({
    "type", "id", "status", "role", "content", "phase", "call_id", "name", "arguments", "input", "output",
    "summary", "encrypted_content",
})
_PART_KNOWN = frozenset({
    "type", "text", "refusal", "image_url", "file_id", "file_data", "file_url", "filename",
    "prompt_cache_breakpoint",
})
# fmt: on
_ITEM_LOSSES: Losses = {"caller": (Verdict.QUIET, ()), "namespace": (Verdict.DROP, ("",))}
_PART_LOSSES: Losses = {
    "annotations": (Verdict.QUIET, ([],)),
    "logprobs": (Verdict.QUIET, ([],)),
    "detail": (Verdict.QUIET, ("auto",)),
}


def read_items(body: _Document) -> tuple[list[Turn], list[Leftover]]:
    """Return a turn per item of the input, and what of the items has no neutral place."""
    given = body.get("input")
    if isinstance(given, str) and given:
        return [Turn(Speaker.USER, (Text(given),), "input")], []
    items = [] if isinstance(given, str) else listed_objects(body, "input")
    if not items:
        invalid("input", "input is empty or missing.")
    turns = [_turn(item, path) for path, item in items]
    return turns, [lost for path, item in items for lost in _losses(item, path)]


def _turn(item: _Document, path: str) -> Turn:
    kind = item.get("type", "message" if "role" in item else "item_reference")
    read = _ITEMS.get(kind) if isinstance(kind, str) else None
    if read is None:
        refuse(path, f"{path} is an item that only the provider knows which made or keeps it.")
    speaker, block = read(item, path)
    return Turn(speaker, block, path)


def _losses(item: _Document, path: str) -> list[Leftover]:
    lost = leftovers(item, _ITEM_KNOWN, _ITEM_LOSSES, path)
    for name in ("content", "output"):
        if isinstance(item.get(name), list) and item.get("type") != "reasoning":
            for inner, part in listed_objects(item, name, path):
                lost += leftovers(part, _PART_KNOWN, _PART_LOSSES, inner)
    return lost


_Said = tuple[Speaker, tuple[Block, ...]]


def _message(item: _Document, path: str) -> _Said:
    role = item.get("role")
    speaker = _SPEAKERS.get(role) if isinstance(role, str) else None
    if speaker is None:
        invalid(f"{path}.role", f"{path}.role is none of {', '.join(_SPEAKERS)}.")
    return speaker, read_parts(item, "content", path, _PARTS)


def _function_call(item: _Document, path: str) -> _Said:
    name, arguments = needed_text(item, "name", path), text_field(item, "arguments", path) or ""
    return Speaker.ASSISTANT, (ToolCall(text_field(item, "call_id", path) or "", name, arguments),)


def _custom_call(item: _Document, path: str) -> _Said:
    name, given = needed_text(item, "name", path), text_field(item, "input", path) or ""
    return Speaker.ASSISTANT, (ToolCall(text_field(item, "call_id", path) or "", name, given, custom=True),)


def _output(item: _Document, path: str) -> _Said:
    said = read_parts(item, "output", path, _PARTS)
    content = tuple(part for part in said if isinstance(part, (Text, Image, Document)))
    return Speaker.USER, (ToolResult(text_field(item, "call_id", path) or "", content),)


def _reasoning(item: _Document, path: str) -> _Said:
    """Return reasoning, which means something only to the provider that made it and is left out for any other."""
    words = [as_text(part.get("text")) for _, part in listed_objects(item, "summary", path)]
    return Speaker.ASSISTANT, (Thinking("\n\n".join(words), "", Dialect.OPENAI),)


_ITEMS: dict[str, Callable[[_Document, str], _Said]] = {
    "message": _message,
    "function_call": _function_call,
    "function_call_output": _output,
    "custom_tool_call": _custom_call,
    "custom_tool_call_output": _output,
    "reasoning": _reasoning,
}


def _refusal(part: _Document, path: str) -> Refusal:
    return Refusal(text_field(part, "refusal", path) or "")


def _image(part: _Document, path: str) -> Image:
    url = text_field(part, "image_url", path)
    if url is None:
        return Image(Stored(needed_text(part, "file_id", path)))
    return Image(source_of(url, at(path, "image_url")))


def _file(part: _Document, path: str) -> Document:
    title = text_field(part, "filename", path) or ""
    data, url, field = (
        text_field(part, "file_data", path),
        text_field(part, "file_url", path),
        at(path, "file_data"),
    )
    if data is not None:
        return Document(data_in(data, field) if data.startswith("data:") else inline(PDF, data, field), title)
    return Document(Link(url) if url else Stored(needed_text(part, "file_id", path)), title)


def _audio(_part: _Document, path: str) -> Text:
    refuse(path, f"{path} is audio, which the active provider does not take.")


_PARTS: dict[str, ReadPart] = {
    "input_text": read_text,
    "output_text": read_text,
    "refusal": _refusal,
    "input_image": _image,
    "input_file": _file,
    "input_audio": _audio,
}
