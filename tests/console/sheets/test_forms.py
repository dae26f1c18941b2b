from collections.abc import Callable

import pytest

from tests.support.ends import Ended, traffic_of
from tests.support.fleets import (
    SITUATIONS,
    all_down,
    all_healthy,
    automation_held,
    failover_in_progress,
    no_keys,
    nothing_configured,
    pinned_trial,
    recovering,
)
from tests.support.views import AGENT, BACKUP, CLAUDE, NOW, OPENAI, a_provider, a_snapshot, an_agent, down
from tui_failover.console.ending import Ending
from tui_failover.console.picture import Ink
from tui_failover.console.presentation.cells import text_of
from tui_failover.console.sheets.automation import AutomationSheet, toggle
from tui_failover.console.sheets.drawing import draw
from tui_failover.console.sheets.driving import opened
from tui_failover.console.sheets.form import CANCEL, Act, Form, Subject
from tui_failover.console.sheets.leave import QuitSheet
from tui_failover.console.sheets.provider_acts import BreakerSheet, DrainSheet
from tui_failover.console.sheets.switch import MODES, SwitchSheet
from tui_failover.core.command import (
    BreakerHand,
    HoldAutomation,
    HoldBreaker,
    Impose,
    Imposed,
    ReleaseAutomation,
    ReleasePin,
    ResetBreaker,
    SwitchTo,
)
from tui_failover.core.copying import replace
from tui_failover.core.names import AgentId, ProviderId
from tui_failover.core.need import EVERY_NEED, Need
from tui_failover.core.query import Usage
from tui_failover.core.snapshot import Limited, LimitView, Snapshot
from tui_failover.core.spec import Price

SUBJECTS: dict[str, Callable[[ProviderId], Subject]] = {
    "switch": SwitchSheet,
    "drain": DrainSheet,
    "breaker": BreakerSheet,
    "automation": AutomationSheet,
    "quit": lambda _provider: QuitSheet(),
}


def act(form: Form, name: str) -> Act:
    return next(one for one in form.acts if one.id == name)


def body(form: Form) -> str:
    return "\n".join(text_of(line) for line in form.body)


def row(form: Form, name: str) -> tuple[str, ...]:
    return next(one.choices for one in form.rows if one.id == name)


@pytest.mark.parametrize("situation", SITUATIONS.values(), ids=SITUATIONS)
@pytest.mark.parametrize("subject", SUBJECTS.values(), ids=SUBJECTS)
def test_the_first_act_of_every_sheet_changes_nothing(
    subject: Callable[[ProviderId], Subject], situation: Callable[[], Snapshot]
) -> None:
    snapshot = situation()
    ids = [view.id for view in snapshot.providers[:6]] or [OPENAI]

    firsts = [subject(provider).form(snapshot, {}).acts[0] for provider in ids]

    assert all(first.id == CANCEL and first.result is None and not first.blocked for first in firsts)


@pytest.mark.parametrize("subject", SUBJECTS.values(), ids=SUBJECTS)
def test_a_sheet_survives_the_loss_of_what_it_is_about(subject: Callable[[ProviderId], Subject]) -> None:
    form = subject(OPENAI).form(
        nothing_configured(), {"agent": "gone", "to gone": "gone", "mode": MODES[2], "time": "until undone"}
    )

    assert form.acts[0].id == CANCEL


