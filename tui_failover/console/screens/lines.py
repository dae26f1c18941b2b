"""A widget that shows lines it is given, as tall as they are."""

from tui_failover.console.picture import Line, Picture
from tui_failover.console.widgets.lines import LinesView


class Lines(LinesView):
    """Shows lines; what they say is somebody else's business, and does not follow from the picture alone."""

    COUNTS_UP = True

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._put: tuple[Line, ...] = ()

    def put(self, picture: Picture, lines: tuple[Line, ...], width: int) -> None:
        """Show these lines from now on, each of `width` cells."""
        if len(lines) != len(self._put) or width != self.size.width:
            self.styles.width = width
            self.styles.height = len(lines)
        self._put = lines
        self.show(picture)

    def lines(self, picture: Picture, width: int, height: int) -> tuple[Line, ...]:  # noqa: ARG002 - already drawn
        """Return what was put."""
        return self._put[:height]
