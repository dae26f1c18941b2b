"""What holds of every translation, whatever is said and however it arrives."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.dialects import (
    CREATED,
    assert_vendor_accepts,
    block,
    call_piece,
    calls,
    chunk,
    completion_of,
    counted_ids,
    documents_of,
    message_end,
    message_of,
    message_start,
    said_in,
    sse,
    text_block,
    tool_block,
    translated,
    usage_chunk,
)
from tui_failover.wire.answer import Answer, Wording
from tui_failover.wire.anthropic_answer import read_anthropic_answer, write_anthropic_answer
from tui_failover.wire.anthropic_request_reading import read_anthropic_request
from tui_failover.wire.anthropic_request_writing import write_anthropic_request
from tui_failover.wire.assembly import assembler_of
from tui_failover.wire.capabilities import Capabilities, capabilities_of
from tui_failover.wire.conversation import Request
from tui_failover.wire.dialect import Dialect
from tui_failover.wire.openai_answer import read_openai_answer, write_openai_answer
from tui_failover.wire.openai_request_reading import read_openai_request
from tui_failover.wire.openai_request_writing import write_openai_request
from tui_failover.wire.stream_translation import stream_of
from tui_failover.wire.translation import Target, Translated

CLAUDE = capabilities_of(Dialect.ANTHROPIC, "claude-sonnet-5")
GPT = Capabilities(pdf=True)
ROLE = chunk({"role": "assistant", "content": ""})
CHAT = sse(
    ROLE,
    chunk({"content": "Schön é😀 "}),
    calls(call_piece(0, '{"ä"', "f", "call_a"), call_piece(1, "{}", "g", "call_b")),
    calls(call_piece(0, ':"ü"}')),
    chunk({}, "tool_calls"),
    usage_chunk(5, 2),
    "[DONE]",
)
MESSAGES = sse(
    message_start(),
    *text_block(0, "Schön é😀 "),
    *tool_block(1, "toolu_a", "f", '{"ä"', ':"ü"}'),
    *message_end("tool_use"),
    named=True,
)


def test_chat_stream_is_the_same_wherever_its_bytes_are_cut() -> None:
    """musistudio/claude-code-router#1672, api7/aisix#111: letters cut at the edge of a piece were lost."""
    whole = translated(Dialect.OPENAI, CHAT)

    assert all(translated(Dialect.OPENAI, CHAT, cuts=[cut]) == whole for cut in range(len(CHAT)))
    assert translated(Dialect.OPENAI, CHAT, cuts=range(len(CHAT))) == whole


def test_messages_stream_is_the_same_wherever_its_bytes_are_cut() -> None:
    whole = translated(Dialect.ANTHROPIC, MESSAGES)

    assert all(translated(Dialect.ANTHROPIC, MESSAGES, cuts=[cut]) == whole for cut in range(len(MESSAGES)))
    assert translated(Dialect.ANTHROPIC, MESSAGES, cuts=range(len(MESSAGES))) == whole


_JSON_TEXTS = st.dictionaries(st.text(max_size=4), st.text(max_size=6) | st.integers(), max_size=3).map(
    lambda value: json.dumps(value, ensure_ascii=False)
)


@st.composite
def interleaved(draw: st.DrawFn) -> tuple[list[str], list[list[object]]]:
    """The arguments of some calls, and chunks that bring them in any order and in pieces of any size."""
    arguments = draw(st.lists(_JSON_TEXTS, min_size=1, max_size=4))
    waiting = dict(enumerate(arguments))
    pieces: list[object] = [call_piece(index, "", f"tool_{index}", f"call_{index}") for index in waiting]
    while waiting:
        index = draw(st.sampled_from(sorted(waiting)))
        size = draw(st.integers(1, max(1, len(waiting[index]))))
        pieces.append(call_piece(index, waiting[index][:size]))
        waiting[index] = waiting[index][size:]
        if not waiting[index]:
            del waiting[index]
    chunks: list[list[object]] = []
    while pieces:
        size = draw(st.integers(1, 3))
        chunks.append(pieces[:size])
        pieces = pieces[size:]
    return arguments, chunks