class TestSwitch:
    def test_from_a_standby_row_the_target_is_that_row(self) -> None:
        form = SwitchSheet(BACKUP).form(all_healthy(), {})

        assert act(form, "switch").result == SwitchTo(AGENT, BACKUP, hold_s=1800.0)

    def test_from_the_active_row_the_target_is_the_next_best(self) -> None:
        form = SwitchSheet(OPENAI).form(all_healthy(), {})

        assert act(form, "switch").result == SwitchTo(AGENT, CLAUDE, hold_s=1800.0)

    @pytest.mark.parametrize(
        ("mode", "order"),
        [
            (0, SwitchTo(AGENT, CLAUDE, hold_s=1800.0)),
            (1, SwitchTo(AGENT, CLAUDE, hold_s=0.0)),
            (2, SwitchTo(AGENT, CLAUDE, trial=True)),
        ],
        ids=MODES,
    )
    def test_each_way_of_holding_is_its_own_order(self, mode: int, order: SwitchTo) -> None:
        form = SwitchSheet(CLAUDE).form(all_healthy(), {"mode": MODES[mode]})

        assert act(form, "switch").result == order

    def test_several_agents_are_chosen_from(self) -> None:
        form = SwitchSheet(ProviderId("anthropic")).form(failover_in_progress(), {"agent": "coder"})

        assert row(form, "agent") == ("support-bot", "coder")
        assert form.title == "switch coder"

    def test_an_agent_that_is_on_the_target_already_is_offered_its_own_next_best(self) -> None:
        sheet = SwitchSheet(ProviderId("azure-oai"))
        first = opened(sheet.form(failover_in_progress(), {}))

        form = sheet.form(failover_in_progress(), {**first.picks, "agent": "batch"})

        assert first.picks["to support-bot"] == "azure-oai"
        assert act(form, "switch").result == SwitchTo(AgentId("batch"), ProviderId("bedrock"), hold_s=1800.0)

    def test_the_consequence_names_both_ends_what_is_in_flight_and_who_stays(self) -> None:
        told = body(SwitchSheet(BACKUP).form(all_healthy(), {}))

        assert "from  openai         ● UP" in told
        assert "as of 4s ago, gpt-4.1-mini" in told
        assert "p95 1.0s over 20 answers, 1.0s over the 80 before" in told
        assert "price unknown; in all 12.4/s, 12 in flight" in told
        assert "to    backup-openai  ● UP" in told
        assert "loses nothing known: no query has ended in the last 5 min" in told
        assert "12 queries of support-bot are in flight and finish where they are." in told
        assert "support-bot is the only agent." in told
        assert "automation may move it again after 30 min" in told

    @pytest.mark.parametrize(
        ("inflight", "words"),
        [(0, "No query of support-bot is in flight."), (1, "1 query of support-bot is in flight and finishes")],
    )
    def test_what_is_in_flight_is_told_in_good_grammar(self, inflight: int, words: str) -> None:
        calm = all_healthy()
        agents = (replace(calm.agents[0], inflight=inflight),)

        assert words in body(SwitchSheet(BACKUP).form(replace(calm, agents=agents), {}))

    def test_the_price_is_that_of_the_agents_own_tokens_at_each_end(self) -> None:
        assert "$2.40/h for support-bot; in all 12.4/s" in self.told(Ended(usage=Usage(50_000, 10_000)))
        assert "price unknown, tokens are not told" in self.told(Ended(unmetered=True))
        assert "support-bot asks nothing now" in self.told()

    def test_what_recent_queries_would_lose_is_loud(self) -> None:
        told = self.told(Ended(needs=frozenset({Need.IMAGES})), Ended())

        assert "loses images: 1 of 2 queries in the last 5 min" in told

    def test_limits_of_the_target_are_told_with_what_the_switch_adds(self) -> None:
        calm = all_healthy()
        limits = (LimitView(Limited.QUERIES, 500, 12), LimitView(Limited.CONCURRENCY, 20, 9))
        views = tuple(replace(one, limits=limits if one.id == BACKUP else ()) for one in calm.providers)
        form = SwitchSheet(BACKUP).form(replace(calm, providers=views), {})

        room = next(line for line in form.body if "queries/min" in text_of(line))
        assert text_of(room).strip() == "uses  12 of 500 queries/min +0, 9 of 20 at once +12"
        assert room[-1].ink is Ink.DEGR

    def test_no_limit_is_cut_off_at_the_sheets_edge(self) -> None:
        calm = all_healthy()
        limits = (
            LimitView(Limited.QUERIES, 4000, 3999),
            LimitView(Limited.TOKENS, 400_000, 399_999),
            LimitView(Limited.WRITTEN, 80_000, 79_999),
        )
        views = tuple(replace(one, limits=limits if one.id == BACKUP else ()) for one in calm.providers)
        form = SwitchSheet(BACKUP).form(replace(calm, providers=views), {})

        told = "\n".join(text_of(one) for one in draw(form, opened(form), 76, 60))
        assert "80.0k of 80.0k output/min +0" in told

    @staticmethod
    def told(*ends: Ended) -> str:
        """Return the sheet's body for priced providers, the target takes no images, after such queries."""
        calm = all_healthy()
        price = Price(2_000_000, 10_000_000)
        views = tuple(
            replace(one, price=price, carries=EVERY_NEED - {Need.IMAGES} if one.id == BACKUP else EVERY_NEED)
            for one in calm.providers
        )
        traffic = traffic_of(*((NOW - 1.0, how) for how in ends))
        agents = (replace(calm.agents[0], traffic=traffic),)
        return body(SwitchSheet(BACKUP).form(replace(calm, providers=views, agents=agents), {}))

    def test_an_unavailable_target_wants_its_effect_accepted(self) -> None:
        form = SwitchSheet(OPENAI).form(failover_in_progress(), {})

        assert act(form, "switch").accept == "switch although openai is not available: breaker open"
        assert "openai is not available" in body(form)

    def test_a_reason_that_ends_in_a_full_stop_keeps_one(self) -> None:
        calm = failover_in_progress()
        first = calm.providers[0]
        assert first.why_not is not None
        stopped = replace(first, why_not=replace(first.why_not, text="The server is not ready yet."))

        form = SwitchSheet(OPENAI).form(replace(calm, providers=(stopped, *calm.providers[1:])), {})

        assert "openai is not available: The server is not ready yet.\n" in body(form)
        assert act(form, "switch").accept.endswith("The server is not ready yet")

    def test_a_target_without_its_key_is_out_of_the_question(self) -> None:
        form = SwitchSheet(CLAUDE).form(no_keys(), {})

        assert act(form, "switch").blocked == "anthropic has no key: set ANTHROPIC_KEY"

    def test_what_the_switch_ends_or_leaves_is_said(self) -> None:
        assert "Replaces the switch to anthropic by ana." in body(SwitchSheet(OPENAI).form(pinned_trial(), {}))
        assert "Ends the failback to openai that is under way." in body(SwitchSheet(BACKUP).form(recovering(), {}))
        assert "Automation stays held by ana." in body(SwitchSheet(OPENAI).form(automation_held(), {}))

    def test_a_named_agent_and_target_are_preselected(self) -> None:
        sheet = SwitchSheet(ProviderId("bedrock"), AgentId("batch"), ProviderId("bedrock"))

        form = sheet.form(failover_in_progress(), {})

        assert act(form, "switch").result == SwitchTo(AgentId("batch"), ProviderId("bedrock"), hold_s=1800.0)


