"""The list of events: follows the newest, or keeps its place while new ones arrive."""

from textual import events

from tui_failover.console.picture import Line, Picture
from tui_failover.console.presentation.feed import entries, feed, listed_events, lowest_top, place_of
from tui_failover.console.widgets.lines import LinesView


class EventFeed(LinesView, can_focus=True):
    """Shows the events; scrolled away from the newest, it stays on what is being read and counts what is new."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._anchor: int | None = None

    def lines(self, picture: Picture, width: int, height: int) -> tuple[Line, ...]:
        """Return the block."""
        return feed(picture, width, height, self._anchor, picked=self.has_focus)

    @property
    def following(self) -> bool:
        """Whether the newest event is in view."""
        return self._anchor is None

    def move(self, rows: int) -> None:
        """Scroll `rows` events further into the past, or back; at the newest it follows again."""
        if self.picture is None:
            return
        listed = entries(listed_events(self.picture))
        width, height = self.size
        lowest = lowest_top(self.picture, width, height)
        top = max(0, min(place_of(listed, self._anchor) + rows, lowest))
        self._anchor = listed[top].event.number if top > 0 else None
        self.redraw()

    def move_page(self, pages: int) -> None:
        """Scroll some screens further into the past, or back."""
        self.move(pages * max(1, self.size.height - 2))

    def move_to_end(self, *, last: bool) -> None:
        """Go to the oldest event known, or follow the newest again."""
        self.move(10**6 if last else -(10**6))

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Scroll into the past."""
        event.stop()
        self.move(3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Scroll towards the newest."""
        event.stop()
        self.move(-3)
