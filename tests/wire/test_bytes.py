"""Bytes that are handed on stay the bytes that came."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui_failover.wire.members import Members, read_members
from tui_failover.wire.sse import MOST_PENDING, ProtocolError, SseDecoder, SseEvent
from tui_failover.wire.sse_raw import RawEvents
from tui_failover.wire.verdict import Problem

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=4,
)
objects = st.dictionaries(st.text(max_size=6), values, max_size=4)
lines = st.sampled_from(
    [b"data: one", b"data:two", b": comment", b"event: ping", b"id: 1", b"", b"data: \xc3\xa9"]
)
ends = st.sampled_from([b"\n", b"\r\n", b"\r"])
streams = st.builds(
    lambda mark, pairs: mark + b"".join(line + end for line, end in pairs),
    st.sampled_from([b"", b"\xef\xbb\xbf"]),
    st.lists(st.tuples(lines, ends)),
)


def members_of(body: bytes) -> Members:
    members = read_members(body)
    assert isinstance(members, Members)
    return members


@settings(max_examples=50)
@given(objects, st.sampled_from([None, 2]), st.booleans())
def test_an_object_without_changes_is_the_bytes_that_came(
    document: Any, indent: int | None, ascii_only: bool
) -> None:
    body = json.dumps(document, indent=indent, ensure_ascii=ascii_only).encode("utf-8", "replace")

    members = members_of(body)

    assert members.with_values({}) == body
    assert members.values == json.loads(body)


@settings(max_examples=50)
@given(objects, objects)
def test_a_changed_object_holds_the_changes_and_everything_else_as_it_was(document: Any, changes: Any) -> None:
    body = json.dumps(document).encode()

    changed = members_of(body).with_values(changes)

    assert json.loads(changed) == {**document, **changes}


def test_only_the_changed_member_is_touched() -> None:
    body = b'{ "model" : "gpt-4o",\n "temperature":1.0e0, "text":"\\u00e9\xc3\xa9" }'

    changed = members_of(body).with_values({"model": "other"}, {"temperature": "heat"})

    assert changed == b'{ "model" : "other",\n "heat":1.0e0, "text":"\\u00e9\xc3\xa9" }'


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"1", b"{", b'{"a":1', b'{"a" 1}', b'{"a":1,}', b'{"a":1} x', b'{"a":1,"a":2}',
     b'{"a":1,"\\u0061":2}', b'{"\n":1}', b'{"\\x":1}', b'{1:2}',
     b'{"a":NaN}', b"\xff{}", b'{"a":' + b"[" * 100_000],
    ids=["empty", "list", "number", "open", "cut", "no colon", "trailing comma", "more", "twice",
         "twice, once escaped", "line feed in a name", "no such escape", "no name", "nan",
         "no utf-8", "deep"],
)  # fmt: skip
def test_what_is_no_object_is_a_problem(body: bytes) -> None:
    assert isinstance(read_members(body), Problem)


@given(streams, st.data())
def test_blocks_are_the_bytes_that_came_and_say_what_the_decoder_reads(stream: bytes, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)))))
    pieces = [stream[start:end] for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    raw_events = RawEvents()

    unmoved = RawEvents()
    blocks = [block for piece in pieces for block in raw_events.feed(piece)]
    said = [one for piece in pieces for one in unmoved.said(piece)]

    assert stream.startswith(b"".join(raw for raw, _ in blocks))
    assert [event for _, event in blocks if event] == list(SseDecoder().feed(stream))
    assert [SseEvent(name, data.decode()) for name, data in said] == list(SseDecoder().feed(stream))


def test_an_event_without_end_is_refused() -> None:
    events = RawEvents()

    with pytest.raises(ProtocolError):
        list(events.feed(b"x" * (MOST_PENDING + 1)))
