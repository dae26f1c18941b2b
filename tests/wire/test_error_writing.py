"""Errors in both dialects, as the vendors' own clients take them."""

import json
from typing import Any

import anthropic
import httpx2
import openai
import pytest

from tests.support.dialects import events_of
from tui_failover.core.outcome import FailureKind
from tui_failover.wire.delta import Delta
from tui_failover.wire.dialect import READ_EVENT, Dialect
from tui_failover.wire.error_body import read_error_body
from tui_failover.wire.error_writing import (
    FAULT_OF,
    ErrorDetail,
    Fault,
    write_error,
    write_problem,
    write_stream_error,
)
from tui_failover.wire.verdict import UNSUPPORTED, Problem

BOTH = pytest.mark.parametrize("dialect", list(Dialect))


@pytest.mark.parametrize(
    ("fault", "status", "anthropic_type", "openai_type", "code"),
    [
        (Fault.BAD_REQUEST, 400, "invalid_request_error", "invalid_request_error", "invalid_request"),
        (Fault.UNTRANSLATABLE, 400, "invalid_request_error", "invalid_request_error", UNSUPPORTED),
        (Fault.KEY, 401, "authentication_error", "authentication_error", "invalid_api_key"),
        (Fault.MONEY, 402, "billing_error", "insufficient_quota", "insufficient_quota"),
        (Fault.NOT_ALLOWED, 403, "permission_error", "permission_error", "permission_denied"),
        (Fault.NO_SUCH_MODEL, 404, "not_found_error", "invalid_request_error", "model_not_found"),
        (Fault.TOO_LARGE, 413, "request_too_large", "invalid_request_error", "context_length_exceeded"),
        (Fault.POLICY, 400, "invalid_request_error", "invalid_request_error", "content_filter"),
        (Fault.RATE, 429, "rate_limit_error", "rate_limit_error", "rate_limit_exceeded"),
        (Fault.INTERNAL, 500, "api_error", "server_error", "internal_error"),
        (Fault.UPSTREAM, 502, "api_error", "server_error", "upstream_error"),
        (Fault.NO_PROVIDER, 503, "overloaded_error", "server_error", "no_provider_available"),
        (Fault.TIMEOUT, 504, "timeout_error", "server_error", "timeout"),
    ],
    ids=str,
)
def test_fault_is_told_as(fault: Fault, status: int, anthropic_type: str, openai_type: str, code: str) -> None:
    ours, theirs = write_error(Dialect.ANTHROPIC, fault, "Why."), write_error(Dialect.OPENAI, fault, "Why.")

    assert (ours.status, theirs.status) == (status, status)
    assert json.loads(ours.body) == {"type": "error", "error": {"type": anthropic_type, "message": "Why."}}
    assert json.loads(theirs.body) == {
        "error": {"message": "Why.", "type": openai_type, "param": None, "code": code}
    }


def test_overload_has_a_status_of_its_own_in_one_dialect() -> None:
    statuses = [
        write_error(dialect, FailureKind.OVERLOADED, "Full.").status
        for dialect in (Dialect.ANTHROPIC, Dialect.OPENAI)
    ]

    assert statuses == [529, 503]


@pytest.mark.parametrize("kind", list(FailureKind))
def test_every_failure_can_be_told(kind: FailureKind) -> None:
    assert kind in FAULT_OF
    for dialect in Dialect:
        assert read_error_body(write_error(dialect, kind, "Why.").body.decode()).message == "Why."


def test_refused_key_of_a_provider_is_not_shown_as_the_callers() -> None:
    assert write_error(Dialect.OPENAI, FailureKind.AUTH, "no").status == 502


@BOTH
@pytest.mark.parametrize(("may_retry", "header"), [(False, "false"), (True, "true")])
def test_clients_are_told_whether_to_try_again(dialect: Dialect, may_retry: bool, header: str) -> None:
    written = write_error(dialect, Fault.UPSTREAM, "no", ErrorDetail(may_retry=may_retry))

    assert written.headers["x-should-retry"] == header


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(None, (None, None)), (2.5, ("3", "2500")), (0.0, ("0", "0")), (-1.0, ("0", "0"))],
)
def test_wait_is_told_in_both_units(seconds: float | None, expected: tuple[str | None, str | None]) -> None:
    headers = write_error(Dialect.OPENAI, Fault.RATE, "no", ErrorDetail(retry_after_s=seconds)).headers

    assert (headers.get("retry-after"), headers.get("retry-after-ms")) == expected


def test_problem_names_its_field() -> None:
    problem = Problem("tools[0]", "tools[0] is not supported.", UNSUPPORTED)

    openai_error = json.loads(write_problem(Dialect.OPENAI, problem).body)["error"]
    anthropic_error = json.loads(write_problem(Dialect.ANTHROPIC, problem, "req_1").body)

    assert (openai_error["param"], openai_error["code"]) == ("tools[0]", UNSUPPORTED)
    assert anthropic_error["request_id"] == "req_1"


@BOTH
def test_error_inside_a_stream_is_read_back_as_one(dialect: Dialect) -> None:
    """BerriAI/litellm#41826: a Messages caller got the other dialect's shape."""
    (event,) = events_of(write_stream_error(dialect, FailureKind.STREAM_BROKEN, "The answer broke off."))

    delta = READ_EVENT[dialect](event)

    assert isinstance(delta, Delta)
    assert delta.error is not None
    assert delta.error.message == "The answer broke off."
    assert event.name == ("error" if dialect is Dialect.ANTHROPIC else "")
    assert "[DONE]" not in event.data


def sdk_stream(dialect: Dialect, body: bytes) -> list[Any]:
    """What the vendor's client makes of a streamed answer."""
    headers = {"content-type": "text/event-stream"}
    transport = httpx2.MockTransport(lambda _request: httpx2.Response(200, headers=headers, content=body))
    with httpx2.Client(transport=transport) as http:
        said: Any = [{"role": "user", "content": "Hi"}]
        if dialect is Dialect.OPENAI:
            theirs = openai.OpenAI(api_key="made-up", base_url="http://x.test", http_client=http, max_retries=0)
            return list(theirs.chat.completions.create(model="m", messages=said, stream=True))
        ours = anthropic.Anthropic(api_key="made-up", base_url="http://x.test", http_client=http, max_retries=0)
        return list(ours.messages.create(model="m", max_tokens=5, messages=said, stream=True))


@pytest.mark.parametrize(
    ("dialect", "raised"), [(Dialect.OPENAI, openai.APIError), (Dialect.ANTHROPIC, anthropic.APIStatusError)]
)
def test_vendors_client_raises_on_the_error_inside_a_stream(dialect: Dialect, raised: type[Exception]) -> None:
    """dativo-io/talon#254: each dialect has its own last event."""
    body = write_stream_error(dialect, FailureKind.STREAM_BROKEN, "The answer broke off.")

    with pytest.raises(raised, match="broke off"):
        sdk_stream(dialect, body)
