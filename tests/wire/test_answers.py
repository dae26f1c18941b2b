"""What the events of both dialects add to an answer."""

import json
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui_failover.wire import anthropic_messages, openai_chat
from tui_failover.wire.delta import NOTHING, Delta, ErrorShape
from tui_failover.wire.sse import SseEvent


def event(data: object, name: str = "") -> SseEvent:
    return SseEvent(name, json.dumps(data))


def chunk(delta: object, finish: str | None = None, **more: object) -> SseEvent:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return event({"object": "chat.completion.chunk", "choices": [choice], **more})


@pytest.mark.parametrize(
    ("given_event", "expected"),
    [
        pytest.param(chunk({"content": "Hi"}, model="m"), Delta("Hi", content=True, model="m"), id="text"),
        pytest.param(chunk({"role": "assistant", "content": ""}), NOTHING, id="role alone is no content"),
        pytest.param(chunk({"content": None}), NOTHING, id="null content"),
        pytest.param(chunk(None), NOTHING, id="null delta"),
        pytest.param(chunk({"reasoning_content": "hm"}), Delta(content=True), id="reasoning is content"),
        pytest.param(chunk({"refusal": "I will not"}), Delta("I will not", content=True), id="refusal is content"),
        pytest.param(chunk({"tool_calls": [{"index": 0}]}), Delta(content=True), id="a tool call is content"),
        pytest.param(chunk({}, "stop"), Delta(finish="stop"), id="finish"),
        pytest.param(
            event({"choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": 2}}),
            Delta(input_tokens=7, output_tokens=2),
            id="usage without choices",
        ),
        pytest.param(
            event({"choices": [], "usage": {"prompt_tokens": -1, "completion_tokens": 10**15}}),
            NOTHING,
            id="absurd usage is unknown",
        ),
        pytest.param(
            event({"choices": [{}], "usage": {"prompt_tokens": True}}), NOTHING, id="usage of another type"
        ),
        pytest.param(SseEvent("", "[DONE]"), Delta(done=True), id="end mark"),
        pytest.param(
            event({"error": {"message": "no", "type": "server_error", "code": 502}}),
            Delta(error=ErrorShape("server_error", "502", "", "no")),
            id="error",
        ),
        pytest.param(event({"error": "no"}), Delta(error=ErrorShape(message="no")), id="error as a string"),
    ],
)
def test_openai_event_adds(given_event: SseEvent, expected: Delta) -> None:
    assert openai_chat.read_event(given_event) == expected


def message(**more: object) -> dict[str, object]:
    return {"type": "message", "role": "assistant", "content": [], "model": "claude", **more}


@pytest.mark.parametrize(
    ("given_event", "expected"),
    [
        pytest.param(
            event(
                {
                    "type": "message_start",
                    "message": message(
                        usage={
                            "input_tokens": 5,
                            "cache_read_input_tokens": 20,
                            "cache_creation_input_tokens": None,
                            "output_tokens": 1,
                        }
                    ),
                }
            ),
            Delta(model="claude", input_tokens=25, output_tokens=1),
            id="start counts the cache in",
        ),
        pytest.param(
            event({"type": "content_block_start", "content_block": {"type": "text", "text": ""}}),
            NOTHING,
            id="an empty block is no content",
        ),
        pytest.param(
            event({"type": "content_block_start", "content_block": {"type": "tool_use", "name": "f"}}),
            Delta(content=True),
            id="a tool call is content",
        ),
        pytest.param(
            event({"type": "content_block_delta", "delta": {"type": "text_delta", "text": "Hi"}}),
            Delta("Hi", content=True),
            id="text",
        ),
        pytest.param(
            event({"type": "content_block_delta", "delta": {"type": "thinking_delta", "thinking": "hm"}}),
            Delta(content=True),
            id="thinking is content",
        ),
        pytest.param(
            event({"type": "content_block_delta", "delta": {"type": "signature_delta", "signature": "s"}}),
            NOTHING,
            id="a signature is no content",
        ),
        pytest.param(
            event({"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 9}}),
            Delta(finish="end_turn", output_tokens=9),
            id="finish and the last count",
        ),
        pytest.param(event({"type": "message_stop"}), Delta(done=True), id="end mark"),
        pytest.param(event({"type": "ping"}), NOTHING, id="ping"),
        pytest.param(event({"type": "brand_new"}), NOTHING, id="an unknown event"),
        pytest.param(
            event({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}),
            Delta(error=ErrorShape("overloaded_error", "", "", "Overloaded")),
            id="an error that only its data names",
        ),
        pytest.param(
            event({"error": {"type": "api_error", "message": "x"}}, name="error"),
            Delta(error=ErrorShape("api_error", "", "", "x")),
            id="an error that only its event line names",
        ),
        pytest.param(
            event({"error": {"type": "api_error", "message": "x"}}),
            Delta(error=ErrorShape("api_error", "", "", "x")),
            id="an error of a relay, without any type",
        ),
    ],
)
def test_anthropic_event_adds(given_event: SseEvent, expected: Delta) -> None:
    assert anthropic_messages.read_event(given_event) == expected


def test_whole_openai_answer_is_one_delta() -> None:
    document = {
        "object": "chat.completion",
        "model": "m",
        "choices": [{"message": {"role": "assistant", "content": "Hi"}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 3, "completion_tokens": 1},
    }

    delta = openai_chat.read_document(document)

    assert delta == Delta("Hi", content=True, model="m", finish="stop", input_tokens=3, output_tokens=1)


def test_whole_anthropic_answer_is_one_delta() -> None:
    blocks = [{"type": "thinking", "thinking": "hm"}, {"type": "text", "text": "H"}, {"type": "text", "text": "i"}]
    document = message(content=blocks, stop_reason="end_turn", usage={"input_tokens": 3, "output_tokens": 1})

    delta = anthropic_messages.read_document(document)

    assert delta == Delta("Hi", content=True, model="claude", finish="end_turn", input_tokens=3, output_tokens=1)


@pytest.mark.parametrize(
    "read", [openai_chat.read_document, anthropic_messages.read_document], ids=["openai", "anthropic"]
)
@pytest.mark.parametrize("document", [None, [], 7, "x", {}, {"choices": 3}, {"content": 3}], ids=repr)
def test_document_that_is_no_answer_has_no_finish(read: Callable[[object], Delta], document: object) -> None:
    assert read(document).finish == ""


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "choices",
                    "delta",
                    "usage",
                    "type",
                    "error",
                    "message",
                    "content",
                    "content_block",
                    "details",
                    "code",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@pytest.mark.parametrize("dialect", [openai_chat, anthropic_messages], ids=["openai", "anthropic"])
@settings(deadline=None)
@given(document=st.dictionaries(st.sampled_from(["choices", "type", "error", "message", "delta", "usage"]), _JSON))
def test_any_object_is_read_without_an_exception(dialect: object, document: dict[str, object]) -> None:
    read_event = openai_chat.read_event if dialect is openai_chat else anthropic_messages.read_event
    read_document = openai_chat.read_document if dialect is openai_chat else anthropic_messages.read_document

    deltas = [read_event(event(document)), read_document(document)]

    assert all(isinstance(delta, Delta) for delta in deltas)
