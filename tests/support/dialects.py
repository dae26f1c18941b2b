"""Both vendors' wire formats as their own clients see them: request bodies checked, answers and streams read."""

import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import count, pairwise
from typing import Any, cast

import pydantic
from anthropic.lib.streaming._messages import accumulate_event
from anthropic.types import Message, RawMessageStreamEvent
from anthropic.types.message_create_params import MessageCreateParamsNonStreaming, MessageCreateParamsStreaming
from openai.lib.streaming.chat import ChatCompletionStreamState
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from openai.types.chat.completion_create_params import (
    CompletionCreateParamsNonStreaming,
    CompletionCreateParamsStreaming,
)

from tui_failover.wire.answer import Wording
from tui_failover.wire.dialect import Dialect
from tui_failover.wire.sse import Said, SseDecoder, SseEvent
from tui_failover.wire.sse_raw import RawEvents
from tui_failover.wire.stream_translation import StreamTranslator

CREATED = 1_795_428_000
_REQUESTS: dict[tuple[Dialect, bool], Any] = {
    (Dialect.ANTHROPIC, False): pydantic.TypeAdapter(MessageCreateParamsNonStreaming),
    (Dialect.ANTHROPIC, True): pydantic.TypeAdapter(MessageCreateParamsStreaming),
    (Dialect.OPENAI, False): pydantic.TypeAdapter(CompletionCreateParamsNonStreaming),
    (Dialect.OPENAI, True): pydantic.TypeAdapter(CompletionCreateParamsStreaming),
}
_EVENT: pydantic.TypeAdapter[RawMessageStreamEvent] = pydantic.TypeAdapter(RawMessageStreamEvent)


def counted_ids() -> Any:
    """Ids that count: "msg_1", "toolu_2"."""
    numbers = count(1)
    return lambda prefix: f"{prefix}{next(numbers)}"


def assert_vendor_accepts(dialect: Dialect, body: Mapping[str, object]) -> None:
    """Fail where the vendor's own types do not describe `body` exactly."""
    adapter = _REQUESTS[dialect, body.get("stream") is True]
    known = _plain(adapter.validate_python(body))
    # Sampling is legal in the older version of the dialect only, which the current types no longer describe.
    unknown = frozenset({"temperature", "top_p"}) if dialect is Dialect.ANTHROPIC else frozenset()
    stated = {name: value for name, value in json.loads(json.dumps(body)).items() if name not in unknown}
    assert _without_schemas(known) == _without_schemas(stated)


def _plain(value: Any) -> Any:
    """Exhaust the lazy lists that the validator returns; each checks its items only when taken."""
    if isinstance(value, Mapping):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, Iterable) and not isinstance(value, (str, bytes)):
        return [_plain(one) for one in value]
    return value


def _without_schemas(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            name: _without_schemas(one) for name, one in value.items() if name not in ("input_schema", "schema")
        }
    if isinstance(value, list):
        return [_without_schemas(one) for one in value]
    return value


def sse(*documents: object, named: bool = False) -> bytes:
    """Events with `documents` as JSON, named after their type where the dialect names its events."""
    lines = []
    for document in documents:
        name = f"event: {document['type']}\n" if named and isinstance(document, dict) else ""
        data = document if isinstance(document, str) else json.dumps(document, ensure_ascii=False)
        lines.append(f"{name}data: {data}\n\n")
    return "".join(lines).encode()


def said_in(body: bytes) -> list[Said]:
    """What all complete events of a stream say."""
    return RawEvents().said(body)


def events_of(body: bytes) -> list[SseEvent]:
    """All complete events of a stream."""
    return list(SseDecoder().feed(body))


def documents_of(body: bytes) -> list[dict[str, Any]]:
    """The data of all events of a stream but `[DONE]`."""
    return [json.loads(event.data) for event in events_of(body) if event.data != "[DONE]"]


def message_of(body: bytes) -> Message:
    """What Anthropic's client puts together from a Messages stream; each event must be one it knows."""
    snapshot: Any = None
    buffers: dict[int, bytes] = {}
    for event in events_of(body):
        document = json.loads(event.data)
        assert event.name == document["type"], "the client skips events without a name"
        if event.name == "ping":
            continue
        parsed = _EVENT.validate_python(document)
        snapshot = accumulate_event(event=parsed, current_snapshot=snapshot, json_bufs=buffers)
    return cast("Message", snapshot)


