"""The second line is one plain sentence on the worst there is: what, why, since when, what next."""

import pytest

from tests.support import fleets
from tests.support.views import NOW, a_provider, a_snapshot, an_agent, degraded, down, slow
from tui_failover.console.picture import Ink
from tui_failover.console.presentation.cells import text_of
from tui_failover.console.presentation.verdict import judge, verdict
from tui_failover.core.command import Imposed
from tui_failover.core.copying import replace
from tui_failover.core.names import AgentId, ProviderId
from tui_failover.core.snapshot import NotUsed, PinView, Snapshot, WhyNot
from tui_failover.core.spec import FailbackMode


def told(snapshot: Snapshot, width: int) -> str:
    """Return the verdict's text without its bar."""
    (line,) = verdict(fleets.a_picture(snapshot), width)
    return text_of(line).removeprefix("▎").rstrip()


WIDE = {
    "all_healthy": "● ALL WELL: support-bot is on its first choice; 3 of 3 providers available",
    "failover_in_progress": (
        "▲ DEGRADED: support-bot and 1 more are on anthropic (2nd of 5) since 14:04:25 (58s); "
        "openai DOWN: 503 server error, 5 in a row; openai half-open in 18s; 312 saved, 0 failed"
    ),
    "all_down": (
        "✖ ALL DOWN: no provider is available for support-bot; first hope: anthropic half-open in 8s; "
        "anthropic is tried as the least bad; 37 failed since start"
    ),
    "no_keys": (
        "◇ NO KEYS: set OPENAI_KEY or ANTHROPIC_KEY or BACKUP_OPENAI_KEY; "
        "to see it without keys run: tui-failover demo"
    ),
    "recovering": (
        "⇄ FAILING BACK: support-bot returns from anthropic to openai; stage 2 of 4, 25% of the queries; "
        "a failure sends it back to anthropic; was away for 3m12s"
    ),
    "waiting_for_proof": (
        "◐ ON BACKUP: support-bot is on anthropic (2nd of 3) since 14:02:11 (3m12s); "
        "openai: available, returns when proven: the route stays 12 s more where it is; 312 saved, 0 failed"
    ),
    "pinned_trial": (
        "■ TRIAL: support-bot is on anthropic; goes back by itself in 41s unless t keeps it; "
        "switched by ana: is it faster"
    ),
    "automation_held": (
        "■ HELD: ana holds automation of support-bot; the route stays on openai until released; "
        "each query still fails over by itself"
    ),
    "local_fault": (
        "✖ LOCAL FAULT: our own network is at fault: verdicts are frozen; no failover is made until it is over"
    ),
    "nothing_configured": "○ NO PROVIDER: the settings name no provider yet",
}
NARROW = {
    "failover_in_progress": "▲ DEGRADED: support-bot on anthropic for 58s; openai DOWN; half-open in 18s",
    "all_down": "✖ ALL DOWN: support-bot has no provider; first hope: anthropic half-open in 8s",
    "no_keys": "◇ NO KEYS: set OPENAI_KEY or ANTHROPIC_KEY; or run: tui-failover demo",
    "waiting_for_proof": "◐ ON BACKUP: support-bot on anthropic for 3m12s; the route stays 12 s more",
    "pinned_trial": "■ TRIAL: support-bot is on anthropic; back in 41s unless t keeps it",
}


@pytest.mark.parametrize("situation", WIDE)
def test_with_room_the_whole_sentence_is_said(situation: str) -> None:
    assert told(fleets.SITUATIONS[situation](), 200) == WIDE[situation]


@pytest.mark.parametrize("situation", NARROW)
def test_at_80_columns_what_and_what_next_are_still_said(situation: str) -> None:
    assert told(fleets.SITUATIONS[situation](), 80) == NARROW[situation]


def test_what_is_good_to_know_takes_no_word_from_the_rest() -> None:
    assert told(fleets.failover_in_progress(), 120) == (
        "▲ DEGRADED: support-bot on anthropic for 58s; openai DOWN: 503 server error, 5 in a row; "
        "openai half-open in 18s"
    )


