"""Neutral turns, written as the messages of a Chat Completions request."""

from collections.abc import Sequence

from tui_failover.wire.conversation import (
    Block,
    Document,
    Image,
    Inline,
    Link,
    Opaque,
    Refusal,
    Speaker,
    Stored,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
    Turn,
)
from tui_failover.wire.delta import as_mapping, as_text
from tui_failover.wire.json_text import json_line
from tui_failover.wire.media import IMAGE_TYPES, PDF, data_url
from tui_failover.wire.pairing import paired
from tui_failover.wire.translation import Job
from tui_failover.wire.verdict import refuse

_Document = dict[str, object]
BETWEEN = "\n\n"  # between texts joined into one string, which every compatible server takes
EMPTY = "(empty message)"
_LONGEST_SUMMARY = 2_000  # characters


def write_turns(job: Job) -> list[_Document]:
    """Return the messages of the conversation, without the leading system prompt."""
    messages: list[_Document] = []
    for turn in paired(job.request.turns, job.ids, job.notes):
        messages.extend(_WRITE[turn.speaker](turn, job))
    return messages


def system_role(job: Job) -> str:
    """Return the role instructions go under."""
    return "developer" if job.can.developer_role else "system"


def _system(turn: Turn, job: Job) -> list[_Document]:
    texts = [block.text for block in turn.blocks if isinstance(block, Text) and block.text]
    return [{"role": system_role(job), "content": BETWEEN.join(texts)}] if texts else []


def _user(turn: Turn, job: Job) -> list[_Document]:
    """Return the tool messages, then one user message: nothing may stand between a call and its results."""
    moved: list[_Document] = []
    messages = [_tool(block, turn.field, job, moved) for block in turn.blocks if isinstance(block, ToolResult)]
    others = [block for block in turn.blocks if not isinstance(block, ToolResult)]
    parts = moved + [part for block in others for part in _parts(block, turn.field, job)]
    if parts or not messages:
        messages.append({"role": "user", "content": _content(parts) or EMPTY})
    return messages


def _assistant(turn: Turn, job: Job) -> list[_Document]:
    parts = [part for block in turn.blocks for part in _parts(block, turn.field, job)]
    calls = [_call(block, job) for block in turn.blocks if isinstance(block, ToolCall)]
    if not parts and not calls:
        return []
    message: _Document = {"role": "assistant", "content": _content(parts) or None}
    return [{**message, "tool_calls": calls} if calls else message]


_WRITE = {Speaker.SYSTEM: _system, Speaker.USER: _user, Speaker.ASSISTANT: _assistant}


def _call(call: ToolCall, job: Job) -> _Document:
    arguments = json_line({"input": call.arguments}) if call.custom else call.arguments or "{}"
    function = {"name": job.names.of(call.name), "arguments": arguments}
    return {"id": call.id, "type": "function", "function": function}


def _tool(result: ToolResult, field: str, job: Job, moved: list[_Document]) -> _Document:
    """Return the tool message; pictures and files, which it cannot hold, go to `moved` under the call's id."""
    texts: list[str] = []
    for block in result.content:
        parts = _parts(block, field, job)
        if isinstance(block, (Image, Document)):
            texts.append("[The attachment follows in the next user message.]")
            moved.append(_text_part(f"[Attachment of the tool result {result.call_id}]"))
            moved.extend(parts)
        else:
            texts.extend(as_text(part["text"]) for part in parts)
    content = BETWEEN.join(text for text in texts if text)
    return {
        "role": "tool",
        "tool_call_id": result.call_id,
        "content": f"Error: {content}" if result.failed else content,
    }


def _content(parts: Sequence[_Document]) -> str | list[_Document]:
    """Return one string where there is only text, else the parts."""
    if all(part["type"] == "text" for part in parts):
        return BETWEEN.join(as_text(part["text"]) for part in parts)
    return list(parts)


def _text_part(text: str) -> _Document:
    return {"type": "text", "text": text}


def _parts(block: Block, field: str, job: Job) -> list[_Document]:
    match block:
        case Text(text) | Refusal(text):
            return [_text_part(text)] if text else []
        case Image(source):
            return [{"type": "image_url", "image_url": {"url": _image(source, field, job)}}]
        case Document(source, title):
            return [{"type": "file", "file": _file(source, title, field, job)}]
        case Opaque():
            return _opaque(block, field, job)
        case Thinking():
            # Signed for the model that made it, and nobody else may see it.
            job.notes.quiet("reasoning_history_dropped", field)
            return []
        case ToolCall() | ToolResult():
            return []  # they have places of their own


def _image(source: Inline | Link | Stored, field: str, job: Job) -> str:
    if not job.can.vision:
        refuse(field, f"{field} holds a picture, which {job.target.model} does not take.")
    if isinstance(source, Stored):
        refuse(field, f"{field} names a file kept by another provider.")
    if isinstance(source, Link):
        if not job.can.fetches_urls:
            refuse(field, f"{field} links to a picture, which the active provider does not fetch.")
        return source.url
    if source.media_type not in IMAGE_TYPES:
        refuse(field, f"{field} holds a picture that is none of {', '.join(sorted(IMAGE_TYPES))}.")
    return data_url(source)


def _file(source: Inline | Link | Stored, title: str, field: str, job: Job) -> _Document:
    if not isinstance(source, Inline) or source.media_type != PDF or not job.can.pdf:
        refuse(
            field,
            f"{field} holds a file that is not a PDF carried in the request, or {job.target.model} reads none.",
        )
    return {"filename": title or "document.pdf", "file_data": data_url(source)}


def _opaque(block: Opaque, field: str, job: Job) -> list[_Document]:
    """Return what can be told of a block only its own vendor knows; refuses what would be a different request."""
    if block.kind == "redacted_thinking":
        job.notes.quiet("reasoning_history_dropped", field)
        return []
    if block.kind == "search_result":
        job.notes.warn("search_result_as_text", field)
        return [_text_part(_search_result(block))]
    if block.kind != "server_tool_use" and not block.kind.endswith("_tool_result"):
        refuse(field, f"{field} holds a block of type {block.kind}, which the active provider does not know.")
    job.notes.warn("server_tool_history_as_text", field)
    known = {name: value for name, value in block.document.items() if name in ("name", "input", "content")}
    return [_text_part(f"[{block.kind}: {json_line(known)[:_LONGEST_SUMMARY]}]")]


def _search_result(block: Opaque) -> str:
    content = block.document.get("content")
    listed = content if isinstance(content, list) else []
    texts = [as_text(as_mapping(part).get("text")) for part in listed]
    head = [as_text(block.document.get("title")), f"Source: {as_text(block.document.get('source'))}"]
    return "\n".join([*head, *texts])
