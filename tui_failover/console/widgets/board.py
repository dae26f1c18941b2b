"""The overview as a whole: every block in its place, laid out again only when size or content asks for it."""

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Container

from tui_failover.console.picture import Picture
from tui_failover.console.presentation.footer import Key
from tui_failover.console.presentation.layout import Block, Content, Rect, content_of, lay_out
from tui_failover.console.widgets.bands import (
    AgentsPanel,
    Caption,
    FooterLine,
    ModeLine,
    ProviderDetail,
    Totals,
    Verdict,
)
from tui_failover.console.widgets.chain_list import ChainList
from tui_failover.console.widgets.event_feed import EventFeed
from tui_failover.console.widgets.lines import LinesView


class Board(Container):
    """All blocks of the overview. `show` is all that has to be called, once a tick."""

    DEFAULT_CSS = """
    Board { width: 100%; height: 100%; background: $background; overflow: hidden hidden; layout: vertical; }
    Board > LinesView { position: absolute; display: none; }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._blocks: dict[Block, LinesView] = {
            Block.MODE: ModeLine(id="mode"),
            Block.VERDICT: Verdict(id="verdict"),
            Block.CAPTION: Caption(id="caption"),
            Block.TOTALS: Totals(id="totals"),
            Block.CHAIN: ChainList(id="chain"),
            Block.AGENTS: AgentsPanel(id="agents"),
            Block.FEED: EventFeed(id="feed"),
            Block.DETAIL: ProviderDetail(id="detail"),
            Block.FOOTER: FooterLine(id="footer"),
        }
        self._laid_out: tuple[Content, int, int] | None = None
        self._picture: Picture | None = None

    def compose(self) -> ComposeResult:
        """Yield the blocks."""
        yield from self._blocks.values()

    def show(self, picture: Picture) -> None:
        """Show a picture."""
        self._picture = picture
        self._lay_out()
        for block in self._blocks.values():
            block.show(picture)

    def offer(self, keys: Sequence[Key]) -> None:
        """Show these keys in the footer."""
        self.query_one(FooterLine).offer(keys)

    def on_resize(self) -> None:
        """Lay out for the new size."""
        self._lay_out()

    def _lay_out(self) -> None:
        width, height = self.size
        if self._picture is None or width <= 0 or height <= 0:
            return
        wanted = (content_of(self._picture), width, height)
        if wanted == self._laid_out:
            return
        self._laid_out = wanted
        places = lay_out(*wanted)
        for block, widget in self._blocks.items():
            _put(widget, places.get(block))


def _put(widget: LinesView, rect: Rect | None) -> None:
    widget.display = rect is not None
    if rect is not None:
        widget.styles.width = rect.width
        widget.styles.height = rect.height
        widget.styles.offset = (rect.x, rect.y)
