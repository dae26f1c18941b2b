"""Which providers the chain shows, in which style, and which of them are in view: order never changes."""

from collections.abc import Sequence
from enum import IntEnum
from typing import Final

from msgspec import Struct

from tui_failover.console.picture import Picture
from tui_failover.console.presentation import words
from tui_failover.console.presentation.filtering import keeps
from tui_failover.core.names import ProviderId
from tui_failover.core.snapshot import ProviderView

PAIRS_UP_TO: Final = 7  # providers that get two lines each
ROOMY: Final = 100  # cells from which on two lines or a card make sense


class Style(IntEnum):
    """How a provider is drawn; the value is how many lines it takes."""

    LINE = 1
    PAIR = 2
    CARD = 5


class Arrangement(Struct, frozen=True):
    """The chain as it fits.

    Attributes:
        style: how each provider is drawn.
        shown: places of the shown providers in the snapshot, in its order.
        total: how many providers there are.
        head: lines above the first provider.
        capacity: providers in view at once.
    """

    style: Style
    shown: tuple[int, ...]
    total: int
    head: int
    capacity: int

    @property
    def scrolls(self) -> bool:
        """Whether some shown providers are out of view."""
        return len(self.shown) > self.capacity

    def top(self, wanted: int) -> int:
        """Return the row in view first, as near to `wanted` as there are rows."""
        return max(0, min(wanted, len(self.shown) - self.capacity))

    def reveal(self, top: int, row: int) -> int:
        """Return the first row in view after the least scrolling that brings `row` into view."""
        if row < top:
            return self.top(row)
        return self.top(max(top, row - self.capacity + 1))

    def row_at(self, y: int, top: int) -> int | None:
        """Return the row drawn on line `y`, or None where none is."""
        row = (y - self.head) // self.style + top
        inside = y >= self.head and row - top < self.capacity and row < len(self.shown)
        return row if inside else None


def matches(view: ProviderView, wanted: str) -> bool:
    """Tell whether the filter shows the provider; it looks at name, state word, model and agents.

    Case is ignored; "!" first inverts; an empty filter shows everything.
    """
    return keeps(wanted, view.id, words.state(view).value, view.model, *view.agents)


def shown(picture: Picture) -> tuple[ProviderId, ...]:
    """Return the providers the filter leaves, in order; the cursor moves among these."""
    views = picture.snapshot.providers
    return tuple(views[place].id for place in _places(picture))


def nearest(picture: Picture, rows: Sequence[ProviderId], provider: ProviderId | None) -> ProviderId:
    """Return which of the rows stands nearest to a provider in the chain; the first where that has left it."""
    places = picture.snapshot.shown
    here = -1 if provider is None else places.get(provider, -1)
    return min(rows, key=lambda row: abs(places[row] - here))


def arrange(picture: Picture, width: int, height: int) -> Arrangement:
    """Return the chain's arrangement in a block of that size; filtering does not change the style."""
    views = picture.snapshot.providers
    places = _places(picture)
    style = _style(len(views), width, height)
    head = 2 if style is Style.LINE and height >= 4 else 1
    room = max(1, (height - head) // style)
    if len(places) > room:
        room = max(1, (height - head - 1) // style)
    return Arrangement(style, places, len(views), head, room)


def _places(picture: Picture) -> tuple[int, ...]:
    """Return the places of the providers the filter leaves; nearly always that is all of them."""
    views = picture.snapshot.providers
    if not picture.filter:
        return tuple(range(len(views)))
    return tuple(place for place, view in enumerate(views) if matches(view, picture.filter))


def _style(count: int, width: int, height: int) -> Style:
    if width >= ROOMY and count * Style.CARD < height:
        return Style.CARD
    if width >= ROOMY and count <= PAIRS_UP_TO and count * Style.PAIR < height:
        return Style.PAIR
    return Style.LINE
