"""What the events of a Responses stream say: content, an end, a failure, or nothing."""

from typing import Any

import pytest

from tests.support.dialects import counted_ids, documents_of
from tests.support.responses import response_of, worded
from tui_failover.core.outcome import FailureKind
from tui_failover.wire.answer import Answer, Stop
from tui_failover.wire.conversation import Text, ToolCall
from tui_failover.wire.delta import Delta, ErrorShape
from tui_failover.wire.error_writing import write_failed_response
from tui_failover.wire.members import member_in
from tui_failover.wire.openai_responses import delta_of, read_document, read_event
from tui_failover.wire.openai_responses_writing import stream_of_response, write_responses_answer
from tui_failover.wire.replayed_thinking import without_unsigned
from tui_failover.wire.responses_standing import Standing
from tui_failover.wire.sse import SseEvent

MESSAGE = {"type": "message", "content": [{"type": "output_text", "text": "Hi"}]}
USAGE = {"input_tokens": 3, "output_tokens": 2}


def item(what: str, **content: Any) -> dict[str, object]:
    return {"type": f"response.output_item.{what}", "item": content}


CONTENT: list[dict[str, object]] = [
    {"type": "response.output_text.delta", "delta": "a"},
    {"type": "response.refusal.delta", "delta": "a"},
    {"type": "response.reasoning_text.delta", "delta": "a"},
    {"type": "response.reasoning_summary_text.delta", "delta": "a"},
    {"type": "response.function_call_arguments.delta", "delta": "{"},
    {"type": "response.custom_tool_call_input.delta", "delta": "a"},
    {"type": "response.mcp_call_arguments.delta", "delta": "a"},
    {"type": "response.web_search_call.searching"},
    item("added", type="function_call", name="f"),
    item("done", **MESSAGE),
    item("done", type="reasoning", summary=[], encrypted_content="x"),
]
NO_CONTENT: list[dict[str, object]] = [
    {"type": "response.created", "response": {"output": []}},
    {"type": "response.in_progress", "response": {"output": []}},
    {"type": "response.queued"},
    {"type": "response.output_text.delta", "delta": ""},
    {"type": "response.output_text.done", "text": ""},
    {"type": "response.content_part.added", "part": {}},
    {"type": "response.brand_new"},
    item("added", type="message", content=[]),
    item("added", type="reasoning", summary=[], encrypted_content="x"),
    item("done", type="message", content=[]),
]


@pytest.mark.parametrize("document", CONTENT, ids=lambda one: str(one["type"]))
def test_what_the_model_made_is_content(document: dict[str, object]) -> None:
    assert delta_of(document).content


@pytest.mark.parametrize("document", NO_CONTENT, ids=lambda one: str(one["type"]))
def test_bookkeeping_is_no_content(document: dict[str, object]) -> None:
    delta = delta_of(document)

    assert (delta.content, delta.done, delta.error, delta.finish) == (False, False, None, "")


def test_text_is_told_once() -> None:
    texts = [delta_of(document).text for document in CONTENT]

    assert [text for text in texts if text] == ["a", "a"]


@pytest.mark.parametrize(
    ("status", "details", "finish"),
    [
        ("completed", None, "stop"),
        ("incomplete", {"reason": "max_output_tokens"}, "length"),
        ("incomplete", {"reason": "content_filter"}, "content_filter"),
    ],
)
def test_only_the_last_event_completes_an_answer(status: str, details: object, finish: str) -> None:
    response = {"status": status, "incomplete_details": details, "output": [MESSAGE], "usage": USAGE, "model": "m"}

    delta = delta_of({"type": f"response.{status}", "response": response})

    assert delta == Delta(content=True, model="m", finish=finish, input_tokens=3, output_tokens=2, done=True)
    assert read_document(response) == Delta(
        content=True, model="m", finish=finish, input_tokens=3, output_tokens=2
    )


FAILURES: list[tuple[dict[str, object], ErrorShape]] = [
    (
        {
            "type": "response.failed",
            "response": {"error": {"code": "rate_limit_exceeded", "message": "Slow down."}},
        },
        ErrorShape(code="rate_limit_exceeded", message="Slow down."),
    ),
    ({"type": "response.failed", "response": {}}, ErrorShape(type="error")),
    (
        {"type": "error", "code": "server_error", "message": "Oh."},
        ErrorShape("error", "server_error", message="Oh."),
    ),
    ({"error": {"type": "server_error", "message": "Oh."}}, ErrorShape("server_error", message="Oh.")),
    ({"type": "error", "error": {"code": "x", "message": "Oh."}}, ErrorShape(code="x", message="Oh.")),
]


@pytest.mark.parametrize(("document", "error"), FAILURES)
def test_a_failure_is_told_in_any_of_its_forms(document: dict[str, object], error: ErrorShape) -> None:
    assert delta_of(document).error == error


def test_a_whole_answer_may_have_failed_as_well() -> None:
    failed = {"status": "failed", "output": [], "error": {"code": "server_error", "message": "Oh."}}

    assert read_document(failed).error == ErrorShape(code="server_error", message="Oh.")


def test_work_in_the_background_is_an_answer() -> None:
    delta = read_document({"status": "queued", "output": [], "background": True})

    assert (delta.content, delta.finish) == (True, "queued")


@pytest.mark.parametrize("document", [{}, [], {"object": "list", "data": []}])
def test_what_is_no_response_is_no_answer(document: object) -> None:
    assert read_document(document).finish == ""


def test_the_type_may_stand_in_the_events_name_alone() -> None:
    assert read_event(SseEvent("response.output_text.delta", '{"delta":"a"}')).content
    assert read_event(SseEvent("", "[DONE]")) == Delta()


def test_a_member_is_found_whatever_stands_around_it() -> None:
    assert member_in('{"a": "response", "response" : {"b":[1, 2]} }', "response") == b'{"b":[1, 2]}'
    assert member_in('{"a":1}', "response") is None


def test_a_limit_is_told_as_one() -> None:
    (failed,) = documents_of(write_failed_response(Standing(), FailureKind.RATE_LIMITED, "Later."))

    assert failed["response"]["error"]["code"] == "rate_limit_exceeded"


def test_a_whole_answer_is_told_as_a_stream_the_official_client_reads() -> None:
    answer = Answer((Text("Hi"), ToolCall("call_a", "f", "{}"), ToolCall("call_b", "p", "raw")), Stop.TOOL)
    wording = worded(custom_tools=frozenset({"p"}))
    whole = write_responses_answer(answer, wording, counted_ids(), 1)
    standing = Standing()

    stream = stream_of_response(whole, standing)

    assert response_of(stream).model_dump(exclude_unset=True) == whole
    assert standing.number == len(documents_of(stream))


def test_reasoning_made_elsewhere_is_taken_out_before_its_vendor_looks_it_up() -> None:
    ours, theirs = {"type": "reasoning", "id": "rs_unsigned_1"}, {"type": "reasoning", "id": "rs_2"}
    said = {"role": "user", "content": "x"}

    assert without_unsigned([said, ours, theirs]) == [said, theirs]
    assert without_unsigned([said, theirs]) is None
    assert without_unsigned("x") is None
