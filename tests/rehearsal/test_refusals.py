"""Every refusal of the catalogue, observed byte by byte: statuses, bodies, and when to come again."""

import pytest

from tests.support.rehearsal import Seen, a_request, ask, error_in
from tui_failover.core.spec import Dialect
from tui_failover.rehearsal import RehearsedProvider, parse
from tui_failover.rehearsal.faults import Denied, Limited
from tui_failover.rehearsal.problems import Problem, Wait429

STATUSES = {
    Problem.BAD_REQUEST: 400,
    Problem.CONTEXT_LENGTH: 400,
    Problem.SPEND_LIMIT: 400,
    Problem.CREDIT_BALANCE: 400,
    Problem.CONTENT_POLICY: 400,
    Problem.UNSUPPORTED: 400,
    Problem.NO_KEY: 401,
    Problem.WRONG_KEY: 401,
    Problem.PAYMENT: 402,
    Problem.FORBIDDEN: 403,
    Problem.CHALLENGE: 403,
    Problem.NO_MODEL: 404,
    Problem.TIMEOUT: 408,
    Problem.CONFLICT: 409,
    Problem.TOO_LARGE: 413,
    Problem.QUOTA: 429,
    Problem.SERVER_ERROR: 500,
    Problem.BAD_GATEWAY: 502,
    Problem.UNAVAILABLE: 503,
    Problem.GATEWAY_TIMEOUT: 504,
    Problem.NO_RETRY: 503,
}
PAGES = {
    (Problem.CHALLENGE, Dialect.OPENAI),
    (Problem.CHALLENGE, Dialect.ANTHROPIC),
    (Problem.BAD_GATEWAY, Dialect.OPENAI),
    (Problem.BAD_GATEWAY, Dialect.ANTHROPIC),
    (Problem.TOO_LARGE, Dialect.OPENAI),
    (Problem.GATEWAY_TIMEOUT, Dialect.OPENAI),
}

STREAM = pytest.mark.parametrize("stream", [True, False], ids=["stream", "whole"])


@STREAM
@pytest.mark.parametrize("problem", Problem)
async def test_a_refusal_has_the_vendors_status_and_shape(
    problem: Problem, dialect: Dialect, provider: RehearsedProvider, *, stream: bool
) -> None:
    overloaded = 503 if dialect is Dialect.OPENAI else 529
    provider.play(Denied(problem))

    seen = await ask(provider, a_request(dialect, stream=stream))

    assert (seen.status, seen.end) == (STATUSES.get(problem, overloaded), "complete")
    if (problem, dialect) in PAGES:
        assert seen.header("content-type") == "text/html; charset=UTF-8"
        assert b"<html" in seen.body
    elif dialect is Dialect.OPENAI:
        assert set(error_in(seen)) == {"message", "type", "param", "code"}
    else:
        assert seen.json()["type"] == "error"
        assert seen.json()["request_id"] == seen.header("request-id")
        assert {"type", "message"} <= set(error_in(seen))


@pytest.mark.parametrize(
    ("fault", "dialect", "expected"),
    [
        ("context-length", Dialect.OPENAI, '"code":"context_length_exceeded"'),
        ("context-length", Dialect.ANTHROPIC, "prompt is too long"),
        ("spend-limit", Dialect.OPENAI, '"code":"billing_hard_limit_reached"'),
        ("spend-limit", Dialect.ANTHROPIC, "You will regain access on 2026-12-01 at 00:00 UTC"),
        ("credit-balance", Dialect.ANTHROPIC, "credit balance is too low"),
        ("content-policy", Dialect.OPENAI, '"code":"invalid_prompt"'),
        ("content-policy", Dialect.ANTHROPIC, "content filtering policy"),
        ("quota", Dialect.OPENAI, '"code":"insufficient_quota"'),
        ("quota", Dialect.ANTHROPIC, '"details":{"error_code":"enforced_spend_limit_reached"}'),
        ("no-model", Dialect.OPENAI, "The model `gpt-5.6` does not exist"),
        ("no-model", Dialect.ANTHROPIC, "model: claude-sonnet-5-5"),
        ("overloaded", Dialect.ANTHROPIC, '"type":"overloaded_error"'),
        ("too-large", Dialect.ANTHROPIC, '"type":"request_too_large"'),
        ("payment", Dialect.ANTHROPIC, '"type":"billing_error"'),
    ],
)
async def test_a_refusal_is_told_in_the_vendors_own_words(
    fault: str, dialect: Dialect, expected: str, provider: RehearsedProvider
) -> None:
    provider.play(fault)

    seen = await ask(provider, a_request(dialect))

    assert expected in seen.body.decode()


