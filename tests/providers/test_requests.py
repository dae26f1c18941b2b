"""What is sent, and what comes back when all is well, through the real SDKs."""

import asyncio
from collections.abc import Mapping

import pytest

from tests.providers.canned import http, saying
from tests.providers.conftest import CANARY, MakeUpstream, a_spec
from tests.providers.loop_clock import LoopClock
from tui_failover.core.errors import UnknownProvider
from tui_failover.core.names import ProviderId
from tui_failover.core.outcome import Answered, Failed, FailureKind
from tui_failover.core.ports import Limits
from tui_failover.core.query import Query, Role, Turn, Usage
from tui_failover.core.spec import Dialect, ProbeKind, ProbeSpec
from tui_failover.providers import AuthHeader, Connection, SdkUpstreams
from tui_failover.rehearsal import AT_ONCE, Rehearsal

LIMITS = Limits(connect_s=5.0, first_content_s=10.0, progress_s=10.0, total_s=20.0)
CONVERSATION = Query(
    "And now?", system="Be brief.", turns=(Turn(Role.USER, "Hello"), Turn(Role.ASSISTANT, "Hi")), max_tokens=77
)

dialects = pytest.mark.parametrize("dialect", Dialect, ids=str)


async def sent_body(
    rehearsal: Rehearsal, upstream_at: MakeUpstream, dialect: Dialect, query: Query, **connection: object
) -> Mapping[str, object]:
    provider = await rehearsal.add("first", dialect, model="rehearsed", pace=AT_ONCE)
    await upstream_at(dialect, provider.base_url, **connection).send(query, LIMITS)
    body = provider.requests[-1].body
    assert body is not None
    return body


@dialects
async def test_answer_is_taken_over(dialect: Dialect, rehearsal: Rehearsal, upstream_at: MakeUpstream) -> None:
    provider = await rehearsal.add("first", dialect, model="rehearsed", pace=AT_ONCE, says="All is well.")
    upstream = upstream_at(dialect, provider.base_url)

    outcome = await upstream.send(Query("Hello"), LIMITS)

    assert isinstance(outcome, Answered)
    assert (outcome.reply.text, outcome.reply.model) == ("All is well.", "rehearsed")
    assert outcome.reply.finish == {Dialect.OPENAI: "stop", Dialect.ANTHROPIC: "end_turn"}[dialect]
    assert isinstance(outcome.reply.usage, Usage)
    assert outcome.reply.usage.output_tokens > 0
    assert 0 <= outcome.first_content_s <= outcome.elapsed_s


async def test_openai_gets_the_conversation_in_its_form(rehearsal: Rehearsal, upstream_at: MakeUpstream) -> None:
    body = await sent_body(rehearsal, upstream_at, Dialect.OPENAI, CONVERSATION)

    assert body == {
        "model": "rehearsed",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "Hello"},
            {"role": "assistant", "content": "Hi"},
            {"role": "user", "content": "And now?"},
        ],
        "stream": True,
        "stream_options": {"include_usage": True},
        "max_completion_tokens": 77,
    }


async def test_anthropic_gets_the_conversation_in_its_form(
    rehearsal: Rehearsal, upstream_at: MakeUpstream
) -> None:
    body = await sent_body(rehearsal, upstream_at, Dialect.ANTHROPIC, CONVERSATION)

    assert body == {
        "model": "rehearsed",
        "system": "Be brief.",
        "messages": [
            {"role": "user", "content": "Hello"},
            {"role": "assistant", "content": "Hi"},
            {"role": "user", "content": "And now?"},
        ],
        "stream": True,
        "max_tokens": 77,
    }


async def test_openai_is_given_no_cap_where_none_is_set(rehearsal: Rehearsal, upstream_at: MakeUpstream) -> None:
    body = await sent_body(rehearsal, upstream_at, Dialect.OPENAI, Query("Hello"))

    assert not {"max_tokens", "max_completion_tokens"} & set(body)