@settings(deadline=None)
@given(interleaved(), st.lists(st.tuples(st.integers(0, 30), st.text(min_size=1, max_size=5)), max_size=3))
def test_arguments_of_each_call_stay_exact_however_the_pieces_interleave(
    made: tuple[list[str], list[list[object]]], words: list[tuple[int, str]]
) -> None:
    arguments, chunks = made
    documents = [calls(*pieces) for pieces in chunks]
    for place, text in words:
        documents.insert(min(place, len(documents)), chunk({"content": text}))

    body = translated(Dialect.OPENAI, sse(ROLE, *documents, chunk({}, "tool_calls"), "[DONE]"))

    received: dict[int, str] = {}
    names: dict[int, str] = {}
    for event in documents_of(body):
        if event["type"] == "content_block_start" and event["content_block"]["type"] == "tool_use":
            names[event["index"]] = event["content_block"]["name"]
        elif event["type"] == "content_block_delta" and event["index"] in names:
            received[event["index"]] = received.get(event["index"], "") + event["delta"]["partial_json"]
    assert {names[index]: text for index, text in received.items()} == {
        f"tool_{index}": text for index, text in enumerate(arguments)
    }
    assert len(message_of(body).content) == len(names) + sum(
        1
        for event in documents_of(body)
        if event["type"] == "content_block_start" and event["content_block"]["type"] == "text"
    )


@settings(deadline=None)
@given(st.lists(_JSON_TEXTS, min_size=1, max_size=4), st.randoms(use_true_random=False))
def test_inputs_of_overlapping_blocks_stay_exact(inputs: list[str], chance: Any) -> None:
    queues = [tool_block(index, f"toolu_{index}", f"tool_{index}", *text) for index, text in enumerate(inputs)]
    mixed: list[object] = []
    while any(queues):
        queue = chance.choice([queue for queue in queues if queue])
        mixed.append(queue.pop(0))

    made = completion_of(translated(Dialect.ANTHROPIC, sse(message_start(), *mixed, *message_end("tool_use"))))

    found = made.choices[0].message.tool_calls or []
    assert {call.function.name: call.function.arguments for call in found if call.type == "function"} == {
        f"tool_{index}": text for index, text in enumerate(inputs)
    }


@settings(deadline=None)
@given(st.lists(st.sampled_from(["text", "tool", "thinking"]), max_size=5), st.integers(0, 40))
def test_cut_stream_is_never_ended(kinds: list[str], cut: int) -> None:
    made = {
        "text": lambda index: text_block(index, "a", "b"),
        "tool": lambda index: tool_block(index, f"toolu_{index}", "f", "{", "}"),
        "thinking": lambda index: block(index, {"type": "thinking", "thinking": "x", "signature": ""}),
    }
    documents = [message_start(), *(event for index, kind in enumerate(kinds) for event in made[kind](index))]

    body = translated(Dialect.ANTHROPIC, sse(*documents[:cut]), closed=False)

    assert b"[DONE]" not in body
    assert all(document["choices"][0]["finish_reason"] is None for document in documents_of(body))


# -- requests there and back

_WORDS = st.text(min_size=1, max_size=12).filter(lambda text: bool(text.strip()))
_USER = _WORDS.map(lambda text: [{"role": "user", "content": text}])


@st.composite
def tool_round(draw: st.DrawFn) -> list[dict[str, object]]:
    """An assistant's turn that calls tools, and their results in any order."""
    count = draw(st.integers(1, 3))
    ids = [f"call_{draw(st.integers(0, 10**6))}_{index}" for index in range(count)]
    made = [
        {"id": one, "type": "function", "function": {"name": f"tool_{index}", "arguments": draw(_JSON_TEXTS)}}
        for index, one in enumerate(ids)
    ]
    results: list[dict[str, object]] = [
        {"role": "tool", "tool_call_id": one, "content": draw(_WORDS)} for one in ids
    ]
    return [
        {"role": "assistant", "content": draw(st.none() | _WORDS), "tool_calls": made},
        *draw(st.permutations(results)),
    ]


_CONVERSATIONS = st.lists(
    st.one_of(_USER, tool_round(), _WORDS.map(lambda text: [{"role": "assistant", "content": text}])), max_size=5
).map(
    lambda rounds: [
        message
        for turn in [[{"role": "user", "content": "Hi"}], *rounds, [{"role": "user", "content": "Go on."}]]
        for message in turn
    ]
)


