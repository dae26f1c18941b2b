"""The first line says what this is, how it is driven, and how old the data is."""

import pytest

from tests.support import fleets
from tests.support.views import NOW
from tui_failover.console.picture import Ink, Picture, Span
from tui_failover.console.presentation.cells import text_of
from tui_failover.console.presentation.mode_line import alerts, caption, mode_line
from tui_failover.core.copying import replace
from tui_failover.core.snapshot import Snapshot

HEALTHY = fleets.a_picture(fleets.all_healthy())


def line_of(picture: Picture, width: int = 120) -> str:
    """Return the text of the mode line."""
    (line,) = mode_line(picture, width)
    return text_of(line)


def test_all_of_it_at_80_columns() -> None:
    text = line_of(replace(HEALTHY, environment="prod-eu"), 80)

    assert text == " FAILOVER  ● LIVE  AUTO  prod-eu  rev 41          0 alerts  14:05:23Z  age 0.1s "


def test_at_40_columns_mode_alerts_and_age_stay() -> None:
    assert line_of(HEALTHY, 40) == " FAILOVER  ● LIVE    0 alerts  age 0.1s "


GATEWAY = "http://127.0.0.1:5000"


@pytest.mark.parametrize(
    ("width", "expected"),
    [
        (120, " FAILOVER  ● LIVE  AUTO  gateway http://127.0.0.1:5000/v1  rev 41  up 1h06m "),
        (92, " FAILOVER  ● LIVE  AUTO  gateway http://127.0.0.1:5000/v1 "),
        (86, " FAILOVER  ● LIVE  AUTO  http://127.0.0.1:5000/v1 "),
        (80, " FAILOVER  ● LIVE  AUTO  gateway :5000  rev 41 "),
        (60, " FAILOVER  ● LIVE  AUTO "),
    ],
    ids=str,
)
def test_the_gateways_address_is_shortened_before_it_leaves(width: int, expected: str) -> None:
    text = line_of(replace(HEALTHY, gateway=GATEWAY), width)

    assert text.startswith(expected)
    assert text.endswith("0 alerts  14:05:23Z  age 0.1s ")


def test_without_a_gateway_nothing_is_said_of_it() -> None:
    assert "gateway" not in line_of(HEALTHY).casefold()


def test_a_gateway_that_could_not_be_opened_is_loud() -> None:
    (line,) = mode_line(replace(HEALTHY, gateway_problem="the address is taken"), 80)

    assert Span("NO GATEWAY", Ink.DOWN, bold=True) in line


@pytest.mark.parametrize("width", [60, 80, 200])
def test_the_address_that_was_tabbed_to_is_whole_and_says_what_y_does(width: int) -> None:
    (line,) = mode_line(replace(HEALTHY, gateway=GATEWAY, environment="prod-eu"), width, picked=True)

    assert Span(f"{GATEWAY}/v1", Ink.ACCENT, bold=True, lit=True) in line
    assert ("y copies its export line" in text_of(line)) is (width >= 80)


def test_a_paused_picture_says_since_when_and_its_age_counts_up() -> None:
    paused = fleets.paused()

    texts = [line_of(replace(paused, now=paused.now + later)) for later in (0.0, 19.0)]

    assert "‖ PAUSED 14:05:23Z, 41s old" in texts[0]
    assert "‖ PAUSED 14:05:23Z, 1m00s old" in texts[1]


def test_old_data_is_loud() -> None:
    (line,) = mode_line(replace(HEALTHY, now=NOW + 7.0), 120)

    assert line[-1] == Span("  age 7.0s ", Ink.SLOW, bold=True)


def test_an_engine_that_fell_silent_is_not_called_live() -> None:
    text = line_of(replace(HEALTHY, now=NOW + 60.0))

    assert "✖ NO DATA" in text
    assert "LIVE" not in text


def test_read_only_is_said() -> None:
    assert "READ-ONLY" in line_of(replace(HEALTHY, read_only=True))


def test_automation_held_for_some_agents_says_for_how_many() -> None:
    crowd = fleets.failover_in_progress()
    held = (replace(crowd.agents[0], automation_held="ana"), *crowd.agents[1:])

    assert "HELD 1/3" in line_of(fleets.a_picture(replace(crowd, agents=held)))


def test_automation_held_for_everyone_is_just_held() -> None:
    assert " HELD  " in line_of(fleets.a_picture(fleets.automation_held()))


def test_automation_switched_off_in_the_settings_is_manual() -> None:
    calm = fleets.all_healthy()
    agent = replace(calm.agents[0], config=replace(calm.agents[0].config, auto_failover_enabled=False))

    assert "MANUAL" in line_of(fleets.a_picture(replace(calm, agents=(agent,))))


@pytest.mark.parametrize(
    ("snapshot", "expected"),
    [
        pytest.param(fleets.all_healthy(), 0, id="nothing"),
        pytest.param(fleets.failover_in_progress(), 1, id="a provider down"),
        pytest.param(fleets.all_down(), 4, id="three down and panic"),
        pytest.param(fleets.local_fault(), 4, id="three degraded and a local fault"),
        pytest.param(fleets.no_keys(), 0, id="a missing key is no alert"),
    ],
)
def test_alerts_count_what_needs_a_person(snapshot: Snapshot, expected: int) -> None:
    assert alerts(snapshot) == expected


def test_a_demo_says_what_it_shows() -> None:
    (line,) = caption(replace(HEALTHY, caption="openai answers 503 from now on"), 60)

    assert text_of(line).rstrip() == " demo  openai answers 503 from now on"
