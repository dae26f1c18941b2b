"""The table of recognition, against errors as vendors and relays word them."""

import json
import socket
import ssl

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.providers.loop_clock import EPOCH
from tui_failover.core.outcome import FailureKind
from tui_failover.core.text import LINE
from tui_failover.providers.diagnosis import Diagnostician, HttpFacts
from tui_failover.providers.recognition import RULES, Evidence, Seen, Stage, recognise
from tui_failover.wire.delta import ErrorShape
from tui_failover.wire.error_body import read_error_body

K = FailureKind


def verdict(status: int, body: object) -> FailureKind:
    text = body if isinstance(body, str) else json.dumps(body)
    return recognise(Evidence(Stage.SENDING, status, read_error_body(text))).kind


def openai(message: str, kind: str | None = None, code: str | None = None) -> dict[str, object]:
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


def anthropic(kind: str, message: str, **details: object) -> dict[str, object]:
    return {"type": "error", "error": {"type": kind, "message": message, **details}, "request_id": "req_1"}


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        pytest.param(
            429,
            openai(
                "You exceeded your current quota, please check your plan and billing details.",
                "insufficient_quota",
            ),
            K.QUOTA,
            id="quota by type alone",
        ),
        pytest.param(
            429,
            openai(
                "Rate limit reached for gpt-x in organization org-1 on tokens per min (TPM): Limit 30000. "
                "Visit https://platform.openai.com/account/rate-limits. You can increase your rate limit by "
                "adding a payment method at https://platform.openai.com/account/billing.",
                "tokens",
                "rate_limit_exceeded",
            ),
            K.RATE_LIMITED,
            id="a rate limit that mentions billing",
        ),
        pytest.param(
            429,
            anthropic("rate_limit_error", "x", details={"error_code": "enforced_spend_limit_reached"}),
            K.QUOTA,
            id="a spend limit in the details of a rate limit",
        ),
        pytest.param(
            429,
            anthropic(
                "rate_limit_error",
                "This request would exceed your organization's rate limit of 50,000 input tokens per minute",
            ),
            K.RATE_LIMITED,
            id="an organisation's rate limit",
        ),
        pytest.param(
            400,
            anthropic("invalid_request_error", "You have reached your specified API usage limits."),
            K.QUOTA,
            id="a spend limit as 400",
        ),
        pytest.param(401, "", K.AUTH, id="401 without a body"),
        pytest.param(403, "", K.AUTH, id="403 without a body"),
        pytest.param(
            403,
            openai("Your request was flagged as violating the usage policy", None, "content_policy_violation"),
            K.CONTENT_POLICY,
            id="403 for policy",
        ),
        pytest.param(
            400,
            {"error": {"message": "x", "code": "content_filter", "innererror": {"code": "y"}}},
            K.CONTENT_POLICY,
            id="a content filter",
        ),
        pytest.param(400, openai("The model `x` has been deprecated"), K.MODEL_MISSING, id="deprecated as 400"),
        pytest.param(404, anthropic("not_found_error", "model: x"), K.MODEL_MISSING, id="no such model"),
        pytest.param(404, "404 page not found", K.MODEL_MISSING, id="no such path"),
        pytest.param(
            400, openai("prompt is too long: 9 tokens > 8 maximum"), K.CONTEXT_LENGTH, id="prompt too long"
        ),
        pytest.param(
            400,
            openai("This endpoint's maximum context length is 8192 tokens"),
            K.CONTEXT_LENGTH,
            id="context length by sentence",
        ),
        pytest.param(413, "<html>413</html>", K.CONTEXT_LENGTH, id="413 as a page"),
        pytest.param(503, openai("The engine is currently overloaded"), K.OVERLOADED, id="overloaded by sentence"),
        pytest.param(503, openai("Slow down", None, "slow_down"), K.OVERLOADED, id="asked to slow down"),
        pytest.param(503, "", K.SERVER, id="503 without a body"),
        pytest.param(529, "", K.OVERLOADED, id="529 without a body"),
        pytest.param(520, "<html>", K.SERVER, id="520"),
        pytest.param(
            400,
            anthropic("invalid_request_error", "messages.1.content.0: Invalid `signature` in `thinking` block"),
            K.DIALECT,
            id="a foreign signature",
        ),
        pytest.param(
            400,
            openai("Unsupported value: 'temperature' does not support 0.2", "x", "unsupported_value"),
            K.DIALECT,
            id="an unsupported value",
        ),
        pytest.param(400, openai("messages: must not be empty"), K.CALLER_FAULT, id="another 400"),
        pytest.param(405, "", K.CALLER_FAULT, id="405"),
        pytest.param(422, {"detail": [{"msg": "field required"}]}, K.CALLER_FAULT, id="422 of a framework"),
        pytest.param(451, "", K.CALLER_FAULT, id="an unknown 4xx"),
        pytest.param(409, "", K.CONFLICT, id="409"),
        pytest.param(425, "", K.CONFLICT, id="425"),
        pytest.param(599, "", K.SERVER, id="an unknown 5xx"),
        pytest.param(302, "", K.SERVER, id="a redirect"),
        pytest.param(502, openai("x", "rate_limit_error"), K.RATE_LIMITED, id="the code before the status"),
    ],
)
def test_answer_is_recognised(status: int, body: object, expected: FailureKind) -> None:
    assert verdict(status, body) is expected


