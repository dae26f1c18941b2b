"""How long an unread terminal holds the engine up: `python -m tests.benchmarks.stalled_terminal`.

The demo runs with its traffic in a terminal of 200x60: 6 s while it is read, then 6 s while it is not.
"""

import sys
import tempfile
import time
from pathlib import Path

from tests.benchmarks.terminal import Terminal

SPAN_S = 6.0


def main() -> None:
    """Print the longest gap of both spans, in milliseconds."""
    with tempfile.TemporaryDirectory() as folder:
        gap = Path(folder) / "gap"
        with Terminal(200, 60, "-m", "tests.benchmarks.stall_subject", str(gap)) as terminal:
            terminal.read(6.0 + SPAN_S)
            read = float(gap.read_text(encoding="ascii"))
            time.sleep(SPAN_S)
            stalled = float(gap.read_text(encoding="ascii"))
            terminal.read(1.0)
    sys.stdout.write(f"longest gap of the engine's loop: read {read * 1000:.0f} ms, so far\n")
    sys.stdout.write(f"after {SPAN_S:.0f} s unread: {stalled * 1000:.0f} ms\n")


if __name__ == "__main__":
    main()