async def test_old_openai_endpoint_gets_the_old_fields(rehearsal: Rehearsal, upstream_at: MakeUpstream) -> None:
    body = await sent_body(
        rehearsal,
        upstream_at,
        Dialect.OPENAI,
        Query("Hello"),
        max_tokens=50,
        max_tokens_field="max_tokens",
        usage_in_stream=False,
    )

    assert body["max_tokens"] == 50
    assert not {"max_completion_tokens", "stream_options"} & set(body)


@pytest.mark.parametrize(("configured", "expected"), [(None, 4096), (50, 50)])
async def test_anthropic_is_always_given_a_cap(
    configured: int | None, expected: int, rehearsal: Rehearsal, upstream_at: MakeUpstream
) -> None:
    body = await sent_body(rehearsal, upstream_at, Dialect.ANTHROPIC, Query("Hello"), max_tokens=configured)

    assert body["max_tokens"] == expected


@dialects
@pytest.mark.parametrize(
    ("auth", "expected"),
    [
        (AuthHeader.BEARER, {"authorization": f"Bearer {CANARY}"}),
        (AuthHeader.X_API_KEY, {"x-api-key": CANARY}),
        (AuthHeader.NONE, {}),
    ],
    ids=str,
)
async def test_key_travels_in_the_chosen_header_and_in_no_other(
    dialect: Dialect, auth: AuthHeader, expected: dict[str, str], upstream_at: MakeUpstream
) -> None:
    async with saying(http("503 Unavailable")) as canned:
        await upstream_at(dialect, f"http://127.0.0.1:{canned.port}", auth=auth).send(Query("Hello"), LIMITS)

    lines = [line.partition(": ") for line in canned.heads[0].splitlines()[1:]]
    headers = {name.lower(): value for name, _, value in lines}
    assert {name: headers[name] for name in ("authorization", "x-api-key") if name in headers} == expected


@dialects
async def test_configured_headers_are_sent(dialect: Dialect, upstream_at: MakeUpstream) -> None:
    async with saying(http("503 Unavailable")) as canned:
        upstream = upstream_at(dialect, f"http://127.0.0.1:{canned.port}", headers={"X-Team": "blue"})

        await upstream.send(Query("Hello"), LIMITS)

    assert "x-team: blue" in canned.heads[0].lower()