@pytest.mark.parametrize(
    ("body", "code", "expected"),
    [
        ("", 404, K.DIALECT),
        ({"detail": "Not Found"}, 404, K.DIALECT),
        (openai("Invalid URL (POST /v1/responses)", "invalid_request_error"), 404, K.DIALECT),
        ({"detail": "Method Not Allowed"}, 405, K.DIALECT),
        ("", 501, K.DIALECT),
        (openai("The model does not exist.", "invalid_request_error", "model_not_found"), 404, K.MODEL_MISSING),
        (openai("Gone.", "invalid_request_error", "previous_response_not_found"), 400, K.DIALECT),
        (openai("Sealed.", "invalid_request_error", "invalid_encrypted_content"), 400, K.DIALECT),
        ("", 500, K.SERVER),
    ],
)
def test_a_call_that_is_not_offered_says_nothing_about_the_model(
    body: object, code: int, expected: FailureKind
) -> None:
    text = body if isinstance(body, str) else json.dumps(body)
    evidence = Evidence(Stage.SENDING, code, read_error_body(text), frozenset({Seen.FURTHER_CALL}))

    assert recognise(evidence).kind is expected


def test_ids_are_unique() -> None:
    ids = [rule.id for rule in RULES]

    assert len(ids) == len(set(ids))


def test_last_row_matches_everything() -> None:
    assert recognise(Evidence(Stage.SENDING)).id == RULES[-1].id == "local.unforeseen"


_SHAPES = st.builds(
    ErrorShape,
    st.text(max_size=9),
    st.text(max_size=9) | st.integers().map(str),
    st.text(max_size=9),
    st.text(),
    st.booleans(),
)


@settings(deadline=None)
@given(
    status=st.none() | st.integers(-1, 1200),
    shape=_SHAPES,
    stage=st.sampled_from(Stage),
    seen=st.sampled_from(Seen),
)
def test_whatever_happened_gets_a_verdict(status: int | None, shape: ErrorShape, stage: Stage, seen: Seen) -> None:
    facts = None if status is None else HttpFacts(status, {})

    failure = Diagnostician(lambda: (), lambda: EPOCH).of_sight(seen, stage, facts, shape)

    assert failure.rule in {rule.id for rule in RULES}
    assert failure.reason.isprintable()
    assert len(failure.reason) <= LINE


def test_hostile_sentence_costs_no_more_than_a_moment() -> None:
    sentence = "violating model credit prompt context " * 50_000

    failure = Diagnostician(lambda: (), lambda: EPOCH).of_sight(
        Seen.ERROR_INSIDE, Stage.ANSWERING, HttpFacts(400, {}), ErrorShape(message=sentence)
    )

    assert len(failure.reason) <= LINE


def test_spend_limit_holds_until_the_date_it_names() -> None:
    shape = ErrorShape(
        "invalid_request_error",
        "",
        "",
        "You have reached your specified API usage limits. You will regain access on 2026-11-24 at 10:00 UTC.",
    )

    failure = Diagnostician(lambda: (), lambda: EPOCH).of_sight(
        Seen.ERROR_INSIDE, Stage.ANSWERING, HttpFacts(400, {}), shape
    )

    assert (failure.kind, failure.retry_after_s) == (K.QUOTA, 86_400.0)


def test_reset_headers_say_nothing_about_a_server_error() -> None:
    facts = HttpFacts(500, {"x-ratelimit-reset-requests": "6m0s"})

    failure = Diagnostician(lambda: (), lambda: EPOCH).of_sight(Seen.EMPTY, Stage.ANSWERING, facts)

    assert failure.retry_after_s is None


class _Loop(Exception):
    """An exception that is its own cause."""


def test_exception_that_causes_itself_ends_all_the_same() -> None:
    error = _Loop("x")
    error.__cause__ = error

    failure = Diagnostician(lambda: (), lambda: EPOCH).of_exception(error, Stage.SENDING)

    assert failure.reason == "an error of our own: _Loop"


@pytest.mark.parametrize(
    ("inner", "rule"),
    [
        pytest.param(ssl.SSLCertVerificationError("expired"), "network.certificate", id="certificate"),
        pytest.param(ssl.SSLError("handshake failure"), "network.tls", id="handshake"),
        pytest.param(socket.gaierror("no such name"), "network.dns", id="name"),
        pytest.param(ConnectionRefusedError(), "network.refused", id="refused"),
        pytest.param(ConnectionResetError(), "network.reset", id="reset"),
    ],
)
def test_system_error_is_found_behind_one_that_hides_it(inner: Exception, rule: str) -> None:
    try:
        try:
            raise inner
        except OSError:
            msg = "Connection error."
            raise RuntimeError(msg) from None
    except RuntimeError as error:
        failure = Diagnostician(lambda: (), lambda: EPOCH).of_exception(error, Stage.SENDING)

    assert (failure.kind, failure.rule) == (K.CONNECT, rule)


def test_system_error_is_found_in_a_group_of_causes() -> None:
    error = OSError("all attempts failed")
    error.__cause__ = ExceptionGroup("attempts", [ConnectionRefusedError(), ConnectionRefusedError()])

    failure = Diagnostician(lambda: (), lambda: EPOCH).of_exception(error, Stage.SENDING)

    assert failure.rule == "network.refused"
