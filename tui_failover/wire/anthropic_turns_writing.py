"""Neutral turns, written as the messages of a Messages request."""

from tui_failover.core.copying import replace
from tui_failover.wire.assembly import RAW_INPUT
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
from tui_failover.wire.json_text import read_arguments
from tui_failover.wire.media import IMAGE_TYPES, MOST_IMAGE, PDF
from tui_failover.wire.pairing import paired
from tui_failover.wire.translation import Job
from tui_failover.wire.verdict import refuse

_Document = dict[str, object]
EMPTY = "(empty message)"
GO_ON = "Continue exactly where your last message ends."
_MOST_MARKS = 4  # cache breakpoints in one request


def write_turns(job: Job) -> list[_Document]:
    """Return the messages, the first of them a user's, none of them empty."""
    turns = tuple(_placed(turn, job) for turn in job.request.turns)
    messages: list[_Document] = []
    for turn in paired(turns, job.ids, job.notes):
        _append(messages, turn.speaker, _blocks(turn, job))
    if not messages or messages[0]["role"] != Speaker.USER:
        job.notes.warn("user_turn_added", "messages")
        messages.insert(0, {"role": "user", "content": [{"type": "text", "text": EMPTY}]})
    return messages


def end_on_user(messages: list[_Document], job: Job, *, thinking: bool) -> None:
    """Make a trailing assistant turn something the model goes on from, by the setting or by asking for it."""
    if messages[-1]["role"] != Speaker.ASSISTANT:
        return
    if not job.can.prefill or thinking:
        job.notes.warn("prefill_emulated", "messages")
        messages.append({"role": "user", "content": [{"type": "text", "text": GO_ON}]})
        return
    last = _content(messages[-1])[-1]
    last["text"] = str(last["text"]).rstrip()  # refused otherwise


def in_tool_loop(messages: list[_Document]) -> bool:
    """Return whether the conversation stands between a tool's result and the answer to it."""
    return any(block.get("type") == "tool_result" for block in _content(messages[-1]))


def limit_marks(*lists: list[_Document]) -> None:
    """Keep only the last cache breakpoints of a request: one too many refuses it."""
    marked = [block for blocks in lists for block in blocks if "cache_control" in block]
    for block in marked[:-_MOST_MARKS]:
        del block["cache_control"]


def all_blocks(messages: list[_Document]) -> list[_Document]:
    """Return the blocks of all messages in order."""
    return [block for message in messages for block in _content(message)]


def _placed(turn: Turn, job: Job) -> Turn:
    """Return a system turn as a note in the user's name where no other place for it exists."""
    if turn.speaker is not Speaker.SYSTEM or job.can.mid_system:
        return turn
    job.notes.warn("system_moved", turn.field)
    texts = [block.text for block in turn.blocks if isinstance(block, Text) and block.text.strip()]
    notes = tuple(Text(f"<operator-note>\n{text}\n</operator-note>") for text in texts)
    return replace(turn, speaker=Speaker.USER, blocks=notes)


def _append(messages: list[_Document], speaker: Speaker, blocks: list[_Document]) -> None:
    if not blocks and speaker is not Speaker.USER:
        return
    said = blocks or [{"type": "text", "text": EMPTY}]
    if messages and messages[-1]["role"] == speaker.value:
        _content(messages[-1]).extend(said)
    else:
        messages.append({"role": speaker.value, "content": said})


def _content(message: _Document) -> list[_Document]:
    content = message["content"]
    return content if isinstance(content, list) else []


def _blocks(turn: Turn, job: Job) -> list[_Document]:
    # Calls come last in a turn: their results must follow at once.
    ordered = sorted(turn.blocks, key=lambda block: isinstance(block, ToolCall))
    written = [_block(block, turn.field, job) for block in ordered]
    return [block for block in written if block is not None]


def _block(block: Block, field: str, job: Job) -> _Document | None:
    """Return the block as this dialect has it, or None where it says nothing here."""
    match block:
        case Text() | Refusal():
            return _text(block)
        case Image(source):
            return {"type": "image", "source": _image(source, field, job)}
        case Document(source, title):
            return {"type": "document", "source": _pdf(source, field, job), **({"title": title} if title else {})}
        case ToolCall():
            return _tool_use(block, field, job)
        case ToolResult():
            return _tool_result(block, field, job)
        case Thinking() | Opaque():
            # Another vendor's reasoning is not signed, so it cannot be shown to this one.
            job.notes.quiet("reasoning_history_dropped", field)
            return None


def _text(block: Text | Refusal) -> _Document | None:
    if not block.text.strip():
        return None
    mark: _Document = {"cache_control": {"type": "ephemeral"}} if isinstance(block, Text) and block.cached else {}
    return {"type": "text", "text": block.text, **mark}


def _image(source: Inline | Link | Stored, field: str, job: Job) -> _Document:
    if not job.can.vision:
        refuse(field, f"{field} holds a picture, which {job.target.model} does not take.")
    if isinstance(source, Stored):
        refuse(field, f"{field} names a file kept by another provider.")
    if isinstance(source, Link):
        if not job.can.fetches_urls:
            refuse(field, f"{field} links to a picture, which the active provider does not fetch.")
        return {"type": "url", "url": source.url}
    if source.media_type not in IMAGE_TYPES:
        refuse(field, f"{field} holds a picture that is none of {', '.join(sorted(IMAGE_TYPES))}.")
    if len(source.data) > MOST_IMAGE:
        refuse(field, f"{field} holds a picture of more than {MOST_IMAGE >> 20} MiB.")
    return {"type": "base64", "media_type": source.media_type, "data": source.data}


def _pdf(source: Inline | Link | Stored, field: str, job: Job) -> _Document:
    if not isinstance(source, Inline) or source.media_type != PDF or not job.can.pdf:
        refuse(
            field,
            f"{field} holds a file that is not a PDF carried in the request, or {job.target.model} reads none.",
        )
    return {"type": "base64", "media_type": PDF, "data": source.data}


def _tool_use(call: ToolCall, field: str, job: Job) -> _Document:
    given = {"input": call.arguments} if call.custom else read_arguments(call.arguments)
    if given is None:
        job.notes.warn("tool_arguments_wrapped", field)
        given = {RAW_INPUT: call.arguments}
    return {"type": "tool_use", "id": call.id, "name": job.names.of(call.name), "input": given}


def _tool_result(result: ToolResult, field: str, job: Job) -> _Document:
    blocks = [made for block in result.content if (made := _block(block, field, job)) is not None]
    written: _Document = {"type": "tool_result", "tool_use_id": result.call_id}
    if blocks:
        written["content"] = blocks
    if result.failed:
        written["is_error"] = True
    return written
