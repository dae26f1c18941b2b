"""What each rehearsed fault is recognised as, through the real SDKs and real sockets."""

from dataclasses import dataclass

import pytest

from tests.providers.conftest import MakeUpstream
from tui_failover.core.outcome import Answered, Failed, FailureKind
from tui_failover.core.ports import Limits
from tui_failover.core.query import Query
from tui_failover.core.spec import Dialect
from tui_failover.rehearsal import AT_ONCE, CATALOGUE, Rehearsal

K = FailureKind
QUICK = Limits(connect_s=2.0, first_content_s=0.15, progress_s=0.15, total_s=5.0)
PATIENT = Limits(connect_s=5.0, first_content_s=10.0, progress_s=10.0, total_s=20.0)
SLOW_ON_PURPOSE = {"hang", "stall", "pings"}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a fault must be recognised as; `kind` None stands for an answer."""

    kind: FailureKind | None
    rule: str = ""
    status: int | None = None


def both(verdict: Verdict) -> tuple[Verdict, Verdict]:
    return verdict, verdict


ANSWER = both(Verdict(None))
RATE = both(Verdict(K.RATE_LIMITED, "rate.code", 429))
EXPECTED: dict[str, tuple[Verdict, Verdict]] = {  # OpenAI, Anthropic
    "status": (Verdict(K.OVERLOADED, "overloaded.sentence", 503), Verdict(K.SERVER, "status.server", 503)),
    "away": (Verdict(K.OVERLOADED, "overloaded.sentence", 503), Verdict(K.SERVER, "status.server", 503)),
    "latency": ANSWER,
    "bad-request": both(Verdict(K.CALLER_FAULT, "status.caller", 400)),
    "context-length": (
        Verdict(K.CONTEXT_LENGTH, "context.code", 400),
        Verdict(K.CONTEXT_LENGTH, "context.sentence", 400),
    ),
    "spend-limit": (Verdict(K.QUOTA, "quota.code", 400), Verdict(K.QUOTA, "quota.sentence", 400)),
    "credit-balance": both(Verdict(K.QUOTA, "quota.sentence", 400)),
    "content-policy": both(Verdict(K.CONTENT_POLICY, "policy.sentence", 400)),
    "unsupported-parameter": (
        Verdict(K.DIALECT, "dialect.code", 400),
        Verdict(K.DIALECT, "dialect.sentence", 400),
    ),
    "no-key": (Verdict(K.AUTH, "auth.401", 401), Verdict(K.AUTH, "auth.code", 401)),
    "wrong-key": both(Verdict(K.AUTH, "auth.code", 401)),
    "payment": (Verdict(K.QUOTA, "quota.402", 402), Verdict(K.QUOTA, "quota.code", 402)),
    "forbidden": both(Verdict(K.AUTH, "auth.code", 403)),
    "challenge": both(Verdict(K.SERVER, "relay.page", 403)),
    "no-model": both(Verdict(K.MODEL_MISSING, "model.code", 404)),
    "request-timeout": both(Verdict(K.CONFLICT, "status.conflict", 408)),
    "conflict": both(Verdict(K.CONFLICT, "status.conflict", 409)),
    "too-large": (Verdict(K.CONTEXT_LENGTH, "context.413", 413), Verdict(K.CONTEXT_LENGTH, "context.code", 413)),
    "quota": both(Verdict(K.QUOTA, "quota.code", 429)),
    "server-error": both(Verdict(K.SERVER, "status.server", 500)),
    "bad-gateway": both(Verdict(K.SERVER, "status.server", 502)),
    "unavailable": (Verdict(K.OVERLOADED, "overloaded.sentence", 503), Verdict(K.SERVER, "status.server", 503)),
    "gateway-timeout": both(Verdict(K.SERVER, "status.server", 504)),
    "overloaded": (Verdict(K.OVERLOADED, "overloaded.code", 503), Verdict(K.OVERLOADED, "overloaded.code", 529)),
    "no-retry": both(Verdict(K.SERVER, "status.server", 503)),
    "rate-limit": RATE,
    "rate-limit-ms": RATE,
    "rate-limit-date": RATE,
    "rate-limit-reset": RATE,
    "rate-limit-silent": RATE,
    "rate-limit-garbage": RATE,
    "rate-limit-twice": RATE,
    "cut": both(Verdict(K.STREAM_BROKEN, "stream.cut", 200)),
    "cleancut": both(Verdict(K.STREAM_BROKEN, "stream.no-end-mark", 200)),
    "stall": both(Verdict(K.STREAM_BROKEN, "stream.stalled", 200)),
    "malformed": both(Verdict(K.STREAM_BROKEN, "stream.malformed", 200)),
    "error-event": both(Verdict(K.STREAM_BROKEN, "stream.error-event", 200)),
    "reset-after": both(Verdict(K.STREAM_BROKEN, "stream.cut", 200)),
    "hang": both(Verdict(K.SILENT, "time.first-content")),
    "refuse": both(Verdict(K.CONNECT, "network.refused")),
    "reset": both(Verdict(K.CONNECT, "network.reset")),
    "empty": both(Verdict(K.SERVER, "answer.empty", 200)),
    "html200": both(Verdict(K.SERVER, "answer.page", 200)),
    "nomark": ANSWER,
    "json-error-200": both(Verdict(K.SERVER, "answer.error", 200)),
    "pings": both(Verdict(K.SILENT, "time.first-content", 200)),
    "truncated-json": both(Verdict(K.SERVER, "answer.unreadable", 200)),
    "length-too-long": both(Verdict(K.STREAM_BROKEN, "stream.cut", 200)),
    "trickle": ANSWER,
    "hostile": both(Verdict(K.SERVER, "status.server", 500)),
    "hostile-answer": ANSWER,
}


def test_every_fault_of_the_catalogue_has_a_verdict() -> None:
    assert set(EXPECTED) == set(CATALOGUE)


@pytest.mark.parametrize("name", EXPECTED)
@pytest.mark.parametrize("dialect", Dialect, ids=str)
async def test_fault_is_recognised(
    dialect: Dialect, name: str, rehearsal: Rehearsal, upstream_at: MakeUpstream
) -> None:
    provider = await rehearsal.add("first", dialect, model="rehearsed", pace=AT_ONCE)
    upstream = upstream_at(dialect, provider.base_url)
    provider.play("latency:0.05" if name == "latency" else CATALOGUE[name].example)

    outcome = await upstream.send(Query("Hello"), QUICK if name in SLOW_ON_PURPOSE else PATIENT)

    expected = EXPECTED[name][list(Dialect).index(dialect)]
    if expected.kind is None:
        assert isinstance(outcome, Answered)
    else:
        assert isinstance(outcome, Failed)
        failure = outcome.failure
        assert (failure.kind, failure.rule, failure.status) == (expected.kind, expected.rule, expected.status)
    assert provider.hits <= 1


@pytest.mark.parametrize("dialect", Dialect, ids=str)
@pytest.mark.parametrize(
    ("fault", "wait_s", "may_retry_here"),
    [
        ("rate-limit:20", 20.0, True),
        ("rate-limit-ms:1500", 1.5, True),
        ("rate-limit-date:30", 30.0, True),
        ("rate-limit-reset:372", 372.0, True),
        ("rate-limit-silent", None, True),
        ("rate-limit-garbage:-5", None, True),
        ("rate-limit-garbage:1e309", None, True),
        ("rate-limit-twice:20", None, True),
        ("away:20", 20.0, True),
        ("no-retry", None, False),
        ("server-error", None, True),
    ],
)
async def test_wait_and_the_ban_on_retries_are_taken_over(
    dialect: Dialect,
    fault: str,
    wait_s: float | None,
    may_retry_here: bool,
    rehearsal: Rehearsal,
    upstream_at: MakeUpstream,
) -> None:
    provider = await rehearsal.add("first", dialect, model="rehearsed", pace=AT_ONCE)
    upstream = upstream_at(dialect, provider.base_url)
    provider.play(fault)

    outcome = await upstream.send(Query("Hello"), PATIENT)

    assert isinstance(outcome, Failed)
    assert outcome.failure.retry_after_s == (None if wait_s is None else pytest.approx(wait_s, abs=1.5))
    assert outcome.failure.may_retry_here is may_retry_here


@pytest.mark.parametrize("dialect", Dialect, ids=str)
async def test_reason_is_one_harmless_line_whatever_the_provider_says(
    dialect: Dialect, rehearsal: Rehearsal, upstream_at: MakeUpstream
) -> None:
    provider = await rehearsal.add("first", dialect, model="rehearsed", pace=AT_ONCE)
    upstream = upstream_at(dialect, provider.base_url)
    provider.play("hostile")

    outcome = await upstream.send(Query("Hello"), PATIENT)

    assert isinstance(outcome, Failed)
    assert outcome.failure.reason.isprintable()
    assert len(outcome.failure.reason) <= 300
    assert outcome.failure.reason.startswith("500 server error: ")


@pytest.mark.parametrize("dialect", Dialect, ids=str)
@pytest.mark.parametrize("fault", ["bad-gateway", "challenge", "html200"])
async def test_page_for_people_is_never_shown(
    dialect: Dialect, fault: str, rehearsal: Rehearsal, upstream_at: MakeUpstream
) -> None:
    provider = await rehearsal.add("first", dialect, model="rehearsed", pace=AT_ONCE)
    upstream = upstream_at(dialect, provider.base_url)
    provider.play(fault)

    outcome = await upstream.send(Query("Hello"), PATIENT)

    assert isinstance(outcome, Failed)
    assert "<" not in outcome.failure.reason
    assert "Just a moment" not in outcome.failure.reason


@pytest.mark.parametrize("dialect", Dialect, ids=str)
async def test_tokens_of_a_broken_answer_are_counted_where_they_are_known(
    dialect: Dialect, rehearsal: Rehearsal, upstream_at: MakeUpstream
) -> None:
    provider = await rehearsal.add("first", dialect, model="rehearsed", pace=AT_ONCE)
    upstream = upstream_at(dialect, provider.base_url)
    provider.play("cleancut:5")

    outcome = await upstream.send(Query("Hello"), PATIENT)

    assert isinstance(outcome, Failed)
    assert (outcome.usage is None) is (dialect is Dialect.OPENAI)  # OpenAI counts only at the end
