import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import redirect_stdout

import pytest

from tests.support.consoles import StillClock
from tests.support.fake_link import FakeLink
from tests.support.fleets import (
    SITUATIONS,
    all_down,
    all_healthy,
    failover_in_progress,
    no_keys,
    nothing_configured,
)
from tests.support.views import AGENT, CLAUDE, NOW, OPENAI, an_event
from tui_failover.console.plain import changes, run_plain, sentence, summary, write_line
from tui_failover.core.copying import replace
from tui_failover.core.event import EventKind, Source
from tui_failover.core.snapshot import Snapshot


def _with_events(*numbers: int) -> Snapshot:
    events = tuple(an_event(number, 10.0 - number, EventKind.CONFIG, f"change {number}") for number in numbers)
    return replace(all_healthy(), events=events)


def test_an_event_is_told_with_time_subject_cause_and_source() -> None:
    event = replace(
        an_event(7, 3.0, EventKind.BREAKER_OPENED, "breaker closed -> open", "3 failures in a row"),
        provider=OPENAI,
    )

    assert sentence(event) == "14:05:20Z openai: breaker closed -> open, because 3 failures in a row (auto)."


def test_a_summary_tells_how_everyones_queries_fare() -> None:
    expected = "125400 queries so far: 42.1/s, 42 in flight, 1179 tokens/s, 624 saved by failover, 4 failed."

    assert expected in summary(failover_in_progress())
    assert not any("so far" in line for line in summary(no_keys()))


async def test_the_gateways_address_is_told_once_as_soon_as_there_is_one() -> None:
    told: list[str] = []
    addresses = iter(["", "", "http://127.0.0.1:5000"])

    await run_plain(FakeLink(all_healthy()), StillClock(), told.append, for_s=4.0, gateway=lambda: next(addresses))

    assert [line for line in told if "gateway" in line] == ["The gateway is at http://127.0.0.1:5000."]


def test_an_order_is_told_with_the_person_who_gave_it() -> None:
    event = replace(
        an_event(7, 0.0, EventKind.SWITCHED, "openai -> anthropic"),
        agent=AGENT,
        provider=CLAUDE,
        source=Source.OPERATOR,
        actor="ana",
    )

    assert sentence(event) == "14:05:23Z agent support-bot, provider anthropic: openai -> anthropic (ana)."


def test_only_what_is_new_is_told() -> None:
    told = changes(_with_events(1, 2), _with_events(1, 2, 3))

    assert [line.split(" ", 1)[1] for line in told] == ["change 3 (auto)."]


def test_events_that_were_lost_between_two_looks_are_counted() -> None:
    told = changes(_with_events(1, 2), _with_events(6, 7))

    assert told[0] == "3 earlier changes are no longer known."


def test_nothing_new_is_silence() -> None:
    assert changes(_with_events(1, 2), _with_events(1, 2)) == ()


@pytest.mark.parametrize("situation", SITUATIONS.values(), ids=SITUATIONS)
def test_every_sentence_is_one_line(situation: Callable[[], Snapshot]) -> None:
    snapshot = situation()

    told = (*summary(snapshot), *changes(None, snapshot))

    assert all(line.isprintable() and line.endswith(".") for line in told)


def test_the_summary_says_where_queries_go_and_where_they_would_go() -> None:
    first, *_ = summary(failover_in_progress())

    assert first == "Agent support-bot uses anthropic (2 of 5); if it fails: azure-oai."


def test_the_summary_names_the_key_that_is_missing() -> None:
    assert "Provider openai has no key: set OPENAI_KEY." in summary(no_keys())


def test_without_providers_the_summary_says_so() -> None:
    assert summary(nothing_configured()) == ("No providers are configured.",)


async def test_telling_ends_after_its_time_with_a_summary() -> None:
    clock, told = StillClock(), list[str]()

    await run_plain(FakeLink(all_healthy()), clock, told.append, for_s=10.0)

    assert clock.now().mono == NOW + 10.0
    assert told[0] == told[-len(summary(all_healthy()))] == summary(all_healthy())[0]


async def test_a_reader_who_goes_away_ends_the_telling_quietly() -> None:
    told: list[str] = []

    def write(line: str) -> None:
        told.append(line)
        if len(told) == 2:
            raise BrokenPipeError

    await run_plain(FakeLink(all_healthy()), StillClock(), write)

    assert len(told) == 2


_TALKS = """
from tui_failover.console.plain import write_line
try:
    while True:
        write_line("a line")
except BrokenPipeError:
    pass
"""


def test_a_closed_standard_output_leaves_no_complaint() -> None:
    process = subprocess.Popen(  # noqa: S603 - our own interpreter and our own text
        [sys.executable, "-c", _TALKS], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=dict(os.environ)
    )
    assert process.stdout is not None
    assert process.stderr is not None

    process.stdout.read(7)
    process.stdout.close()

    assert process.wait(timeout=20) == 0
    assert process.stderr.read() == b""
    process.stderr.close()


def test_an_agent_in_panic_is_told_with_what_is_tried() -> None:
    first, *_ = summary(all_down())

    assert first == "Agent support-bot has no available provider: anthropic is tried as the least bad."


def test_a_standard_output_closed_from_the_beginning_is_one_that_nobody_reads() -> None:
    with redirect_stdout(None), pytest.raises(BrokenPipeError):
        write_line("a line")


def test_an_agent_that_nobody_can_serve_is_not_said_to_use_a_provider() -> None:
    first, *_ = summary(no_keys())

    assert first == "Agent my-agent has no available provider: its queries get an error."