@pytest.mark.parametrize(
    ("code", "own_words"),
    [(503, True), (529, True), (429, True), (299, False), (418, False), (599, False), (999, False)],
)
async def test_any_status_can_be_played(
    code: int, own_words: bool, dialect: Dialect, provider: RehearsedProvider
) -> None:
    provider.play(f"status:{code}")

    seen = await ask(provider, a_request(dialect))

    assert (seen.status, seen.end) == (code, "complete")
    assert ("Unexpected status" in str(error_in(seen)["message"])) is not own_words


async def test_no_retry_says_so_in_its_header(dialect: Dialect, provider: RehearsedProvider) -> None:
    provider.play("no-retry")

    assert (await ask(provider, a_request(dialect))).header("x-should-retry") == "false"


async def test_away_says_when_to_come_again(dialect: Dialect, provider: RehearsedProvider) -> None:
    provider.play("away:20")

    seen = await ask(provider, a_request(dialect))

    assert (seen.status, seen.header("retry-after")) == (503, "20")


def _hints(seen: Seen) -> dict[str, list[str]]:
    hints: dict[str, list[str]] = {}
    for name, value in seen.headers:
        if name.startswith("retry-after") or "ratelimit" in name:
            hints.setdefault(name, []).append(value)
    return hints


OPENAI_RESET = {
    "x-ratelimit-limit-requests": ["500"],
    "x-ratelimit-remaining-requests": ["0"],
    "x-ratelimit-reset-requests": ["6m12s"],
}
ANTHROPIC_RESET = {
    "anthropic-ratelimit-requests-limit": ["50"],
    "anthropic-ratelimit-requests-remaining": ["0"],
    "anthropic-ratelimit-requests-reset": ["2026-11-23T10:06:12Z"],
}


@pytest.mark.parametrize(
    ("fault", "openai", "anthropic"),
    [
        ("rate-limit:20", {"retry-after": ["20"]}, None),
        ("rate-limit-ms:1500", {"retry-after-ms": ["1500"]}, None),
        ("rate-limit-date:30", {"retry-after": ["Mon, 23 Nov 2026 10:00:30 GMT"]}, None),
        ("rate-limit-reset:372", OPENAI_RESET, ANTHROPIC_RESET),
        ("rate-limit-silent", {}, None),
        ("rate-limit-garbage:NaN", {"retry-after": ["NaN"]}, None),
        ("rate-limit-garbage:", {"retry-after": [""]}, None),
        ("rate-limit-twice:20", {"retry-after": ["20", "40"]}, None),
    ],
)
async def test_a_429_says_when_to_come_again_in_just_one_way(
    fault: str,
    openai: dict[str, list[str]],
    anthropic: dict[str, list[str]] | None,
    dialect: Dialect,
    provider: RehearsedProvider,
) -> None:
    provider.play(fault)

    seen = await ask(provider, a_request(dialect))

    expected = openai if dialect is Dialect.OPENAI or anthropic is None else anthropic
    assert (seen.status, _hints(seen)) == (429, expected)


def test_every_way_of_a_429_is_tested_above() -> None:
    played = {
        parse(fault)
        for mark in test_a_429_says_when_to_come_again_in_just_one_way.pytestmark  # type: ignore[attr-defined]
        for fault, *_ in mark.args[1]
    }

    assert {fault.wait for fault in played if isinstance(fault, Limited)} == set(Wait429)
