"""The content blocks of a Messages request, read into neutral blocks."""

from collections.abc import Callable

from tui_failover.core.text import scrub
from tui_failover.wire.conversation import (
    Block,
    Document,
    Image,
    Leftover,
    Link,
    Opaque,
    Source,
    Stored,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
    Verdict,
)
from tui_failover.wire.delta import as_text
from tui_failover.wire.dialect import Dialect
from tui_failover.wire.fields import (
    Losses,
    flag_field,
    leftovers,
    listed_objects,
    needed_text,
    object_field,
    text_field,
)
from tui_failover.wire.json_text import json_line
from tui_failover.wire.media import inline
from tui_failover.wire.verdict import invalid

_Document = dict[str, object]
_LONGEST_KIND = 60  # characters shown of a type nobody here knows
_DROP, _QUIET = Verdict.DROP, Verdict.QUIET
_KNOWN = {
    "text": frozenset({"type", "text"}),
    "image": frozenset({"type", "source"}),
    "document": frozenset({"type", "source", "title"}),
    "thinking": frozenset({"type", "thinking", "signature"}),
    "tool_use": frozenset({"type", "id", "name", "input"}),
    "tool_result": frozenset({"type", "tool_use_id", "content", "is_error"}),
}
_LOSSES: dict[str, Losses] = {
    "text": {"citations": (_QUIET, ([],)), "cache_control": (_QUIET, ())},
    "image": {"transformations": (_QUIET, ({},)), "cache_control": (_QUIET, ())},
    "document": {
        "citations": (_DROP, ({}, {"enabled": False})),
        "context": (_DROP, ("",)),
        "cache_control": (_QUIET, ()),
    },
    "tool_use": {"caller": (_QUIET, ()), "toolset_name": (_QUIET, ()), "cache_control": (_QUIET, ())},
    "tool_result": {"cache_control": (_QUIET, ())},
}


def block_losses(message: _Document, path: str) -> list[Leftover]:
    """Return what the known blocks of a message hold without a neutral place, results of tools included."""
    if not isinstance(message.get("content"), list):
        return []
    found: list[Leftover] = []
    for inner, block in listed_objects(message, "content", path):
        kind = as_text(block.get("type"))
        if kind in _KNOWN:
            found.extend(leftovers(block, _KNOWN[kind], _LOSSES.get(kind, {}), inner))
        if kind == "tool_result":
            found.extend(block_losses(block, inner))
    return found


def read_content(message: _Document, path: str) -> tuple[Block, ...]:
    """Return the blocks of a message, whose content is a string or a list."""
    content = message.get("content")
    if isinstance(content, str):
        return (Text(content),)
    if content is None:
        invalid(f"{path}.content", f"{path}.content is missing.")
    return tuple(_block(block, inner) for inner, block in listed_objects(message, "content", path))


def _block(block: _Document, path: str) -> Block:
    kind = needed_text(block, "type", path)
    read = _BLOCKS.get(kind)
    return Opaque(scrub(kind, _LONGEST_KIND), block, Dialect.ANTHROPIC) if read is None else read(block, path)


def _text(block: _Document, path: str) -> Text:
    return Text(text_field(block, "text", path) or "", cached=bool(block.get("cache_control")))


def _image(block: _Document, path: str) -> Image:
    return Image(_source(object_field(block, "source", path), f"{path}.source"))


def _source(source: _Document, path: str) -> Source:
    kind = source.get("type")
    if kind == "base64":
        media_type = needed_text(source, "media_type", path)
        return inline(media_type, needed_text(source, "data", path), f"{path}.data")
    if kind == "url":
        return Link(needed_text(source, "url", path))
    if kind != "file":
        invalid(f"{path}.type", f"{path}.type is none of base64, url, file.")
    return Stored(needed_text(source, "file_id", path))


def _document(block: _Document, path: str) -> Block:
    source = object_field(block, "source", path)
    title = text_field(block, "title", path) or ""
    head = f"{title}\n\n" if title else ""
    if source.get("type") == "text":
        return Text(head + (text_field(source, "data", f"{path}.source") or ""))
    if source.get("type") == "content":
        return Text(head + _joined(source, f"{path}.source"))
    return Document(_source(source, f"{path}.source"), title)


def _joined(holder: _Document, path: str) -> str:
    content = holder.get("content")
    if isinstance(content, str):
        return content
    return "\n\n".join(_text(block, inner).text for inner, block in listed_objects(holder, "content", path))


def _thinking(block: _Document, path: str) -> Thinking:
    text, signature = text_field(block, "thinking", path) or "", text_field(block, "signature", path) or ""
    return Thinking(text, signature, Dialect.ANTHROPIC)


def _tool_use(block: _Document, path: str) -> ToolCall:
    arguments = json_line(object_field(block, "input", path))
    return ToolCall(text_field(block, "id", path) or "", needed_text(block, "name", path), arguments)


def _tool_result(block: _Document, path: str) -> ToolResult:
    call_id = text_field(block, "tool_use_id", path) or ""
    content = () if block.get("content") is None else read_content(block, path)
    allowed = tuple(part for part in content if isinstance(part, (Text, Image, Document, Opaque)))
    return ToolResult(call_id, allowed, failed=flag_field(block, "is_error", path) or False)


_BLOCKS: dict[str, Callable[[_Document, str], Block]] = {
    "text": _text,
    "image": _image,
    "document": _document,
    "thinking": _thinking,
    "tool_use": _tool_use,
    "tool_result": _tool_result,
}
