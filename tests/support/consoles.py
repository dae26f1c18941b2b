"""A console without a terminal: a still clock, a fake engine, and keys pressed one by one by a calm person."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from html import unescape
from typing import Final

from textual import events
from textual.app import App
from textual.keys import key_to_character
from textual.message import Message
from textual.notifications import Notify
from textual.pilot import Pilot

from tests.support.fake_link import FakeLink
from tests.support.views import MOMENT
from tui_failover.console.app import Console
from tui_failover.console.desk import Desk, Options
from tui_failover.core.copying import replace
from tui_failover.core.names import Moment
from tui_failover.core.snapshot import Snapshot

NARROW: Final = (80, 24)
MEDIUM: Final = (120, 40)
WIDE: Final = (200, 60)
NEVER_S: Final = 1e6  # tests tick by hand
SIZES: Final = {"80x24": NARROW, "120x40": MEDIUM, "200x60": WIDE}


@dataclass(slots=True)
class StillClock:
    """A clock that moves when it is told to; sleeping moves it too."""

    moment: Moment = MOMENT

    def now(self) -> Moment:
        """Return the present instant."""
        return self.moment

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.moment = replace(self.moment, mono=self.moment.mono + seconds, utc=self.moment.utc + seconds)

    async def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.advance(max(0.0, seconds))


@dataclass(slots=True)
class Bench:
    """A running console and everything around it."""

    console: Console
    link: FakeLink
    clock: StillClock
    pilot: Pilot[None]
    toasts: list[str] = field(default_factory=list)

    async def press(self, *keys: str) -> None:
        """Press keys one by one, a second apart."""
        for key in keys:
            self.clock.advance(1.0)
            self.console.post_message(_pressed(key))
            await self.pilot.pause()
        await self.console.workers.wait_for_complete()
        await self.pilot.pause()

    async def settled(self) -> None:
        """Wait until everything asked for has been done."""
        await self.console.workers.wait_for_complete()
        await self.pilot.pause()

    def text(self) -> str:
        """Return what is on the screen."""
        return screen_text(self.console)


def _pressed(key: str) -> events.Key:
    """Return the event of a key; signs are given as what they write or by Textual's name."""
    if len(key) == 1:
        return events.Key(key if key.isalnum() else _SIGNS[key], key)
    return events.Key(key, key_to_character(key))


_SIGNS: Final = {" ": "space", "!": "exclamation_mark", "[": "left_square_bracket", "-": "minus"}


@asynccontextmanager
async def a_console(
    snapshot: Snapshot,
    *,
    size: tuple[int, int] = MEDIUM,
    options: Options | None = None,
    settle_s: float = 0.0,
    gateway: str = "",
    gateway_problem: str = "",
) -> AsyncIterator[Bench]:
    """Run a console on a snapshot, with nothing left of the time in which keys are ignored after its start."""
    link, clock = FakeLink(snapshot), StillClock()
    desk = Desk(link, clock, options or Options(actor="ana"))
    desk.gateway, desk.gateway_problem = lambda: gateway, lambda: gateway_problem
    console = Console(desk, settle_s=settle_s, tick_s=NEVER_S)
    toasts: list[str] = []

    def heard(message: Message) -> None:
        if isinstance(message, Notify):
            toasts.append(f"{message.notification.title} {message.notification.message}".strip())

    async with console.run_test(size=size, notifications=True, message_hook=heard) as pilot:
        await pilot.pause()
        yield Bench(console, link, clock, pilot, toasts)


_CELL: Final = 12.2  # Rich draws each cell of an exported screen this wide
_TEXT: Final = re.compile(r'<text [^>]*?x="([\d.]+)"[^>]*?clip-path="url\(#[^"]*-line-(\d+)\)"[^>]*>(.*?)</text>')


def screen_text(app: App[None]) -> str:
    """Return the cells of the screen as lines of text, without styles."""
    rows = [[" "] * app.size.width for _ in range(app.size.height)]
    for at, line, text in _TEXT.findall(app.export_screenshot()):
        place = round(float(at) / _CELL)
        for char in unescape(text).replace("\xa0", " "):
            if int(line) < len(rows) and place < app.size.width:
                rows[int(line)][place] = char
            place += 1
    return "\n".join("".join(row).rstrip() for row in rows) + "\n"
