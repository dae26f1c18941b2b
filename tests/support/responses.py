"""The Responses API as the official client sees it: streams read event by event, and put together."""

import json
from typing import Any, cast

import pydantic
from openai import omit
from openai.lib.streaming.responses._responses import ResponseStreamState
from openai.types.responses import Response, ResponseStreamEvent

from tests.support.dialects import CREATED, counted_ids, events_of
from tui_failover.wire.answer import Wording
from tui_failover.wire.dialect import Dialect
from tui_failover.wire.sse import SseDecoder
from tui_failover.wire.stream_translation import StreamTranslator

_EVENT: pydantic.TypeAdapter[ResponseStreamEvent] = pydantic.TypeAdapter(ResponseStreamEvent)
CALLERS = Wording("asked", echo={})


def worded(**more: Any) -> Wording:
    """How an answer is worded for a caller of Responses."""
    return Wording(**{"model": "asked", "echo": {}, **more})


def as_responses(source: Dialect, body: bytes, wording: Wording = CALLERS) -> bytes:
    """A provider's whole `body` as a Responses stream."""
    machine = StreamTranslator(source, wording, counted_ids(), CREATED)
    output = b"".join(machine.feed(event).output for event in SseDecoder().feed(body))
    return output + machine.close()


def told(body: bytes) -> list[dict[str, Any]]:
    """The events of a stream, each of which must be one the client knows, numbered without a gap."""
    documents = []
    for place, event in enumerate(events_of(body)):
        document = json.loads(event.data)
        assert event.name == document["type"]
        assert document["sequence_number"] == place
        _EVENT.validate_python(document)
        documents.append(document)
    return documents


def response_of(body: bytes) -> Response:
    """What the official client puts together from a stream that ends well; its items must add up to its end."""
    state: ResponseStreamState[Any] = ResponseStreamState(input_tools=omit, text_format=omit)
    documents = told(body)
    for document in documents:
        state.handle_event(_EVENT.validate_python(document))
    last = documents[-1]
    items = [one["item"] for one in documents if one["type"] == "response.output_item.done"]
    assert sorted(map(json.dumps, items)) == sorted(map(json.dumps, last["response"]["output"]))
    return Response.model_validate(last["response"])


def kinds(body: bytes) -> list[str]:
    """The types of a stream's events, without what they all begin with."""
    return [cast("str", document["type"]).removeprefix("response.") for document in told(body)]
