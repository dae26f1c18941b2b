"""Who uses what, what comes next, and why not something else."""

from tests.support import fleets
from tests.support.views import a_picture
from tui_failover.console.picture import Ink, Picture, Span
from tui_failover.console.presentation.agents import agents, chosen
from tui_failover.console.presentation.cells import text_of
from tui_failover.core.copying import replace
from tui_failover.core.names import ProviderId

INCIDENT = a_picture(fleets.failover_in_progress())


def texts(picture: Picture, width: int = 80, height: int = 12) -> list[str]:
    """Return the block as plain text."""
    return [text_of(line).rstrip() for line in agents(picture, width, height)]


def test_each_agent_has_its_route_its_figures_and_what_comes_next() -> None:
    assert texts(INCIDENT)[1:5] == [
        " AGENT       USES          RATE FLIGHT  TOK/S  SAVED FAILED  NEXT",
        " support-bot ● anthropic 22.0/s     22    616    312      0  ◐ azure-oai",
        " coder       ● anthropic 14.0/s     14    392    312      0  ○ local-llama",
        " batch       ◐ azure-oai  6.1/s      6    171      0      4  ● bedrock",
    ]


def test_for_each_provider_that_is_not_used_there_is_a_reason() -> None:
    lines = texts(INCIDENT, width=120)

    assert lines[5:10] == [
        " support-bot: if anthropic fails → azure-oai",
        " not  openai      breaker open, half-open in 18s: 503 server error, 3 failures in a row",
        " next azure-oai   available, later in the chain",
        " then bedrock     available, later in the chain",
        " then local-llama available, later in the chain",
    ]


def test_the_reasons_are_those_of_the_agent_the_cursor_concerns() -> None:
    moved = replace(INCIDENT, selected=ProviderId("azure-oai"))

    assert " batch: if azure-oai fails → bedrock" in texts(moved)


def test_an_agent_that_merely_has_the_provider_is_the_second_choice() -> None:
    standby = chosen(replace(INCIDENT, selected=ProviderId("bedrock")))

    assert standby is not None
    assert standby.id == "support-bot"


def test_where_it_is_low_the_agents_share_a_line() -> None:
    assert texts(INCIDENT, height=2)[1] == " support-bot ● anthropic   coder ● anthropic   batch ◐ azure-oai"


def test_where_it_is_wide_the_failed_share_of_the_last_minute_is_there_too() -> None:
    crowd = fleets.failover_in_progress()
    failing = replace(crowd.agents[0], error_share=0.021)

    lines = texts(a_picture(replace(crowd, agents=(failing, *crowd.agents[1:]))), width=120)

    assert lines[1].endswith(" RATE FLIGHT  TOK/S    ERR  SAVED FAILED  NEXT")
    assert " 616   2.1%    312 " in lines[2]


def test_figures_keep_their_places_while_their_values_change() -> None:
    agent = INCIDENT.snapshot.agents[0]
    busy = replace(agent, rate=4_200.0, inflight=1_999, tokens_per_s=41_800.0, saved=3_200_000, failed=12)
    moved = a_picture(replace(INCIDENT.snapshot, agents=(busy, *INCIDENT.snapshot.agents[1:])))

    assert texts(moved)[2] == " support-bot ● anthropic 4200/s   1999  41.8k   3.2M     12  ◐ azure-oai"


def test_where_it_is_narrow_figures_leave_before_names() -> None:
    lines = texts(INCIDENT, width=52)

    assert "SAVED" not in lines[1]
    assert lines[2].startswith(" support-bot ● anthropic ")
    assert lines[2].endswith("◐ azure-oai")


def test_panic_says_who_is_tried() -> None:
    lines = texts(a_picture(fleets.all_down()))

    assert lines[2].startswith(" support-bot ✖ anthropic panic ")
    assert lines[3] == " anthropic is tried as the least bad"


def test_a_trial_is_marked_at_its_route() -> None:
    lines = agents(a_picture(fleets.pinned_trial()), 80, 12)

    assert Span(" trial", Ink.HELD) in lines[2]


def test_a_ramp_shows_its_share_at_the_route() -> None:
    assert " ● anthropic →25% " in texts(a_picture(fleets.recovering()))[2]


def test_a_ramp_that_begins_shows_its_one_query_rather_than_no_share() -> None:
    calm = fleets.recovering()
    first = calm.agents[0]
    assert first.ramp is not None
    canary = replace(first, ramp=replace(first.ramp, share=0.0))

    assert " →one " in texts(a_picture(replace(calm, agents=(canary, *calm.agents[1:]))))[2]


def test_failed_queries_are_in_the_ink_of_down() -> None:
    lines = agents(a_picture(fleets.all_down()), 80, 12)

    assert any(span.ink is Ink.DOWN and span.text.strip() == "37" for span in lines[2])