class TestDrain:
    def test_each_act_is_its_order(self) -> None:
        form = DrainSheet(BACKUP).form(all_healthy(), {})

        assert [one.result for one in form.acts[1:]] == [
            Impose(BACKUP, Imposed.DRAIN),
            Impose(BACKUP, Imposed.MAINTENANCE),
            Impose(BACKUP, Imposed.NOTHING),
        ]

    def test_a_standby_is_drained_without_further_ado(self) -> None:
        drain = act(DrainSheet(BACKUP).form(all_healthy(), {}), "drain")

        assert (drain.accept, drain.word) == ("", "")

    def test_draining_the_active_provider_wants_its_effect_accepted(self) -> None:
        form = DrainSheet(OPENAI).form(all_healthy(), {})

        assert act(form, "drain").accept == "support-bot moves away from openai"
        assert "support-bot goes from openai to anthropic." in body(form)

    def test_draining_the_last_available_provider_wants_the_word_typed(self) -> None:
        chain = [a_provider("openai", rate=1.0), down(a_provider("anthropic"))]
        snapshot = a_snapshot(chain, [an_agent("support-bot", chain)])

        form = DrainSheet(OPENAI).form(snapshot, {})

        assert act(form, "drain").word == "DRAIN"
        assert "support-bot has nowhere else to go" in body(form)

    def test_what_is_imposed_already_cannot_be_imposed_again(self) -> None:
        form = DrainSheet(CLAUDE).form(automation_held(), {})

        assert act(form, "drain").blocked == "it is draining already"
        assert not act(form, "nothing").blocked


