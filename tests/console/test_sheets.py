"""Sheets on the screen: opened, left, confirmed and refused by keys."""

import pytest

from tests.support.consoles import Bench, a_console
from tests.support.fleets import all_healthy, failover_in_progress, hostile_text, pinned_trial
from tests.support.views import AGENT, CLAUDE, OPENAI
from tui_failover.console.desk import Options
from tui_failover.console.ending import ConsoleEnd, Ending
from tui_failover.console.guard import TOO_FRESH
from tui_failover.console.screens.overview import Overview
from tui_failover.console.sheets.sheet import Sheet
from tui_failover.core.command import (
    Accepted,
    BreakerHand,
    HoldAutomation,
    HoldBreaker,
    Impose,
    Imposed,
    Refused,
    ReleasePin,
    SwitchTo,
)

OPENERS = {"switch": "s", "drain": "d", "breaker": "b", "quit": "q"}


def is_open(bench: Bench) -> bool:
    return isinstance(bench.console.screen, Sheet)


@pytest.mark.parametrize("key", OPENERS.values(), ids=OPENERS)
async def test_a_sheet_opens_with_the_cursor_on_what_changes_nothing(key: str) -> None:
    async with a_console(all_healthy()) as bench:
        await bench.press(key)
        shown = bench.text()
        await bench.press("enter")

        assert "› Cancel" in shown or "› Stay" in shown
        assert isinstance(bench.console.screen, Overview)
        assert not bench.link.commands
        assert bench.console.end is None


@pytest.mark.parametrize("key", OPENERS.values(), ids=OPENERS)
async def test_the_opening_key_pressed_again_confirms_nothing(key: str) -> None:
    async with a_console(all_healthy()) as bench:
        await bench.press(key, key, key)

        assert not bench.link.commands
        assert bench.console.end is None


@pytest.mark.parametrize("key", OPENERS.values(), ids=OPENERS)
async def test_a_sheet_owns_all_keys(key: str) -> None:
    async with a_console(all_healthy()) as bench:
        await bench.press(key, "h", "u", "c", "C", "p", "T", "slash", "question_mark")

        assert is_open(bench)
        assert not bench.link.commands
        assert not bench.link.checks
        assert not bench.toasts


async def test_a_confirmed_switch_is_ordered_on_the_revision_the_sheet_was_opened_on() -> None:
    async with a_console(all_healthy()) as bench:
        bench.link.verdicts.append(Accepted("support-bot uses anthropic", 42))
        await bench.press("down", "s")
        bench.link.shown = failover_in_progress()

        await bench.press("down", "enter")

        [command] = bench.link.commands
        assert isinstance(command, SwitchTo)
        assert (command.agent, command.provider, command.hold_s) == (AGENT, CLAUDE, 1800.0)
        assert (command.order.by, command.order.seen_revision, command.order.force) == ("ana", 41, False)
        assert command.order.id
        assert bench.toasts == ["done, u takes it back support-bot uses anthropic"]
        assert not is_open(bench)


async def test_target_and_mode_are_chosen_with_arrows() -> None:
    async with a_console(all_healthy()) as bench:
        await bench.press("s", "up", "right", "right", "up", "right", "down", "down", "down", "enter")

        [command] = bench.link.commands
        assert isinstance(command, SwitchTo)
        assert (command.provider, command.trial) == ("backup-openai", True)


async def test_a_refused_order_leaves_the_sheet_open_with_the_reason() -> None:
    async with a_console(all_healthy()) as bench:
        bench.link.verdicts.append(Refused("support-bot changed since revision 41"))

        await bench.press("s", "down", "enter")

        assert is_open(bench)
        assert "refused: support-bot changed since revision 41" in bench.text()


async def test_an_impatient_second_enter_does_not_repeat_a_refused_order() -> None:
    async with a_console(all_healthy()) as bench:
        bench.link.verdicts.append(Refused("support-bot changed since revision 41"))
        await bench.press("s", "down", "enter")

        await bench.pilot.press("enter")
        await bench.settled()

        assert len(bench.link.commands) == 1
        assert TOO_FRESH in bench.text()


async def test_an_unavailable_target_needs_the_named_key_and_is_then_forced() -> None:
    async with a_console(failover_in_progress()) as bench:
        await bench.press("s", "down", "enter")
        asked, before = bench.text(), len(bench.link.commands)
        await bench.press("f", "enter")

        [command] = bench.link.commands
        assert before == 0
        assert "press f first" in asked
        assert command.order.force


