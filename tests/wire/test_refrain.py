"""What is recognised by its refrain says what it would say if it were read."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_failover.wire.delta import Delta
from tui_failover.wire.dialect import READ_EVENT, Dialect
from tui_failover.wire.refrain import refrain_of
from tui_failover.wire.sse_raw import RawEvents

words = st.text(st.sampled_from('ab:,"\\{}é\n😀 \x7f'), max_size=5) | st.sampled_from(["content", "text", "m"])


def chat(text: str) -> Any:
    return {"model": "m", "choices": [{"index": 0, "delta": {"content": text}, "finish_reason": None}]}


def messages(text: str) -> Any:
    return {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}}


def event(document: Any, *, ascii_only: bool = False) -> bytes:
    return (
        b"event: x\ndata: "
        + json.dumps(document, ensure_ascii=ascii_only, separators=(",", ":")).encode()
        + b"\n\n"
    )


def read(dialect: Dialect, stream: bytes) -> list[Delta]:
    return [READ_EVENT[dialect](said) for _, said in RawEvents().feed(stream) if said]


@given(words.filter(bool), st.lists(words, min_size=1, max_size=4), st.sampled_from(Dialect), st.booleans())
def test_what_is_recognised_is_what_would_be_read(
    first: str, texts: list[str], dialect: Dialect, ascii_only: bool
) -> None:
    write = chat if dialect is Dialect.OPENAI else messages
    learnt = event(write(first), ascii_only=ascii_only)
    piece = b"".join(event(write(text), ascii_only=ascii_only) for text in texts)

    refrain = refrain_of(learnt, first)
    text = "" if refrain is None else refrain.text_in(piece)

    if text:
        (like,) = read(dialect, learnt)
        assert read(dialect, piece) == [Delta(text, like.content, like.model) for text in texts]
        assert text == "".join(texts)


@pytest.mark.parametrize("text", [":", ","])
def test_what_may_stand_between_two_strings_is_not_taken_for_one(text: str) -> None:
    learnt = event({"content": text, "names": ["a", "b"]})

    assert refrain_of(learnt, text) is None


def test_half_a_surrogate_pair_is_read_each_time() -> None:
    assert refrain_of(event(chat("\ud83d"), ascii_only=True), "\ud83d") is None


@pytest.mark.parametrize("dialect", Dialect, ids=str)
def test_the_ordinary_chunk_is_recognised(dialect: Dialect) -> None:
    write = chat if dialect is Dialect.OPENAI else messages
    refrain = refrain_of(event(write(" word")), " word")

    assert refrain is not None
    assert refrain.text_in(event(write("Yes, ")) + event(write("it is: é"))) == "Yes, it is: é"


@pytest.mark.parametrize(
    "piece",
    [
        event(chat("")),
        event(chat("one")) + event(chat("")),
        event(chat('"')),
        event(chat("one"))[:-1],
        event(chat("one")) + b": comment\n\n",
        event({**chat("one"), "model": "n"}),
        event({**chat("one"), "usage": {"prompt_tokens": 1}}),
        event({**chat("one"), "error": {"message": "no"}}),
        b"data: [DONE]\n\n",
        b"",
    ],
    ids=[
        "no text",
        "some without text",
        "escaped",
        "unfinished",
        "comment",
        "model",
        "usage",
        "error",
        "end",
        "nothing",
    ],
)
def test_anything_else_has_to_be_read(piece: bytes) -> None:
    refrain = refrain_of(event(chat("word")), "word")

    assert refrain is not None
    assert refrain.text_in(piece) == ""