class TestBreaker:
    def test_each_act_is_its_order(self) -> None:
        form = BreakerSheet(BACKUP).form(all_healthy(), {"time": "until undone"})

        assert [one.result for one in form.acts[1:]] == [
            ResetBreaker(BACKUP),
            HoldBreaker(BACKUP, None),
            HoldBreaker(BACKUP, BreakerHand.OPEN, 0.0),
            HoldBreaker(BACKUP, BreakerHand.CLOSED, 0.0),
        ]

    def test_holding_closed_always_wants_its_effect_accepted(self) -> None:
        form = BreakerSheet(BACKUP).form(all_healthy(), {})

        assert act(form, "hold-closed").accept == "queries go to backup-openai however often it fails"

    def test_the_present_state_is_told_with_its_timer(self) -> None:
        told = body(BreakerSheet(OPENAI).form(all_down(), {}))

        assert "Now open, half-open in 22s: 3 failures in a row." in told

    def test_only_what_a_person_holds_can_be_given_back(self) -> None:
        assert act(BreakerSheet(OPENAI).form(all_healthy(), {}), "give-back").blocked == "nobody holds it"
        assert not act(BreakerSheet(BACKUP).form(automation_held(), {}), "give-back").blocked


class TestAutomation:
    def test_one_agent_is_held_and_released_without_a_sheet(self) -> None:
        free, held = all_healthy().agents, automation_held().agents

        assert toggle(free) == HoldAutomation(AGENT)
        assert toggle(held) == ReleaseAutomation(AGENT)

    def test_several_agents_or_a_switched_one_need_the_sheet(self) -> None:
        assert toggle(failover_in_progress().agents) is None
        assert toggle(pinned_trial().agents) is None

    def test_a_switched_route_can_be_given_back(self) -> None:
        form = AutomationSheet(OPENAI).form(pinned_trial(), {})

        assert act(form, "give-back").result == ReleasePin(AGENT)
        assert "Trial switch to anthropic by ana, ends in 41s." in body(form)

    def test_holding_strictly_wants_its_effect_accepted(self) -> None:
        strictly = act(AutomationSheet(OPENAI).form(all_healthy(), {}), "hold-strict")

        assert strictly.result == HoldAutomation(AGENT, strict=True)
        assert strictly.accept == "queries of support-bot fail while openai fails"

    def test_what_nobody_holds_cannot_be_resumed(self) -> None:
        assert act(AutomationSheet(OPENAI).form(all_healthy(), {}), "release").blocked == "nobody holds it"


class TestQuit:
    def test_leaving_and_stopping_are_different_acts(self) -> None:
        form = QuitSheet().form(all_healthy(), {})

        assert [one.result for one in form.acts] == [
            None,
            Ending.DETACHED,
            Ending.STOP_DRAIN,
            Ending.STOP_NOW,
        ]

    def test_stopping_while_queries_are_in_flight_wants_the_word_typed(self) -> None:
        form = QuitSheet().form(all_healthy(), {})

        assert act(form, "stop").word == "STOP"
        assert act(form, "stop").hint == "13 queries in flight fail"

    def test_stopping_an_idle_engine_needs_no_word(self) -> None:
        calm = all_healthy()
        idle = replace(calm, providers=tuple(replace(view, inflight=0) for view in calm.providers))

        assert act(QuitSheet().form(idle, {}), "stop").word == ""

    def test_a_read_only_console_stops_nothing(self) -> None:
        form = QuitSheet(read_only=True).form(all_healthy(), {})

        assert act(form, "drain").blocked == act(form, "stop").blocked == "the console is read-only"
        assert not act(form, "detach").blocked

    def test_an_engine_elsewhere_can_only_be_left(self) -> None:
        form = QuitSheet(owns_engine=False).form(all_healthy(), {})

        assert [one.id for one in form.acts] == [CANCEL, "detach"]