@dialects
async def test_headers_named_in_the_environment_are_not_sent(
    dialect: Dialect, upstream_at: MakeUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_ORG_ID", "org-of-mine")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "project-of-mine")
    for name in ("OPENAI_CUSTOM_HEADERS", "ANTHROPIC_CUSTOM_HEADERS"):
        monkeypatch.setenv(name, "X-Mine: custom-of-mine\nAuthorization: Bearer of-mine")
    async with saying(http("503 Unavailable")) as canned:
        await upstream_at(dialect, f"http://127.0.0.1:{canned.port}").send(Query("Hello"), LIMITS)

    assert "of-mine" not in canned.heads[0]


@dialects
async def test_cancelled_attempt_closes_its_connection(
    dialect: Dialect, rehearsal: Rehearsal, upstream_at: MakeUpstream
) -> None:
    provider = await rehearsal.add("first", dialect, model="rehearsed", pace=AT_ONCE)
    upstream = upstream_at(dialect, provider.base_url)
    provider.play("stall:3")

    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(upstream.send(Query("Hello"), LIMITS))
        while not provider.hits:
            await LoopClock().sleep(0)
        task.cancel()
    while provider.open_connections:
        await LoopClock().sleep(0)

    assert task.cancelled()


@dialects
async def test_many_queries_at_once_do_not_disturb_each_other(
    dialect: Dialect, rehearsal: Rehearsal, upstream_at: MakeUpstream
) -> None:
    provider = await rehearsal.add("first", dialect, model="rehearsed", pace=AT_ONCE, says="All is well.")
    upstream = upstream_at(dialect, provider.base_url)

    outcomes = await asyncio.gather(*(upstream.send(Query("Hello"), LIMITS) for _ in range(30)))

    assert [one.reply.text for one in outcomes if isinstance(one, Answered)] == ["All is well."] * 30


@dialects
async def test_rotated_key_is_used_with_the_next_query(
    dialect: Dialect, rehearsal: Rehearsal, upstream_at: MakeUpstream
) -> None:
    provider = await rehearsal.add("first", dialect, model="rehearsed", pace=AT_ONCE, key="new-key-123456")
    keys = iter(["old-key-123456", "new-key-123456"])
    upstream = upstream_at(dialect, provider.base_url, key=lambda: next(keys))

    before = await upstream.send(Query("Hello"), LIMITS)
    after = await upstream.send(Query("Hello"), LIMITS)

    assert isinstance(before, Failed)
    assert before.failure.kind is FailureKind.AUTH
    assert isinstance(after, Answered)


def _no_file() -> str:
    raise OSError(CANARY)


@dialects
@pytest.mark.parametrize(
    "key",
    [lambda: "", lambda: "  ", lambda: "ключ", lambda: "two\nlines", _no_file],
    ids=["empty", "blank", "not ASCII", "lines", "raises"],
)
async def test_nothing_is_sent_without_a_usable_key(
    dialect: Dialect, key: object, rehearsal: Rehearsal, upstream_at: MakeUpstream
) -> None:
    provider = await rehearsal.add("first", dialect, model="rehearsed", pace=AT_ONCE)
    upstream = upstream_at(dialect, provider.base_url, key=key, spec={"missing_key": "set THE_KEY"})

    outcome = await upstream.send(Query("Hello"), LIMITS)

    assert isinstance(outcome, Failed)
    assert (outcome.failure.kind, outcome.failure.rule) == (FailureKind.AUTH, "local.key")
    assert outcome.failure.reason == "no usable key: set THE_KEY"
    assert provider.hits == 0


@dialects
async def test_query_check_asks_for_little(
    dialect: Dialect, rehearsal: Rehearsal, upstream_at: MakeUpstream
) -> None:
    provider = await rehearsal.add("first", dialect, model="rehearsed", pace=AT_ONCE)
    upstream = upstream_at(dialect, provider.base_url, spec={"reasoning": True})

    outcome = await upstream.probe(ProbeKind.QUERY, Query("Hello", max_tokens=900), 5.0)

    body = provider.requests[-1].body
    assert isinstance(outcome, Answered)
    assert outcome.reply.usage is not None
    assert body is not None
    assert {Dialect.OPENAI: body.get("max_completion_tokens"), Dialect.ANTHROPIC: body.get("max_tokens")}[
        dialect
    ] == 16
    assert (body.get("reasoning_effort"), body.get("output_config")) == {
        Dialect.OPENAI: ("low", None),
        Dialect.ANTHROPIC: (None, {"effort": "low"}),
    }[dialect]


@dialects
async def test_models_check_lists_models_and_asks_nothing(
    dialect: Dialect, rehearsal: Rehearsal, upstream_at: MakeUpstream
) -> None:
    provider = await rehearsal.add("first", dialect, model="rehearsed", pace=AT_ONCE)
    upstream = upstream_at(dialect, provider.base_url)

    outcome = await upstream.probe(ProbeKind.MODELS, Query("Hello"), 5.0)

    assert isinstance(outcome, Answered)
    assert [(one.method, one.path.partition("?")[0]) for one in provider.requests] == [("GET", "/v1/models")]


@dialects
@pytest.mark.parametrize(
    ("body", "rule"),
    [
        pytest.param(b"<html>x</html>", "answer.page", id="page"),
        pytest.param(b"{}", "answer.unreadable", id="no list"),
        pytest.param(b'{"error": {"type": "authentication_error", "message": "no"}}', "auth.code", id="error"),
    ],
)
async def test_models_check_is_not_passed_by(
    dialect: Dialect, body: bytes, rule: str, upstream_at: MakeUpstream
) -> None:
    async with saying(http("200 OK", body, "Content-Type: application/json")) as canned:
        outcome = await upstream_at(dialect, f"http://127.0.0.1:{canned.port}").probe(
            ProbeKind.MODELS, Query("Hello"), 5.0
        )

    assert isinstance(outcome, Failed)
    assert outcome.failure.rule == rule


@dialects
@pytest.mark.parametrize(("expect", "passes"), [("WELL", True), ("broken", False), (None, True)])
async def test_custom_check_is_passed_by_the_expected_text(
    dialect: Dialect, expect: str | None, passes: bool, rehearsal: Rehearsal, upstream_at: MakeUpstream
) -> None:
    provider = await rehearsal.add("first", dialect, model="rehearsed", pace=AT_ONCE, says="All is well.")
    upstream = upstream_at(
        dialect, provider.base_url, spec={"probe": ProbeSpec(kind=ProbeKind.CUSTOM, expect=expect)}
    )

    outcome = await upstream.probe(ProbeKind.CUSTOM, Query("Is all well?"), 5.0)

    assert isinstance(outcome, Answered) is passes
    if isinstance(outcome, Failed):
        assert outcome.failure.rule == "answer.unexpected"


@dialects
async def test_check_ends_with_its_own_timeout(
    dialect: Dialect, rehearsal: Rehearsal, upstream_at: MakeUpstream
) -> None:
    provider = await rehearsal.add("first", dialect, model="rehearsed", pace=AT_ONCE)
    upstream = upstream_at(dialect, provider.base_url)
    provider.play("hang")

    outcome = await upstream.probe(ProbeKind.QUERY, Query("Hello"), 0.15)

    assert isinstance(outcome, Failed)
    assert outcome.failure.kind is FailureKind.SILENT


@dialects
async def test_connection_is_used_again_after_a_whole_answer(
    dialect: Dialect, rehearsal: Rehearsal, upstream_at: MakeUpstream
) -> None:
    provider = await rehearsal.add("first", dialect, model="rehearsed", pace=AT_ONCE)
    upstream = upstream_at(dialect, provider.base_url)

    for _ in range(3):
        await upstream.send(Query("Hello"), LIMITS)

    assert (provider.hits, provider.accepted) == (3, 1)


@dialects
async def test_connection_the_provider_closed_while_idle_costs_nothing(
    dialect: Dialect, rehearsal: Rehearsal, upstream_at: MakeUpstream
) -> None:
    provider = await rehearsal.add("first", dialect, model="rehearsed", pace=AT_ONCE)
    upstream = upstream_at(dialect, provider.base_url)
    await upstream.send(Query("Hello"), LIMITS)
    provider.play("refuse")
    while provider.open_connections:
        await LoopClock().sleep(0)
    provider.calm()

    outcome = await upstream.send(Query("Hello"), LIMITS)

    assert isinstance(outcome, Answered)


def test_provider_nobody_can_reach_is_refused_at_once() -> None:
    factory = SdkUpstreams({ProviderId("other"): Connection("http://127.0.0.1:1")}, LoopClock())

    with pytest.raises(UnknownProvider, match="first: no connection is configured"):
        factory(a_spec(Dialect.OPENAI))


@pytest.mark.parametrize(
    ("base_url", "expected"),
    [
        ("http://127.0.0.1:8080/v1", True),
        ("http://127.9.9.9", True),
        ("http://[::1]:8080", True),
        ("http://localhost:11434/v1", True),
        ("https://api.openai.com/v1", False),
        ("http://10.0.0.1", False),
        ("http://localhost.evil.example", False),
    ],
)
def test_loopback_is_told_by_the_address(base_url: str, expected: bool) -> None:
    assert Connection(base_url).loopback is expected
