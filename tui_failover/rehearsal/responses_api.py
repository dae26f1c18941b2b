"""OpenAI's Responses API, spoken by a rehearsed provider of that dialect that offers it."""

from collections.abc import Mapping, Sequence

from tui_failover.rehearsal.openai_dialect import OpenAiVoice
from tui_failover.rehearsal.openai_errors import error_json, problem_page
from tui_failover.rehearsal.problems import Problem
from tui_failover.rehearsal.voice import Answer, Page, Stamp, to_json

_BAD = "invalid_request_error"
_OPENING = 4  # events before the first piece, which the numbers of those after it count on


class ResponsesVoice(OpenAiVoice):
    """See `Voice`."""

    chat_path = "/v1/responses"

    def fault_of_request(
        self, body: Mapping[str, object], headers: Mapping[str, str], stamp: Stamp
    ) -> Page | None:
        """Return the refusal a real provider would give to this request, or None if it is in order."""
        del headers
        asked = body.get("model")
        if asked != stamp.model:
            return problem_page(Problem.NO_MODEL, str(asked))
        if not body.get("input"):
            message = "Missing required parameter: 'input'."
            return Page(400, error_json(message, _BAD, "missing_required_parameter", "input"))
        if body.get("previous_response_id") is not None:
            message = "Previous response with that id not found."
            return Page(400, error_json(message, _BAD, "previous_response_not_found", "previous_response_id"))
        return None

    def whole(self, answer: Answer) -> bytes:
        """Return the answer to a request that does not stream."""
        return to_json(_ended(answer))

    def opening(self, answer: Answer) -> Sequence[bytes]:
        """Return the events before the first content."""
        begun = _response(answer, "in_progress", [])
        item = {**_item(answer, "in_progress"), "content": []}
        where = {"output_index": 0, "item_id": item["id"], "content_index": 0}
        return (
            _event(0, "response.created", response=begun),
            _event(1, "response.in_progress", response=begun),
            _event(2, "response.output_item.added", output_index=0, item=item),
            _event(3, "response.content_part.added", **where, part=_part("")),
        )

    def piece(self, answer: Answer, text: str, place: int) -> bytes:
        """Return the event that carries one piece of content."""
        return _event(
            _OPENING + place,
            "response.output_text.delta",
            **_where(answer),
            delta=text,
            logprobs=[],
            obfuscation="x",
        )

    def closing(self, answer: Answer) -> Sequence[bytes]:
        """Return the events that complete the parts of the answer, without the one that completes it."""
        number, where = _OPENING + len(answer.pieces), _where(answer)
        item = _item(answer, "incomplete" if answer.cut_short else "completed")
        return (
            _event(number, "response.output_text.done", **where, text=answer.text, logprobs=[]),
            _event(number + 1, "response.content_part.done", **where, part=_part(answer.text)),
            _event(number + 2, "response.output_item.done", output_index=0, item=item),
        )

    def end_mark(self, answer: Answer) -> bytes:
        """Return the event after which a stream is complete."""
        response = _ended(answer)
        return _event(_OPENING + len(answer.pieces) + 3, f"response.{response['status']}", response=response)

    def ping(self) -> bytes:
        """Return what keeps a connection alive and means nothing."""
        return b": keep-alive\n\n"

    def error_event(self, stamp: Stamp) -> bytes:
        """Return a failure inside a stream that began with 200."""
        message = "The server had an error while processing your request. Sorry about that!"
        response = {
            "id": f"resp_{stamp.request_id}",
            "object": "response",
            "created_at": int(stamp.utc),
            "status": "failed",
            "model": stamp.model,
            "output": [],
            "error": {"code": "server_error", "message": message},
        }
        return _event(_OPENING, "response.failed", response=response)


def _where(answer: Answer) -> Mapping[str, object]:
    return {"item_id": _item(answer, "")["id"], "output_index": 0, "content_index": 0}


def _part(text: str) -> Mapping[str, object]:
    return {"type": "output_text", "annotations": [], "logprobs": [], "text": text}


def _item(answer: Answer, status: str) -> dict[str, object]:
    identity = answer.id.replace("resp_", "msg_")
    return {
        "id": identity,
        "type": "message",
        "status": status,
        "content": [_part(answer.text)],
        "role": "assistant",
    }


def _ended(answer: Answer) -> Mapping[str, object]:
    status = "incomplete" if answer.cut_short else "completed"
    return _response(answer, status, [_item(answer, status)])


def _response(answer: Answer, status: str, output: Sequence[object]) -> Mapping[str, object]:
    said = len(answer.pieces)
    usage = {
        "input_tokens": answer.input_tokens,
        "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
        "output_tokens": said,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": answer.input_tokens + said,
    }
    return {
        "id": answer.id,
        "object": "response",
        "created_at": answer.created,
        "status": status,
        "background": False,
        "error": None,
        "incomplete_details": {"reason": "max_output_tokens"} if status == "incomplete" else None,
        "instructions": None,
        "max_output_tokens": None,
        "model": answer.model,
        "output": list(output),
        "parallel_tool_calls": True,
        "previous_response_id": None,
        "reasoning": {"effort": None, "summary": None},
        "store": True,
        "temperature": 1.0,
        "text": {"format": {"type": "text"}},
        "tool_choice": "auto",
        "tools": [],
        "top_p": 1.0,
        "truncation": "disabled",
        "usage": usage if output else None,
        "user": None,
        "metadata": {},
    }


def _event(number: int, kind: str, **content: object) -> bytes:
    data = to_json({"type": kind, **content, "sequence_number": number})
    return b"event: %s\ndata: %s\n\n" % (kind.encode(), data)