def semantics(messages: list[Any]) -> list[Any]:
    """Who said what, which calls were made with which arguments, and what each brought."""
    said: list[Any] = []
    for place, message in enumerate(messages):
        if message["role"] != "tool" and message["content"]:
            if said and isinstance(said[-1], list) and said[-1][0] == message["role"]:
                said[-1][1] += "\n\n" + message["content"]
            else:
                said.append([message["role"], message["content"]])
        # An id may be used again in a later turn, so a call's result is the next one that names it.
        said.extend(
            (
                call["function"]["name"],
                json.loads(call["function"]["arguments"]),
                next(one["content"] for one in messages[place:] if one.get("tool_call_id") == call["id"]),
            )
            for call in message.get("tool_calls") or []
        )
    return said


@settings(deadline=None)
@given(_CONVERSATIONS)
def test_conversation_means_the_same_after_both_translations(messages: list[Any]) -> None:
    request = read_openai_request({"model": "m", "messages": messages})
    assert isinstance(request, Request)
    there = write_anthropic_request(request, Target("claude-x", CLAUDE))
    assert isinstance(there, Translated)
    assert_vendor_accepts(Dialect.ANTHROPIC, there.body)
    assert there.warnings == ()

    again = read_anthropic_request(there.body)
    assert isinstance(again, Request)
    back = write_openai_request(again, Target("gpt-x", GPT))
    assert isinstance(back, Translated)
    assert_vendor_accepts(Dialect.OPENAI, back.body)

    returned: Any = back.body["messages"]
    assert semantics(returned) == semantics(messages)


@settings(deadline=None)
@given(st.lists(_WORDS | st.tuples(st.just("tool"), _JSON_TEXTS), max_size=5))
def test_answer_means_the_same_after_both_translations(parts: list[Any]) -> None:
    blocks = [
        {"type": "tool_use", "id": f"toolu_{index}", "name": "f", "input": json.loads(part[1])}
        if isinstance(part, tuple)
        else {"type": "text", "text": part}
        for index, part in enumerate(parts)
    ]
    first = read_anthropic_answer(
        {"content": blocks, "stop_reason": "end_turn", "usage": {"input_tokens": 1, "output_tokens": 2}}
    )
    assert isinstance(first, Answer)

    chat = write_openai_answer(first, Wording("m"), counted_ids(), CREATED)
    second = read_openai_answer(chat)
    assert isinstance(second, Answer)
    back: Any = write_anthropic_answer(second, Wording("m"), counted_ids())["content"]

    def texts(content: list[Any]) -> str:
        return "".join(one["text"] for one in content if one["type"] == "text")

    assert texts(back) == texts(blocks)
    assert [one for one in back if one["type"] == "tool_use"] == [
        one for one in blocks if one["type"] == "tool_use"
    ]


@settings(deadline=None)
@given(st.sampled_from(list(Dialect)), st.lists(_WORDS | st.tuples(st.just("tool"), _JSON_TEXTS), max_size=4))
def test_whole_answer_streams_as_itself(dialect: Dialect, parts: list[Any]) -> None:
    blocks = [
        {"type": "tool_use", "id": f"toolu_{index}", "name": "f", "input": json.loads(part[1])}
        if isinstance(part, tuple)
        else {"type": "text", "text": part}
        for index, part in enumerate(parts)
    ]
    answer = read_anthropic_answer({"content": blocks, "stop_reason": "end_turn"})
    assert isinstance(answer, Answer)

    assembler = assembler_of(dialect)
    assembler.feed(said_in(stream_of(dialect, answer, Wording("m"), counted_ids(), CREATED)))
    read = read_openai_answer if dialect is Dialect.OPENAI else read_anthropic_answer
    again = read(assembler.document())

    assert isinstance(again, Answer)
    assert again.stop == (answer.stop if not any(isinstance(part, tuple) for part in parts) else again.stop)
    texts = ["".join(getattr(part, "text", "") for part in one.parts) for one in (again, answer)]
    assert texts[0] == texts[1]