def completion_of(body: bytes) -> ChatCompletion:
    """What OpenAI's client puts together from a Chat stream; each chunk must be one it knows."""
    state: ChatCompletionStreamState[None] = ChatCompletionStreamState()
    for document in documents_of(body):
        state.handle_chunk(ChatCompletionChunk.model_validate(document))
    return cast("ChatCompletion", state.current_completion_snapshot)


def translated(
    source: Dialect, body: bytes, wording: Wording | None = None, cuts: Iterable[int] = (), *, closed: bool = True
) -> bytes:
    """The other dialect's stream for a provider's whole `body`, taken in pieces cut at `cuts`."""
    machine = StreamTranslator(source, wording or Wording("asked"), counted_ids(), CREATED)
    decoder = SseDecoder()
    output = b"".join(machine.feed(event).output for piece in pieces(body, cuts) for event in decoder.feed(piece))
    return output + (machine.close() if closed else b"")


def pieces(body: bytes, cuts: Iterable[int]) -> Iterator[bytes]:
    """`body` cut at the given places."""
    bounds = sorted({0, len(body), *(cut for cut in cuts if 0 < cut < len(body))})
    for start, end in pairwise(bounds):
        yield body[start:end]


# -- what providers say


def chunk(delta: object, finish: str | None = None, **more: object) -> dict[str, object]:
    """A Chat chunk with one choice."""
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    head = {"id": "chatcmpl-up", "object": "chat.completion.chunk", "created": 1, "model": "served"}
    return {**head, "choices": [choice], **more}


def usage_chunk(prompt: int, completion: int, **more: object) -> dict[str, object]:
    """The Chat chunk that states the usage."""
    usage = {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion, **more}
    return {**chunk({}), "choices": [], "usage": usage}


def call_piece(
    index: int | None, arguments: str = "", name: str | None = None, identity: str | None = None
) -> object:
    """One piece of a tool call in a Chat chunk."""
    function = {"arguments": arguments} | ({"name": name} if name is not None else {})
    piece: dict[str, object] = {"function": function}
    if index is not None:
        piece["index"] = index
    return piece | ({"id": identity, "type": "function"} if identity is not None else {})


def calls(*call_pieces: object) -> dict[str, object]:
    """A Chat chunk that brings pieces of tool calls."""
    return chunk({"tool_calls": list(call_pieces)})


def message_start(**usage: int) -> dict[str, object]:
    """The event that opens a Messages stream."""
    counts = {"input_tokens": 10, "output_tokens": 1, **usage}
    message = {"id": "msg_up", "type": "message", "role": "assistant", "model": "served", "content": []}
    return {"type": "message_start", "message": {**message, "stop_reason": None, "usage": counts}}


def block(index: int, content: Mapping[str, object], *deltas: Mapping[str, object]) -> list[dict[str, object]]:
    """All events of one content block."""
    return [
        {"type": "content_block_start", "index": index, "content_block": content},
        *({"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas),
        {"type": "content_block_stop", "index": index},
    ]


def text_block(index: int, *texts: str) -> list[dict[str, object]]:
    """A text block that comes in pieces."""
    return block(index, {"type": "text", "text": ""}, *({"type": "text_delta", "text": text} for text in texts))


def tool_block(index: int, identity: str, name: str, *inputs: str) -> list[dict[str, object]]:
    """A tool block whose input comes in pieces."""
    start = {"type": "tool_use", "id": identity, "name": name, "input": {}}
    return block(index, start, *({"type": "input_json_delta", "partial_json": text} for text in inputs))


def message_end(reason: str, output_tokens: int | None = 5, **more: object) -> list[dict[str, object]]:
    """The two events that end a Messages stream."""
    usage = {} if output_tokens is None else {"output_tokens": output_tokens}
    delta = {"stop_reason": reason, "stop_sequence": None, **more}
    return [{"type": "message_delta", "delta": delta, "usage": usage}, {"type": "message_stop"}]
