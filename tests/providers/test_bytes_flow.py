"""However a provider's bytes are cut on the way, the caller gets them and the books say the same."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.virtual_loop import run_virtually
from tui_failover.core.outcome import Answered, Failed, Outcome
from tui_failover.core.ports import Limits
from tui_failover.core.query import Usage
from tui_failover.gateway.rendering import Making, SameStream, SameWhole
from tui_failover.providers.alarm import Alarms
from tui_failover.providers.bytes_flow import BytesFlow
from tui_failover.providers.diagnosis import Diagnostician
from tui_failover.wire.dialect import Dialect
from tui_failover.wire.forwarding import Forward, Gathering, Rendering
from tui_failover.wire.members import Members

LIMITS = Limits(connect_s=3.0, first_content_s=12.0, progress_s=20.0, total_s=600.0)
texts = st.lists(
    st.sampled_from([" word", " word", "Yes,", '"', "\\", "\n", "é", ":", "m", "content"]), max_size=12
)


def chunk(delta: dict[str, str], finish: str | None = None, **more: Any) -> bytes:
    choices = [{"index": 0, "delta": delta, "finish_reason": finish}]
    document = {
        "id": "1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "m",
        "choices": choices,
        **more,
    }
    return b"data: " + json.dumps(document, ensure_ascii=False).encode() + b"\n\n"


def stream_of(said: Sequence[str]) -> bytes:
    usage = chunk({}, None, choices=[], usage={"prompt_tokens": 9, "completion_tokens": 3})
    words = [chunk({"content": text}) for text in said]
    return b"".join([chunk({"role": "assistant"}), *words, chunk({}, "stop"), usage, b"data: [DONE]\n\n"])


class Pieces:
    """An answer that comes piece by piece, with a pause after each."""

    status = 200
    headers: Mapping[str, str] = {"content-type": "text/event-stream"}

    def __init__(self, pieces: Sequence[bytes], pause_s: float) -> None:
        self._pieces = list(pieces)
        self._pause_s = pause_s

    @property
    def at_end(self) -> bool:
        return not self._pieces

    async def read(self) -> bytes:
        if not self._pieces:
            return b""
        await asyncio.sleep(self._pause_s)  # noqa: TID251 - virtual time
        return self._pieces.pop(0)

    def close(self) -> None:
        pass


async def answered(
    rendering: Rendering | Gathering, pieces: Sequence[bytes], pause_s: float = 0.0
) -> tuple[bytes, Outcome]:
    """Return what the caller gets and how it ended."""
    order = Forward("/chat/completions", Members("{}", {}, {}), "m", rendering, stream=True)
    flow = BytesFlow(order, LIMITS, Diagnostician(tuple, lambda: 0.0), Alarms())

    async def send() -> Any:
        return Pieces(pieces, pause_s)

    await flow.begin(cast("Any", send))
    output = b""
    while isinstance(data := await flow.next(), bytes):
        output += data
    return output, data


def same_stream() -> SameStream:
    return SameStream(Dialect.OPENAI, Making(lambda prefix: f"{prefix}1", lambda: 1), hide_usage=False)


@settings(max_examples=60)
@given(texts.filter(bool), st.data())
def test_a_stream_is_handed_on_as_it_came_however_it_was_cut(said: list[str], data: st.DataObject) -> None:
    stream = stream_of(said)
    cuts = sorted(data.draw(st.sets(st.integers(1, len(stream) - 1))))
    pieces = [stream[start:end] for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)]

    output, ended = run_virtually(answered(same_stream(), pieces))
    whole, ended_too = run_virtually(answered(SameWhole(Dialect.OPENAI), pieces))

    assert output == stream
    assert json.loads(whole)["choices"][0]["message"]["content"] == "".join(said)
    for outcome in (ended, ended_too):
        assert isinstance(outcome, Answered)
        assert (outcome.reply.usage, outcome.reply.finish) == (Usage(9, 3), "stop")


@given(texts.filter(bool))
def test_a_stream_whose_every_event_is_a_piece_is_handed_on_as_it_came(said: list[str]) -> None:
    stream = stream_of(said)
    pieces = [block + b"\n\n" for block in stream.split(b"\n\n")[:-1]]

    output, ended = run_virtually(answered(same_stream(), pieces))

    assert output == stream
    assert isinstance(ended, Answered)


@pytest.mark.parametrize("word", [" word", '"'], ids=["recognised", "read"])
def test_each_piece_of_content_gives_the_next_one_its_time(word: str) -> None:
    pause_s = LIMITS.progress_s / 2 + 1
    pieces = [*[chunk({"content": word})] * 9, chunk({}, "stop") + b"data: [DONE]\n\n"]

    _, ended = run_virtually(answered(same_stream(), pieces, pause_s))

    assert isinstance(ended, Answered)
    assert ended.elapsed_s == pytest.approx(len(pieces) * pause_s)


@pytest.mark.parametrize(
    ("last", "rule"),
    [(b"data: {\n\n", "stream.malformed"), (b'data: {"error": {"message": "No."}}\n\n', "stream.error-event")],
    ids=["broken", "error"],
)
def test_what_came_before_a_fault_counts_also_where_both_came_together(last: bytes, rule: str) -> None:
    said = chunk({"content": "Yes"}, usage={"prompt_tokens": 9, "completion_tokens": 3})
    apart, together = [said, last], [said + last + chunk({"content": ","})]

    outcomes = [run_virtually(answered(SameWhole(Dialect.OPENAI), pieces))[1] for pieces in (apart, together)]

    assert outcomes[0] == outcomes[1]
    assert isinstance(outcomes[0], Failed)
    assert (outcomes[0].failure.rule, outcomes[0].usage) == (rule, Usage(9, 3))


def test_comments_give_nobody_more_time() -> None:
    pieces = [chunk({"content": " word"}), *[b": here\n\n"] * 9]

    output, ended = run_virtually(answered(same_stream(), pieces, LIMITS.progress_s / 2 + 1))

    assert output == pieces[0] + pieces[1]
    assert isinstance(ended, Failed)
    assert ended.failure.rule == "stream.stalled"
    assert ended.elapsed_s == pytest.approx(LIMITS.progress_s * 1.5 + 1)
