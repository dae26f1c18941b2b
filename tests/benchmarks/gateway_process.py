"""What the whole process takes: until its first answer, its memory, and what an open console does to answers.

Run with `python -m tests.benchmarks.gateway_process [SECONDS]`. The process is the one that `tui-failover serve`,
or `tui-failover` in a terminal, starts.
"""

import asyncio
import contextlib
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import psutil

from tests.benchmarks.gateway import upstream
from tests.benchmarks.load import Caller, Figures, load, percentile
from tests.benchmarks.terminal import Terminal

STARTS = 7
CROWD = 200
PARALLEL = 16
_PATIENCE_S = 20.0


def settings(folder: Path, target: str, providers: int, port: int) -> Path:
    """Write settings for so many providers, all of them at the same upstream; return the file."""
    names = [f"provider-{number:03}" for number in range(providers)]
    lines = ["[control]", f'listen = "127.0.0.1:{port}"', "[rules.probe]", "at_once = 16"]
    for name in names:
        lines += [f"[providers.{name}]", 'dialect = "openai"', 'model = "m"', f'base_url = "{target}/v1"']
        lines += ['auth = "none"', "price_input = 1.0", "price_output = 1.0"]
    backups = ", ".join(f'"{name}"' for name in names[1:])
    lines += ["[agents.agent]", f'primary_provider_id = "{names[0]}"', f"backup_provider_ids = [{backups}]"]
    path = folder / "settings.toml"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def free_port() -> int:
    """Return a port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def argv(path: Path, *command: str) -> list[str]:
    """Return the command line, with a state folder beside the settings."""
    return ["-m", "tui_failover", *command, "--settings", str(path), "--state", str(path.parent / "state")]


async def first_answer(address: str) -> None:
    """Ask until somebody answers."""
    ends = time.perf_counter() + _PATIENCE_S
    while time.perf_counter() < ends:
        caller = Caller(address, stream=False)
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            await caller.ask()
            caller.close()
            return
        await asyncio.sleep(0.002)  # noqa: TID251 - measured in real time
    message = f"nobody answered at {address}"
    raise TimeoutError(message)


@contextlib.contextmanager
def serving(path: Path) -> Iterator[psutil.Process]:
    """Run `tui-failover serve` on the settings."""
    command = [sys.executable, *argv(path, "serve")]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603
    try:
        yield psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait()


async def starts(folder: Path, target: str, seconds: float) -> None:
    """Print how long the first answer takes, and the memory before and after load."""
    took, idle, loaded = [], [], []
    for number in range(STARTS):
        port = free_port()
        path = settings(folder, target, 1, port)
        began = time.perf_counter()
        with serving(path) as process:
            await first_answer(f"http://127.0.0.1:{port}")
            took.append(time.perf_counter() - began)
            idle.append(process.memory_info().rss / 1e6)
            if number == 0:
                await load(f"http://127.0.0.1:{port}", PARALLEL, stream=False, seconds=seconds)
                loaded.append(process.memory_info().rss / 1e6)
    out = sys.stdout.write
    out(f"from the start of the process to the first answer: {median(took):.2f} s, at best {min(took):.2f} s\n")
    out(f"resident after it: {median(idle):.0f} MB; after {seconds:g} s of load: {loaded[0]:.0f} MB\n")


async def beside_a_console(folder: Path, target: str, seconds: float) -> None:
    """Print latencies with so many providers, without a screen and with one."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    path = settings(folder, target, CROWD, port)
    with serving(path):
        await first_answer(address)
        await load(address, PARALLEL, stream=False, seconds=seconds / 4)
        _print("headless", await load(address, PARALLEL, stream=False, seconds=seconds))
    with Terminal(200, 60, *argv(path)) as terminal:
        reading = asyncio.get_running_loop().run_in_executor(None, terminal.read, 2 * seconds + 4.0)
        await first_answer(address)
        await load(address, PARALLEL, stream=False, seconds=seconds / 4)
        _print("with the console open", await load(address, PARALLEL, stream=False, seconds=seconds))
        written = len(await reading)
    sys.stdout.write(f"the console wrote {written / 1000:.0f} kB meanwhile\n")


def _print(name: str, got: Figures) -> None:
    line = f"p50 {percentile(got.whole, 50):.2f} ms  p99 {percentile(got.whole, 99):.2f} ms  {got.per_s:.0f}/s"
    sys.stdout.write(f"{CROWD} providers, {PARALLEL} callers, {name}: {line}\n")


async def main(seconds: float) -> None:
    """Measure."""
    target = await upstream("")
    with tempfile.TemporaryDirectory() as name:
        await starts(Path(name), target, seconds)
        await beside_a_console(Path(name), target, seconds)


if __name__ == "__main__":
    asyncio.run(main(float(sys.argv[1]) if sys.argv[1:] else 6.0))
