from collections.abc import Callable

import pytest

from tests.support.fleets import (
    SITUATIONS,
    all_healthy,
    automation_held,
    failover_in_progress,
    hostile_text,
    pinned_trial,
)
from tests.support.views import NOW, a_snapshot, an_event
from tui_failover.console.handover import away, handover, row
from tui_failover.core.copying import replace
from tui_failover.core.event import EventKind
from tui_failover.core.snapshot import Snapshot


def _unseen(*kinds: EventKind) -> tuple[str, ...]:
    events = [an_event(number, 60.0 - number, kind, kind.value) for number, kind in enumerate(kinds, start=1)]
    return away(0, a_snapshot((), (), events))


def test_nothing_new_is_no_news() -> None:
    snapshot = failover_in_progress()

    assert away(snapshot.events[-1].number, snapshot) == ()


def test_up_to_three_changes_are_told_in_order() -> None:
    lines = _unseen(EventKind.UNHEALTHY, EventKind.BREAKER_OPENED, EventKind.FAILOVER)

    assert [line.split(" ")[1] for line in lines] == ["unhealthy", "breaker-opened", "failover"]


def test_of_many_changes_the_ones_that_moved_queries_are_told_and_the_rest_counted() -> None:
    lines = _unseen(EventKind.FAILOVER, *[EventKind.UNHEALTHY] * 9, EventKind.SWITCHED)

    assert [line.split(" ")[1] for line in lines[:2]] == ["failover", "switched"]
    assert lines[2:] == ("and 9 more changes",)


def test_a_handover_tells_how_each_agents_queries_fare() -> None:
    told = handover(failover_in_progress(), "")

    assert (
        "  - 22.0/s, 22 in flight, 616 tokens/s, 0.0% failed in the last minute; "
        "312 saved by failover, 0 failed of 41800\n"
    ) in told


def test_a_row_is_one_line_with_state_breaker_and_reason() -> None:
    text = row(failover_in_progress().providers[0], NOW)

    assert text.startswith("openai  DOWN  breaker OPEN 18s")
    assert text.endswith("503 server error")


def test_the_handover_says_routes_and_why_not_the_others() -> None:
    text = handover(failover_in_progress(), "the verdict")

    assert "the verdict" in text
    assert "- **support-bot** uses anthropic since 14:04:25" in text
    assert "  - not openai: breaker open" in text
    assert "  - next azure-oai: available" in text
    assert "  - then bedrock: available" in text


def test_the_handover_says_what_ends_when() -> None:
    assert "- support-bot: trial switch to anthropic by ana, ends in 41s" in handover(pinned_trial(), "")
    held = handover(automation_held(), "")
    assert "- support-bot: automation held by ana" in held
    assert "- backup-openai: breaker held open, ends in 10m00s" in held


def test_the_handover_says_what_people_tried() -> None:
    tried = handover(pinned_trial(), "").split("## Tried by people")[1].split("##")[0]

    assert "openai -\\> anthropic, trial for 60 s, because is it faster (ana)" in tried


def test_a_quiet_day_has_an_empty_handover() -> None:
    text = handover(all_healthy(), "")

    assert "## Timers\n- none" in text
    assert "## Tried by people\n- nothing" in text


def test_provider_text_cannot_break_the_table_or_become_a_link() -> None:
    text = handover(hostile_text(), "")

    rows = [line for line in text.splitlines() if line.startswith("| ")]
    assert all(line.replace("\\|", "").count("|") == 8 for line in rows)
    assert "[link=" not in text.replace("\\[", "")


@pytest.mark.parametrize("situation", SITUATIONS.values(), ids=SITUATIONS)
def test_every_situation_can_be_handed_over(situation: Callable[[], Snapshot]) -> None:
    snapshot = replace(situation(), undo=None)

    assert handover(snapshot, "verdict").startswith("# Handover, 14:05:23 UTC")
