"""One provider on a whole screen: its row, all its facts, and its own events."""

from typing import Final

from textual.app import ComposeResult

from tui_failover.console.picture import Ink, Line, Picture, Span
from tui_failover.console.presentation.arrangement import ROOMY, Style
from tui_failover.console.presentation.cards import card
from tui_failover.console.presentation.cells import drawn, page, rule
from tui_failover.console.presentation.chain_frame import frame_of
from tui_failover.console.presentation.chain_rows import chain
from tui_failover.console.presentation.duration import length
from tui_failover.console.screens.keyed import KeyedScreen
from tui_failover.console.widgets.bands import FooterLine, ModeLine, ProviderDetail, Verdict
from tui_failover.console.widgets.event_feed import EventFeed
from tui_failover.console.widgets.lines import LinesView
from tui_failover.core.copying import replace

_FACTS: Final = 15  # the rule and fourteen rows
_ROW: Final = 2  # headings and the row


class ProviderRow(LinesView):
    """The selected provider as the chain draws it, as a card where there is room."""

    def lines(self, picture: Picture, width: int, height: int) -> tuple[Line, ...]:
        """Return the row in its place of the chain."""
        place = None if picture.selected is None else picture.snapshot.shown.get(picture.selected)
        if place is None:
            return page((), width, height)
        if height <= _ROW:
            return page(chain(replace(picture, filter=""), width, 4, place)[1:], width, height)
        title = rule("response time", width, Span(f"last {length(picture.window_s)}", Ink.MUTED))
        block = (title, *card(frame_of(picture, width), place, picture.snapshot.providers[place]))
        return drawn(page(block, width, height), ascii_only=picture.ascii)


class Detail(KeyedScreen):
    """The selected provider; up and down go to its neighbours."""

    DEFAULT_CSS = """
    Detail { layout: vertical; }
    Detail EventFeed { height: 1fr; }
    """

    def compose(self) -> ComposeResult:
        """Yield the blocks from top to bottom."""
        yield ModeLine()
        yield Verdict()
        yield ProviderRow()
        yield ProviderDetail()
        yield EventFeed()
        yield FooterLine()

    def on_resize(self) -> None:
        """Give the row the room it can use."""
        width, height = self.size
        roomy = width >= ROOMY and height >= _FACTS + Style.CARD + 10
        row = Style.CARD + 2 if roomy else _ROW
        self.query_one(ProviderRow).styles.height = row
        self.query_one(ProviderDetail).styles.height = max(1, min(_FACTS, height - row - 3))

    def show(self, picture: Picture) -> None:
        """Draw a picture; the events are those of the selected provider alone, all of them whatever the filter."""
        self.offer(picture)
        self.query_one(EventFeed).show(_alone(picture))
        for band in (ModeLine, Verdict, ProviderRow, ProviderDetail, FooterLine):
            self.query_one(band).show(picture)


def _alone(picture: Picture) -> Picture:
    view = None if picture.selected is None else picture.snapshot.provider(picture.selected)
    if view is None:
        return picture
    events = tuple(event for event in picture.snapshot.events if view.id in {event.provider, event.left})
    return replace(picture, filter="", snapshot=replace(picture.snapshot, events=events))
