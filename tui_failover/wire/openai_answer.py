"""A complete Chat Completions answer, read and written."""

from tui_failover.wire.aliases import kept_or_made
from tui_failover.wire.answer import (
    Answer,
    Cited,
    Part,
    Stop,
    Wording,
    settled,
    stop_from_openai,
    stop_to_openai,
)
from tui_failover.wire.chat_stream_writing import plain_input
from tui_failover.wire.conversation import Refusal, Text, Thinking, ToolCall
from tui_failover.wire.delta import as_mapping, as_text
from tui_failover.wire.dialect import Dialect
from tui_failover.wire.openai_chat import read_document
from tui_failover.wire.stream_translation import MakeId
from tui_failover.wire.tokens import estimate, of_openai, to_openai
from tui_failover.wire.verdict import invalid, problem_as_value

_Document = dict[str, object]


@problem_as_value
def read_openai_answer(document: object) -> Answer:
    """Return the answer a `chat.completion` holds (its first choice), or the problem where it is none."""
    body = as_mapping(document)
    if read_document(body).error is not None:
        invalid("error", "The provider's answer is an error.")
    choices = body.get("choices")
    if not isinstance(choices, list) or not choices or not isinstance(choices[0], dict):
        invalid("choices", "The provider's answer holds no choice.")
    choice = choices[0]
    message = as_mapping(choice.get("message"))
    if not message:
        invalid("choices[0].message", "The provider's answer holds no message.")
    parts = (*_words(message), *_calls(message))
    word = as_text(choice.get("finish_reason"))
    refused = any(isinstance(part, Refusal) for part in parts)
    called = any(isinstance(part, ToolCall) for part in parts)
    return Answer(
        parts,
        Stop.REFUSAL if refused else settled(stop_from_openai(word or "stop"), called=called),
        as_text(body.get("model")),
        tokens=of_openai(body.get("usage")),
    )


def _words(message: _Document) -> list[Part]:
    reasoning = as_text(message.get("reasoning_content")) or as_text(message.get("reasoning"))
    content = message.get("content")
    listed = content if isinstance(content, list) else [{"text": content}]
    text = "".join(as_text(as_mapping(part).get("text")) for part in listed)
    refusal = as_text(message.get("refusal"))
    parts: list[Part] = []
    if reasoning:
        parts.append(Thinking(reasoning, "", Dialect.OPENAI))
    if text:
        parts.append(Text(text))
    if refusal:
        parts.append(Refusal(refusal))
    return parts


def _calls(message: _Document) -> list[ToolCall]:
    listed = message.get("tool_calls")
    calls = [_call(as_mapping(call)) for call in listed] if isinstance(listed, list) else []
    old = message.get("function_call")
    if isinstance(old, dict):
        calls.append(_call({"function": old}))
    return calls


def _call(call: _Document) -> ToolCall:
    custom = as_mapping(call.get("custom"))
    function = custom or as_mapping(call.get("function"))
    name = as_text(function.get("name"))
    if not name:
        invalid("choices[0].message.tool_calls", "The provider's answer calls a tool without a name.")
    arguments = as_text(function.get("input" if custom else "arguments"))
    return ToolCall(as_text(call.get("id")), name, arguments, custom=bool(custom))


def write_openai_answer(answer: Answer, wording: Wording, make_id: MakeId, created: int) -> _Document:
    """Return `answer` as a `chat.completion`; `created` is in Unix seconds."""
    message, called = _message(answer, wording, make_id)
    stop = settled(answer.stop, called=called)
    word = "function_call" if stop is Stop.TOOL and wording.functions else stop_to_openai(stop)
    characters = sum(len(as_text(message.get(field))) for field in ("content", "reasoning_content"))
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": word}
    return {
        "id": make_id("chatcmpl-"),
        "object": "chat.completion",
        "created": created,
        "model": wording.model,
        "choices": [choice],
        "usage": to_openai(answer.tokens or estimate(wording.input_tokens, characters)),
        "system_fingerprint": None,
    }


def _message(answer: Answer, wording: Wording, make_id: MakeId) -> tuple[_Document, bool]:
    """Return the message, and whether it calls tools of the caller's."""
    calls = [part for part in answer.parts if isinstance(part, ToolCall)]
    real = [call for call in calls if call.name != wording.envelope]
    texts = [part.text for part in answer.parts if isinstance(part, (Text, Cited))]
    texts += [call.arguments for call in calls if call.name == wording.envelope]
    refusal = "".join(part.text for part in answer.parts if isinstance(part, Refusal)) or answer.explanation
    thinking = "".join(part.text for part in answer.parts if isinstance(part, Thinking))
    message: _Document = {"role": "assistant", "content": "".join(texts) or None, "refusal": None}
    if answer.stop is Stop.REFUSAL and refusal:
        message["refusal"] = refusal
    if thinking and wording.reasoning:
        message["reasoning_content"] = thinking
    annotations = _annotations(answer.parts)
    if annotations:
        message["annotations"] = annotations
    if real and wording.functions:
        message["function_call"] = {"name": wording.name_of(real[0].name), "arguments": real[0].arguments or "{}"}
    elif real:
        message["tool_calls"] = [_written(call, wording, make_id) for call in real]
    return message, bool(real)


def _written(call: ToolCall, wording: Wording, make_id: MakeId) -> _Document:
    name, identity = wording.name_of(call.name), kept_or_made(call.id, "call_", make_id)
    if name in wording.custom_tools:
        custom = {"name": name, "input": plain_input(call.arguments)}
        return {"id": identity, "type": "custom", "custom": custom}
    return {"id": identity, "type": "function", "function": {"name": name, "arguments": call.arguments or "{}"}}


def _annotations(parts: tuple[Part, ...]) -> list[_Document]:
    """Return the web pages quoted, each with the span of the text that quotes it."""
    annotations: list[_Document] = []
    end = 0
    for part in parts:
        if not isinstance(part, (Text, Cited)):
            continue
        start, end = end, end + len(part.text)
        for title, url in part.pages if isinstance(part, Cited) else ():
            citation = {"start_index": start, "end_index": end, "title": title, "url": url}
            annotations.append({"type": "url_citation", "url_citation": citation})
    return annotations
