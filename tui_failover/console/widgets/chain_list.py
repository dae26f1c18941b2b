"""The list of providers: a cursor that stays on its provider, scrolling, and selection by mouse."""

from dataclasses import dataclass

from textual import events
from textual.message import Message

from tui_failover.console.picture import Line, Picture
from tui_failover.console.presentation.arrangement import Arrangement, arrange
from tui_failover.console.presentation.chain_rows import chain
from tui_failover.console.widgets.lines import LinesView
from tui_failover.core.names import ProviderId

_Seen = tuple[ProviderId | None, str, int | None, int]  # what the place of the cursor's row depends on


class ChainList(LinesView, can_focus=True):
    """Shows the chain. It keeps no cursor of its own: the picture has it, and `Selected` asks for another one."""

    @dataclass
    class Selected(Message):
        """The operator wants the cursor on `provider`; `opened` is a second click on it."""

        provider: ProviderId
        opened: bool = False

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._top = 0
        self._followed: _Seen | None = None

    def lines(self, picture: Picture, width: int, height: int) -> tuple[Line, ...]:
        """Return the block, scrolled so that a cursor that has moved, or whose list has changed, is in view."""
        plan = arrange(picture, width, height)
        row = _row_of(picture, plan, picture.selected)
        seen = (picture.selected, picture.filter, row, plan.capacity)
        if row is not None and seen != self._followed:
            self._top = plan.reveal(self._top, row)
        self._followed = seen
        self._top = plan.top(self._top)
        return chain(picture, width, height, self._top)

    def on_resize(self) -> None:
        """Bring the cursor back into view."""
        self._followed = None
        super().on_resize()

    def move(self, rows: int) -> None:
        """Ask for the cursor `rows` further down, or up; stops at the ends."""
        plan = self._plan()
        if plan is None or not plan.shown or self.picture is None:
            return
        row = _row_of(self.picture, plan, self.picture.selected)
        wanted = 0 if row is None else max(0, min(row + rows, len(plan.shown) - 1))
        self._ask(plan.shown[wanted])

    def move_page(self, pages: int) -> None:
        """Ask for the cursor some screens further down, or up."""
        plan = self._plan()
        if plan is not None:
            self.move(pages * max(1, plan.capacity - 1))

    def move_to_end(self, *, last: bool) -> None:
        """Ask for the cursor on the last or the first provider shown."""
        plan = self._plan()
        if plan is not None and plan.shown:
            self._ask(plan.shown[-1 if last else 0])

    def on_click(self, event: events.Click) -> None:
        """Select the provider under the mouse."""
        plan = self._plan()
        row = None if plan is None else plan.row_at(event.y, self._top)
        if plan is None or row is None or self.picture is None:
            return
        event.stop()
        self._ask(plan.shown[row], opened=event.chain > 1)

    def scroll_rows(self, rows: int) -> None:
        """Scroll `rows` providers down, or up; the cursor stays where it is, in view or not."""
        plan = self._plan()
        if plan is not None and plan.scrolls:
            self._top = plan.top(self._top + rows)
            self.redraw()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Scroll down."""
        event.stop()
        self.scroll_rows(3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Scroll up."""
        event.stop()
        self.scroll_rows(-3)

    def _plan(self) -> Arrangement | None:
        width, height = self.size
        return None if self.picture is None or height <= 0 else arrange(self.picture, width, height)

    def _ask(self, place: int, *, opened: bool = False) -> None:
        if self.picture is not None:
            self.post_message(self.Selected(self.picture.snapshot.providers[place].id, opened))


def _row_of(picture: Picture, plan: Arrangement, provider: ProviderId | None) -> int | None:
    place = None if provider is None else picture.snapshot.shown.get(provider)
    return plan.shown.index(place) if place in plan.shown else None
