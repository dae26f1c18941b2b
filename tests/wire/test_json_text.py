"""JSON in and out, as both dialects carry it."""

import json

import pytest

from tui_failover.wire.json_text import json_bytes, read_arguments, read_json, sse_bytes
from tui_failover.wire.verdict import Problem


def test_text_stays_readable() -> None:
    assert json_bytes({"é": "😀"}) == '{"é":"😀"}'.encode()


def test_half_a_surrogate_pair_is_written_as_ascii() -> None:
    written = json_bytes({"x": "é\ud83d"})

    assert written.isascii()
    assert json.loads(written) == {"x": "é\ud83d"}


@pytest.mark.parametrize(
    "body", [b"", b"{", b"\xff", b"[NaN]", b"-Infinity", b"[" * 100_000], ids=lambda body: repr(body[:9])
)
def test_body_that_is_no_json_is_a_problem(body: bytes) -> None:
    assert isinstance(read_json(body), Problem)


def test_body_is_read() -> None:
    assert read_json(b' {"a": [1, null]} ') == {"a": [1, None]}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"a":1}', {"a": 1}),
        ("", {}),
        (" \n", {}),
        ("[]", None),
        ("{", None),
        ('{"a":NaN}', None),
        ("[" * 100_000, None),
    ],
    ids=lambda value: repr(value)[:9],
)
def test_arguments_are(text: str, expected: object) -> None:
    assert read_arguments(text) == expected


def test_event_is_named_where_its_dialect_names_events() -> None:
    assert sse_bytes({"a": 1}) == b'data: {"a":1}\n\n'
    assert sse_bytes({"a": 1}, "ping") == b'event: ping\ndata: {"a":1}\n\n'
