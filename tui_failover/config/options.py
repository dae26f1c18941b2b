"""What the command line decided about one run of the console."""

from pathlib import Path

from msgspec import Struct

from tui_failover.config.settings import ListenAt, LogStyle, Settings, Theme


class ConsoleOptions(Struct, frozen=True):
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
        state: the folder for what is ordered at run time; None: as in the settings.
        listen: where the control API listens; None: as in the settings.
    """

    settings: Settings | None = None
    environment: str = ""
    theme: Theme = Theme.DARK
    ascii: bool = False
    read_only: bool = False
    plain: bool = False
    for_s: float | None = None
    seed: int = 0
    state: Path | None = None
    listen: ListenAt | None = None


class ServeOptions(Struct, frozen=True):
    """How to run without a screen.

    Attributes:
        settings: what to run.
        state: the folder for what is ordered at run time; None: as in the settings.
        listen: where the control API listens; None: as in the settings.
        log: how the log is written; None: as in the settings.
    """

    settings: Settings
    state: Path | None = None
    listen: ListenAt | None = None
    log: LogStyle | None = None
