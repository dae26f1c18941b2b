"""Answers of a provider that offers Responses: its bytes, and the truth about how they end."""

import pytest

from tests.support.dialects import documents_of, said_in, sse
from tui_failover.core.outcome import FailureKind
from tui_failover.gateway.responses_rendering import ResponsesStream, ResponsesWhole
from tui_failover.wire.error_writing import write_failed_response
from tui_failover.wire.responses_standing import Standing
from tui_failover.wire.sse import ProtocolError
from tui_failover.wire.sse_raw import RawEvents

STREAM = sse(
    {"type": "response.created", "sequence_number": 0, "response": {"id": "resp_1", "model": "m", "output": []}},
    {"type": "response.output_text.delta", "sequence_number": 1, "delta": "Hi"},
    named=True,
)
OBJECT = b'{"id": "resp_1", "status":"completed","odd":1.50,"output":[]}'
DATA = b'{"type":"response.completed", "response" : %b,"sequence_number":2}' % OBJECT
LAST = b"event: response.completed\ndata: " + DATA + b"\n\n"


def fed(rendering: ResponsesStream | ResponsesWhole, body: bytes) -> bytes:
    if isinstance(rendering, ResponsesWhole):
        rendering.feed(said_in(body))
        return b""
    return b"".join(rendering.feed(block, event).output for block, event in RawEvents().feed(body))


def test_a_stream_passes_as_it_is() -> None:
    rendering = ResponsesStream(Standing())

    assert fed(rendering, STREAM + LAST) + rendering.close() == STREAM + LAST


def test_a_caller_who_does_not_stream_gets_the_bytes_of_the_last_events_object() -> None:
    rendering = ResponsesWhole()

    fed(rendering, STREAM + LAST)

    assert rendering.close() == OBJECT


@pytest.mark.parametrize("rendering", [ResponsesStream(Standing()), ResponsesWhole()], ids=["stream", "whole"])
def test_a_stream_without_its_last_event_is_no_answer(rendering: ResponsesStream | ResponsesWhole) -> None:
    fed(rendering, STREAM)

    with pytest.raises(ProtocolError):
        rendering.close()


def test_a_failure_goes_on_where_the_stream_broke() -> None:
    standing = Standing()
    fed(ResponsesStream(standing), STREAM)

    (failed,) = documents_of(write_failed_response(standing, FailureKind.STREAM_BROKEN, "It broke off."))

    assert failed["sequence_number"] == 2
    assert failed["response"]["id"] == "resp_1"
    assert failed["response"]["error"] == {"code": "server_error", "message": "It broke off."}
    assert failed["error"]["message"] == "It broke off."
