"""Every key of the table, pressed in every state the console can be in."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from textual import events

from tests.support.consoles import Bench, a_console
from tests.support.fleets import all_healthy, failover_in_progress, nothing_configured, pinned_trial
from tests.support.views import AGENT, BACKUP, CLAUDE, NOW, OPENAI
from tui_failover.console import theme
from tui_failover.console.desk import Options
from tui_failover.console.guard import TOO_FAST, TOO_FRESH
from tui_failover.console.keymap import BY_ID, KEYS, READ_ONLY, Level
from tui_failover.console.screens.detail import Detail
from tui_failover.console.screens.help import Help
from tui_failover.console.screens.overview import Overview
from tui_failover.core.command import ConfirmTrial, HoldAutomation, Refused, Undo
from tui_failover.core.copying import replace
from tui_failover.core.snapshot import Snapshot, UndoView


def undoable() -> Snapshot:
    """Return a trial that can be kept and undone, so that every key has something to do."""
    return replace(pinned_trial(), undo=UndoView("switch of support-bot", NOW + 600.0))


@dataclass(frozen=True, slots=True)
class State:
    """A state of the console: what it shows, how it was started, and what was pressed before."""

    snapshot: Callable[[], Snapshot]
    options: Options = field(default_factory=Options)
    before: tuple[str, ...] = ()


STATES = {
    "live": State(undoable),
    "read-only": State(undoable, Options(read_only=True)),
    "paused": State(undoable, before=("p",)),
    "filtered": State(undoable, before=("slash", "b", "a", "c", "k", "enter")),
    "detail": State(undoable, before=("enter",)),
    "no providers": State(nothing_configured),
    "engine gone": State(undoable),
}


def _given(bench: Bench) -> int:
    return len(bench.link.commands) + len(bench.link.checks)


@pytest.mark.parametrize("state", STATES)
async def test_every_key_works_or_says_why_not(state: str) -> None:
    chosen = STATES[state]
    async with a_console(chosen.snapshot(), options=chosen.options) as bench:
        bench.link.closed = state == "engine gone"
        await bench.press(*chosen.before)
        gaze, home = bench.console.desk.gaze, type(bench.console.screen)
        for key in KEYS:
            why = key.why_not(bench.console.desk.picture())
            given, told = _given(bench), len(bench.toasts)

            await bench.press(key.keys[0])

            if why is not None:
                assert any(why in toast for toast in bench.toasts[told:]), f"{key.id} does not say {why!r}"
                assert _given(bench) == given, f"{key.id} gave an order although {why!r}"
                assert isinstance(bench.console.screen, home), f"{key.id} opened something although {why!r}"
            if key.id == "filter":
                await bench.press("enter")  # letters are letters of the filter until then
            await _back_to(bench, home)
            bench.console.desk.gaze = gaze


async def _back_to(bench: Bench, home: type) -> None:
    if home is Detail and isinstance(bench.console.screen, Overview):
        await bench.press("enter")
    for _ in range(3):
        if not isinstance(bench.console.screen, home):
            await bench.press("escape")
    assert isinstance(bench.console.screen, home)


async def test_read_only_gives_no_order_and_says_why() -> None:
    async with a_console(undoable(), options=Options(read_only=True)) as bench:
        keys = [key.keys[0] for key in KEYS if key.level > Level.VIEW]

        await bench.press(*keys)

        assert _given(bench) == 0
        assert len(bench.toasts) == len(keys)
        assert all(READ_ONLY in toast for toast in bench.toasts)


@pytest.mark.parametrize(
    ("key", "rows"), [("down", 1), ("j", 1), ("G", 2), ("end", 2), ("pagedown", 2), ("up", 0), ("tab", 0)]
)
async def test_the_cursor_moves_by_keys(key: str, rows: int) -> None:
    async with a_console(all_healthy()) as bench:
        await bench.press(key)

        assert bench.console.desk.picture().selected == (OPENAI, CLAUDE, BACKUP)[rows]


async def test_tab_gives_the_arrows_to_the_events_and_back() -> None:
    async with a_console(failover_in_progress(), size=(80, 24)) as bench:
        await bench.press("tab", "down", "down")
        in_feed = bench.console.desk.picture().selected
        await bench.press("shift+tab", "down")

        assert in_feed == OPENAI
        assert bench.console.desk.picture().selected == CLAUDE


async def test_enter_opens_the_detail_and_escape_comes_back_with_the_cursor_where_it_was() -> None:
    async with a_console(all_healthy()) as bench:
        await bench.press("down", "enter")
        opened = isinstance(bench.console.screen, Detail)
        shown = "selected: anthropic" in bench.text()
        await bench.press("escape")

        assert opened
        assert shown
        assert isinstance(bench.console.screen, Overview)
        assert bench.console.desk.picture().selected == CLAUDE


@pytest.mark.parametrize("rows", [0, 1], ids=["left", "reached"])
async def test_the_detail_of_both_ends_tells_that_a_route_moved(rows: int) -> None:
    async with a_console(failover_in_progress(), size=(120, 40)) as bench:
        await bench.press(*["down"] * rows, "enter")

        assert "openai → anthropic" in bench.text()


async def test_check_asks_for_the_selected_provider_and_check_all_for_every_one() -> None:
    async with a_console(all_healthy()) as bench:
        await bench.press("down", "c", "C")

        assert bench.link.checks == [(CLAUDE,), (OPENAI, CLAUDE, BACKUP)]
        assert bench.toasts == ["checking anthropic", "checking 3 providers"]


async def test_hold_is_ordered_at_once_on_the_revision_seen() -> None:
    async with a_console(all_healthy()) as bench:
        await bench.press("h")

        [command] = bench.link.commands
        assert isinstance(command, HoldAutomation)
        assert command.agent == AGENT
        assert (command.order.by, command.order.seen_revision) == ("ana", 41)


async def test_undo_and_keep_order_what_they_say() -> None:
    async with a_console(undoable()) as bench:
        await bench.press("t", "u")

        assert [type(command) for command in bench.link.commands] == [ConfirmTrial, Undo]


async def test_a_refused_order_says_why() -> None:
    async with a_console(all_healthy()) as bench:
        bench.link.verdicts.append(Refused("support-bot changed since revision 41"))

        await bench.press("h")

        assert bench.toasts == ["refused support-bot changed since revision 41"]


async def test_a_filter_is_typed_kept_and_cleared() -> None:
    async with a_console(all_healthy()) as bench:
        await bench.press("slash", *"!open")
        typed = bench.console.desk.picture()
        await bench.press("enter", "escape")

        assert (typed.filter, typed.selected) == ("!open", CLAUDE)
        assert bench.console.desk.picture().filter == ""


async def test_the_detail_tells_all_events_of_a_provider_that_a_filter_has_found() -> None:
    async with a_console(failover_in_progress()) as bench:
        await bench.press("slash", *"down", "enter")
        overview = bench.text()
        await bench.press("enter")

        assert 'no event contains "down"; esc clears it' in overview
        assert "breaker closed → open" in bench.text()


async def test_letters_of_a_filter_are_no_orders() -> None:
    async with a_console(all_healthy()) as bench:
        await bench.press("slash", *"schub", "escape")

        assert _given(bench) == 0
        assert isinstance(bench.console.screen, Overview)


async def test_pause_shows_and_going_live_shows_again() -> None:
    async with a_console(all_healthy()) as bench:
        await bench.press("p")
        paused = "PAUSED" in bench.text()
        await bench.press("p")

        assert paused
        assert "PAUSED" not in bench.text()


async def test_plus_and_minus_change_the_window_of_time() -> None:
    async with a_console(all_healthy()) as bench:
        await bench.press("plus", "minus", "minus")

        assert bench.toasts == ["window 5m00s", "window 2m00s", "window 1m00s"]


async def test_themes_follow_each_other_round_and_round() -> None:
    async with a_console(all_healthy()) as bench:
        seen = []
        for _ in theme.NAMES:
            seen.append(bench.console.theme)
            await bench.press("T")

        assert tuple(seen) == theme.NAMES
        assert bench.console.theme == theme.NAMES[0]


async def test_a_copy_goes_to_the_clipboard_and_into_a_file_of_the_owner_alone(tmp_path: Path) -> None:
    async with a_console(all_healthy(), options=Options(folder=tmp_path / "copies")) as bench:
        await bench.press("y")
        row = bench.console.clipboard
        await bench.press("Y")

        kept = tmp_path / "copies" / "handover.md"
        assert row.startswith("openai  UP")
        assert kept.read_text() == bench.console.clipboard
        assert kept.stat().st_mode & 0o777 == 0o600
        assert "row.txt" in bench.toasts[0]


async def test_a_copy_that_cannot_be_written_still_reaches_the_clipboard(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    async with a_console(all_healthy(), options=Options(folder=blocked)) as bench:
        await bench.press("y")

        assert bench.toasts == ["row of openai sent to the terminal's clipboard"]


@pytest.mark.parametrize("key", BY_ID["help"].keys)
async def test_help_opens_is_searched_and_closes(key: str) -> None:
    async with a_console(all_healthy()) as bench:
        await bench.press(key, *"drain")
        found = bench.text()
        await bench.press("escape", "escape")

        assert "Drain the provider" in found
        assert "Select the provider above" not in found
        assert isinstance(bench.console.screen, Overview)


async def test_help_says_why_a_key_is_grey() -> None:
    async with a_console(all_healthy(), size=(200, 60)) as bench:
        await bench.press("question_mark")

        assert isinstance(bench.console.screen, Help)
        assert "u  undo        there is nothing to undo" in bench.text()


class TestTypeThrough:
    async def test_no_order_is_given_before_the_screen_can_have_been_read(self) -> None:
        async with a_console(undoable()) as bench:
            keys = [key.keys[0] for key in KEYS if key.level > Level.VIEW]
            for key in keys:
                bench.clock.advance(1.0)
                bench.console.through.opened(bench.clock.now().mono)
                await bench.pilot.press(key)
            await bench.settled()

            assert _given(bench) == 0
            assert isinstance(bench.console.screen, Overview)
            assert len(bench.toasts) == len(keys)
            assert all(TOO_FRESH in toast for toast in bench.toasts)

    async def test_a_word_meant_for_another_window_gives_no_order(self) -> None:
        async with a_console(undoable(), settle_s=0.02) as bench:
            bench.clock.advance(5.0)

            for letter in "husht":
                bench.console.post_message(events.Key(letter, letter))
            while len(bench.toasts) < len("husht"):
                await bench.pilot.pause()

            assert _given(bench) == 0
            assert isinstance(bench.console.screen, Overview)
            assert all(TOO_FAST in toast for toast in bench.toasts)

    async def test_moving_about_is_free_at_any_speed(self) -> None:
        async with a_console(all_healthy()) as bench:
            bench.console.through.opened(bench.clock.now().mono)

            await bench.pilot.press(*"jjjkj")

            assert bench.console.desk.picture().selected == BACKUP


GATEWAY = "http://127.0.0.1:5000"


@pytest.mark.parametrize("keys", [("tab", "tab"), ("shift+tab",)], ids=["forwards", "backwards"])
@pytest.mark.parametrize("before", [(), ("enter",)], ids=["overview", "detail"])
async def test_y_on_the_gateways_address_copies_its_export_line(
    before: tuple[str, ...], keys: tuple[str, ...], tmp_path: Path
) -> None:
    async with a_console(all_healthy(), options=Options(folder=tmp_path), gateway=GATEWAY) as bench:
        await bench.press(*before, *keys, "y")

        assert (tmp_path / "gateway.sh").read_text().startswith("export OPENAI_BASE_URL=http://127.0.0.1:5000/v1 ")
        assert bench.toasts[-1].startswith("export line for http://127.0.0.1:5000 sent to the terminal's")
        assert " y copy the export line " in bench.text()


async def test_an_arrow_leaves_the_address_and_y_copies_the_row_again(tmp_path: Path) -> None:
    async with a_console(all_healthy(), options=Options(folder=tmp_path), gateway=GATEWAY) as bench:
        await bench.press("shift+tab", "down", "y")

        assert bench.console.desk.picture().selected == CLAUDE
        assert bench.toasts[-1].startswith("row of anthropic ")


async def test_without_a_gateway_tab_goes_to_the_events_and_back() -> None:
    async with a_console(all_healthy()) as bench:
        await bench.press("tab", "tab", "y")

        assert bench.toasts[-1].startswith("row of openai ")
