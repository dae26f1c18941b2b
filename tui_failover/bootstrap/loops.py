"""The engine's event loop: the faster one where it is installed, else the standard library's."""

import asyncio
import time


def new_loop() -> asyncio.AbstractEventLoop:
    """Return a loop for the engine."""
    try:
        import uvloop
    except ImportError:  # there is none for this platform
        return asyncio.new_event_loop()

    class PreciseLoop(uvloop.Loop):
        """Its own time counts whole milliseconds, and reading it from another thread changes the loop."""

        time = staticmethod(time.monotonic)  # noqa: TID251 - the same clock, exactly: every other is made from it

    return PreciseLoop()
