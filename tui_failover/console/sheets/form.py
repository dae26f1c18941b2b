"""What a sheet shows and offers, as values: rows to choose in, what would follow, and acts.

A sheet is asked for its form again after every choice and every tick; it keeps nothing itself.
"""

from collections.abc import Mapping, Sequence
from typing import Final, Protocol

from msgspec import Struct

from tui_failover.console.ending import Ending
from tui_failover.console.picture import Line
from tui_failover.core.command import Command
from tui_failover.core.snapshot import Snapshot

CANCEL: Final = "cancel"

Picks = Mapping[str, str]
"""What was chosen in which row; by name, because places change while a sheet is open."""


class Row(Struct, frozen=True):
    """One choice among several; left and right move it.

    Attributes:
        id: its name in `Picks`; no act has the same.
        label: what is chosen.
        choices: what there is to choose.
        chosen: the place of the present choice.
    """

    id: str
    label: str
    choices: tuple[str, ...]
    chosen: int


class Act(Struct, frozen=True):
    """One way out of the sheet.

    Attributes:
        id: its name.
        label: a verb.
        hint: what follows, in a few words.
        blocked: why it cannot be chosen now; "" if it can.
        accept: the effect that has to be accepted by an extra key first; "" for none.
        word: what has to be typed first; "" for nothing.
        result: what choosing it does: an order, an end of the console, or None, which only closes the sheet.
    """

    id: str
    label: str
    hint: str = ""
    blocked: str = ""
    accept: str = ""
    word: str = ""
    result: Command | Ending | None = None


class Form(Struct, frozen=True):
    """A sheet at one instant. The first act is always the harmless one; the cursor starts there."""

    title: str
    rows: tuple[Row, ...]
    body: tuple[Line, ...]
    acts: tuple[Act, ...]


class Subject(Protocol):
    """What a sheet is about."""

    def form(self, snapshot: Snapshot, picks: Picks) -> Form:
        """Return what is to be shown and offered on this snapshot with these choices."""
        ...


def picked(picks: Picks, row: str, choices: Sequence[str], default: int = 0) -> int:
    """Return the place of what was picked in a row, or of the default where that is no longer offered."""
    pick = picks.get(row)
    return choices.index(pick) if pick in choices else default
