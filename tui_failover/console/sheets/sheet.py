"""The screen all sheets share: it shows a form, moves in it, and orders what was chosen."""

from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import ModalScreen

from tui_failover.console.desk import Desk
from tui_failover.console.ending import Ending
from tui_failover.console.guard import TypeThrough
from tui_failover.console.picture import Picture
from tui_failover.console.screens.lines import Lines
from tui_failover.console.sheets.drawing import NARROWEST, WIDTH, Stand, draw, in_ascii
from tui_failover.console.sheets.driving import Step, kept, opened, press
from tui_failover.console.sheets.form import Form, Subject
from tui_failover.core.command import Accepted, Command, Refused

SheetResult = Ending | str | None
"""How the console is to end; what an order did, in words; or nothing."""

# Moving about is harmless at any speed; these decide.
_DECIDING = frozenset({"enter", "f"})


class Sheet(ModalScreen[SheetResult], inherit_bindings=False):
    """One sheet. It owns all keys while it is open; a refused order leaves it open with the reason."""

    DEFAULT_CSS = """
    Sheet { align: center middle; background: $background 60%; }
    """
    BINDINGS: ClassVar[list[BindingType]] = []
    AUTO_FOCUS = ""

    def __init__(self, subject: Subject, desk: Desk, through: TypeThrough) -> None:
        super().__init__()
        self._subject = subject
        self._desk = desk
        self._through = through
        self._seen = desk.live()
        self._form: Form = subject.form(self._seen, {})
        self._stand: Stand = opened(self._form)
        self._ordering = False

    def compose(self) -> ComposeResult:
        """Return the one widget."""
        yield Lines(id="sheet")

    def on_mount(self) -> None:
        """Draw at once."""
        self._draw()

    def on_resize(self) -> None:
        """Draw for the new size."""
        self._draw()

    def show(self, picture: Picture) -> None:
        """Draw on the newest snapshot; timers and figures go on while the operator reads."""
        del picture
        self._draw()

    def on_key(self, event: events.Key) -> None:
        """Take every key."""
        event.stop()
        event.prevent_default()
        now = self._desk.now()
        if event.is_printable:
            self._through.pressed(now)
        if self._ordering:
            return
        if event.key in _DECIDING and (why := self._through.refusal(now)) is not None:
            self._stand = self._noted(why)
        else:
            self._step(press(self._form, self._stand, event.key, event.character))
        self._draw()

    def _step(self, step: Step) -> None:
        if isinstance(step, Stand):
            self._stand = step
            return
        result = step.act.result
        if result is None or isinstance(result, Ending):
            self.dismiss(result)
            return
        self._ordering = True
        self._stand = self._noted("sent, waiting for the engine")
        self.run_worker(self._order(result, force=step.force))

    async def _order(self, command: Command, *, force: bool) -> None:
        verdict = await self._desk.order(command, self._seen.revision, force=force)
        self._ordering = False
        match verdict:
            case Accepted(text=text):
                self.dismiss(text)
            case Refused(why=why, needs_force=needs_force):
                # What was refused as out of date may be decided anew on what is seen from now on.
                self._seen = self._desk.live()
                self._through.opened(self._desk.now())
                self._stand = self._noted(f"refused: {why}", forced=why if needs_force else "")
                self._draw()

    def _noted(self, note: str, forced: str = "") -> Stand:
        stand = self._stand
        return Stand(stand.cursor, stand.picks, stand.typed, "", note, forced or stand.forced)

    def _draw(self) -> None:
        self._form = self._subject.form(self._desk.live(), self._stand.picks)
        self._stand = kept(self._form, self._stand)
        width = max(NARROWEST, min(WIDTH, self.size.width - 2))
        lines = draw(self._form, self._stand, width, max(1, self.size.height))
        shown = in_ascii(lines) if self._desk.options.ascii else lines
        self.query_one(Lines).put(self._desk.picture(), shown, width)
