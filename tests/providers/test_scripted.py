"""The scripted provider keeps to its script and to the limits."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

import pytest

from tests.providers.conftest import a_spec
from tests.providers.loop_clock import LoopClock
from tests.support.virtual_loop import run_virtually
from tui_failover.core.names import ProviderId
from tui_failover.core.outcome import Answered, Failed, FailureKind, Outcome
from tui_failover.core.ports import Limits
from tui_failover.core.query import Query
from tui_failover.core.spec import Dialect, ProbeKind
from tui_failover.providers import Answer, Hang, ScriptedUpstream, ScriptedUpstreams, failing

LIMITS = Limits(connect_s=3.0, first_content_s=12.0, progress_s=20.0, total_s=60.0)
_T = TypeVar("_T")


def run(story: Coroutine[Any, Any, _T]) -> _T:
    return run_virtually(story)


def sent(upstream: ScriptedUpstream) -> Outcome:
    return run(upstream.send(Query("Hello"), LIMITS))


def test_steps_are_used_up_one_by_one_and_then_the_rest_goes_on() -> None:
    upstream = ScriptedUpstream(LoopClock(), Answer("rest")).will(failing(FailureKind.SERVER), Answer("one"))

    outcomes = [sent(upstream) for _ in range(4)]

    assert isinstance(outcomes[0], Failed)
    assert [one.reply.text for one in outcomes[1:] if isinstance(one, Answered)] == ["one", "rest", "rest"]


def test_answer_takes_the_time_it_is_told() -> None:
    outcome = sent(ScriptedUpstream(LoopClock(), Answer(after_s=2.0, lasts_s=3.0)))

    assert isinstance(outcome, Answered)
    assert (outcome.first_content_s, outcome.elapsed_s) == (2.0, 5.0)


def test_failure_is_the_scripted_one() -> None:
    step = failing(FailureKind.RATE_LIMITED, "429 rate limited", retry_after_s=7.0)

    outcome = sent(ScriptedUpstream(LoopClock(), step))

    assert isinstance(outcome, Failed)
    assert outcome.failure == step.failure


@pytest.mark.parametrize("step", [Hang(), Answer(after_s=13.0)], ids=["hangs", "comes late"])
def test_silence_ends_at_the_first_content_limit(step: Hang | Answer) -> None:
    outcome = sent(ScriptedUpstream(LoopClock(), step))

    assert isinstance(outcome, Failed)
    assert (outcome.failure.kind, outcome.elapsed_s) == (FailureKind.SILENT, 12.0)


def test_answer_that_lasts_too_long_is_broken_off() -> None:
    outcome = sent(ScriptedUpstream(LoopClock(), Answer(after_s=1.0, lasts_s=100.0)))

    assert isinstance(outcome, Failed)
    assert (outcome.failure.kind, outcome.elapsed_s) == (FailureKind.STREAM_BROKEN, 60.0)


def test_query_check_ends_at_the_first_content() -> None:
    upstream = ScriptedUpstream(LoopClock(), Answer(after_s=1.0, lasts_s=100.0))

    outcome = run(upstream.probe(ProbeKind.QUERY, Query("Hello"), 5.0))

    assert isinstance(outcome, Answered)
    assert outcome.elapsed_s == 1.0


def test_everything_asked_is_remembered() -> None:
    upstream = ScriptedUpstream(LoopClock())

    sent(upstream)
    run(upstream.probe(ProbeKind.MODELS, Query("Check"), 5.0))
    run(upstream.close())

    assert [query.text for query in upstream.queries] == ["Hello"]
    assert [(kind, query.text) for kind, query in upstream.probes] == [(ProbeKind.MODELS, "Check")]
    assert upstream.closed


def test_change_from_now_on_forgets_the_steps() -> None:
    upstream = ScriptedUpstream(LoopClock()).will(Answer("one"), Answer("two"))

    upstream.from_now_on(failing(FailureKind.SERVER))

    assert isinstance(sent(upstream), Failed)


def test_cancelled_attempt_is_no_longer_under_way() -> None:
    upstream = ScriptedUpstream(LoopClock(), Hang())

    async def story() -> tuple[int, int]:
        async with asyncio.TaskGroup() as tasks:
            task = tasks.create_task(upstream.send(Query("Hello"), LIMITS))
            await LoopClock().sleep(1.0)
            during = upstream.inflight
            task.cancel()
        return during, upstream.inflight

    assert run(story()) == (1, 0)


def test_factory_makes_one_upstream_per_provider_and_lets_it_be_scripted_beforehand() -> None:
    factory = ScriptedUpstreams(LoopClock())
    factory[ProviderId("first")].will(Answer("scripted"))

    outcome = sent(factory(a_spec(Dialect.OPENAI)))

    assert isinstance(outcome, Answered)
    assert (outcome.reply.text, outcome.reply.model) == ("scripted", "first-model")
