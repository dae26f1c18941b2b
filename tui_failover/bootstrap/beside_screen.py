"""The manager beside a screen: its log goes to a file, for the terminal belongs to the console."""

import logging

from tui_failover.bootstrap.hosting import Host, state_folder
from tui_failover.bootstrap.known_secrets import KnownSecrets
from tui_failover.bootstrap.lifetime import UNFIT, Life, live, say
from tui_failover.bootstrap.logs import FILE, logging_to, to_file
from tui_failover.bootstrap.loops import new_loop
from tui_failover.config.options import ConsoleOptions
from tui_failover.config.settings import LogStyle, Settings
from tui_failover.core.errors import EngineClosed, FailoverError
from tui_failover.engine.thread import EngineThread

_log = logging.getLogger("tui_failover")


def live_with_settings(settings: Settings, options: ConsoleOptions) -> int:
    """Run manager, control API and console on the settings; return the exit status."""
    folder = state_folder(settings, options.state)
    secrets = KnownSecrets()
    with logging_to(to_file(folder / FILE), LogStyle.PLAIN, secrets) as log:
        listen = options.listen or settings.control.listen
        host = Host(settings, folder, listen, log, secrets, must_listen=False)
        engine = EngineThread(host.running, new_loop)

        def started() -> None:
            if host.unheard:
                say(f"tui-failover: {host.unheard}; the console runs without it")

        def stopping() -> None:
            try:
                engine.call(lambda _: host.stop_taking())
            except EngineClosed:  # it has ended by itself
                return

        life = Life(
            drain_s=settings.process.drain_s,
            folder=folder,
            started=started,
            stopping=stopping,
            hide=secrets.hide,
            gateway=lambda: host.address,
            gateway_problem=lambda: host.unheard,
        )
        try:
            return live(engine, options, life)
        except FailoverError as problem:
            _log.error("%s", problem)
            say(f"tui-failover: {problem}")
            return UNFIT
