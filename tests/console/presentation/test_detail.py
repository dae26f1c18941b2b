"""Everything about one provider, in labelled rows."""

import pytest

from tests.support import fleets
from tests.support.views import NOW, a_picture, a_provider, a_snapshot, an_agent, down, slow
from tui_failover.console.presentation.cells import text_of
from tui_failover.console.presentation.detail import detail
from tui_failover.core.command import BreakerHand, Imposed
from tui_failover.core.copying import replace
from tui_failover.core.snapshot import Flag, ProviderView
from tui_failover.core.transition import BreakerState


def facts(view: ProviderView) -> dict[str, str]:
    """Return the rows by their labels."""
    lines = detail(a_picture(a_snapshot([view], [])), 100, 15)[1:]
    return {text_of(line)[1:12].strip(): text_of(line)[13:].strip() for line in lines}


USUAL = a_provider("openai")


def test_a_provider_that_is_down_is_told_completely() -> None:
    told = facts(down(USUAL))

    assert told["state"] == "✖ DOWN for 1m00s"
    assert told["why"] == "503 server error, 5 in a row"
    assert told["breaker"] == "open, half-open in 18s, opened 1×"
    assert told["failures"] == "5 in a row, breaker opens at 3"
    assert told["last error"] == "503 server error"
    assert told["checked"] == "4s ago, next in 11s, query every 15s"
    assert told["key"] == "from env:OPENAI_KEY"


def test_a_provider_that_has_recovered_still_tells_why_it_failed() -> None:
    recovered = replace(USUAL, last_error="503 server error", last_failure_at=NOW - 95.0)

    assert facts(recovered)["last error"] == "none now; 1m35s ago: 503 server error"
    assert facts(USUAL)["last error"] == "none"


def test_every_reason_is_listed_not_only_the_first() -> None:
    assert facts(replace(slow(USUAL), imposed=Imposed.DRAIN))["state"].startswith("■ DRAIN for 1m13s, also ◐ SLOW")


def test_what_the_word_does_not_say_stands_beside_it() -> None:
    view = replace(USUAL, checking=True, flags=frozenset({Flag.PINNED, Flag.LIMITED}))

    assert facts(view)["state"] == "● UP for 1h06m, checking, pinned, limited"


@pytest.mark.parametrize(
    ("state", "hand", "expected"),
    [
        pytest.param(BreakerState.CLOSED, None, "closed", id="closed"),
        pytest.param(BreakerState.OPEN, None, "open, half-open in 18s", id="open"),
        pytest.param(BreakerState.HALF_OPEN, None, "half-open, 1 of 3 trials passed", id="half-open"),
        pytest.param(BreakerState.CLOSED, BreakerHand.OPEN, "held open by hand, 10m00s left", id="held"),
    ],
)
def test_the_breaker_is_told_in_words(state: BreakerState, hand: BreakerHand | None, expected: str) -> None:
    breaker = replace(
        USUAL.breaker, state=state, hand=hand, hand_until_at=NOW + 600.0, until_at=NOW + 18.0, successes=1
    )

    assert facts(replace(USUAL, breaker=breaker))["breaker"] == expected


def test_a_missing_key_is_told_as_what_to_set() -> None:
    assert facts(replace(USUAL, missing_key="set OPENAI_KEY"))["key"] == "set OPENAI_KEY"


def test_maintenance_means_no_checks() -> None:
    assert facts(replace(USUAL, imposed=Imposed.MAINTENANCE))["checked"] == "4s ago, not while in maintenance"


def test_unknown_cost_is_counted_apart() -> None:
    assert facts(replace(USUAL, unpriced=2))["spent"].endswith(", 2 attempts unpriced")


def test_without_a_selection_the_block_says_so() -> None:
    picture = replace(a_picture(fleets.all_healthy()), selected=None)

    assert text_of(detail(picture, 60, 4)[1]).strip() == "no provider is selected"


def test_what_was_changed_at_run_time_is_told() -> None:
    agent = replace(an_agent("coder", [USUAL]), overridden=True)
    view = replace(USUAL, overridden=True, agents=(agent.id,))

    lines = detail(a_picture(a_snapshot([view], [agent])), 100, 15)

    assert " settings    changed at run time: this provider, coder" in [text_of(line).rstrip() for line in lines]
