"""Whatever is sent, reading and translating it gives a value that says what became of it."""

import json
from contextlib import suppress
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.dialects import (
    CREATED,
    counted_ids,
)
from tui_failover.wire.answer import Answer, Wording
from tui_failover.wire.anthropic_answer import read_anthropic_answer, write_anthropic_answer
from tui_failover.wire.anthropic_request_reading import read_anthropic_request
from tui_failover.wire.anthropic_request_writing import write_anthropic_request
from tui_failover.wire.assembly import assembler_of
from tui_failover.wire.capabilities import Capabilities, capabilities_of
from tui_failover.wire.conversation import Request
from tui_failover.wire.dialect import Dialect
from tui_failover.wire.json_text import json_bytes
from tui_failover.wire.openai_answer import read_openai_answer, write_openai_answer
from tui_failover.wire.openai_request_reading import read_openai_request
from tui_failover.wire.openai_request_writing import write_openai_request
from tui_failover.wire.sse import ProtocolError, SseEvent
from tui_failover.wire.stream_translation import StreamTranslator
from tui_failover.wire.translation import Target, Translated
from tui_failover.wire.verdict import Problem

CLAUDE = capabilities_of(Dialect.ANTHROPIC, "claude-sonnet-5")
GPT = Capabilities(pdf=True)

_KEYS = st.sampled_from(
    [
        *(
            "model",
            "messages",
            "role",
            "content",
            "type",
            "text",
            "tools",
            "function",
            "name",
            "parameters",
            "arguments",
        ),
        *(
            "tool_calls",
            "id",
            "tool_choice",
            "system",
            "max_tokens",
            "input",
            "source",
            "data",
            "media_type",
            "stop",
        ),
        *(
            "image_url",
            "url",
            "file",
            "response_format",
            "json_schema",
            "schema",
            "thinking",
            "output_config",
            "format",
        ),
        *(
            "tool_use_id",
            "tool_call_id",
            "choices",
            "delta",
            "index",
            "usage",
            "message",
            "content_block",
            "partial_json",
        ),
        *(
            "finish_reason",
            "stop_reason",
            "prompt_tokens",
            "input_tokens",
            "stop_sequences",
            "metadata",
            "user_id",
            "x",
        ),
    ]
)
_VALUES = st.sampled_from(
    [
        *(
            "user",
            "assistant",
            "system",
            "tool",
            "text",
            "image",
            "document",
            "tool_use",
            "tool_result",
            "thinking",
        ),
        *(
            "function",
            "custom",
            "base64",
            "json_schema",
            "enabled",
            "image_url",
            "message_start",
            "content_block_start",
        ),
        *(
            "content_block_delta",
            "content_block_stop",
            "message_delta",
            "input_json_delta",
            "text_delta",
            "stop",
            "end_turn",
        ),
        *("data:image/png;base64,aGk=", "", "\ud800", "{"),
    ]
)
_ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3) | _VALUES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=5),
    max_leaves=25,
)
_BODIES = st.fixed_dictionaries(
    {
        "model": st.just("m"),
        "max_tokens": st.just(5),
        "messages": st.lists(st.dictionaries(_KEYS, _ANYTHING, max_size=4), min_size=1, max_size=4),
    },
    optional={
        "tools": st.lists(st.dictionaries(_KEYS, _ANYTHING, max_size=4), max_size=2),
        "system": _ANYTHING,
        "tool_choice": _ANYTHING,
        "response_format": _ANYTHING,
        "output_config": _ANYTHING,
    },
)


@settings(deadline=None, max_examples=300)
@given(_ANYTHING | _BODIES)
def test_any_body_is_a_translation_or_a_problem(body: object) -> None:
    for read, write, can in (
        (read_openai_request, write_anthropic_request, CLAUDE),
        (read_anthropic_request, write_openai_request, GPT),
    ):
        request = read(body)
        made = request if isinstance(request, Problem) else write(request, Target("m", can))
        assert isinstance(made, (Problem, Translated))
        if isinstance(made, Translated):
            json_bytes(made.body)


@settings(deadline=None, max_examples=300)
@given(_ANYTHING)
def test_any_document_is_an_answer_or_a_problem(document: object) -> None:
    answers = [read_openai_answer(document), read_anthropic_answer(document)]

    for answer in answers:
        if isinstance(answer, Answer):
            json_bytes(write_openai_answer(answer, Wording("m"), counted_ids(), CREATED))
            json_bytes(write_anthropic_answer(answer, Wording("m"), counted_ids()))


@settings(deadline=None, max_examples=300)
@given(st.sampled_from(list(Dialect)), st.lists(st.dictionaries(_KEYS, _ANYTHING, max_size=5), max_size=4))
def test_any_events_are_translated_or_break_the_dialect(
    dialect: Dialect, documents: list[dict[str, object]]
) -> None:
    machine = StreamTranslator(dialect, Wording("m"), counted_ids(), CREATED)
    assembler = assembler_of(dialect)

    data = [json.dumps(document) for document in documents]
    assembler.feed([("", one.encode()) for one in data])
    with suppress(ProtocolError):
        for one in data:
            machine.feed(SseEvent("", one))
    for ending in (machine.close, assembler.document):
        try:
            ending()
        except ProtocolError:
            continue


def test_nesting_without_end_is_a_problem() -> None:
    deep: Any = {"type": "object"}
    for _ in range(5_000):
        deep = {"type": "object", "properties": {"x": deep}}
    wanted = {"type": "json_schema", "json_schema": {"name": "n", "schema": deep}}
    request = read_openai_request(
        {"model": "m", "messages": [{"role": "user", "content": "x"}], "response_format": wanted}
    )
    assert isinstance(request, Request)

    assert isinstance(write_anthropic_request(request, Target("m", CLAUDE)), Problem)
