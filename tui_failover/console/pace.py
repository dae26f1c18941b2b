"""How the console's thread shares the interpreter with the engine's: in short pieces, with a rest after each.

Giving the interpreter up is not enough: the engine needs it many times for one answer, waits each time until the
console has to let go of it, and would so be held up for as long as the console is busy.
"""

import time
from collections.abc import Callable
from typing import Final

_PIECE_S: Final = 0.0003
_REST_S: Final = 0.001


class Pace:
    """Rests, when called, where a piece of work has been done since the last rest. Meets `core.ports.Breathe`."""

    def __init__(
        self, clock: Callable[[], float] = time.perf_counter, rest: Callable[[float], None] = time.sleep
    ) -> None:
        """Begin.

        Args:
            clock: tells seconds.
            rest: sleeps for so many, while others have the interpreter.
        """
        self._clock = clock
        self._rest = rest
        self._since = clock()

    def __call__(self) -> None:
        """Rest if it is time for it."""
        if self._clock() - self._since < _PIECE_S:
            return
        self._rest(_REST_S)
        self._since = self._clock()
