"""What the network does to an attempt, through the real SDKs."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.providers.canned import http, saying
from tests.providers.conftest import CANARY, MakeUpstream
from tui_failover.core.outcome import Answered, Failed, FailureKind
from tui_failover.core.ports import Limits
from tui_failover.core.query import Query
from tui_failover.core.spec import Dialect, ProbeKind

K = FailureKind
LIMITS = Limits(connect_s=5.0, first_content_s=10.0, progress_s=10.0, total_s=20.0)
SSE = "Content-Type: text/event-stream"

dialects = pytest.mark.parametrize("dialect", Dialect, ids=str)


@pytest.fixture
def black_hole() -> Iterator[int]:
    """The port of a listener whose queue is full, so that a further connection is neither taken nor refused."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]


@dialects
async def test_connection_that_does_not_stand_in_time_is_told_from_a_silent_provider(
    dialect: Dialect, black_hole: int, upstream_at: MakeUpstream
) -> None:
    upstream = upstream_at(dialect, f"http://127.0.0.1:{black_hole}")

    outcome = await upstream.send(Query("Hello"), Limits(0.1, 10.0, 10.0, 20.0))

    assert isinstance(outcome, Failed)
    assert (outcome.failure.kind, outcome.failure.rule) == (K.CONNECT_TIMEOUT, "network.connect-timeout")


@dialects
async def test_check_tells_a_host_that_cannot_be_reached_from_a_silent_one(
    dialect: Dialect, black_hole: int, upstream_at: MakeUpstream
) -> None:
    upstream = upstream_at(dialect, f"http://127.0.0.1:{black_hole}")

    outcome = await upstream.probe(ProbeKind.QUERY, Query("Hello"), 0.5)

    assert isinstance(outcome, Failed)
    assert outcome.failure.kind is K.CONNECT_TIMEOUT


@dialects
async def test_name_that_does_not_exist_is_a_connect_failure(dialect: Dialect, upstream_at: MakeUpstream) -> None:
    upstream = upstream_at(dialect, "http://provider.invalid")

    outcome = await upstream.send(Query("Hello"), LIMITS)

    assert isinstance(outcome, Failed)
    assert (outcome.failure.kind, outcome.failure.rule) == (K.CONNECT, "network.dns")


@dialects
async def test_server_that_speaks_no_tls_is_a_connect_failure(dialect: Dialect, upstream_at: MakeUpstream) -> None:
    async with saying(b"hello\r\n" * 10) as canned:
        upstream = upstream_at(dialect, f"https://127.0.0.1:{canned.port}")

        outcome = await upstream.send(Query("Hello"), LIMITS)

    assert isinstance(outcome, Failed)
    assert (outcome.failure.kind, outcome.failure.rule) == (K.CONNECT, "network.tls")


@dialects
@pytest.mark.parametrize(
    ("says", "expected"),
    [
        pytest.param(b"", (K.CONNECT, "network.hung-up"), id="hangs up"),
        pytest.param(b"hello\r\n\r\n", (K.SERVER, "network.http"), id="no HTTP"),
        pytest.param(http("999 Odd"), (K.SERVER, "status.server"), id="status 999"),
        pytest.param(http("299 Odd"), (K.SERVER, "answer.empty"), id="status 299 and nothing"),
        pytest.param(http("418 Teapot"), (K.CALLER_FAULT, "status.caller"), id="an unknown 4xx"),
        pytest.param(
            http("404 Not Found", b"404 page not found"), (K.MODEL_MISSING, "model.404"), id="wrong path"
        ),
        pytest.param(
            http("400 Bad", b"upstream request failed"), (K.SERVER, "relay.sentence"), id="a relay's 400"
        ),
        pytest.param(http("400 Bad", b"<html>x</html>"), (K.SERVER, "relay.page"), id="a wall's 400"),
        pytest.param(
            http("200 OK", b"\x1f\x8bnonsense", "Content-Encoding: gzip"),
            (K.SERVER, "answer.encoding"),
            id="encoding broken",
        ),
        pytest.param(
            http("200 OK", b"x" * 5_000_000), (K.SERVER, "answer.unreadable"), id="5 MB without a line end"
        ),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\ndata: ",
            (K.SERVER, "answer.cut"),
            id="cut before content",
        ),
    ],
)
async def test_odd_answer_is_recognised(
    dialect: Dialect, says: bytes, expected: tuple[FailureKind, str], upstream_at: MakeUpstream
) -> None:
    async with saying(says) as canned:
        upstream = upstream_at(dialect, f"http://127.0.0.1:{canned.port}")

        outcome = await upstream.send(Query("Hello"), LIMITS)

    assert isinstance(outcome, Failed)
    assert (outcome.failure.kind, outcome.failure.rule) == expected


