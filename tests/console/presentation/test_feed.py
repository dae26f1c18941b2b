"""Events: newest first, repeats counted, causes kept, and the reader's place respected."""

import pytest

from tests.support import fleets
from tests.support.views import AGENT, CLAUDE, OPENAI, a_picture, an_event
from tui_failover.console.picture import Ink, Picture
from tui_failover.console.presentation.cells import text_of
from tui_failover.console.presentation.feed import SIGNS, entries, feed, listed_events, lowest_top, place_of
from tui_failover.core.copying import replace
from tui_failover.core.event import Event, EventKind, Source

K = EventKind


def texts(picture: Picture, width: int = 100, height: int = 12, anchor: int | None = None) -> list[str]:
    """Return the block as plain text."""
    return [text_of(line).rstrip() for line in feed(picture, width, height, anchor)]


def of(*events: Event) -> Picture:
    """Return a picture with exactly these events."""
    return a_picture(replace(fleets.all_healthy(), events=events))


def check_failed(number: int, ago_s: float) -> Event:
    """Return a failed check of the first provider."""
    return replace(
        an_event(number, ago_s, K.UNHEALTHY, "check failed", "503"), provider=OPENAI, source=Source.PROBE
    )


def test_the_newest_is_on_top_with_its_cause_and_its_source() -> None:
    lines = texts(a_picture(fleets.failover_in_progress()))

    assert lines[1] == (" 14:05:19 ✖ openai      check failed: 503 server error ×3" + " " * 35 + "probe")
    assert lines[3].startswith(" 14:04:25 ⊘ openai      breaker closed → open, 503 server error,")
    assert lines[3].endswith(" 3 failures in a row        auto")


def test_identical_events_in_a_row_are_one_with_a_count() -> None:
    listed = entries((check_failed(1, 30), check_failed(2, 20), check_failed(3, 10)))

    assert [(entry.event.number, entry.times, entry.oldest) for entry in listed] == [(3, 3, 1)]


def test_the_same_event_after_another_one_counts_anew() -> None:
    between = replace(check_failed(2, 20), provider=CLAUDE)

    listed = entries((check_failed(1, 30), between, check_failed(3, 10)))

    assert [entry.times for entry in listed] == [1, 1, 1]


def test_a_place_that_is_being_read_stays_while_new_events_arrive() -> None:
    old = [an_event(number, 100.0 - number, K.CONFIG, f"change {number}") for number in range(10)]
    new = [an_event(number, 100.0 - number, K.CONFIG, f"change {number}") for number in range(10, 13)]

    before, after = (texts(of(*events), anchor=6) for events in (old, [*old, *new]))

    assert before[1:] == after[1:]
    assert "3 new ↑" in before[0]
    assert "6 new ↑" in after[0]


def test_a_long_cause_has_a_line_of_its_own_where_the_block_is_tall() -> None:
    picture = a_picture(fleets.failover_in_progress())

    low, tall = texts(picture, 66, 13), texts(picture, 66, 14)

    assert low[2].startswith(" 14:04:25 ⇄ support-bot openai → anthropic, openai: ")
    assert tall[2].split() == ["14:04:25", "⇄", "support-bot", "openai", "→", "anthropic", "auto"]
    assert tall[3] == " " * 12 + "openai: breaker open: 503 server error, 3 failures i…"


def test_scrolling_ends_where_the_oldest_event_is_in_view() -> None:
    picture = a_picture(fleets.failover_in_progress())

    for height in (4, 6, 14, 40):
        top = lowest_top(picture, 66, height)
        anchor = entries(picture.snapshot.events)[top].event.number if top else None
        assert any("engine started" in line for line in texts(picture, 66, height, anchor))


def test_following_the_newest_says_nothing_of_new_ones() -> None:
    assert "new" not in texts(of(check_failed(1, 10)))[0]


def test_an_anchor_that_has_left_the_ring_shows_the_oldest_known() -> None:
    listed = entries((check_failed(50, 20), replace(check_failed(51, 10), provider=CLAUDE)))

    assert place_of(listed, 3) == 1


def test_a_person_is_named_as_the_source() -> None:
    switched = replace(
        an_event(1, 5, K.SWITCHED, "openai -> anthropic"), actor="ana", source=Source.OPERATOR, agent=AGENT
    )

    line = texts(of(switched))[1]

    assert line.startswith(" 14:05:18 ⇄ support-bot   openai → anthropic")
    assert line.endswith("ana")


def test_a_route_that_stays_is_told_under_its_agent_as_its_neighbours_are() -> None:
    stays = replace(an_event(1, 5, K.HOLD_DOWN, "route stays on openai"), provider=OPENAI, agent=AGENT)

    assert texts(of(stays))[1].startswith(" 14:05:18 ■ support-bot   route stays on openai")


def test_what_can_be_undone_is_said_with_the_time_left() -> None:
    assert "u takes back: switch of support-bot (11s)" in texts(a_picture(fleets.pinned_trial()))[0]


def test_an_undo_that_has_run_out_is_not_offered() -> None:
    late = a_picture(fleets.pinned_trial())

    assert "takes back" not in texts(replace(late, now=late.now + 60))[0]


def test_without_events_the_block_says_so() -> None:
    assert texts(of())[1] == " nothing has happened yet"


@pytest.mark.parametrize(
    ("wanted", "numbers"),
    [
        ("OPENAI", [1]),
        ("support", [2]),
        ("config", [3]),
        ("disk FULL", [4]),
        ("!openai", [2, 3, 4]),
        ("!", [1, 2, 3, 4]),
        ("", [1, 2, 3, 4]),
    ],
)
def test_the_filter_looks_at_provider_agent_text_and_cause(wanted: str, numbers: list[int]) -> None:
    happened = (
        check_failed(1, 40),
        replace(an_event(2, 30, K.CONTINUED, "went on"), agent=AGENT),
        an_event(3, 20, K.CONFIG, "Config read"),
        an_event(4, 10, K.UNKEPT, "state not written", "disk full"),
    )

    left = listed_events(replace(of(*happened), filter=wanted))

    assert [event.number for event in left] == numbers


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ("zzz", ' no event contains "zzz"; esc clears it'),
        ("! check", ' every event contains "check"; esc clears it'),
    ],
)
def test_where_the_filter_leaves_no_event_the_block_says_so(wanted: str, said: str) -> None:
    assert texts(replace(of(check_failed(1, 10)), filter=wanted))[1] == said


def test_events_that_a_filter_hides_do_not_count_as_new() -> None:
    happened = [an_event(number, 100.0 - number, K.CONFIG, f"change {number % 2}.{number}") for number in range(9)]

    lines = texts(replace(of(*happened), filter="change 0"), anchor=4)

    assert "2 new ↑" in lines[0]
    assert [line.split()[3] for line in lines[1:4]] == ["0.4", "0.2", "0.0"]


@pytest.mark.parametrize("kind", K, ids=str)
def test_every_kind_of_event_has_a_sign(kind: EventKind) -> None:
    sign, ink = SIGNS[kind]

    assert len(sign) == 1
    assert ink is not Ink.FAINT