async def test_force_that_only_the_engine_wants_can_be_given_after_its_reason_was_read() -> None:
    async with a_console(all_healthy()) as bench:
        bench.link.verdicts.append(Refused("anthropic is not available: held", needs_force=True))
        await bench.press("s", "down", "enter", "enter")
        between = len(bench.link.commands)
        await bench.press("f", "enter")

        assert between == 1
        assert [command.order.force for command in bench.link.commands] == [False, True]


async def test_an_engine_that_has_ended_is_told_in_the_sheet() -> None:
    async with a_console(all_healthy()) as bench:
        bench.link.closed = True

        await bench.press("s", "down", "enter")

        assert "refused: the engine has ended" in bench.text()


async def test_a_standby_is_drained_from_its_sheet() -> None:
    async with a_console(all_healthy()) as bench:
        await bench.press("G", "d", "down", "enter")

        [command] = bench.link.commands
        assert isinstance(command, Impose)
        assert (command.provider, command.what) == ("backup-openai", Imposed.DRAIN)


async def test_a_breaker_is_held_open_from_its_sheet() -> None:
    async with a_console(all_healthy()) as bench:
        await bench.press("b", "down", "down", "down", "f", "enter")

        [command] = bench.link.commands
        assert isinstance(command, HoldBreaker)
        assert (command.provider, command.hand, command.hold_s) == (OPENAI, BreakerHand.OPEN, 1800.0)


async def test_which_agent_is_held_is_asked_where_several_use_the_provider() -> None:
    async with a_console(failover_in_progress()) as bench:
        await bench.press("h", "up", "right", "down", "down", "down", "down", "enter")

        [command] = bench.link.commands
        assert isinstance(command, HoldAutomation)
        assert command.agent == "coder"


async def test_a_switched_route_is_given_back_from_the_hold_sheet() -> None:
    async with a_console(pinned_trial()) as bench:
        await bench.press("h", "down", "down", "enter")

        [command] = bench.link.commands
        assert isinstance(command, ReleasePin)


@pytest.mark.parametrize(
    ("keys", "why"),
    [
        (("down", "enter"), Ending.DETACHED),
        (("down", "down", "enter"), Ending.STOP_DRAIN),
        (("down", "down", "down", "S", "T", "O", "P", "enter"), Ending.STOP_NOW),
    ],
    ids=["detach", "drain and stop", "stop now"],
)
async def test_the_console_ends_the_way_the_quit_sheet_says(keys: tuple[str, ...], why: Ending) -> None:
    async with a_console(all_healthy()) as bench:
        await bench.press("q", *keys)

        assert bench.console.end == ConsoleEnd(why)


async def test_stopping_busy_engines_without_the_word_stops_nothing() -> None:
    async with a_console(all_healthy()) as bench:
        await bench.press("q", "down", "down", "down", "enter")

        assert bench.console.end is None
        assert "type STOP first" in bench.text()


async def test_a_sheet_takes_no_decision_before_it_can_have_been_read() -> None:
    async with a_console(all_healthy()) as bench:
        await bench.press("s", "down")
        bench.console.through.opened(bench.clock.now().mono)

        await bench.pilot.press("enter")
        await bench.settled()

        assert not bench.link.commands
        assert TOO_FRESH in bench.text()


async def test_a_toast_does_not_cover_a_sheet() -> None:
    async with a_console(all_healthy(), size=(80, 24)) as bench:
        await bench.press("c", "s")

        assert "checking openai" not in bench.text()


async def test_figures_go_on_while_a_sheet_is_read() -> None:
    async with a_console(all_healthy()) as bench:
        await bench.press("s")
        bench.link.shown = failover_in_progress()

        bench.console.tick()
        await bench.settled()

        assert "support-bot stays on anthropic, hold 30 min" in bench.text()
        assert "DEGRADED" in bench.text()


@pytest.mark.parametrize("key", ["s", "d", "b", "h", "colon", "question_mark", "Y", "enter"])
async def test_foreign_text_is_only_ever_text(key: str) -> None:
    async with a_console(hostile_text(), size=(80, 24)) as bench:
        for refusal in ("[/gpt]", "[@click=app.quit()]x[/]", "[link=https://evil.example]y", "[bold", "\\"):
            bench.link.verdicts.append(Refused(refusal))

        await bench.press(key, "down", "enter", "f", "enter", "escape", "escape", "down", "u", "h")

        assert bench.console.is_running


async def test_a_read_only_console_can_be_left_but_stops_nothing() -> None:
    async with a_console(all_healthy(), options=Options(read_only=True)) as bench:
        await bench.press("q", "down", "down", "enter")
        stopped = bench.console.end
        await bench.press("up", "enter")

        assert stopped is None
        assert bench.console.end == ConsoleEnd(Ending.DETACHED)
