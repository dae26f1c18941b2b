"""The one kind of widget everything is drawn with: lines in, cells out, and only changed lines are drawn again."""

from typing import ClassVar

from rich.segment import Segment
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from tui_failover.console import theme
from tui_failover.console.picture import Ink, Line, Picture, Span
from tui_failover.console.presentation.cells import close, page
from tui_failover.core.text import scrub


class LinesView(Widget):
    """Shows lines of exactly its own size; asks for no layout and knows no markup.

    A subclass says what to draw in `lines`; `show` draws a picture, later if the size is not known yet.
    """

    DEFAULT_CSS = """
    LinesView { width: 1fr; height: 1; background: $background; }
    """
    ALLOW_SELECT = False
    COUNTS_UP: ClassVar[bool] = False  # shows an age, which goes on while the picture is paused

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.auto_links = False
        self._picture: Picture | None = None
        self._shown: tuple[Line, ...] = ()
        self._strips: dict[int, Strip] = {}
        self._theme = theme.DARK

    @property
    def picture(self) -> Picture | None:
        """The picture on show."""
        return self._picture

    def show(self, picture: Picture) -> None:
        """Show a picture; cheap where little of it has changed, free where nothing has."""
        before, self._picture = self._picture, picture
        if before is None or self.COUNTS_UP or not before.looks_like(picture):
            self.redraw()

    def lines(self, picture: Picture, width: int, height: int) -> tuple[Line, ...]:
        """Return exactly `height` lines of exactly `width` cells."""
        raise NotImplementedError

    def watch_has_focus(self, has_focus: bool) -> None:  # noqa: FBT001 (Textual calls it)
        """Show at once whether keys are about this block; when the event comes, it is not known here yet."""
        super().watch_has_focus(has_focus)
        self.redraw()

    def redraw(self) -> None:
        """Draw the picture again, after something besides it has changed."""
        width, height = self.size
        if self._picture is None or width <= 0 or height <= 0 or not self.display:
            return
        self._picture.breathe()
        fresh = self._drawn(self._picture, width, height)
        if fresh is self._shown:
            return
        changed = [y for y in range(len(fresh)) if y >= len(self._shown) or fresh[y] != self._shown[y]]
        if len(fresh) < len(self._shown):
            changed.extend(range(len(fresh), min(len(self._shown), height)))
        self._shown = fresh
        for y in changed:
            self._strips.pop(y, None)
        if changed:
            self.refresh(*_regions(changed, width))

    def _drawn(self, picture: Picture, width: int, height: int) -> tuple[Line, ...]:
        """Return the lines, or one that says why there are none; a fault in one block stays in it."""
        try:
            return self.lines(picture, width, height)
        except Exception as error:  # noqa: BLE001 (the outermost frame of one block's drawing)
            text = scrub(f"this block cannot be drawn: {type(error).__name__}: {error}")
            return page((close((Span(f" {text}", Ink.DOWN),), width),), width, height)

    def on_mount(self) -> None:
        """Follow the theme."""
        self._theme = self.app.theme
        self.app.theme_changed_signal.subscribe(self, self._on_theme)

    def on_resize(self) -> None:
        """Draw for the new size."""
        self._shown = ()
        self._strips.clear()
        self.redraw()

    def on_show(self) -> None:
        """Draw what was missed while hidden."""
        self.redraw()

    def render_line(self, y: int) -> Strip:
        """Return one line as Textual wants it."""
        if self._picture is not None:
            self._picture.breathe()
        strip = self._strips.get(y)
        if strip is None:
            strip = self._strips[y] = self._strip(y)
        return strip

    def _strip(self, y: int) -> Strip:
        width = self.size.width
        if y >= len(self._shown):
            return Strip.blank(width, theme.style(self._theme, Ink.TEXT))
        name = self._theme
        segments = [
            Segment(span.text, theme.style(name, span.ink, bold=span.bold, lit=span.lit))
            for span in self._shown[y]
        ]
        return Strip(segments, width)

    def _on_theme(self, _theme: object) -> None:
        self._theme = self.app.theme
        self._strips.clear()
        self.refresh()


def _regions(changed: list[int], width: int) -> list[Region]:
    """Return the changed lines as regions, neighbours together."""
    regions: list[Region] = []
    for y in changed:
        if regions and regions[-1].bottom == y:
            last = regions[-1]
            regions[-1] = Region(0, last.y, width, last.height + 1)
        else:
            regions.append(Region(0, y, width, 1))
    return regions
