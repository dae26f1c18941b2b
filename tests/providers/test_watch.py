"""Limits and completeness of one attempt, on virtual time and scripted bodies."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest

from tests.providers.loop_clock import EPOCH, LoopClock
from tests.support.virtual_loop import run_virtually
from tui_failover.core.outcome import Answered, Failed, FailureKind, Outcome
from tui_failover.core.ports import Limits
from tui_failover.core.query import Usage
from tui_failover.providers.diagnosis import Diagnostician, HttpFacts
from tui_failover.providers.watch import LINGER_S, Language, OpenAnswer, Watch
from tui_failover.wire import anthropic_messages, openai_chat

LIMITS = Limits(connect_s=3.0, first_content_s=12.0, progress_s=20.0, total_s=600.0)
OPENAI = Language(openai_chat.read_event, openai_chat.read_document)
ANTHROPIC = Language(anthropic_messages.read_event, anthropic_messages.read_document)
FOREVER = 10_000.0

Body = Sequence[bytes | float | Exception]
Opening = Callable[[], AbstractAsyncContextManager[OpenAnswer]]


def playing(body: Body, head_after_s: float = 0.0) -> Opening:
    """Open an answer whose body is `body`: bytes come, numbers are pauses in seconds, exceptions are raised."""

    async def pieces() -> AsyncIterator[bytes]:
        for step in body:
            if isinstance(step, bytes):
                yield step
            elif isinstance(step, Exception):
                raise step
            else:
                await LoopClock().sleep(step)

    @asynccontextmanager
    async def opening() -> AsyncIterator[OpenAnswer]:
        await LoopClock().sleep(head_after_s)
        yield OpenAnswer(HttpFacts(200, {}), pieces())

    return opening


def attempt(
    opening: Opening, language: Language = OPENAI, limits: Limits = LIMITS, *, only_first_content: bool = False
) -> Outcome:
    diagnostician = Diagnostician(lambda: (), lambda: EPOCH)
    watch = Watch(language, "asked-for", LoopClock(), diagnostician)
    return run_virtually(watch.attempt(opening, limits, only_first_content=only_first_content))


def data(document: object) -> bytes:
    return b"data: " + json.dumps(document).encode() + b"\n\n"


def said(text: str) -> bytes:
    return data({"model": "m", "choices": [{"delta": {"content": text}, "finish_reason": None}]})


ROLE = data({"model": "m", "choices": [{"delta": {"role": "assistant", "content": ""}}]})
THOUGHT = data({"model": "m", "choices": [{"delta": {"reasoning_content": "hm"}}]})
STOP = data({"model": "m", "choices": [{"delta": {}, "finish_reason": "stop"}]})
USAGE = data({"choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": 2}})
DONE = b"data: [DONE]\n\n"
WHOLE = [ROLE, said("Hel"), said("lo"), STOP, USAGE, DONE]


def kind_rule_at(outcome: Outcome) -> tuple[FailureKind, str, float]:
    assert isinstance(outcome, Failed)
    return outcome.failure.kind, outcome.failure.rule, outcome.elapsed_s


def test_stream_with_its_end_mark_is_an_answer() -> None:
    outcome = attempt(playing([1.0, *WHOLE[:2], 2.0, *WHOLE[2:]]))

    assert isinstance(outcome, Answered)
    assert (outcome.reply.text, outcome.reply.model, outcome.reply.finish) == ("Hello", "m", "stop")
    assert outcome.reply.usage == Usage(7, 2)
    assert (outcome.first_content_s, outcome.elapsed_s) == (1.0, 3.0)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param([said("Hi"), STOP], id="finish reason without end mark"),
        pytest.param([said("Hi"), DONE], id="end mark without finish reason"),
        pytest.param([said("Hi"), STOP, b"data: {broken\n\n"], id="rubbish after the finish"),
        pytest.param([said("Hi"), STOP, ConnectionResetError()], id="reset after the finish"),
        pytest.param([said("Hi"), STOP, data({"error": {"message": "x"}})], id="error after the finish"),
        pytest.param([said("Hi"), STOP, FOREVER], id="connection kept open after the finish"),
        pytest.param([b": ping\n\n", said("Hi"), STOP], id="comments before"),
    ],
)
def test_answer_is_whole_with(body: Body) -> None:
    outcome = attempt(playing(body))

    assert isinstance(outcome, Answered)
    assert outcome.reply.text == "Hi"
    assert outcome.elapsed_s == 0.0


def test_usage_is_none_where_the_provider_does_not_count() -> None:
    outcome = attempt(playing([said("Hi"), STOP, DONE]))

    assert isinstance(outcome, Answered)
    assert outcome.reply.usage is None


def test_finished_answer_waits_only_briefly_for_its_token_counts() -> None:
    async def story() -> float:
        watch = Watch(OPENAI, "m", LoopClock(), Diagnostician(lambda: (), lambda: EPOCH))
        began_at = LoopClock().now().mono
        await watch.attempt(playing([said("Hi"), STOP, FOREVER, USAGE]), LIMITS)
        return LoopClock().now().mono - began_at

    assert run_virtually(story()) == pytest.approx(LINGER_S)


def test_wait_for_token_counts_does_not_outlast_the_total_limit() -> None:
    async def story() -> float:
        watch = Watch(OPENAI, "m", LoopClock(), Diagnostician(lambda: (), lambda: EPOCH))
        began_at = LoopClock().now().mono
        await watch.attempt(playing([9.9, said("Hi"), STOP, FOREVER]), Limits(3.0, 10.0, 10.0, 10.0))
        return LoopClock().now().mono - began_at

    assert run_virtually(story()) == pytest.approx(10.0)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param([], (FailureKind.SERVER, "answer.empty"), id="empty"),
        pytest.param([b"\n\n"], (FailureKind.SERVER, "answer.empty"), id="blank"),
        pytest.param([b"<html>hello</html>"], (FailureKind.SERVER, "answer.page"), id="page"),
        pytest.param([b'{"choices": [{"mess'], (FailureKind.SERVER, "answer.unreadable"), id="half a document"),
        pytest.param([b"hello"], (FailureKind.SERVER, "answer.unreadable"), id="plain text"),
        pytest.param([DONE], (FailureKind.SERVER, "answer.nothing-said"), id="end mark alone"),
        pytest.param([ROLE, STOP, DONE], (FailureKind.SERVER, "answer.nothing-said"), id="finish without content"),
        pytest.param([ROLE], (FailureKind.SERVER, "answer.no-end-mark"), id="role alone"),
        pytest.param([b"data: {nope\n\n"], (FailureKind.SERVER, "answer.malformed"), id="malformed first event"),
        pytest.param([b"data: 7\n\n"], (FailureKind.SERVER, "answer.malformed"), id="event that is no object"),
        pytest.param(
            [said("Hi")], (FailureKind.STREAM_BROKEN, "stream.no-end-mark"), id="clean end after content"
        ),
        pytest.param(
            [said("Hi"), b"data: {nope\n\n"], (FailureKind.STREAM_BROKEN, "stream.malformed"), id="malformed later"
        ),
        pytest.param(
            [said("Hi"), ConnectionResetError()],
            (FailureKind.STREAM_BROKEN, "stream.cut"),
            id="reset after content",
        ),
        pytest.param([ConnectionResetError()], (FailureKind.SERVER, "answer.cut"), id="reset before content"),
        pytest.param(
            [said("Hi"), KeyError("x")], (FailureKind.STREAM_BROKEN, "stream.other"), id="anything after content"
        ),
        pytest.param([KeyError("x")], (FailureKind.LOCAL, "local.unforeseen"), id="an error of our own"),
        pytest.param(
            [data({"error": {"message": "x", "type": "overloaded"}})],
            (FailureKind.OVERLOADED, "overloaded.code"),
            id="known error inside a 200",
        ),
        pytest.param(
            [data({"error": {"message": "x", "code": 429}})],
            (FailureKind.RATE_LIMITED, "rate.429"),
            id="status of a relay inside a 200",
        ),
        pytest.param(
            [data({"error": {"message": "x"}})],
            (FailureKind.SERVER, "answer.error"),
            id="unknown error inside a 200",
        ),
        pytest.param(
            [b'{"error": {"message": "x", "code": "insufficient_quota"}}'],
            (FailureKind.QUOTA, "quota.code"),
            id="error document with 200",
        ),
        pytest.param(
            [said("Hi"), data({"error": {"message": "x", "code": "rate_limit_exceeded"}})],
            (FailureKind.STREAM_BROKEN, "stream.error-event"),
            id="error after content",
        ),
    ],
)
def test_answer_is_none_with(body: Body, expected: tuple[FailureKind, str]) -> None:
    outcome = attempt(playing(body))

    assert kind_rule_at(outcome)[:2] == expected


def test_whole_document_instead_of_a_stream_is_an_answer() -> None:
    document = {"model": "m", "choices": [{"message": {"content": "Hi"}, "finish_reason": "stop"}]}

    outcome = attempt(playing([json.dumps(document, indent=2).encode()]))

    assert isinstance(outcome, Answered)
    assert outcome.reply.text == "Hi"


@pytest.mark.parametrize("finish", ["content_filter", "length"])
def test_finish_that_explains_an_empty_answer_makes_it_one(finish: str) -> None:
    outcome = attempt(playing([ROLE, data({"choices": [{"delta": {}, "finish_reason": finish}]}), DONE]))

    assert isinstance(outcome, Answered)
    assert (outcome.reply.text, outcome.reply.finish) == ("", finish)


def test_answer_without_a_model_names_the_one_asked_for() -> None:
    outcome = attempt(playing([data({"choices": [{"delta": {"content": "Hi"}, "finish_reason": "stop"}]})]))

    assert isinstance(outcome, Answered)
    assert outcome.reply.model == "asked-for"


@pytest.mark.parametrize(
    ("head_after_s", "body"),
    [
        pytest.param(FOREVER, [], id="no head"),
        pytest.param(0.0, [FOREVER], id="head, then nothing"),
        pytest.param(0.0, [ROLE, FOREVER], id="a role is no content"),
        pytest.param(0.0, [b": ping\n\n", 5.0] * 100, id="comments are no content"),
        pytest.param(0.0, [b"event: ping\ndata: {}\n\n", 5.0] * 100, id="pings are no content"),
        pytest.param(11.0, [ROLE, 2.0, *WHOLE], id="head and content share the limit"),
    ],
)
def test_silence_ends_at_the_first_content_limit(head_after_s: float, body: Body) -> None:
    outcome = attempt(playing(body, head_after_s))

    assert kind_rule_at(outcome) == (FailureKind.SILENT, "time.first-content", 12.0)


def test_reasoning_is_content_and_ends_the_first_limit() -> None:
    outcome = attempt(playing([11.0, THOUGHT, 19.0, said("Hi"), STOP]))

    assert isinstance(outcome, Answered)
    assert outcome.first_content_s == 11.0


def test_stall_ends_at_the_progress_limit() -> None:
    outcome = attempt(playing([1.0, said("H"), 5.0, said("i"), FOREVER]))

    assert kind_rule_at(outcome) == (FailureKind.STREAM_BROKEN, "stream.stalled", 26.0)


def test_pings_are_no_progress() -> None:
    pings: Body = [b": ping\n\n", 5.0] * 100

    outcome = attempt(playing([said("H"), *pings]))

    assert kind_rule_at(outcome) == (FailureKind.STREAM_BROKEN, "stream.stalled", 20.0)


def test_slow_but_steady_answer_ends_at_the_total_limit() -> None:
    outcome = attempt(playing([said("x"), 19.0] * 100))

    assert kind_rule_at(outcome) == (FailureKind.STREAM_BROKEN, "stream.too-long", 600.0)


def test_total_limit_holds_before_the_first_content_too() -> None:
    outcome = attempt(playing([FOREVER]), limits=Limits(3.0, 60.0, 20.0, 30.0))

    assert kind_rule_at(outcome) == (FailureKind.SILENT, "time.first-content", 30.0)


def test_check_is_passed_at_first_content_and_waits_briefly_for_the_counts() -> None:
    outcome = attempt(playing([2.0, said("H"), 0.1, said("i"), STOP, USAGE, DONE]), only_first_content=True)

    assert isinstance(outcome, Answered)
    assert (outcome.first_content_s, outcome.elapsed_s) == (2.0, 2.0)
    assert outcome.reply.usage == Usage(7, 2)


@pytest.mark.parametrize(
    "rest",
    [
        pytest.param([FOREVER], id="stalls"),
        pytest.param([], id="ends without its mark"),
        pytest.param([ConnectionResetError()], id="is cut"),
        pytest.param([data({"error": {"message": "x"}})], id="breaks off with an error"),
    ],
)
def test_check_is_passed_even_if_the_answer_then(rest: Body) -> None:
    outcome = attempt(playing([said("H"), *rest]), only_first_content=True)

    assert isinstance(outcome, Answered)
    assert outcome.reply.text == "H"


@pytest.mark.parametrize(
    ("finish", "expected"),
    [
        pytest.param([b'data: {"type": "message_stop"}\n\n'], True, id="message_stop"),
        pytest.param(
            [data({"type": "message_delta", "delta": {"stop_reason": "end_turn"}})], True, id="stop reason"
        ),
        pytest.param([data({"type": "content_block_stop", "index": 0})], False, id="end of the block alone"),
    ],
)
def test_anthropic_answer_is_whole_with(finish: list[bytes], expected: bool) -> None:
    body = [data({"type": "content_block_delta", "delta": {"type": "text_delta", "text": "Hi"}}), *finish]

    outcome = attempt(playing(body), ANTHROPIC)

    assert isinstance(outcome, Answered) is expected


def test_cancellation_is_passed_on() -> None:
    async def story() -> bool:
        watch = Watch(OPENAI, "m", LoopClock(), Diagnostician(lambda: (), lambda: EPOCH))
        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(watch.attempt(playing([FOREVER]), LIMITS))
            await LoopClock().sleep(1.0)
            task.cancel()
        return task.cancelled()

    assert run_virtually(story())


def test_answer_of_any_size_cut_at_any_byte_is_never_taken_for_a_whole_one() -> None:
    body = b"".join(WHOLE[:3])

    outcomes = [attempt(playing([body[:size]])) for size in range(len(body) + 1)]

    assert all(isinstance(outcome, Failed) for outcome in outcomes)


def test_answer_is_the_same_byte_by_byte() -> None:
    body = b"".join(WHOLE)

    outcome = attempt(playing([body[at : at + 1] for at in range(len(body))]))

    assert outcome == attempt(playing([body]))
    assert isinstance(outcome, Answered)


def test_endless_answer_is_cut_off_before_it_fills_the_memory() -> None:
    outcome = attempt(playing([said("x" * 1_000_000)] * 40))

    assert kind_rule_at(outcome)[:2] == (FailureKind.STREAM_BROKEN, "stream.endless")
