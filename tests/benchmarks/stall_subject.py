"""What is measured: the demo's console while the engine's loop beats; argv: where to write the longest gap."""

import asyncio
import sys
import time
from pathlib import Path

from tui_failover.bootstrap.stage import Stage
from tui_failover.console.app import Console
from tui_failover.console.desk import Desk
from tui_failover.console.terminal import KeptDriver, run_console
from tui_failover.engine.manager import FailoverManager
from tui_failover.engine.thread import EngineThread

BEAT_S = 0.01


class Heart:
    """Beats on the engine's loop and remembers the longest pause between two beats, in seconds."""

    def __init__(self, path: Path) -> None:
        self._path = path

    async def beat(self, _: FailoverManager) -> None:
        """Beat for ever; the file holds the longest gap, and is emptied to begin anew."""
        longest, last = 0.0, time.monotonic()  # noqa: TID251 - measured in real time
        while True:
            await asyncio.sleep(BEAT_S)  # noqa: TID251 - idem
            now = time.monotonic()  # noqa: TID251 - idem
            gap, last = now - last - BEAT_S, now
            if gap > longest:
                longest = gap
                self._path.write_text(f"{longest:.4f}", encoding="ascii")


def main() -> None:
    """Run until killed. The heart begins after the SDKs are loaded, whose import holds the interpreter."""
    engine = EngineThread(Stage(0).running).start()
    time.sleep(5.0)
    engine.call(Heart(Path(sys.argv[1])).beat)
    run_console(Console(Desk(engine, engine.clock), driver_class=KeptDriver))


if __name__ == "__main__":
    main()
