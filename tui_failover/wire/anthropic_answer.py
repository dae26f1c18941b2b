"""A complete Messages answer, read and written."""

from tui_failover.wire.aliases import kept_or_made
from tui_failover.wire.answer import (
    Answer,
    Cited,
    Part,
    Stop,
    Wording,
    settled,
    stop_from_anthropic,
    stop_to_anthropic,
)
from tui_failover.wire.assembly import RAW_INPUT
from tui_failover.wire.conversation import Opaque, Refusal, Text, Thinking, ToolCall
from tui_failover.wire.delta import as_mapping, as_text
from tui_failover.wire.dialect import Dialect
from tui_failover.wire.json_text import json_line, read_arguments
from tui_failover.wire.stream_translation import MakeId
from tui_failover.wire.tokens import estimate, of_anthropic, to_anthropic
from tui_failover.wire.verdict import invalid, problem_as_value

_Document = dict[str, object]


@problem_as_value
def read_anthropic_answer(document: object) -> Answer:
    """Return the answer a `message` holds, or the problem where it is none or is only paused."""
    body = as_mapping(document)
    content = body.get("content")
    if not isinstance(content, list):
        invalid("content", "The provider's answer holds no content.")
    stop = stop_from_anthropic(as_text(body.get("stop_reason")) or "end_turn")
    if stop is Stop.PAUSE:
        invalid("stop_reason", "The provider paused its turn, which only its own dialect can resume.")
    parts = tuple(_part(as_mapping(block)) for block in content)
    sequence = body.get("stop_sequence")
    return Answer(
        tuple(part for part in parts if not isinstance(part, Text) or part.text),
        stop,
        as_text(body.get("model")),
        sequence if isinstance(sequence, str) else None,
        as_text(as_mapping(body.get("stop_details")).get("explanation")),
        of_anthropic(body.get("usage")),
    )


def _part(block: _Document) -> Part:
    match as_text(block.get("type")):
        case "text":
            text, pages = as_text(block.get("text")), _pages(block.get("citations"))
            return Cited(text, pages) if pages else Text(text)
        case "thinking":
            return Thinking(as_text(block.get("thinking")), as_text(block.get("signature")), Dialect.ANTHROPIC)
        case "tool_use":
            name = as_text(block.get("name"))
            if not name:
                invalid("content", "The provider's answer calls a tool without a name.")
            return ToolCall(as_text(block.get("id")), name, json_line(as_mapping(block.get("input"))))
        case kind:
            return Opaque(kind, block, Dialect.ANTHROPIC)


def _pages(citations: object) -> tuple[tuple[str, str], ...]:
    listed = [as_mapping(one) for one in citations] if isinstance(citations, list) else []
    return tuple((as_text(one.get("title")), as_text(one["url"])) for one in listed if as_text(one.get("url")))


def write_anthropic_answer(answer: Answer, wording: Wording, make_id: MakeId) -> _Document:
    """Return `answer` as a `message`."""
    called = any(isinstance(part, ToolCall) for part in answer.parts)
    stop = settled(answer.stop, called=called)
    characters = sum(len(part.text) for part in answer.parts if isinstance(part, (Text, Cited, Thinking)))
    message: _Document = {
        "id": make_id("msg_"),
        "type": "message",
        "role": "assistant",
        "model": wording.model,
        "content": [_block(part, wording, make_id) for part in answer.parts if not isinstance(part, Opaque)],
        "stop_reason": stop_to_anthropic(stop),
        "stop_sequence": answer.stop_sequence,
        "usage": to_anthropic(answer.tokens or estimate(wording.input_tokens, characters)),
    }
    if stop is Stop.REFUSAL:
        explanation = answer.explanation or None
        message["stop_details"] = {"type": "refusal", "category": None, "explanation": explanation}
    return message


def _block(part: Text | Cited | Thinking | ToolCall | Refusal, wording: Wording, make_id: MakeId) -> _Document:
    match part:
        case Thinking(text):
            # Signed by nobody: the empty signature tells our own reading of a replay to leave it out again.
            return {"type": "thinking", "thinking": text, "signature": ""}
        case ToolCall(id=identity, name=name, arguments=arguments):
            given = read_arguments(arguments)
            return {
                "type": "tool_use",
                "id": kept_or_made(identity, "toolu_", make_id),
                "name": wording.name_of(name),
                "input": {RAW_INPUT: arguments} if given is None else given,
            }
        case Text(text) | Cited(text) | Refusal(text):
            return {"type": "text", "text": text}
