"""The running console: a Textual app around a desk. It reads snapshots, passes keys on, and decides nothing."""

import threading
import traceback
from collections.abc import Sequence
from typing import Final

from textual import events
from textual.app import App
from textual.driver import Driver
from textual.filter import LineFilter

from tui_failover.console import handover, theme
from tui_failover.console.actions import Actions
from tui_failover.console.desk import Desk
from tui_failover.console.ending import ConsoleEnd, Ending
from tui_failover.console.guard import SETTLE_S, TypeThrough
from tui_failover.console.keymap import BY_PRESS, Key, Level
from tui_failover.console.presentation.duration import length
from tui_failover.console.screens.keyed import KeyedScreen, Shows
from tui_failover.console.screens.overview import Overview
from tui_failover.console.sheets.form import Subject
from tui_failover.console.sheets.sheet import Sheet, SheetResult
from tui_failover.console.widgets.terminal_guard import TerminalGuard
from tui_failover.core.command import Accepted, Command, Verdict

TICK_S: Final = 1.0
BLURRED_S: Final = 30.0  # without focus this long, the picture is drawn more seldom
BLURRED_TICKS: Final = 5
_GUARD: Final = TerminalGuard()
CRASHED: Final = 70  # EX_SOFTWARE of sysexits.h


class Console(App[None], inherit_bindings=False):
    """The screen of one engine.

    Attributes:
        desk: where the operator looks and what they order.
        end: how the console ended; None while it runs.
        leaving: set once it is to end.
        crash: the traceback of what broke it, without local variables, or "".
    """

    TITLE = "tui-failover"
    CSS_PATH = "console.tcss"
    CSS = """
    Sheet { background: $background 60%; }
    Console.-ascii Toast { border-left: none; }
    """
    ENABLE_COMMAND_PALETTE = False  # the table of keys opens it
    HORIZONTAL_BREAKPOINTS = [  # noqa: RUF012 - Textual declares it, and never changes it
        (0, "-narrow"),
        (120, "-medium"),
        (200, "-wide"),
    ]

    def __init__(
        self,
        desk: Desk,
        *,
        driver_class: type[Driver] | None = None,
        settle_s: float = SETTLE_S,
        tick_s: float = TICK_S,
    ) -> None:
        """Make the console; nothing is read or drawn before it runs.

        Args:
            desk: the operator's desk, with its link to the engine.
            tick_s: how often the picture is drawn again.
            settle_s: how long a key that orders something waits for the rest of a paste.
            driver_class: Textual's way to the terminal; None lets Textual choose.
        """
        super().__init__(driver_class=driver_class)
        self.desk = desk
        self.end: ConsoleEnd | None = None
        self.crash = ""
        self.leaving = threading.Event()
        self.through = TypeThrough()
        self._settle_s = settle_s
        self._tick_s = tick_s
        self._ticks = 0
        self._blurred_at: float | None = None
        self._seen_event = 0
        for one in theme.themes():
            self.register_theme(one)
        self.theme = theme.starting_theme(no_color=self.no_color, wanted=desk.options.theme)
        self.set_class(desk.options.ascii, "-ascii")
        self.actions = Actions(self)

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Return Textual's filters and, last, the wall against control characters."""
        return (*super().get_line_filters(), _GUARD)

    # What Textual tells

    def get_default_screen(self) -> Overview:
        """Return the first screen."""
        return Overview()

    def on_mount(self) -> None:
        """Start the one clock there is."""
        self.through.opened(self.desk.now())
        self.set_interval(self._tick_s, self.tick)
        if self.desk.options.for_s is not None:
            self.set_timer(self.desk.options.for_s, lambda: self.finish(Ending.STOP_DRAIN))

    def on_app_blur(self) -> None:
        """Remember what was seen last."""
        self._blurred_at = self.desk.now()
        self._seen_event = self._newest_event()

    def on_app_focus(self) -> None:
        """Tell what happened meanwhile."""
        self.through.opened(self.desk.now())
        if self._blurred_at is None:
            return
        gone_s = self.desk.now() - self._blurred_at
        self._blurred_at = None
        lines = handover.away(self._seen_event, self.desk.live())
        if lines:
            self.tell("\n".join(lines), title=f"while you were away ({length(gone_s)})")
        self.redraw()

    # Drawing

    def tick(self) -> None:
        """Draw again, seldom while nobody looks."""
        self._ticks += 1
        away_s = 0.0 if self._blurred_at is None else self.desk.now() - self._blurred_at
        if away_s < BLURRED_S or self._ticks % BLURRED_TICKS == 0:
            self.redraw(calmly=True)

    def redraw(self, *, calmly: bool = False) -> None:
        """Draw the visible screen, and the one that shows behind a sheet; `calmly` where no key was pressed."""
        picture = self.desk.picture(calmly=calmly)
        for screen in self.screen_stack[-2:] if self.screen.is_modal else self.screen_stack[-1:]:
            if isinstance(screen, Shows):
                screen.show(picture)

    def tell(self, text: str, *, title: str = "", warning: bool = False) -> None:
        """Show a toast in place of the one before; its text is never markup."""
        self.clear_notifications()
        text = text if self.desk.options.ascii else text.replace(" -> ", " → ")
        self.notify(text, title=title, severity="warning" if warning else "information", markup=False)

    # Keys

    async def press(self, event: events.Key) -> None:
        """Do what the table says about a key pressed outside sheets."""
        if event.is_printable:
            self.through.pressed(self.desk.now())
        record = BY_PRESS.get(event.key)
        if record is None:
            return
        if record.level is Level.VIEW or self._settle_s <= 0:
            await self.perform(record, guarded=True)
        else:
            self.set_timer(self._settle_s, lambda: self.perform(record, guarded=True))

    async def perform(self, record: Key, *, guarded: bool = False) -> None:
        """Do what a record says, or say why not."""
        why = record.why_not(self.desk.picture())
        if why is None and guarded and record.level > Level.VIEW:
            why = self.through.refusal(self.desk.now())
        if why is not None:
            self.tell(f"{record.label or record.id}: {why}", warning=True)
            return
        done = self.actions.table[record.id]()
        if done is not None:
            await done

    # What actions need

    @property
    def board(self) -> KeyedScreen | None:
        """The topmost screen that is no sheet, or None while help or palette is open."""
        return next((one for one in reversed(self.screen_stack) if isinstance(one, KeyedScreen)), None)

    def open_sheet(self, subject: Subject) -> None:
        """Open a sheet on the newest snapshot."""
        self.through.opened(self.desk.now())
        self.clear_notifications()  # a toast must not cover what is to be decided
        self.push_screen(Sheet(subject, self.desk, self.through), self._sheet_closed)

    def _sheet_closed(self, result: SheetResult) -> None:
        self.through.opened(self.desk.now())
        if isinstance(result, Ending):
            self.finish(result)
        elif result is not None:
            self.tell(result, title="done, u takes it back")
        self.redraw()

    async def order(self, command: Command) -> Verdict:
        """Give an order that needed no sheet, tell the verdict, and show what came of it."""
        verdict = await self.desk.order(command, self.desk.picture().snapshot.revision)
        if isinstance(verdict, Accepted):
            self.tell(verdict.text, title="done")
        else:
            self.tell(verdict.why, title="refused", warning=True)
        self.redraw()
        return verdict

    def refuse(self, why: str) -> None:
        """Say why something cannot be done."""
        self.tell(why, warning=True)

    # The end

    def finish(self, why: Ending) -> None:
        """Leave the screen; the first reason counts, except that a second wish to stop means at once."""
        if self.end is not None:
            if why is Ending.STOP_DRAIN and self.end.why is Ending.STOP_DRAIN:
                self.end = ConsoleEnd(Ending.STOP_NOW)
            return
        self.end = ConsoleEnd(why)
        self.exit()

    def _fatal_error(self) -> None:
        """End after an exception nobody caught. Textual's own way prints local variables, keys among them."""
        error = self._exception
        self.crash = "" if error is None else "".join(traceback.format_exception(error))
        self.end = ConsoleEnd(Ending.CRASHED, CRASHED, self.crash)
        self._return_code = CRASHED
        self._close_messages_no_wait()

    def _newest_event(self) -> int:
        snapshot = self.desk.live()
        return snapshot.events[-1].number if snapshot.events else 0
