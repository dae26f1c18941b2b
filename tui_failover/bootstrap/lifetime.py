"""How long engine and screen live: the screen is a guest, the engine goes on until it is told to stop."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Callable, Iterator
from typing import Any

from platformdirs import user_state_path

from tui_failover.config.options import ConsoleOptions
from tui_failover.console.app import Console
from tui_failover.console.desk import Desk, Options
from tui_failover.console.ending import ConsoleEnd, Ending
from tui_failover.console.plain import run_plain, write_line
from tui_failover.console.terminal import KeptDriver, run_console, unfit, wants_ascii
from tui_failover.engine.thread import EngineThread

UNFIT = 2  # as for any other mistake on the command line
DRAIN_S = 30.0
_LOOK_S = 0.1
_STOPS = {signal.SIGTERM, signal.SIGINT}


def live(
    engine: EngineThread,
    options: ConsoleOptions,
    caption: Callable[[], str] = str,
    drain_s: float = DRAIN_S,
) -> int:
    """Start the engine, show it, and stop it when it is to stop rather than when the screen is gone.

    Args:
        engine: not started yet; stopped when this returns.
        options: how to show it.
        caption: what a demo says about itself at this moment.
        drain_s: how long queries under way may take to finish when the engine is to stop.

    Returns:
        The exit status.
    """
    why = None if options.plain else unfit()
    if why is not None:
        _say(f"tui-failover: no screen here, {why}. Each change as one sentence instead: --plain")
        return UNFIT
    engine.start()
    try:
        if options.plain:
            return _tell(engine, options.for_s, drain_s)
        return _after(engine, _show(engine, options, caption), drain_s)
    finally:
        engine.stop()


def _show(engine: EngineThread, options: ConsoleOptions, caption: Callable[[], str]) -> ConsoleEnd:
    looks = Options(
        actor=os.environ.get("USER") or "operator",
        read_only=options.read_only,
        ascii=options.ascii or wants_ascii(),
        theme=options.theme.value,
        environment=options.environment,
        folder=user_state_path("tui-failover"),
        for_s=options.for_s,
    )
    return run_console(Console(Desk(engine, engine.clock, looks, caption), driver_class=KeptDriver))


def _tell(engine: EngineThread, for_s: float | None, drain_s: float) -> int:
    """Tell each change until somebody or the time ends it; a hang-up ends the telling alone."""
    end = asyncio.run(_telling(engine, for_s))
    return 0 if end is None else _after(engine, ConsoleEnd(end), drain_s)


async def _telling(engine: EngineThread, for_s: float | None) -> Ending | None:
    with _signals({signal.SIGHUP, *_STOPS}) as signalled:
        telling = asyncio.ensure_future(run_plain(engine, engine.clock, write_line, for_s=for_s))
        either: set[asyncio.Future[Any]] = {telling, signalled}
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if telling.done():
            await telling
            return None
        telling.cancel()
        return Ending.LOST if signalled.result() is signal.SIGHUP else Ending.STOP_DRAIN


def _after(engine: EngineThread, end: ConsoleEnd, drain_s: float) -> int:
    """Decide what becomes of the engine now that the screen is gone."""
    match end.why:
        case Ending.STOP_NOW:
            pass
        case Ending.STOP_DRAIN:
            asyncio.run(_drain(engine, drain_s))
        case Ending.DETACHED | Ending.LOST | Ending.CRASHED:
            _say(end.detail)
            _say(
                f"tui-failover: the screen is {end.why}, the failover manager goes on as process {os.getpid()}; "
                f"stop it with: kill {os.getpid()}"
            )
            asyncio.run(_told_to_stop())
            asyncio.run(_drain(engine, drain_s))
    return end.exit_code


async def _told_to_stop() -> None:
    """Wait, without using the processor, for a signal to stop."""
    with _signals(_STOPS) as signalled:
        await signalled


async def _drain(engine: EngineThread, drain_s: float) -> None:
    """Let the queries under way finish, for a limited time; a further signal ends the waiting."""
    deadline = engine.clock.now().mono + drain_s
    with _signals(_STOPS) as hurry:
        while engine.clock.now().mono < deadline and any(view.inflight for view in engine.snapshot().providers):
            await asyncio.wait({hurry}, timeout=_LOOK_S)
            if hurry.done():
                return


@contextlib.contextmanager
def _signals(numbers: set[signal.Signals]) -> Iterator[asyncio.Future[signal.Signals]]:
    """Turn the first of the signals into a future of the running loop."""
    loop = asyncio.get_running_loop()
    arrived: asyncio.Future[signal.Signals] = loop.create_future()

    def arrive(number: signal.Signals) -> None:
        if not arrived.done():
            arrived.set_result(number)

    for number in numbers:
        loop.add_signal_handler(number, arrive, number)
    try:
        yield arrived
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)


def _say(text: str) -> None:
    """Write to standard error, which may be a terminal that is gone."""
    if text:
        with contextlib.suppress(OSError, ValueError):
            sys.stderr.write(f"{text}\n")
            sys.stderr.flush()
