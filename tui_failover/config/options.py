"""What the command line decided about one run of the console."""

from dataclasses import dataclass

from tui_failover.config.settings import Settings, Theme


@dataclass(frozen=True, slots=True)
class ConsoleOptions:
    """How to run the console, the demo included; the command line has already been weighed against the settings.

    Attributes:
        settings: what to run; None for the demo, which brings its own.
        environment: the operator's name for this installation; may be "".
        theme: the colours.
        ascii: draw with ASCII characters only.
        read_only: orders are switched off.
        plain: say each change as one sentence on standard output instead of drawing a screen.
        for_s: seconds after which the run ends by itself; None: when the operator quits.
        seed: makes a demo repeatable.
    """

    settings: Settings | None = None
    environment: str = ""
    theme: Theme = Theme.DARK
    ascii: bool = False
    read_only: bool = False
    plain: bool = False
    for_s: float | None = None
    seed: int = 0
