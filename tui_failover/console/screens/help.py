"""The help screen: the page, scrolled, and what is searched in it."""

from textual import events
from textual.app import ComposeResult
from textual.screen import Screen

from tui_failover.console.help_page import help_page, title
from tui_failover.console.picture import Picture
from tui_failover.console.presentation.cells import page
from tui_failover.console.screens.lines import Lines

_STEPS = {"up": -1, "down": 1, "pageup": -10, "pagedown": 10, "home": -10_000, "end": 10_000}


class Help(Screen[None], inherit_bindings=False):
    """Every letter searches; arrows scroll; escape clears the search, then closes."""

    AUTO_FOCUS = ""

    def __init__(self, picture: Picture) -> None:
        super().__init__()
        self._picture = picture
        self._wanted = ""
        self._top = 0

    def compose(self) -> ComposeResult:
        """Return the one widget."""
        yield Lines(id="help")

    def on_mount(self) -> None:
        """Draw at once."""
        self._draw()

    def on_resize(self) -> None:
        """Draw for the new size."""
        self._draw()

    def show(self, picture: Picture) -> None:
        """Draw on a newer picture: why a key is grey may have changed."""
        self._picture = picture
        self._draw()

    def on_key(self, event: events.Key) -> None:
        """Search, scroll or close."""
        event.stop()
        event.prevent_default()
        if event.key in {"escape", "f1"}:
            self._back()
        elif event.key in _STEPS:
            self._top += _STEPS[event.key]
        elif event.key == "backspace":
            self._search(self._wanted[:-1])
        elif event.is_printable and event.character is not None:
            self._search((self._wanted + event.character)[:40])
        self._draw()

    def _back(self) -> None:
        if self._wanted:
            self._search("")
        else:
            self.dismiss()

    def _search(self, wanted: str) -> None:
        self._wanted, self._top = wanted, 0

    def _draw(self) -> None:
        width, height = self.size
        lines = help_page(self._picture, self._wanted, width)
        room = max(1, height - 2)
        self._top = max(0, min(self._top, len(lines) - room))
        shown = page(lines[self._top :], width, room)
        head = title(self._picture, self._wanted, width)
        self.query_one(Lines).put(self._picture, (head, page((), width, 1)[0], *shown), width)
