"""Normal behaviour: what a well-behaved provider of either dialect answers, and what it refuses."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.rehearsal import (
    CHAT_PATHS,
    EPOCH,
    MODELS,
    InstantClock,
    Seen,
    a_random,
    a_request,
    ask,
    connect,
    events_in,
    http_request,
    text_in,
)
from tui_failover.core.spec import Dialect
from tui_failover.rehearsal import AT_ONCE, Pace, Rehearsal, RehearsedProvider
from tui_failover.rehearsal.anthropic_dialect import AnthropicVoice
from tui_failover.rehearsal.openai_dialect import OpenAiVoice
from tui_failover.rehearsal.phrases import GREETING, pieces_of, words_for
from tui_failover.rehearsal.script import Asked, Exchange, Pause, Send, perform
from tui_failover.rehearsal.voice import Answer, Stamp, Voice

VOICES: dict[Dialect, Voice] = {Dialect.OPENAI: OpenAiVoice(), Dialect.ANTHROPIC: AnthropicVoice()}


def _message(seen: Seen) -> str:
    error = seen.json()["error"]
    assert isinstance(error, dict)
    return str(error["message"])


@given(st.text(max_size=200))
def test_pieces_joined_again_are_the_text(text: str) -> None:
    assert "".join(pieces_of(text)) == text


@pytest.mark.parametrize("greeting", ["Hello", "hi", " Hello there!", "Good morning"])
def test_a_greeting_is_greeted(greeting: str) -> None:
    assert "".join(words_for(greeting, 5, a_random())) == GREETING


def test_an_answer_has_about_the_tokens_of_its_pace_and_ends_a_sentence() -> None:
    said = words_for("Why is it slow?", 30, a_random())

    assert 30 <= len(said) < 60
    assert said[-1].endswith(".")


@given(text=st.text(max_size=80), dialect=st.sampled_from(Dialect), with_usage=st.booleans())
def test_every_stream_is_well_formed(text: str, dialect: Dialect, with_usage: bool) -> None:
    answer = Answer("id", MODELS[dialect], int(EPOCH), pieces_of(text), 9, with_usage=with_usage)
    pauses = (0.1,) * (len(answer.pieces) - 1)
    ex = Exchange(VOICES[dialect], Stamp("req", EPOCH, answer.model), Asked.STREAM, answer, 0.5, pauses)

    steps = list(perform(None, ex))

    head, _, rest = b"".join(step.data for step in steps if isinstance(step, Send)).partition(b"\r\n\r\n")
    body = _dechunked(rest)
    events = events_in(body)
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert body.endswith(b"\n\n")
    assert body.count(b"\n\n") == len(events)
    assert text_in(events) == text
    for name, data in events[:-1] if dialect is Dialect.OPENAI else events:
        assert json.loads(data).get("type") == name
    assert sum(step.seconds for step in steps if isinstance(step, Pause)) == pytest.approx(0.5 + sum(pauses))


def _dechunked(raw: bytes) -> bytes:
    body = b""
    while raw:
        size, _, raw = raw.partition(b"\r\n")
        length = int(size, 16)
        body, end, raw = body + raw[:length], raw[length : length + 2], raw[length + 2 :]
        assert end == b"\r\n"
        assert (length == 0) == (raw == b"")
    return body


async def test_openai_tells_usage_in_a_stream_only_where_asked(rehearsal: Rehearsal) -> None:
    provider = await rehearsal.add("one", Dialect.OPENAI, model="gpt-5.6", pace=AT_ONCE)

    without = await ask(provider, a_request(Dialect.OPENAI, stream=True, text="Hello"))
    asked = a_request(
        Dialect.OPENAI, stream=True, text="Hello", change={"stream_options": {"include_usage": True}}
    )
    told = (await ask(provider, asked)).events()

    last = json.loads(told[-2][1])
    assert b'"usage"' not in without.body
    assert last["choices"] == []
    assert last["usage"]["total_tokens"] == last["usage"]["prompt_tokens"] + 12
    assert [json.loads(data)["usage"] for _, data in told[:-2]] == [None] * (len(told) - 2)


async def test_anthropic_tells_usage_at_both_ends_of_a_stream(rehearsal: Rehearsal) -> None:
    provider = await rehearsal.add("one", Dialect.ANTHROPIC, model=MODELS[Dialect.ANTHROPIC], pace=AT_ONCE)

    events = (await ask(provider, a_request(Dialect.ANTHROPIC, stream=True, text="Hello"))).events()

    names = [name for name, _ in events]
    start, delta = json.loads(events[0][1]), json.loads(events[-2][1])
    assert names[:3] == ["message_start", "content_block_start", "ping"]
    assert names[-3:] == ["content_block_stop", "message_delta", "message_stop"]
    assert start["message"]["usage"]["input_tokens"] == delta["usage"]["input_tokens"] == 8
    assert delta["usage"]["output_tokens"] == 12


@pytest.mark.parametrize("stream", [True, False], ids=["stream", "whole"])
async def test_an_answer_is_cut_at_the_asked_length_and_says_so(
    dialect: Dialect, provider: RehearsedProvider, stream: bool
) -> None:
    cap = "max_completion_tokens" if dialect is Dialect.OPENAI else "max_tokens"

    seen = await ask(provider, a_request(dialect, stream=stream, text="Hello", change={cap: 3}))

    assert '"length"' in seen.body.decode() or '"max_tokens"' in seen.body.decode()
    assert not stream or text_in(seen.events()) == "Hello, I am"


async def test_answers_carry_ids_and_rate_limit_figures(dialect: Dialect, provider: RehearsedProvider) -> None:
    names = {
        Dialect.OPENAI: ("x-request-id", "req_", "x-ratelimit-remaining-requests", "chatcmpl-"),
        Dialect.ANTHROPIC: ("request-id", "req_011C", "anthropic-ratelimit-requests-remaining", "msg_01"),
    }
    request_id, prefix, figure, message = names[dialect]

    one, two = [await ask(provider, a_request(dialect)) for _ in range(2)]

    assert (one.header(request_id) or "").startswith(prefix)
    assert one.header(request_id) != two.header(request_id)
    assert int(one.header(figure) or 0) > 0
    assert str(one.json()["id"]).startswith(message)
    assert one.json()["id"] != two.json()["id"]


async def test_one_connection_serves_many_requests(dialect: Dialect, provider: RehearsedProvider) -> None:
    client = await connect(provider)

    for stream in (True, False, True):
        client.send(a_request(dialect, stream=stream))
        assert (await client.receive()).end == "complete"

    assert (provider.hits, provider.accepted, provider.open_connections) == (3, 1, 1)
    await client.close()


async def test_a_pace_is_kept_within_its_spread(rehearsal: Rehearsal, clock: InstantClock) -> None:
    pace = Pace(first_content_s=2.0, spread=0.5, between_s=0.1, tokens=20)
    provider = await rehearsal.add("one", Dialect.OPENAI, model="gpt-5.6", pace=pace)

    await ask(provider, a_request(Dialect.OPENAI, stream=True))

    first, between = clock.waits[0] + clock.waits[1], clock.waits[2:]
    assert 1.0 <= first <= 3.0
    assert all(0.05 <= wait <= 0.15 for wait in between)
    assert len(set(between)) > 1


async def test_a_provider_can_be_given_its_words(rehearsal: Rehearsal, dialect: Dialect) -> None:
    provider = await rehearsal.add("one", dialect, model=MODELS[dialect], pace=AT_ONCE, says="42, of course")

    seen = await ask(provider, a_request(dialect, stream=True, text="Hello"))

    assert text_in(seen.events()) == "42, of course"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"authorization": "Bearer right"}, 200),
        ({"authorization": "", "x-api-key": "right"}, 200),
        ({"authorization": "Bearer wrong"}, 401),
        ({"authorization": ""}, 401),
        ({"authorization": "Bearer k\xe9y"}, 401),
    ],
    ids=["bearer", "x-api-key", "wrong", "none", "not-ascii"],
)
async def test_a_provider_with_a_key_takes_no_other(
    headers: dict[str, str], status: int, dialect: Dialect, rehearsal: Rehearsal
) -> None:
    provider = await rehearsal.add("one", dialect, model=MODELS[dialect], pace=AT_ONCE, key="right")

    seen = await ask(provider, a_request(dialect, headers=headers))
    models = await ask(provider, http_request("GET", "/v1/models", headers=headers))

    assert (seen.status, models.status) == (status, status)


async def test_a_missing_key_and_a_wrong_one_are_told_apart(dialect: Dialect, rehearsal: Rehearsal) -> None:
    provider = await rehearsal.add("one", dialect, model=MODELS[dialect], pace=AT_ONCE, key="right")

    missing = await ask(provider, a_request(dialect, headers={"authorization": ""}))
    wrong = await ask(provider, a_request(dialect, headers={"authorization": "Bearer sk-secret"}))

    assert _message(missing) != _message(wrong)
    assert b"sk-secret" not in wrong.body


@pytest.mark.parametrize(
    ("dialect", "change", "status", "expected"),
    [
        (Dialect.OPENAI, {"model": "gpt-none"}, 404, "`gpt-none` does not exist"),
        (Dialect.OPENAI, {"model": None}, 400, "must provide a model"),
        (Dialect.OPENAI, {"messages": None}, 400, "'messages'"),
        (Dialect.OPENAI, {"max_tokens": 16}, 400, "Use 'max_completion_tokens' instead"),
        (Dialect.ANTHROPIC, {"model": "claude-none"}, 404, "model: claude-none"),
        (Dialect.ANTHROPIC, {"max_tokens": None}, 400, "max_tokens: Field required"),
        (Dialect.ANTHROPIC, {"messages": []}, 400, "at least one message"),
        (Dialect.ANTHROPIC, {"temperature": 1}, 400, "temperature: Extra inputs"),
    ],
)
async def test_a_request_is_refused_where_the_vendor_refuses_it(
    dialect: Dialect, change: dict[str, object], status: int, expected: str, provider: RehearsedProvider
) -> None:
    seen = await ask(provider, a_request(dialect, change=change))

    assert seen.status == status
    assert expected in _message(seen)


async def test_an_older_api_version_still_takes_sampling_parameters(rehearsal: Rehearsal) -> None:
    provider = await rehearsal.add("one", Dialect.ANTHROPIC, model=MODELS[Dialect.ANTHROPIC], pace=AT_ONCE)
    older = {"anthropic-version": "2023-06-01"}

    seen = await ask(provider, a_request(Dialect.ANTHROPIC, headers=older, change={"temperature": 1}))

    assert seen.status == 200


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/v1/engines", 404), ("POST", "/v1/models", 405), ("GET", None, 405), ("GET", "/", 404)],
)
async def test_unknown_paths_and_methods_are_refused(
    method: str, path: str | None, status: int, dialect: Dialect, provider: RehearsedProvider
) -> None:
    seen = await ask(provider, http_request(method, path or CHAT_PATHS[dialect]))

    assert seen.status == status
    assert _message(seen)


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"\xff", b"[" * 100_000], ids=["none", "cut", "list", "binary", "deep"]
)
async def test_a_body_that_is_no_object_is_refused(
    body: bytes, dialect: Dialect, provider: RehearsedProvider
) -> None:
    seen = await ask(provider, http_request("POST", CHAT_PATHS[dialect], body))

    assert seen.status == 400
