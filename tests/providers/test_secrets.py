"""A key is nowhere to be read, whatever a provider does with it."""

import base64
import json
import logging
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.providers.canned import http, saying
from tests.providers.conftest import CANARY, MakeUpstream
from tui_failover.core.outcome import Failed
from tui_failover.core.ports import Limits
from tui_failover.core.query import Query
from tui_failover.core.spec import Dialect, ProbeKind
from tui_failover.providers import Connection
from tui_failover.providers.keyring import Keyring
from tui_failover.providers.redaction import MARK, redact
from tui_failover.rehearsal import AT_ONCE, Rehearsal

LIMITS = Limits(connect_s=5.0, first_content_s=10.0, progress_s=10.0, total_s=20.0)
PARTS = {CANARY[at : at + 8] for at in range(len(CANARY) - 7)}
FORMS = {
    "as it is": CANARY,
    "in part": CANARY[3:19],
    "URL-encoded": quote(CANARY, safe=""),
    "JSON-escaped": json.dumps(CANARY)[1:-1],
    "base64": base64.b64encode(CANARY.encode()).decode(),
    "with invisible characters": "\u200b".join(CANARY),
    "as a header": f"authorization: Bearer {CANARY}",
}


def shows_key(text: str) -> bool:
    encoded = base64.b64encode(CANARY.encode()).decode().rstrip("=")
    return any(part in text for part in PARTS) or encoded in text or quote(CANARY, safe="") in text


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("dialect", Dialect, ids=str)
async def test_key_a_provider_repeats_is_taken_out_of_the_failure(
    dialect: Dialect, form: str, upstream_at: MakeUpstream, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    body = json.dumps({"error": {"type": "authentication_error", "message": f"the key {FORMS[form]} is wrong"}})
    async with saying(http("401 Unauthorized", body.encode())) as canned:
        upstream = upstream_at(dialect, f"http://127.0.0.1:{canned.port}")

        outcome = await upstream.send(Query("Hello"), LIMITS)

    assert isinstance(outcome, Failed)
    assert "is wrong" in outcome.failure.reason
    assert MARK in outcome.failure.reason
    assert not shows_key(repr(outcome))
    assert not shows_key(caplog.text)


@pytest.mark.parametrize(
    "fault", ["calm", "wrong-key", "server-error", "cut:3", "refuse", "empty", "json-error-200"]
)
@pytest.mark.parametrize("dialect", Dialect, ids=str)
async def test_key_appears_in_no_outcome_and_no_log(
    dialect: Dialect,
    fault: str,
    rehearsal: Rehearsal,
    upstream_at: MakeUpstream,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    provider = await rehearsal.add("first", dialect, model="rehearsed", pace=AT_ONCE)
    upstream = upstream_at(dialect, provider.base_url)
    if fault != "calm":
        provider.play(fault)

    outcomes = [await upstream.send(Query("Hello"), LIMITS)]
    outcomes += [await upstream.probe(kind, Query("Hello"), 5.0) for kind in ProbeKind]

    assert not shows_key(repr(outcomes))
    assert not shows_key(caplog.text)


async def test_key_before_the_last_rotation_is_taken_out_too(upstream_at: MakeUpstream) -> None:
    body = json.dumps({"error": {"message": f"{CANARY} was revoked"}})
    keys = iter([CANARY, "another-key-98765"])
    async with saying(http("401 Unauthorized", body.encode())) as canned:
        upstream = upstream_at(Dialect.OPENAI, f"http://127.0.0.1:{canned.port}", key=lambda: next(keys))

        outcomes = [await upstream.send(Query("Hello"), LIMITS) for _ in range(2)]

    assert not shows_key(repr(outcomes))


async def test_secret_header_is_taken_out_like_the_key(upstream_at: MakeUpstream) -> None:
    body = json.dumps({"error": {"message": "token tt-SECRET-0987 is unknown"}})
    async with saying(http("401 Unauthorized", body.encode())) as canned:
        upstream = upstream_at(
            Dialect.OPENAI, f"http://127.0.0.1:{canned.port}", headers={"X-Relay-Token": "tt-SECRET-0987"}
        )

        outcome = await upstream.send(Query("Hello"), LIMITS)

    assert isinstance(outcome, Failed)
    assert outcome.failure.reason == f"401 key refused: token {MARK} is unknown"


@pytest.mark.parametrize(
    "value",
    [
        Connection("http://127.0.0.1:1", lambda: CANARY, headers={"X-Api-Key": CANARY}),
        Keyring(Connection("http://127.0.0.1:1", lambda: CANARY)),
    ],
    ids=["connection", "keyring"],
)
def test_key_is_in_no_repr(value: object) -> None:
    assert not shows_key(f"{value} {value!r}")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("provided: sk-abc***********wxyz.", f"provided: {MARK}", id="a masked key"),
        pytest.param("Bearer abcdef123456", MARK, id="a bearer"),
        pytest.param("bearer authentication is needed", "bearer authentication is needed", id="words"),
        pytest.param("a task-list of sk-8 items", "a task-list of sk-8 items", id="what only begins like a key"),
    ],
)
def test_what_looks_like_a_key_is_taken_out(text: str, expected: str) -> None:
    assert redact(text, ()) == expected


def test_placeholder_too_short_for_a_secret_hides_nothing() -> None:
    assert redact("model none not found", ("none",)) == "model none not found"


_KEY_CHARACTERS = st.characters(min_codepoint=0x21, max_codepoint=0x7E)


@settings(deadline=None)
@given(
    secret=st.text(_KEY_CHARACTERS, min_size=16, max_size=60).filter(lambda key: MARK not in key),
    before=st.text(max_size=20),
    after=st.text(max_size=20),
)
def test_any_secret_is_gone_wherever_it_stands(secret: str, before: str, after: str) -> None:
    cleaned = redact(f"{before}{secret}{after}", (secret,))

    assert secret not in cleaned
    assert secret[:8] not in cleaned.replace(MARK, "\0")
