"""Whole screens in named situations, as plain cells: what they say has to survive without any colour."""

from collections.abc import Callable

import pytest
from syrupy.assertion import SnapshotAssertion

from tests.support.consoles import NARROW, SIZES, a_console
from tests.support.fleets import (
    all_down,
    all_healthy,
    failover_in_progress,
    no_keys,
    pinned_trial,
    recovering,
)
from tui_failover.console import theme
from tui_failover.console.desk import Options
from tui_failover.console.picture import Ink
from tui_failover.core.snapshot import Snapshot

SITUATIONS: dict[str, Callable[[], Snapshot]] = {
    one.__name__: one for one in (all_healthy, failover_in_progress, all_down, no_keys, recovering)
}


@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
@pytest.mark.parametrize("situation", SITUATIONS.values(), ids=SITUATIONS)
async def test_overview(
    situation: Callable[[], Snapshot], size: tuple[int, int], snapshot: SnapshotAssertion
) -> None:
    async with a_console(situation(), size=size) as bench:
        assert bench.text() == snapshot


@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
async def test_paused(size: tuple[int, int], snapshot: SnapshotAssertion) -> None:
    async with a_console(failover_in_progress(), size=size) as bench:
        await bench.press("p")
        bench.clock.advance(41.0)
        bench.console.tick()
        await bench.settled()

        assert bench.text() == snapshot


@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
async def test_detail(size: tuple[int, int], snapshot: SnapshotAssertion) -> None:
    async with a_console(failover_in_progress(), size=size) as bench:
        await bench.press("enter")

        assert bench.text() == snapshot


@pytest.mark.parametrize(
    "keys",
    [("s", "down", "enter"), ("d",), ("b", "end"), ("h",), ("q", "down", "down", "down", "S", "T")],
    ids=["switch", "drain", "breaker", "hold", "quit"],
)
async def test_sheet(keys: tuple[str, ...], snapshot: SnapshotAssertion) -> None:
    async with a_console(failover_in_progress(), size=NARROW) as bench:
        await bench.press(*keys)

        assert bench.text() == snapshot


async def test_ascii(snapshot: SnapshotAssertion) -> None:
    async with a_console(pinned_trial(), size=NARROW, options=Options(ascii=True, actor="ana")) as bench:
        await bench.press("s")
        shown = bench.text()

        assert shown.isascii()
        assert shown == snapshot


async def test_ascii_toasts_are_ascii_too() -> None:
    async with a_console(pinned_trial(), size=NARROW, options=Options(ascii=True)) as bench:
        bench.console.tell("support-bot: openai -> anthropic")
        await bench.settled()

        assert "openai -> anthropic" in bench.text()
        assert bench.text().isascii()


async def test_help(snapshot: SnapshotAssertion) -> None:
    async with a_console(failover_in_progress(), size=(120, 40)) as bench:
        await bench.press("question_mark")

        assert bench.text() == snapshot


@pytest.mark.parametrize("name", theme.NAMES)
async def test_each_theme_draws_trouble_in_its_own_colour_on_its_own_ground(name: str) -> None:
    async with a_console(failover_in_progress(), options=Options(theme=name)) as bench:
        drawn = bench.console.export_screenshot()

        style = theme.style(name, Ink.DOWN, bold=True)
        assert style.color is not None
        assert style.color.triplet is not None
        assert style.color.triplet.hex in drawn
        assert theme.GROUNDS[name] in drawn


@pytest.mark.parametrize("size", [(40, 10), (1, 1), (500, 200), (80, 5)], ids=["40x10", "1x1", "500x200", "80x5"])
@pytest.mark.parametrize("keys", [(), ("enter",), ("s",), ("f1",)], ids=["overview", "detail", "sheet", "help"])
async def test_no_size_is_too_odd(size: tuple[int, int], keys: tuple[str, ...]) -> None:
    async with a_console(failover_in_progress(), size=size) as bench:
        await bench.press(*keys)

        assert bench.console.is_running


async def test_what_matters_stays_on_the_smallest_screen() -> None:
    async with a_console(failover_in_progress(), size=(40, 10)) as bench:
        shown = bench.text()

        assert "LIVE" in shown
        assert "DEGRADED" in shown
        assert "✖ DOWN" in shown
        assert "▶" in shown
