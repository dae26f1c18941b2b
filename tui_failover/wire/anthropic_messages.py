"""Anthropic Messages: the answer, streamed or whole.

Events are told apart by the `type` in their data: relays drop the `event:` line, and an error that only its data
names is an error all the same.
"""

from collections.abc import Callable

from tui_failover.wire.delta import NOTHING, Delta, as_mapping, as_text, as_tokens
from tui_failover.wire.error_body import error_in
from tui_failover.wire.sse import SseEvent, json_object

_BLOCK_IS_CONTENT = frozenset({"tool_use", "server_tool_use", "redacted_thinking"})
_INPUT_PARTS = ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")


def read_event(event: SseEvent) -> Delta:
    """Return what `event` adds to the answer; raises `ProtocolError` where it is not a JSON object."""
    return delta_of(json_object(event), event.name)


def delta_of(document: dict[str, object], name: str = "") -> Delta:
    """Return what one event's data add to the answer; `name` counts only where the data name no type."""
    read = _READERS.get(as_text(document.get("type")) or name)
    if read is not None:
        return read(document)
    error_shape = error_in(document)
    return NOTHING if error_shape is None else Delta(error=error_shape)


def read_document(document: object) -> Delta:
    """Return the answer that came whole, as one delta; `finish` is "" where the document is no answer."""
    answer = as_mapping(document)
    error = error_in(answer)
    if error is not None:
        return Delta(error=error)
    blocks = answer.get("content")
    listed = [as_mapping(block) for block in blocks] if isinstance(blocks, list) else []
    received, produced = _usage(answer)
    return Delta(
        text="".join(as_text(block.get("text")) for block in listed),
        content=any(block.get("text") or block.get("type") != "text" for block in listed),
        model=as_text(answer.get("model")),
        finish=as_text(answer.get("stop_reason")),
        input_tokens=received,
        output_tokens=produced,
    )


def _usage(document: dict[str, object]) -> tuple[int | None, int | None]:
    usage = as_mapping(document.get("usage"))
    parts = [as_tokens(usage.get(part)) for part in _INPUT_PARTS]
    # Cached input is counted apart in this dialect; the whole input is their sum. Without the first part nothing
    # is stated: the closing event may repeat a cache count alone.
    received = None if parts[0] is None else sum(part or 0 for part in parts)
    return received, as_tokens(usage.get("output_tokens"))


def _message_start(document: dict[str, object]) -> Delta:
    message = as_mapping(document.get("message"))
    received, produced = _usage(message)
    return Delta(model=as_text(message.get("model")), input_tokens=received, output_tokens=produced)


def _block_start(document: dict[str, object]) -> Delta:
    block = as_mapping(document.get("content_block"))
    text = as_text(block.get("text"))
    made = bool(text or block.get("thinking")) or as_text(block.get("type")) in _BLOCK_IS_CONTENT
    return Delta(text=text, content=made)


def _block_delta(document: dict[str, object]) -> Delta:
    piece = as_mapping(document.get("delta"))
    text = as_text(piece.get("text"))
    return Delta(text=text, content=bool(text or piece.get("thinking") or piece.get("partial_json")))


def _message_delta(document: dict[str, object]) -> Delta:
    received, produced = _usage(document)
    finish = as_text(as_mapping(document.get("delta")).get("stop_reason"))
    return Delta(finish=finish, input_tokens=received, output_tokens=produced)


def _message_stop(_document: dict[str, object]) -> Delta:
    return Delta(done=True)


def _error(document: dict[str, object]) -> Delta:
    return Delta(error=error_in(document))


_READERS: dict[str, Callable[[dict[str, object]], Delta]] = {
    "message_start": _message_start,
    "content_block_start": _block_start,
    "content_block_delta": _block_delta,
    "message_delta": _message_delta,
    "message_stop": _message_stop,
    "error": _error,
}
