"""The event stream, however it is cut into pieces."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui_failover.wire.sse import MOST_PENDING, ProtocolError, SseDecoder, SseEvent, json_object


def events_of(*pieces: bytes) -> list[SseEvent]:
    decoder = SseDecoder()
    return [event for piece in pieces for event in decoder.feed(piece)]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param(b"data: one\n\n", [SseEvent("", "one")], id="line feeds"),
        pytest.param(b"data: one\r\n\r\n", [SseEvent("", "one")], id="carriage return line feeds"),
        pytest.param(b"data: one\r\r", [SseEvent("", "one")], id="carriage returns"),
        pytest.param(b"data: one\r\n\ndata: two\n\r\n", [SseEvent("", "one"), SseEvent("", "two")], id="mixed"),
        pytest.param(b"\xef\xbb\xbfdata: one\n\n", [SseEvent("", "one")], id="byte order mark"),
        pytest.param(b"data:one\n\n", [SseEvent("", "one")], id="without the space"),
        pytest.param(b"data:  one\n\n", [SseEvent("", " one")], id="only one space goes"),
        pytest.param(b"data: a\ndata: b\n\n", [SseEvent("", "a\nb")], id="several data lines"),
        pytest.param(b"event: ping\ndata: {}\n\n", [SseEvent("ping", "{}")], id="named"),
        pytest.param(b": hello\n\nid: 7\nretry: 10\n\n", [], id="comments, id and retry"),
        pytest.param(b"event: lost\n\ndata: x\n\n", [SseEvent("", "x")], id="a name without data is forgotten"),
        pytest.param(b"data: x\n", [], id="an event without its blank line is incomplete"),
        pytest.param(b"", [], id="nothing"),
        pytest.param("data: é😀\n\n".encode(), [SseEvent("", "é😀")], id="more than ASCII"),
        pytest.param(b"data: \xff\n\n", [SseEvent("", "\ufffd")], id="bytes that are no text"),
    ],
)
def test_stream_holds(body: bytes, expected: list[SseEvent]) -> None:
    """praxis-proxy/praxis#739: other line ends, and `data:` without its space, were not read."""
    assert events_of(body) == expected


_LINES = st.sampled_from(["data: x", "data: é😀", "event: a", ": c", "", "data", "id: 1", "\ufeff"])
_ENDS = st.sampled_from(["\n", "\r", "\r\n"])


@settings(deadline=None)
@given(
    lines=st.lists(st.tuples(_LINES, _ENDS)),
    cuts=st.lists(st.integers(0, 200)),
)
def test_events_do_not_depend_on_where_the_bytes_are_cut(lines: list[tuple[str, str]], cuts: list[int]) -> None:
    body = "".join(line + end for line, end in lines).encode()
    bounds = sorted({0, len(body), *(cut for cut in cuts if cut < len(body))})

    pieces = [body[start:end] for start, end in pairwise(bounds)]

    assert events_of(*pieces) == events_of(body)


@settings(deadline=None)
@given(body=st.binary())
def test_any_bytes_are_read_the_same_one_by_one(body: bytes) -> None:
    assert events_of(*(bytes([byte]) for byte in body)) == events_of(body)


def test_line_without_end_is_refused_before_it_fills_the_memory() -> None:
    piece = b"data: " + b"x" * 65_536

    with pytest.raises(ProtocolError):
        events_of(*[piece] * (MOST_PENDING // len(piece) + 2))


def test_event_without_end_is_refused_before_it_fills_the_memory() -> None:
    piece = b"data: " + b"x" * 65_536 + b"\n"

    with pytest.raises(ProtocolError):
        events_of(*[piece] * (MOST_PENDING // len(piece) + 2))


@pytest.mark.parametrize("data", ["{", "[]", "7", "", "9" * 5000, "[" * 100_000], ids=lambda data: data[:5])
def test_data_that_is_no_object_is_refused(data: str) -> None:
    with pytest.raises(ProtocolError):
        json_object(SseEvent("", data))
