"""What the full screens share: keys go to the table, the picture goes to the widgets."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Protocol, cast, runtime_checkable

from textual import events
from textual.binding import BindingType
from textual.screen import Screen

from tui_failover.console import keymap
from tui_failover.console.picture import Picture
from tui_failover.console.widgets.bands import FooterLine, ModeLine
from tui_failover.console.widgets.chain_list import ChainList
from tui_failover.console.widgets.event_feed import EventFeed
from tui_failover.console.widgets.lines import LinesView

if TYPE_CHECKING:
    from tui_failover.console.app import Console


@runtime_checkable
class Shows(Protocol):
    """Whatever can be shown a picture."""

    def show(self, picture: Picture) -> None:
        """Draw it."""
        ...


class KeyedScreen(Screen[None], inherit_bindings=False):
    """A screen whose keys are the table's, but for letters of a filter being typed."""

    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = []

    def __init__(self) -> None:
        super().__init__()
        self._typing = False

    @property
    def console(self) -> "Console":
        """The console this screen belongs to."""
        return cast("Console", self.app)

    def show(self, picture: Picture) -> None:
        """Draw a picture."""
        raise NotImplementedError

    def on_mount(self) -> None:
        """Draw at once."""
        self.show(self.console.desk.picture())

    async def on_key(self, event: events.Key) -> None:
        """Take every key."""
        event.stop()
        event.prevent_default()
        if self._typing:
            self._type(event)
            self.console.redraw()
        else:
            await self.console.press(event)

    def on_chain_list_selected(self, event: ChainList.Selected) -> None:
        """Put the cursor where the mouse was clicked, or open it."""
        event.stop()
        self.console.desk.select(event.provider)
        self.console.redraw()
        if event.opened:
            self.console.actions.detail()

    # Panes

    @property
    def feed_has_arrows(self) -> bool:
        """Whether the arrows scroll the events."""
        return isinstance(self.focused, EventFeed)

    @property
    def on_address(self) -> bool:
        """Whether keys are about the gateway's address."""
        return isinstance(self.focused, ModeLine)

    def next_pane(self, by: int) -> None:
        """Go from the providers to the events, the gateway's address and back, or the other way round."""
        panes: list[LinesView | None] = [None]
        panes += [one for one in self.query(EventFeed) if one.display]
        panes += [one for one in self.query(ModeLine) if one.can_focus]
        here = next((place for place, pane in enumerate(panes) if pane is self.focused), 0)
        self.set_focus(panes[(here + by) % len(panes)])

    def scrolled(self, by: int) -> bool:
        """Scroll the events if they have the arrows; tell whether they have. The address has no use for arrows."""
        if isinstance(self.focused, EventFeed):
            self.focused.move(by)
            return True
        if self.on_address:
            self.set_focus(None)
        return False

    # The filter

    def start_filter(self) -> None:
        """Take letters for the filter from now on."""
        self._typing = True
        self.console.redraw()

    def _type(self, event: events.Key) -> None:
        desk = self.console.desk
        match event.key:
            case "enter":
                self._typing = False
            case "escape":
                self._typing = False
                desk.search("")
            case "backspace":
                desk.search(desk.gaze.filter[:-1])
            case _ if event.is_printable and event.character is not None:
                desk.search((desk.gaze.filter + event.character)[:40])

    # The footer

    def offer(self, picture: Picture) -> None:
        """Tell the footer what can be done now."""
        self.query_one(FooterLine).offer(self._offers(picture))

    def _offers(self, picture: Picture) -> Sequence[tuple[str, str]]:
        if self._typing:
            return (("/", f"{picture.filter}_"), ("⏎", "keep"), ("esc", "clear"), ("!", "first inverts"))
        pairs = keymap.footer(picture)
        if self.feed_has_arrows:
            return (("↑↓", "events"), *pairs[1:])
        return (("y", "copy the export line"), *pairs) if self.on_address else pairs
