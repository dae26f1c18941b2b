"""How a console can end, so that its caller knows what becomes of the engine."""

from enum import StrEnum

from msgspec import Struct


class Ending(StrEnum):
    """Why the console is gone. Only the two stops are about the engine."""

    DETACHED = "detached"
    LOST = "lost"
    STOP_DRAIN = "stop-drain"
    STOP_NOW = "stop-now"
    CRASHED = "crashed"


class ConsoleEnd(Struct, frozen=True):
    """What is left when the screen is gone; the terminal is as it was before.

    Attributes:
        why: see `Ending`.
        exit_code: what the process should exit with if nothing else happens.
        detail: a crash: the traceback without local variables, for a log or standard error; else one sentence.
    """

    why: Ending
    exit_code: int = 0
    detail: str = ""
