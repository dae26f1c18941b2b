"""What is measured: the console on N providers of which a fifth change every second, or an empty Textual app."""

import sys

from textual.app import App

from tests.benchmarks.crowd import CrowdLink
from tui_failover.console.app import Console
from tui_failover.console.desk import Desk
from tui_failover.console.terminal import KeptDriver, run_console


def main() -> None:
    """Run `empty`, or the console on as many providers as the argument says."""
    if sys.argv[1] == "empty":
        empty: App[None] = App()
        empty.run()
        return
    link = CrowdLink(int(sys.argv[1]))
    run_console(Console(Desk(link, link.clock), driver_class=KeptDriver))


if __name__ == "__main__":
    main()
