"""The Anthropic Messages dialect, spoken by a rehearsed provider."""

from collections.abc import Mapping, Sequence

from tui_failover.core.copying import replace
from tui_failover.rehearsal.anthropic_errors import error_json, problem_page, rate_limit_page, rfc3339
from tui_failover.rehearsal.problems import Problem, Wait429
from tui_failover.rehearsal.voice import Answer, Page, Stamp, to_json

_BAD = "invalid_request_error"
_REQUIRED = ("model", "max_tokens", "messages")
_SAMPLING = ("temperature", "top_p", "top_k")
_WITHOUT_SAMPLING = "2026-10-21"  # the API version that refuses sampling parameters


class AnthropicVoice:
    """See `Voice`."""

    chat_path = "/v1/messages"

    def headers(self, stamp: Stamp) -> tuple[tuple[str, str], ...]:
        """Return the vendor's headers, rate-limit figures included, without framing."""
        reset = rfc3339(stamp.utc + 1)
        figures = (("requests", 4000, 3999), ("input-tokens", 400_000, 399_000), ("output-tokens", 80_000, 79_000))
        limits = tuple(
            (f"anthropic-ratelimit-{what}-{name}", value)
            for what, limit, left in figures
            for name, value in (("limit", f"{limit}"), ("remaining", f"{left}"), ("reset", reset))
        )
        return (
            *limits,
            ("request-id", stamp.request_id),
            ("anthropic-organization-id", "00000000-0000-4000-8000-000000000000"),
        )

    def fault_of_request(
        self, body: Mapping[str, object], headers: Mapping[str, str], stamp: Stamp
    ) -> Page | None:
        """Return the refusal a real provider would give to this chat request, or None if it is in order."""
        version = headers.get("anthropic-version")
        message = None
        if version is None:
            message = "anthropic-version: header is required"
        elif missing := next((name for name in _REQUIRED if name not in body), None):
            message = f"{missing}: Field required"
        elif not body["messages"]:
            message = "messages: at least one message is required"
        elif version >= _WITHOUT_SAMPLING and (extra := next((n for n in _SAMPLING if n in body), None)):
            message = f"{extra}: Extra inputs are not permitted"
        if message is not None:
            return Page(400, error_json(_BAD, message, stamp.request_id))
        asked = str(body["model"])
        return None if asked == stamp.model else self.problem(Problem.NO_MODEL, replace(stamp, model=asked))

    def models(self, model: str, created: int) -> bytes:
        """Return the list of models."""
        one = {
            "type": "model",
            "id": model,
            "display_name": model.replace("-", " ").title(),
            "created_at": rfc3339(created),
            "lifecycle": "active",
            "capabilities": None,
            "max_input_tokens": 200_000,
            "max_tokens": 64_000,
        }
        return to_json({"data": [one], "has_more": False, "first_id": model, "last_id": model})

    def whole(self, answer: Answer) -> bytes:
        """Return the answer to a request that does not stream."""
        content = [{"type": "text", "text": answer.text}]
        return to_json(_message(answer, content, _stop(answer), len(answer.pieces)))

    def opening(self, answer: Answer) -> Sequence[bytes]:
        """Return the events before the first content."""
        return (
            _event("message_start", {"message": _message(answer, [], None, 1)}),
            _event("content_block_start", {"index": 0, "content_block": {"type": "text", "text": ""}}),
            self.ping(),
        )

    def piece(self, answer: Answer, text: str, place: int) -> bytes:
        """Return the event that carries one piece of content."""
        del answer, place
        return _event("content_block_delta", {"index": 0, "delta": {"type": "text_delta", "text": text}})

    def closing(self, answer: Answer) -> Sequence[bytes]:
        """Return the events that tell why the answer ended and what it cost, without the end mark."""
        delta = {"stop_reason": _stop(answer), "stop_sequence": None}
        usage = {**_usage(answer, len(answer.pieces)), "cache_creation_input_tokens": 0}
        return (
            _event("content_block_stop", {"index": 0}),
            _event("message_delta", {"delta": delta, "usage": usage}),
        )

    def end_mark(self, answer: Answer) -> bytes:
        """Return the event after which a stream is complete."""
        del answer
        return _event("message_stop", {})

    def ping(self) -> bytes:
        """Return what keeps a connection alive and means nothing."""
        return _event("ping", {})

    def error_body(self, message: str, stamp: Stamp) -> bytes:
        """Return a server error with that message, in the vendor's shape."""
        return error_json("api_error", message, stamp.request_id)

    def error_event(self, stamp: Stamp) -> bytes:
        """Return an error inside a stream that began with 200; under load that is `overloaded_error`."""
        return b"event: error\ndata: %s\n\n" % self.problem(Problem.OVERLOADED, stamp).body

    def problem(self, problem: Problem, stamp: Stamp) -> Page:
        """Return the vendor's answer for `problem`."""
        return problem_page(problem, stamp)

    def no_such_path(self, method: str, path: str, stamp: Stamp) -> Page:
        """Return the vendor's answer to a path it does not know, or a method the path does not take."""
        del method
        if path in (self.chat_path, "/v1/models"):
            return Page(405, error_json(_BAD, "Method Not Allowed", stamp.request_id))
        return Page(404, error_json("not_found_error", "Not Found", stamp.request_id))

    def rate_limit(self, wait: Wait429, value: str, stamp: Stamp) -> Page:
        """Return a 429 that says (or does not say) when to come again."""
        return rate_limit_page(wait, value, stamp)


def _event(name: str, fields: Mapping[str, object]) -> bytes:
    return b"event: %s\ndata: %s\n\n" % (name.encode("ascii"), to_json({"type": name, **fields}))


def _message(answer: Answer, content: object, stop: str | None, output_tokens: int) -> Mapping[str, object]:
    return {
        "id": answer.id,
        "type": "message",
        "role": "assistant",
        "model": answer.model,
        "content": content,
        "stop_reason": stop,
        "stop_sequence": None,
        "usage": {**_usage(answer, output_tokens), "service_tier": "standard"},
    }


def _usage(answer: Answer, output_tokens: int) -> Mapping[str, object]:
    return {"input_tokens": answer.input_tokens, "cache_read_input_tokens": 0, "output_tokens": output_tokens}


def _stop(answer: Answer) -> str:
    return "max_tokens" if answer.cut_short else "end_turn"
