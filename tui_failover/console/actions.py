"""What each record of the key table does. Keys and palette both end here."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final

from textual.command import CommandPalette

from tui_failover.console import handover, theme
from tui_failover.console.clipboard import keep
from tui_failover.console.keymap import agents_of, selected, trials
from tui_failover.console.palette import ConsoleCommands
from tui_failover.console.presentation.arrangement import shown
from tui_failover.console.presentation.duration import length
from tui_failover.console.presentation.gateway import export_line
from tui_failover.console.presentation.verdict import judge
from tui_failover.console.screens.detail import Detail
from tui_failover.console.screens.help import Help
from tui_failover.console.sheets.automation import AutomationSheet, toggle
from tui_failover.console.sheets.leave import QuitSheet
from tui_failover.console.sheets.provider_acts import BreakerSheet, DrainSheet
from tui_failover.console.sheets.switch import SwitchSheet
from tui_failover.core.command import ConfirmTrial, Undo
from tui_failover.core.names import AgentId, ProviderId

if TYPE_CHECKING:
    from tui_failover.console.app import Console

Action = Callable[[], Awaitable[object] | None]

PAGE: Final = 10
EVERYTHING: Final = 1_000_000
_VERDICT_CELLS: Final = 300


class Actions:
    """The verbs of one console; `table` holds one for each record of the key table."""

    def __init__(self, console: "Console") -> None:
        self._console = console
        self._desk = console.desk
        self.table: dict[str, Action] = {
            "up": lambda: self.move(-1),
            "down": lambda: self.move(1),
            "first": lambda: self.move(-EVERYTHING),
            "last": lambda: self.move(EVERYTHING),
            "page-up": lambda: self.move(-PAGE),
            "page-down": lambda: self.move(PAGE),
            "next-pane": lambda: self.pane(1),
            "previous-pane": lambda: self.pane(-1),
            "detail": self.detail,
            "back": self.back,
            "filter": self.start_filter,
            "check": self.check_selected,
            "check-all": self.check_all,
            "switch": self.switch,
            "keep": self.keep_trial,
            "hold": self.hold,
            "drain": self.drain,
            "breaker": self.breaker,
            "undo": lambda: self._console.order(Undo()),
            "pause": self.pause,
            "wider": lambda: self.widen(1),
            "narrower": lambda: self.widen(-1),
            "theme": lambda: self.take_theme(""),
            "copy": self.copy,
            "handover": self.hand_over,
            "palette": self.open_palette,
            "help": self.help,
            "quit": self.quit,
        }

    # Looking

    def move(self, by: int) -> None:
        """Move the cursor, or scroll the pane that has the arrows."""
        board = self._console.board
        if board is None or not board.scrolled(by):
            self._desk.move(shown(self._desk.picture()), by)
        self._console.redraw()

    def pane(self, by: int) -> None:
        """Give the arrows to another pane."""
        if (board := self._console.board) is not None:
            board.next_pane(by)
        self._console.redraw()

    def detail(self) -> None:
        """Open the selected provider."""
        if not isinstance(self._console.screen, Detail):
            self._console.push_screen(Detail())

    def back(self) -> None:
        """Leave the detail, or clear the filter."""
        if isinstance(self._console.screen, Detail):
            self._console.pop_screen()
        else:
            self._desk.search("")
        self._console.redraw()

    def start_filter(self) -> None:
        """Let the operator type a filter."""
        if (board := self._console.board) is not None:
            board.start_filter()

    def pause(self) -> None:
        """Freeze the picture, or go live again."""
        self._desk.pause()
        self._console.redraw()

    def widen(self, by: int) -> None:
        """Take another window of time."""
        self._console.tell(f"window {length(self._desk.widen(by))}")
        self._console.redraw()

    def take_theme(self, name: str) -> None:
        """Take a theme by name, or the next one."""
        self._console.theme = name or theme.following(self._console.theme)
        self._console.tell(f"theme {self._console.theme.removeprefix('failover-')}")
        self._console.redraw()

    def help(self) -> None:
        """Open the help."""
        if not isinstance(self._console.screen, Help):
            self._console.push_screen(Help(self._desk.picture()))

    def open_palette(self) -> None:
        """Open the palette."""
        self._console.through.opened(self._desk.now())
        self._console.push_screen(CommandPalette([ConsoleCommands], placeholder="what is to be done"))

    # Copying

    def copy(self) -> None:
        """Copy the selected row, or the gateway's export line where keys are about its address."""
        if (board := self._console.board) is not None and board.on_address:
            self.copy_export()
            return
        picture = self._desk.picture()
        view = selected(picture)
        if view is not None:
            self._keep(handover.row(view, picture.at), "row.txt", f"row of {view.id}")

    def copy_export(self) -> None:
        """Copy the line that points applications at the gateway."""
        address = self._desk.gateway()
        if address:
            self._keep(export_line(address), "gateway.sh", f"export line for {address}")

    def hand_over(self) -> None:
        """Copy the handover summary."""
        picture = self._desk.picture()
        finding = judge(picture)
        verdict = f"{finding.head}: {finding.text(_VERDICT_CELLS)}"
        self._keep(handover.handover(picture.snapshot, verdict), "handover.md", "handover")

    def _keep(self, text: str, name: str, what: str) -> None:
        self._console.copy_to_clipboard(text)
        path = keep(self._desk.options.folder, name, text)
        also = f"; also in {path}" if path is not None else ""
        self._console.tell(f"{what} sent to the terminal's clipboard{also}")

    # Ordering

    async def check_selected(self) -> None:
        """Check the selected provider now."""
        if (view := selected(self._desk.picture())) is not None:
            await self.check((view.id,), view.id)

    async def check_all(self) -> None:
        """Check all providers that can be checked."""
        ids = tuple(view.id for view in self._desk.live().providers if view.missing_key is None)
        await self.check(ids, f"{len(ids)} providers")

    async def check(self, providers: tuple[ProviderId, ...], what: str) -> None:
        """Start checks and say so; the results come with later snapshots."""
        why = await self._desk.check(providers)
        if why is not None:
            self._console.tell(f"check: {why}", warning=True)
        else:
            self._console.tell(f"checking {what}")
        self._console.redraw()

    def switch(self, agent: AgentId | None = None, target: ProviderId | None = None) -> None:
        """Open the switch sheet, from the selected row or for an agent and a provider."""
        provider = target or self._desk.picture().selected
        if provider is not None:
            self._console.open_sheet(SwitchSheet(provider, agent, target))

    async def keep_trial(self) -> None:
        """Keep what the first trial switch tried; one that concerns the selected provider comes first."""
        picture = self._desk.picture()
        under_way = trials(picture)
        if under_way:
            concerned = [agent for agent in agents_of(picture) if agent in under_way]
            await self._console.order(ConfirmTrial((concerned or list(under_way))[0].id))

    async def hold(self) -> None:
        """Hold or release automation: at once where there is one clear answer, else by sheet."""
        picture = self._desk.picture()
        command = toggle(agents_of(picture))
        if command is not None:
            await self._console.order(command)
        elif picture.selected is not None:
            self._console.open_sheet(AutomationSheet(picture.selected))

    def drain(self) -> None:
        """Open the drain sheet."""
        if (provider := self._desk.picture().selected) is not None:
            self._console.open_sheet(DrainSheet(provider))

    def breaker(self) -> None:
        """Open the breaker sheet."""
        if (provider := self._desk.picture().selected) is not None:
            self._console.open_sheet(BreakerSheet(provider))

    def quit(self) -> None:
        """Open the quit sheet."""
        options = self._desk.options
        self._console.open_sheet(QuitSheet(owns_engine=options.owns_engine, read_only=options.read_only))
