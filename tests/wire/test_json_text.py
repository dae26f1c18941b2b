"""JSON in and out, as both dialects carry it."""

import json

import pytest

from tui_failover.wire.json_text import json_bytes, json_value, read_arguments, sse_bytes


def test_text_stays_readable() -> None:
    assert json_bytes({"é": "😀"}) == '{"é":"😀"}'.encode()


def test_half_a_surrogate_pair_is_written_as_ascii() -> None:
    written = json_bytes({"x": "é\ud83d"})

    assert written.isascii()
    assert json.loads(written) == {"x": "é\ud83d"}


@pytest.mark.parametrize("text", [b"", b"{", b"\xff", b"[" * 100_000], ids=lambda text: repr(text[:9]))
def test_a_providers_text_that_is_no_json_is_a_value_error(text: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - whichever reader says it
        json_value(text)


@pytest.mark.parametrize("text", ['{"a": [1, null]}', '"\\ud800"', '{"a": 1, "a": 2}', "[1e999]"])
def test_a_providers_text_is_read_as_leniently_as_the_standard_library_does(text: str) -> None:
    assert json_value(text) == json.loads(text)


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