@dialects
@pytest.mark.parametrize("status", ["301 Moved", "307 Temporary Redirect", "308 Permanent Redirect"])
async def test_redirect_is_not_followed_and_the_key_not_sent_along(
    dialect: Dialect, status: str, upstream_at: MakeUpstream
) -> None:
    async with saying(http("200 OK", b"{}")) as target:
        there = f"Location: http://127.0.0.1:{target.port}/"
        async with saying(http(status, b"", there)) as canned:
            upstream = upstream_at(dialect, f"http://127.0.0.1:{canned.port}")

            outcome = await upstream.send(Query("Hello"), LIMITS)

    assert isinstance(outcome, Failed)
    assert (outcome.failure.kind, outcome.failure.rule) == (K.SERVER, "status.redirect")
    assert target.heads == []


@dialects
async def test_proxy_of_the_environment_is_not_asked_for_loopback(
    dialect: Dialect, upstream_at: MakeUpstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with saying(http("502 Bad Gateway")) as proxy, saying(http("401 Unauthorized")) as canned:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        upstream = upstream_at(dialect, f"http://127.0.0.1:{canned.port}")

        outcome = await upstream.send(Query("Hello"), LIMITS)

    assert isinstance(outcome, Failed)
    assert outcome.failure.status == 401
    assert proxy.heads == []


async def test_error_event_without_its_event_line_is_recognised(upstream_at: MakeUpstream) -> None:
    body = b'data: {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}\n\n'
    async with saying(http("200 OK", body, SSE)) as canned:
        upstream = upstream_at(Dialect.ANTHROPIC, f"http://127.0.0.1:{canned.port}")

        outcome = await upstream.send(Query("Hello"), LIMITS)

    assert isinstance(outcome, Failed)
    assert outcome.failure.kind is K.OVERLOADED


async def test_answer_without_event_lines_is_an_answer(upstream_at: MakeUpstream) -> None:
    body = (
        b'data: {"type": "content_block_delta", "delta": {"type": "text_delta", "text": "Hi"}}\n\n'
        b'data: {"type": "message_stop"}\n\n'
    )
    async with saying(http("200 OK", body, SSE)) as canned:
        upstream = upstream_at(Dialect.ANTHROPIC, f"http://127.0.0.1:{canned.port}")

        outcome = await upstream.send(Query("Hello"), LIMITS)

    assert isinstance(outcome, Answered)
    assert outcome.reply.text == "Hi"


async def test_whole_document_where_a_stream_was_asked_for_is_an_answer(upstream_at: MakeUpstream) -> None:
    body = b'{"model": "m", "choices": [{"message": {"content": "Hi"}, "finish_reason": "stop"}]}'
    async with saying(http("200 OK", body, "Content-Type: application/json")) as canned:
        upstream = upstream_at(Dialect.OPENAI, f"http://127.0.0.1:{canned.port}")

        outcome = await upstream.send(Query("Hello"), LIMITS)

    assert isinstance(outcome, Answered)
    assert outcome.reply.text == "Hi"


async def test_two_retry_after_headers_are_ignored(upstream_at: MakeUpstream) -> None:
    says = http("429 Too Many Requests", b"{}", "Retry-After: 5", "Retry-After: 50")
    async with saying(says) as canned:
        upstream = upstream_at(Dialect.OPENAI, f"http://127.0.0.1:{canned.port}")

        outcome = await upstream.send(Query("Hello"), LIMITS)

    assert isinstance(outcome, Failed)
    assert outcome.failure.retry_after_s is None


@dialects
async def test_request_is_sent_once_whatever_comes_back(dialect: Dialect, upstream_at: MakeUpstream) -> None:
    async with saying(http("503 Unavailable", b"", "x-should-retry: true")) as canned:
        upstream = upstream_at(dialect, f"http://127.0.0.1:{canned.port}")

        await upstream.send(Query("Hello"), LIMITS)

    assert len(canned.heads) == 1
    assert CANARY in canned.heads[0]
