"""What is to be drawn, before anyone draws it: pure values between the read model and the widgets."""

from enum import StrEnum
from typing import NamedTuple

from msgspec import Struct

from tui_failover.core.copying import replace
from tui_failover.core.names import ProviderId
from tui_failover.core.ports import Breathe, at_once
from tui_failover.core.snapshot import Snapshot


class Ink(StrEnum):
    """The meaning of a colour; themes give each meaning its colour, monochrome gives it weight."""

    TEXT = "text"
    MUTED = "muted"
    FAINT = "faint"
    ACCENT = "accent"
    UP = "up"
    SLOW = "slow"
    DEGR = "degr"
    DOWN = "down"
    UNKN = "unkn"
    HELD = "held"


class Span(NamedTuple):
    """A run of cells in one ink. `text` is harmless already and never markup; `lit` is under the cursor.

    A tuple, because a screen is thousands of these a second and each line is compared with its predecessor.
    """

    text: str
    ink: Ink = Ink.TEXT
    bold: bool = False
    lit: bool = False


Line = tuple[Span, ...]


class Picture(Struct, frozen=True):
    """Everything a frame depends on; equal pictures draw equal frames.

    Attributes:
        snapshot: the read model shown; stays the same while paused.
        now: monotonic seconds of this frame; goes on while paused, so that the age grows.
        selected: the provider the cursor is on.
        filter: the filter typed after `/` ("!" first inverts it); "" shows all.
        window_s: seconds the sparklines span.
        ascii: draw with ASCII characters only.
        paused: the picture is frozen.
        read_only: orders are switched off.
        caption: what a demo says about itself; "" outside a demo.
        environment: the operator's name for this installation; may be "".
        gateway: where applications reach the gateway, "http://host:port"; "" where there is none.
        gateway_problem: why there is none although one was wanted, or "".
        breathe: called between the pieces of drawing it.
    """

    snapshot: Snapshot
    now: float
    selected: ProviderId | None = None
    filter: str = ""
    window_s: float = 120.0
    ascii: bool = False
    paused: bool = False
    read_only: bool = False
    caption: str = ""
    environment: str = ""
    gateway: str = ""
    gateway_problem: str = ""
    breathe: Breathe = at_once

    @property
    def at(self) -> float:
        """The instant shown, in monotonic seconds: a paused picture stands still, a live one never does."""
        return self.snapshot.moment.mono if self.paused else self.now

    def looks_like(self, other: "Picture") -> bool:
        """Tell whether the other picture draws the same frame, but for ages that count up while paused.

        Snapshots are compared by identity: comparing two hundred providers would cost more than drawing them.
        """
        same = self.snapshot is other.snapshot and self.at == other.at
        return same and replace(self, now=0.0) == replace(other, now=0.0)
