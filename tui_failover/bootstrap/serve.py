"""The manager as a process without a screen: it logs to standard error and ends in order when it is told to."""

import asyncio
import logging
import os
import signal
import sys
import threading
from typing import Final

from tui_failover.bootstrap.hosting import Host, state_folder
from tui_failover.bootstrap.known_secrets import KnownSecrets
from tui_failover.bootstrap.logs import Log, logging_to, to_stream
from tui_failover.bootstrap.loops import new_loop
from tui_failover.bootstrap.service_manager import READY, STOPPING, tell_service_manager
from tui_failover.bootstrap.stopping import STOPS, Arrived, drain, signals, under_way, waits_for, within
from tui_failover.bootstrap.tuning import tune
from tui_failover.config.options import ServeOptions
from tui_failover.core.errors import FailoverError
from tui_failover.core.text import counted
from tui_failover.engine.thread import EngineThread

UNUSABLE: Final = 2  # as for any other mistake on the command line
FAILED: Final = 1
_BY_SIGNAL: Final = 128  # plus the signal's number, as shells report it
_LOOK_S: Final = 1.0
_CALMLY_S: Final = 10.0  # connections are closed in order, the state is written
_SOON_S: Final = 0.5
_ENDS = STOPS | {signal.SIGHUP}

_log = logging.getLogger("tui_failover")


def serve(options: ServeOptions) -> int:
    """Run until a signal ends it.

    Returns:
        0 where every query under way had its answer, 1 where the time for that was too short or the manager
        ended by itself, 2 where it could not begin as it was told, 128 and the number of a second signal.
    """
    secrets = KnownSecrets()
    style = options.log or options.settings.process.log
    with logging_to(to_stream(sys.stderr), style, secrets) as log:
        ended, status = _run(options, log, secrets)
    if not ended:
        os._exit(status)  # nothing that still runs is waited for; every order that was answered is on disk
    return status


def _run(options: ServeOptions, log: Log, secrets: KnownSecrets) -> tuple[bool, int]:
    """Return whether everything has ended, and the exit status."""
    settings = options.settings
    for warning in settings.warnings:
        _log.warning("%s", warning)
    folder = state_folder(settings, options.state)
    host = Host(settings, folder, options.listen or settings.control.listen, log, secrets)
    engine = EngineThread(host.running, new_loop)
    try:
        engine.start()
    except FailoverError as problem:
        _log.error("%s", problem)
        return True, UNUSABLE
    except Exception:  # noqa: BLE001 - the outermost frame of the process
        _log.exception("the failover manager could not be started")
        return True, FAILED
    tune()
    status = asyncio.run(_until_stopped(engine, host))
    return _ended(engine, _CALMLY_S if status == 0 else _SOON_S), status


def _ended(engine: EngineThread, patience_s: float) -> bool:
    """Stop the engine; tell whether it has ended within the time."""
    stopping = threading.Thread(target=engine.stop, name="stop", daemon=True)
    stopping.start()
    stopping.join(patience_s)
    return not stopping.is_alive()


async def _until_stopped(engine: EngineThread, host: Host) -> int:
    with signals(_ENDS) as arrived:
        tell_service_manager(READY)
        _log.info("ready, process %d", os.getpid())
        told = None
        while told is None and engine.running:
            told = await within(arrived, _LOOK_S)
        tell_service_manager(STOPPING)
        if told is None:
            _log.critical("the failover manager has ended by itself")
            return FAILED
        return await _end(engine, host, told, arrived)


async def _end(engine: EngineThread, host: Host, told: signal.Signals, arrived: Arrived) -> int:
    drain_s = host.settings.process.drain_s
    _log.info("%s: not ready for more, %s", told.name, waits_for(under_way(engine), drain_s))
    await asyncio.wrap_future(engine.call(lambda _: host.stop_taking()))
    hurry = await drain(engine, drain_s, arrived)
    if hurry is not None:
        _log.warning("%s: stopped at once, %s cut off", hurry.name, counted(under_way(engine), "attempt"))
        return _BY_SIGNAL + hurry
    left = under_way(engine)
    if left:
        _log.warning("the time is up, %s cut off", counted(left, "attempt"))
        return FAILED
    _log.info("every query has its answer; the process ends")
    return 0