def test_the_bar_has_the_colour_of_the_trouble_and_none_on_a_quiet_day() -> None:
    sick, well = (
        verdict(fleets.a_picture(snapshot), 80)[0] for snapshot in (fleets.all_down(), fleets.all_healthy())
    )

    assert sick[0].ink is Ink.DOWN
    assert well[0].ink is Ink.FAINT


def test_a_local_fault_outranks_everything_that_follows_from_it() -> None:
    snapshot = replace(fleets.all_down(), local_fault="our own network is at fault")

    assert judge(fleets.a_picture(snapshot)).head == "✖ LOCAL FAULT"


def test_a_switch_by_hand_tells_who_and_until_when() -> None:
    snapshot = fleets.pinned_trial()
    pin = PinView(snapshot.agents[0].active, "ana", "", NOW + 1800.0, trial=False, hard=False)

    text = told(replace(snapshot, agents=(replace(snapshot.agents[0], pin=pin),)), 160)

    assert text == "■ PINNED: support-bot is on anthropic; until 14:35:23 (30m00s left); switched by ana"


def test_a_switch_to_a_sick_provider_is_in_the_colour_of_trouble() -> None:
    chain = [a_provider("openai"), down(a_provider("anthropic"))]
    pin = PinView(chain[1].id, "ana", "", None, trial=False, hard=True)
    agent = replace(an_agent("support-bot", chain, active=1), pin=pin)

    finding = judge(fleets.a_picture(a_snapshot(chain, [agent])))

    assert finding.head == "■ PINNED HARD"
    assert finding.ink is Ink.DOWN


def test_a_sick_standby_is_told_with_what_it_does_to_traffic() -> None:
    chain = [a_provider("openai", rate=1.0), down(a_provider("anthropic")), degraded(a_provider("azure"))]

    text = told(a_snapshot(chain, [an_agent("support-bot", chain)]), 200)

    assert text == (
        "▲ DEGRADED: anthropic has been down for 1m00s; 503 server error, 5 in a row; traffic is not touched; "
        "also azure; anthropic half-open in 18s"
    )


def test_a_slow_active_provider_is_told_with_whom_it_serves() -> None:
    chain = [slow(a_provider("openai", rate=1.0)), a_provider("anthropic")]

    text = told(a_snapshot(chain, [an_agent("support-bot", chain)]), 200)

    assert text.startswith("◐ SLOW: openai is slow, p95 ")
    assert text.endswith("; it serves support-bot")


def test_at_80_columns_a_sick_provider_is_told_with_the_first_words_of_its_error() -> None:
    sick = replace(degraded(a_provider("openai", rate=1.0)), reason="503 overloaded: The server is not ready yet.")
    chain = [sick, a_provider("anthropic")]

    text = told(a_snapshot(chain, [an_agent("support-bot", chain)]), 80)

    assert "; 503 overloaded; it serves support-bot" in text


def test_a_backup_is_named_with_the_obstacle_of_the_first_choice_though_it_is_no_error() -> None:
    limit = WhyNot(
        ProviderId("openai"), NotUsed.RATE_LIMITED, f"429 rate limited: {'per minute ' * 20}", NOW + 18.0
    )
    held = replace(a_provider("openai"), available=False, why_not=limit, error="")
    chain = [held, a_provider("anthropic")]

    text = told(a_snapshot(chain, [an_agent("support-bot", chain, active=1)]), 140)

    assert "openai DOWN: 429 rate limited; openai may answer again in 18s" in text


def test_agents_elsewhere_are_not_said_to_be_on_the_same_provider() -> None:
    chain = [down(a_provider("openai")), a_provider("anthropic"), a_provider("azure")]
    agents = [an_agent("support-bot", chain, active=1), an_agent("coder", chain, active=2)]

    text = told(a_snapshot(chain, agents), 200)

    assert text.startswith("▲ DEGRADED: support-bot is on anthropic ")
    assert "; 1 more agent on a backup" in text


