"""What the console does by itself: ticks, focus, faults, its end."""

from dataclasses import dataclass, field
from typing import cast

import pytest
from textual import events

from tests.support.consoles import Bench, StillClock, a_console
from tests.support.fake_link import FakeLink
from tests.support.fleets import all_healthy, failover_in_progress
from tests.support.views import AGENT, NOW, an_event
from tui_failover.console.app import BLURRED_S, BLURRED_TICKS, Console
from tui_failover.console.desk import Desk
from tui_failover.console.ending import ConsoleEnd, Ending
from tui_failover.console.guard import TOO_FRESH
from tui_failover.core.copying import replace
from tui_failover.core.event import EventKind
from tui_failover.core.ports import Breathe, at_once
from tui_failover.core.snapshot import ProviderView, Snapshot


def _later(snapshot: Snapshot) -> Snapshot:
    """Return the snapshot after a failover that nobody has seen."""
    moved = replace(an_event(99, -20.0, EventKind.FAILOVER, "openai -> anthropic", "breaker open"), agent=AGENT)
    return replace(snapshot, events=(*snapshot.events, moved))


async def _focus(bench: Bench, *, focused: bool) -> None:
    bench.console.post_message(events.AppFocus() if focused else events.AppBlur())
    await bench.settled()


async def test_a_tick_shows_what_is_new() -> None:
    async with a_console(all_healthy()) as bench:
        bench.link.shown = failover_in_progress()

        bench.console.tick()
        await bench.settled()

        assert "azure-oai" in bench.text()


async def test_a_block_that_cannot_be_drawn_says_so_and_the_others_go_on() -> None:
    class Broken:
        def __getattr__(self, name: str) -> object:
            if name == "model":
                message = "a bug in [/one] block"
                raise RuntimeError(message)
            return getattr(calm.providers[0], name)

    calm, broken = all_healthy(), cast("ProviderView", Broken())
    async with a_console(replace(calm, providers=(broken, *calm.providers[1:])), size=(200, 60)) as bench:
        shown = bench.text()

        assert "this block cannot be drawn: RuntimeError: a bug in [/one] block" in shown
        assert "ALL WELL" in shown
        assert "events" in shown


async def test_while_nobody_looks_the_picture_is_drawn_more_seldom() -> None:
    async with a_console(all_healthy()) as bench:
        await _focus(bench, focused=False)
        bench.clock.advance(BLURRED_S + 1.0)
        bench.link.shown = failover_in_progress()

        drawn = []
        for _ in range(BLURRED_TICKS):
            bench.console.tick()
            await bench.settled()
            drawn.append("azure-oai" in bench.text())

        assert not drawn[0]
        assert any(drawn)


async def test_coming_back_tells_what_happened_meanwhile() -> None:
    async with a_console(all_healthy()) as bench:
        await _focus(bench, focused=False)
        bench.link.shown = _later(bench.link.shown)
        bench.clock.advance(185.0)

        await _focus(bench, focused=True)

        [toast] = bench.toasts
        assert toast.startswith("while you were away (3m05s) 14:05:43Z agent support-bot: openai → anthropic")


async def test_coming_back_to_a_quiet_screen_tells_nothing() -> None:
    async with a_console(all_healthy()) as bench:
        await _focus(bench, focused=False)
        await _focus(bench, focused=True)

        assert not bench.toasts


async def test_no_order_is_given_in_the_moment_the_terminal_gets_focus() -> None:
    async with a_console(all_healthy()) as bench:
        await _focus(bench, focused=False)
        bench.clock.advance(60.0)
        await _focus(bench, focused=True)

        await bench.pilot.press("h")
        await bench.settled()

        assert not bench.link.commands
        assert TOO_FRESH in bench.toasts[0]


async def test_the_first_reason_to_end_counts_but_a_second_wish_to_stop_means_at_once() -> None:
    async with a_console(all_healthy()) as bench:
        bench.console.finish(Ending.STOP_DRAIN)
        bench.console.finish(Ending.LOST)
        first = bench.console.end
        bench.console.finish(Ending.STOP_DRAIN)

        assert first == ConsoleEnd(Ending.STOP_DRAIN)
        assert bench.console.end == ConsoleEnd(Ending.STOP_NOW)


@dataclass(slots=True)
class BrokenLink(FakeLink):
    """Fails when it is read, with a secret at hand."""

    healthy: list[bool] = field(default_factory=list)

    def snapshot(self, breathe: Breathe = at_once) -> Snapshot:
        api_key = "sk-" + "x" * 20
        if not self.healthy:
            message = f"a bug after {len(api_key)} characters"
            raise RuntimeError(message)
        return self.shown


async def test_a_crash_is_told_without_local_variables() -> None:
    console = Console(Desk(BrokenLink(all_healthy()), StillClock()))

    with pytest.raises(RuntimeError, match="a bug"):
        async with console.run_test():
            pass

    assert console.end is not None
    assert (console.end.why, console.end.exit_code, console.return_code) == (Ending.CRASHED, 70, 70)
    assert "a bug after 23 characters" in console.end.detail
    assert "sk-x" not in console.end.detail


async def test_width_decides_on_the_class_of_the_screen() -> None:
    classes = {}
    for size in ((80, 24), (120, 40), (200, 60)):
        async with a_console(all_healthy(), size=size) as bench:
            classes[size[0]] = {"-narrow", "-medium", "-wide"} & set(bench.console.screen.classes)

    assert classes == {80: {"-narrow"}, 120: {"-medium"}, 200: {"-wide"}}
    assert bench.clock.now().mono == NOW
