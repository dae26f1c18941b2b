"""The OpenAI Chat Completions dialect, spoken by a rehearsed provider."""

from collections.abc import Mapping, Sequence

from tui_failover.rehearsal.openai_errors import error_json, problem_page, rate_limit_page
from tui_failover.rehearsal.problems import Problem, Wait429
from tui_failover.rehearsal.voice import Answer, Page, Stamp, to_json

_BAD = "invalid_request_error"
_TAKES_NO_MAX_TOKENS = ("gpt-5", "o1", "o3", "o4")


class OpenAiVoice:
    """See `Voice`."""

    chat_path = "/v1/chat/completions"

    def headers(self, stamp: Stamp) -> tuple[tuple[str, str], ...]:
        """Return the vendor's headers, rate-limit figures included, without framing."""
        return (
            ("openai-organization", "org-rehearsal"),
            ("openai-processing-ms", "312"),
            ("openai-version", "2020-10-01"),
            ("x-request-id", stamp.request_id),
            ("x-ratelimit-limit-requests", "10000"),
            ("x-ratelimit-limit-tokens", "2000000"),
            ("x-ratelimit-remaining-requests", "9999"),
            ("x-ratelimit-remaining-tokens", "1999962"),
            ("x-ratelimit-reset-requests", "6ms"),
            ("x-ratelimit-reset-tokens", "1ms"),
        )

    def fault_of_request(
        self, body: Mapping[str, object], headers: Mapping[str, str], stamp: Stamp
    ) -> Page | None:
        """Return the refusal a real provider would give to this chat request, or None if it is in order."""
        del headers
        asked = body.get("model")
        if not isinstance(asked, str) or not asked:
            return Page(400, error_json("you must provide a model parameter", _BAD))
        if asked != stamp.model:
            return problem_page(Problem.NO_MODEL, asked)
        messages = body.get("messages")
        if not isinstance(messages, list) or not messages:
            message = "Missing required parameter: 'messages'."
            return Page(400, error_json(message, _BAD, "missing_required_parameter", "messages"))
        if body.get("max_tokens") is not None and stamp.model.startswith(_TAKES_NO_MAX_TOKENS):
            return problem_page(Problem.UNSUPPORTED, stamp.model)
        return None

    def models(self, model: str, created: int) -> bytes:
        """Return the list of models."""
        return to_json(
            {
                "object": "list",
                "data": [{"id": model, "object": "model", "created": created, "owned_by": "system"}],
            }
        )

    def whole(self, answer: Answer) -> bytes:
        """Return the answer to a request that does not stream."""
        message: dict[str, object] = {
            "role": "assistant",
            "content": answer.text,
            "refusal": None,
            "annotations": [],
        }
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": _finish(answer)}
        return to_json(
            {
                "id": answer.id,
                "object": "chat.completion",
                "created": answer.created,
                "model": answer.model,
                "choices": [choice],
                "usage": _usage(answer),
                "service_tier": "default",
            }
        )

    def opening(self, answer: Answer) -> Sequence[bytes]:
        """Return the events before the first content."""
        return (_chunk(answer, [_choice({"role": "assistant", "content": "", "refusal": None})]),)

    def piece(self, answer: Answer, text: str, place: int) -> bytes:
        """Return the event that carries one piece of content."""
        del place
        return _chunk(answer, [_choice({"content": text})])

    def closing(self, answer: Answer) -> Sequence[bytes]:
        """Return the events that tell why the answer ended and what it cost, without the end mark."""
        end = _chunk(answer, [_choice({}, _finish(answer))])
        return (end, _chunk(answer, [], _usage(answer))) if answer.with_usage else (end,)

    def end_mark(self, answer: Answer) -> bytes:
        """Return the event after which a stream is complete."""
        del answer
        return b"data: [DONE]\n\n"

    def ping(self) -> bytes:
        """Return what keeps a connection alive and means nothing; OpenAI-compatible routers send comments."""
        return b": keep-alive\n\n"

    def error_body(self, message: str, stamp: Stamp) -> bytes:
        """Return a server error with that message, in the vendor's shape."""
        del stamp
        return error_json(message, "server_error")

    def error_event(self, stamp: Stamp) -> bytes:
        """Return an error inside a stream that began with 200."""
        return b"data: %s\n\n" % self.problem(Problem.SERVER_ERROR, stamp).body

    def problem(self, problem: Problem, stamp: Stamp) -> Page:
        """Return the vendor's answer for `problem`."""
        return problem_page(problem, stamp.model)

    def no_such_path(self, method: str, path: str, stamp: Stamp) -> Page:
        """Return the vendor's answer to a path it does not know, or a method the path does not take."""
        del stamp
        if path in (self.chat_path, "/v1/models"):
            return Page(405, error_json(f"Not allowed to {method} on {path}.", _BAD, "method_not_supported"))
        return Page(404, error_json(f"Invalid URL ({method} {path})", _BAD))

    def rate_limit(self, wait: Wait429, value: str, stamp: Stamp) -> Page:
        """Return a 429 that says (or does not say) when to come again."""
        return rate_limit_page(wait, value, stamp)


def _chunk(answer: Answer, choices: Sequence[Mapping[str, object]], usage: object = None) -> bytes:
    body: dict[str, object] = {
        "id": answer.id,
        "object": "chat.completion.chunk",
        "created": answer.created,
        "model": answer.model,
        "service_tier": "default",
        "system_fingerprint": None,
        "choices": list(choices),
    }
    if answer.with_usage:
        body["usage"] = usage
    return b"data: %s\n\n" % to_json(body)


def _choice(delta: Mapping[str, object], finish: str | None = None) -> Mapping[str, object]:
    return {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}


def _finish(answer: Answer) -> str:
    return "length" if answer.cut_short else "stop"


def _usage(answer: Answer) -> Mapping[str, object]:
    said = len(answer.pieces)
    return {
        "prompt_tokens": answer.input_tokens,
        "completion_tokens": said,
        "total_tokens": answer.input_tokens + said,
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": 0,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }
