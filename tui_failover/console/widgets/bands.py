"""The one-line blocks: mode, verdict, caption, totals, footer; and the blocks that only show."""

from collections.abc import Sequence

from tui_failover.console.picture import Line, Picture
from tui_failover.console.presentation import agents, detail, footer, mode_line, totals, verdict
from tui_failover.console.widgets.lines import LinesView


class ModeLine(LinesView):
    """Identity, mode, policy, the gateway's address, alerts, clock and age of the data.

    It takes the focus where there is an address: keys are about that then.
    """

    COUNTS_UP = True

    def show(self, picture: Picture) -> None:
        """Show a picture."""
        self.can_focus = bool(picture.gateway)
        super().show(picture)

    def lines(self, picture: Picture, width: int, height: int) -> tuple[Line, ...]:  # noqa: ARG002 (one line)
        """Return the mode line."""
        return mode_line.mode_line(picture, width, picked=self.has_focus and bool(picture.gateway))


class Verdict(LinesView):
    """What is going on, in one sentence."""

    def lines(self, picture: Picture, width: int, height: int) -> tuple[Line, ...]:  # noqa: ARG002 (one line)
        """Return the verdict line."""
        return verdict.verdict(picture, width)


class Caption(LinesView):
    """What a demo says it is showing."""

    def lines(self, picture: Picture, width: int, height: int) -> tuple[Line, ...]:  # noqa: ARG002 (one line)
        """Return the caption line."""
        return mode_line.caption(picture, width)


class Totals(LinesView):
    """The traffic of everyone together."""

    def lines(self, picture: Picture, width: int, height: int) -> tuple[Line, ...]:  # noqa: ARG002 (one line)
        """Return the line of totals."""
        return totals.totals(picture, width)


class AgentsPanel(LinesView):
    """Agents, next best route, and why not the others."""

    def lines(self, picture: Picture, width: int, height: int) -> tuple[Line, ...]:
        """Return the block."""
        return agents.agents(picture, width, height)


class ProviderDetail(LinesView):
    """Everything about the selected provider."""

    def lines(self, picture: Picture, width: int, height: int) -> tuple[Line, ...]:
        """Return the block."""
        return detail.detail(picture, width, height)


class FooterLine(LinesView):
    """The keys that matter now; what they are is given by whoever knows the keys."""

    def __init__(self, keys: Sequence[footer.Key] = (), *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._keys = tuple(keys)

    def offer(self, keys: Sequence[footer.Key]) -> None:
        """Show these pairs of key and word, the most needed first."""
        if self._keys != tuple(keys):
            self._keys = tuple(keys)
            self.redraw()

    def lines(self, picture: Picture, width: int, height: int) -> tuple[Line, ...]:  # noqa: ARG002 (one line)
        """Return the footer."""
        return footer.footer(picture, self._keys, width)
