"""What the console costs: `python -m tests.benchmarks.console_cost [SECONDS]`.

Share of one core at one picture a second, nobody typing, for three crowds at three sizes, beside an empty Textual
app in the same run; then seconds from the start of the process to the first paint.
"""

import sys

from tests.benchmarks.terminal import Terminal

SIZES = ((80, 24), (120, 40), (200, 60))
CROWDS = (5, 20, 200)
WARM_UP_S = 4.0
SUBJECT = ("-m", "tests.benchmarks.console_subject")


def main() -> None:
    """Print one line for each size and crowd."""
    seconds = float(sys.argv[1]) if sys.argv[1:] else 10.0
    out = sys.stdout
    out.write("size     providers   cpu %   empty %   ratio   kB/s   first paint s\n")
    for columns, lines in SIZES:
        with Terminal(columns, lines, *SUBJECT, "empty") as terminal:
            terminal.read(WARM_UP_S)
            empty = terminal.cost(seconds).cpu
        for crowd in CROWDS:
            with Terminal(columns, lines, *SUBJECT, str(crowd)) as terminal:
                painted = terminal.read_until(b"FAILOVER", 10.0)
                terminal.read(WARM_UP_S)
                cost = terminal.cost(seconds)
            out.write(
                f"{columns}x{lines:<5} {crowd:>8} {cost.cpu * 100:>7.2f} {empty * 100:>9.2f} "
                f"{cost.cpu / max(empty, 1e-4):>7.1f} {cost.bytes_per_s / 1000:>6.1f} {painted:>15.2f}\n"
            )
            out.flush()


if __name__ == "__main__":
    main()
