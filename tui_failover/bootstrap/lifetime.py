"""How long engine and screen live: the screen is a guest, the engine goes on until it is told to stop."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from msgspec import Struct

from tui_failover.bootstrap.stopping import STOPS, drain, signals, under_way, waits_for
from tui_failover.bootstrap.tuning import tune
from tui_failover.config.options import ConsoleOptions
from tui_failover.console.app import Console
from tui_failover.console.desk import Desk, Options
from tui_failover.console.ending import ConsoleEnd, Ending
from tui_failover.console.pace import Pace
from tui_failover.console.plain import run_plain, write_line
from tui_failover.console.terminal import KeptDriver, run_console, unfit, wants_ascii
from tui_failover.engine.thread import EngineThread

UNFIT = 2  # as for any other mistake on the command line
DRAIN_S = 30.0


def _nothing() -> None:
    """There is nothing to be done."""


class Life(Struct, frozen=True):
    """What an engine's life beside a screen is made of.

    Attributes:
        caption: what a demo says about itself at this moment.
        drain_s: how long queries under way may take to finish when the engine is to stop.
        folder: where the console writes copies for terminals that take no clipboard; None: nowhere.
        started: called when the engine runs and no screen covers the terminal yet.
        stopping: called when the engine is to stop and before queries are waited for.
        hide: takes secrets out of what is said about a crash.
        gateway: where applications reach the gateway, "http://host:port"; "" where there is none, or not yet.
        gateway_problem: why there is none although one was wanted, or "".
    """

    caption: Callable[[], str] = str
    drain_s: float = DRAIN_S
    folder: Path | None = None
    started: Callable[[], None] = _nothing
    stopping: Callable[[], None] = _nothing
    hide: Callable[[str], str] = str
    gateway: Callable[[], str] = str
    gateway_problem: Callable[[], str] = str


def live(engine: EngineThread, options: ConsoleOptions, life: Life) -> int:
    """Start the engine, show it, and stop it when it is to stop rather than when the screen is gone.

    Args:
        engine: not started yet; stopped when this returns.
        options: how to show it.
        life: how it begins and ends.

    Returns:
        The exit status.
    """
    why = None if options.plain else unfit()
    if why is not None:
        say(f"tui-failover: no screen here, {why}. Each change as one sentence instead: --plain")
        return UNFIT
    engine.start()
    tune()
    try:
        life.started()
        if options.plain:
            return _tell(engine, options.for_s, life)
        return _after(engine, _show(engine, options, life), life)
    finally:
        engine.stop()


def _show(engine: EngineThread, options: ConsoleOptions, life: Life) -> ConsoleEnd:
    looks = Options(
        actor=os.environ.get("USER") or "operator",
        read_only=options.read_only,
        ascii=options.ascii or wants_ascii(),
        theme=options.theme.value,
        environment=options.environment,
        folder=life.folder,
        for_s=options.for_s,
    )
    desk = Desk(engine, engine.clock, looks, life.caption, life.gateway, life.gateway_problem, Pace())
    return run_console(Console(desk, driver_class=KeptDriver))


def _tell(engine: EngineThread, for_s: float | None, life: Life) -> int:
    """Tell each change until somebody or the time ends it; a hang-up ends the telling alone."""
    end = asyncio.run(_telling(engine, for_s, life.gateway))
    return 0 if end is None else _after(engine, ConsoleEnd(end), life)


async def _telling(engine: EngineThread, for_s: float | None, gateway: Callable[[], str]) -> Ending | None:
    with signals(STOPS | {signal.SIGHUP}) as arrived:
        signalled = asyncio.ensure_future(arrived.get())
        telling = asyncio.ensure_future(run_plain(engine, engine.clock, write_line, for_s=for_s, gateway=gateway))
        either: set[asyncio.Future[Any]] = {telling, signalled}
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if telling.done():
            signalled.cancel()
            await telling
            return None
        telling.cancel()
        return Ending.LOST if signalled.result() is signal.SIGHUP else Ending.STOP_DRAIN


def _after(engine: EngineThread, end: ConsoleEnd, life: Life) -> int:
    """Decide what becomes of the engine now that the screen is gone."""
    match end.why:
        case Ending.STOP_NOW:
            pass
        case Ending.STOP_DRAIN:
            asyncio.run(_stop(engine, life))
        case Ending.DETACHED | Ending.LOST | Ending.CRASHED:
            say(life.hide(end.detail))
            say(
                f"tui-failover: the screen is {end.why}, the failover manager goes on as process {os.getpid()}, "
                f"also when this terminal is closed; stop it with ctrl+c here, or: kill {os.getpid()}"
            )
            asyncio.run(_told_to_stop())
            asyncio.run(_stop(engine, life))
    return end.exit_code


async def _told_to_stop() -> None:
    """Wait, without using the processor, for a signal to stop."""
    with signals(STOPS) as arrived:
        await arrived.get()


async def _stop(engine: EngineThread, life: Life) -> None:
    life.stopping()
    with signals(STOPS) as arrived:
        if life.drain_s and (queries := under_way(engine)):
            say(f"tui-failover: {waits_for(queries, life.drain_s)}; ctrl+c stops at once")
        await drain(engine, life.drain_s, arrived)


def say(text: str) -> None:
    """Write to standard error, which may be a terminal that is gone."""
    if text:
        with contextlib.suppress(OSError, ValueError):
            sys.stderr.write(f"{text}\n")
            sys.stderr.flush()