def test_agents_switched_elsewhere_are_not_said_to_be_on_the_same_provider() -> None:
    chain = [a_provider("openai"), a_provider("anthropic"), a_provider("azure")]
    agents = [
        replace(
            an_agent(name, chain, active=place),
            pin=PinView(chain[place].id, "ana", "", None, trial=False, hard=False),
        )
        for name, place in (("support-bot", 1), ("coder", 2))
    ]

    text = told(a_snapshot(chain, agents), 160)

    assert text.startswith("■ PINNED: support-bot is on anthropic;")
    assert text.endswith("; 1 more agent switched by hand")


def test_a_switch_to_a_sick_provider_says_so_in_80_columns() -> None:
    wordy = replace(down(a_provider("anthropic")), error=f"503 overloaded: {'not ready ' * 9}")
    chain = [a_provider("openai"), wordy]
    pin = PinView(wordy.id, "ana", "", NOW + 1800.0, trial=False, hard=True)
    agent = replace(an_agent("support-bot", chain, active=1), pin=pin)

    text = told(a_snapshot(chain, [agent]), 80)

    assert "anthropic DOWN" in text


def test_long_names_cost_the_verdict_no_step() -> None:
    chain = [a_provider("openai-main"), a_provider("claude-backup")]
    waits = replace(
        an_agent("support-bot", chain, active=1),
        failback_note="openai-main: available, returns when proven: the route stays 12 s more where it is",
    )

    text = told(a_snapshot(chain, [waits]), 80)

    assert text == "◐ ON BACKUP: support-bot on claude-backup for 58s; the route stays 12 s more"


def test_a_first_choice_that_a_person_drained_is_no_trouble_and_comes_back_by_a_key() -> None:
    drained = replace(
        a_provider("openai"),
        imposed=Imposed.DRAIN,
        available=False,
        why_not=WhyNot(ProviderId("openai"), NotUsed.DRAINING, "drained by ana, 0 in flight"),
    )
    chain = [drained, a_provider("anthropic")]

    text = told(a_snapshot(chain, [an_agent("support-bot", chain, active=1)]), 180)

    assert text.startswith("◐ ON BACKUP: support-bot is on anthropic ")
    assert text.endswith(
        "; openai DRAIN: drained by ana, 0 in flight; comes back after d returns openai to service"
    )


def test_a_calm_switch_by_hand_hides_no_trouble_of_another_agent() -> None:
    chain = [down(a_provider("openai")), a_provider("anthropic"), a_provider("azure")]
    pin = PinView(chain[2].id, "ana", "", None, trial=False, hard=False)
    agents = [replace(an_agent("coder", chain, active=2), pin=pin), an_agent("support-bot", chain, active=1)]

    text = told(a_snapshot(chain, agents), 160)

    assert text.startswith("▲ DEGRADED: support-bot is on anthropic ")


def test_where_failback_is_manual_the_next_step_is_a_key() -> None:
    snapshot = fleets.failover_in_progress()
    config = replace(snapshot.agents[0].config, failback=FailbackMode.MANUAL)

    text = told(replace(snapshot, agents=(replace(snapshot.agents[0], config=config),)), 200)

    assert "comes back only by hand: s switches" in text


def test_a_paused_countdown_stands_still() -> None:
    paused = fleets.paused()

    texts = {text_of(verdict(replace(paused, now=paused.now + later), 120)[0]) for later in (0.0, 10.0)}

    assert len(texts) == 1


def test_agents_without_a_provider_have_none_and_one_has_none() -> None:
    alone = fleets.all_down()
    together = replace(alone, agents=(*alone.agents, replace(alone.agents[0], id=AgentId("coder"))))

    assert "support-bot has no provider" in told(alone, 45)
    assert "support-bot and 1 more have no provider" in told(together, 57)
    assert "no provider is available for support-bot and 1 more" in told(together, 200)
