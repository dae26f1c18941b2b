"""The overview: everything that matters on one screen."""

from textual.app import ComposeResult

from tui_failover.console.picture import Picture
from tui_failover.console.screens.keyed import KeyedScreen
from tui_failover.console.widgets.board import Board


class Overview(KeyedScreen):
    """The first screen."""

    def compose(self) -> ComposeResult:
        """Yield all blocks as one."""
        yield Board(id="board")

    def show(self, picture: Picture) -> None:
        """Draw a picture."""
        self.offer(picture)
        self.query_one(Board).show(picture)
