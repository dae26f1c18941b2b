"""An app with nothing but the board, for tests of the widgets."""

from collections.abc import Sequence

from textual.app import App, ComposeResult
from textual.filter import LineFilter
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from tui_failover.console import theme
from tui_failover.console.picture import Picture
from tui_failover.console.widgets.board import Board
from tui_failover.console.widgets.chain_list import ChainList
from tui_failover.console.widgets.terminal_guard import TerminalGuard


class Stage(App[None]):
    """Shows one board and remembers which selections were asked for."""

    ENABLE_COMMAND_PALETTE = False

    def __init__(self, picture: Picture) -> None:
        super().__init__()
        self.first = picture
        self.guard = TerminalGuard()
        self.asked: list[ChainList.Selected] = []

    def compose(self) -> ComposeResult:
        """Yield the board."""
        yield Board()

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Guard the terminal, as the console does."""
        return (*super().get_line_filters(), self.guard)

    def on_mount(self) -> None:
        """Take our themes and show the first picture."""
        for one in theme.themes():
            self.register_theme(one)
        self.theme = theme.DARK
        self.board.show(self.first)

    @property
    def board(self) -> Board:
        """The board."""
        return self.query_one(Board)

    def on_chain_list_selected(self, message: ChainList.Selected) -> None:
        """Remember what was asked for."""
        self.asked.append(message)


def written(widget: Widget) -> list[str]:
    """Return what the widget puts on the screen, line by line."""
    width, height = widget.size
    return [strip.text.rstrip() for strip in widget.render_lines(Region(0, 0, width, height))]


def strips_of(widget: Widget) -> list[Strip]:
    """Return the same with its styles."""
    width, height = widget.size
    return widget.render_lines(Region(0, 0, width, height))
