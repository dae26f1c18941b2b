"""A complete Responses answer, written, and told as the stream it could have been."""

from collections.abc import Iterator
from itertools import groupby

from tui_failover.wire.answer import Answer, Cited, Part, Stop, Wording, settled
from tui_failover.wire.conversation import Opaque, Refusal, Text, Thinking, ToolCall
from tui_failover.wire.delta import as_mapping, as_text
from tui_failover.wire.json_text import sse_bytes
from tui_failover.wire.responses_output import (
    REFUSAL,
    TEXT,
    THINKING,
    CallItems,
    Form,
    MakeId,
    begun,
    called,
    ended,
    reason_for,
)
from tui_failover.wire.responses_standing import Standing
from tui_failover.wire.tokens import estimate

_Document = dict[str, object]
_FORMS: dict[type, Form] = {Text: TEXT, Cited: TEXT, Refusal: REFUSAL, Thinking: THINKING}


def write_responses_answer(answer: Answer, wording: Wording, make_id: MakeId, created: int) -> _Document:
    """Return `answer` as a `response`; `created` is in Unix seconds."""
    parts = [_unwrapped(part, wording) for part in answer.parts if _shown(part, wording)]
    refused = any(isinstance(part, Refusal) for part in parts)
    stop = settled(answer.stop, called=any(isinstance(part, ToolCall) for part in parts))
    if stop is Stop.REFUSAL and not refused and answer.explanation:
        parts.append(Refusal(answer.explanation))
    calls = CallItems(wording, make_id)
    output: list[_Document] = []
    for form, group in groupby(parts, key=lambda part: _FORMS.get(type(part))):
        if form is None:
            output += [_call(part, calls) for part in group if isinstance(part, ToolCall)]
        else:
            output.append(_words(form, list(group), make_id))
    characters = sum(len(_said(part)) for part in parts)
    tokens = answer.tokens or estimate(wording.input_tokens, characters)
    reason = reason_for(stop, refused=refused)
    return ended(begun(wording, make_id("resp_"), created), output, reason, tokens)


def _shown(part: Part, wording: Wording) -> bool:
    return not isinstance(part, Opaque) and (wording.reasoning or not isinstance(part, Thinking))


def _unwrapped(part: Part, wording: Wording) -> Part:
    """Return the words of a structured answer that came in a tool of ours."""
    enveloped = isinstance(part, ToolCall) and part.name == wording.envelope
    return Text(part.arguments) if enveloped and isinstance(part, ToolCall) else part


def _call(call: ToolCall, calls: CallItems) -> _Document:
    return called(calls.begun(call.id, call.name), call.arguments)


def _said(part: Part) -> str:
    match part:
        case ToolCall(arguments=arguments):
            return arguments
        case Opaque():
            return ""
        case _:
            return part.text


def _words(form: Form, parts: list[Part], make_id: MakeId) -> _Document:
    texts: list[str] = []
    annotations: list[_Document] = []
    end = 0
    for part in parts:
        text = _said(part)
        start, end = end, end + len(text)
        texts.append(text)
        for title, url in part.pages if isinstance(part, Cited) else ():
            span: _Document = {"start_index": start, "end_index": end}
            annotations.append({"type": "url_citation", **span, "title": title, "url": url})
    said = form.part_of("".join(texts), annotations)
    return form.item_of(make_id(form.prefix), [said], whole=True)


def stream_of_response(response: _Document, standing: Standing) -> bytes:
    """Return a provider's complete `response` as a stream, for a caller who asked for one."""
    output = response.get("output")
    items = [as_mapping(item) for item in output] if isinstance(output, list) else []
    begin: _Document = {
        **response,
        "status": "in_progress",
        "output": [],
        "usage": None,
        "incomplete_details": None,
    }
    events: list[_Document] = [
        {"type": "response.created", "response": begin},
        {"type": "response.in_progress", "response": begin},
        *(event for place, item in enumerate(items) for event in _told(place, item)),
        {"type": f"response.{response.get('status') or 'completed'}", "response": response},
    ]
    written: list[bytes] = []
    for event in events:
        numbered: _Document = {"type": event["type"], "sequence_number": standing.number, **event}
        standing.told(numbered)
        written.append(sse_bytes(numbered, as_text(event["type"])))
    return b"".join(written)


_PARTS = {form.part: form for form in (TEXT, REFUSAL)}
_CALLS = {
    "function_call": ("function_call_arguments", "arguments"),
    "custom_tool_call": ("custom_tool_call_input", "input"),
}


def _told(place: int, item: _Document) -> Iterator[_Document]:
    """Yield the events that bring one item: its words and arguments in one piece, anything else with its end."""
    kind = as_text(item.get("type"))
    where: _Document = {"item_id": item.get("id"), "output_index": place}
    empty: _Document = {"status": "in_progress"} | ({"content": []} if kind == "message" else {})
    if kind in _CALLS:
        empty[_CALLS[kind][1]] = ""
    yield {"type": "response.output_item.added", "output_index": place, "item": {**item, **empty}}
    content = item.get("content")
    for index, part in enumerate(content if kind == "message" and isinstance(content, list) else ()):
        yield from _part(as_mapping(part), {**where, "content_index": index})
    if kind in _CALLS:
        event, member = _CALLS[kind]
        yield {"type": f"response.{event}.delta", **where, "delta": item.get(member)}
        yield {"type": f"response.{event}.done", **where, member: item.get(member)}
    yield {"type": "response.output_item.done", "output_index": place, "item": item}


def _part(part: _Document, where: _Document) -> Iterator[_Document]:
    form = _PARTS.get(as_text(part.get("type")))
    if form is None:
        return
    text = part.get(form.field)
    odds: _Document = {"logprobs": []} if form is TEXT else {}
    yield {"type": f"{form.part_event}.added", **where, "part": form.part_of("")}
    yield {"type": f"{form.word_event}.delta", **where, "delta": text, **odds}
    yield {"type": f"{form.word_event}.done", **where, form.field: text, **odds}
    yield {"type": f"{form.part_event}.done", **where, "part": part}
