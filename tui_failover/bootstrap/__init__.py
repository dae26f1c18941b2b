"""The composition root: the one place where settings, providers, engine and console meet.

Each command loads what it needs when it is run: who looks around in a demo waits for no control API.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from tui_failover.config.options import ConsoleOptions, ServeOptions
from tui_failover.config.settings import Settings


def run_console(options: ConsoleOptions) -> int:
    """Run manager and console on the settings until both have ended; return the exit status."""
    from tui_failover.bootstrap.beside_screen import live_with_settings

    settings = options.settings
    if settings is None:
        message = "the console needs settings"
        raise ValueError(message)
    return live_with_settings(settings, options)


def run_serve(options: ServeOptions) -> int:
    """Run the manager without a screen until it is told to stop; return the exit status."""
    from tui_failover.bootstrap.serve import serve

    return serve(options)


def run_demo(options: ConsoleOptions) -> int:
    """Run the demo until it ends; return the exit status."""
    from platformdirs import user_state_path

    from tui_failover.bootstrap.lifetime import Life, live
    from tui_failover.bootstrap.loops import new_loop
    from tui_failover.bootstrap.stage import Stage
    from tui_failover.engine.thread import EngineThread

    stage = Stage(options.seed, options.listen)
    # Its traffic never ends, so there is nothing to be waited for.
    life = Life(
        caption=lambda: stage.caption,
        drain_s=0.0,
        folder=user_state_path("tui-failover"),
        gateway=lambda: stage.address,
    )
    return live(EngineThread(stage.running, new_loop), options, life)


def reset_state(settings: Settings | None, folder: Path | None) -> str:
    """Forget what was ordered at run time; return what became of it. Raises `FailoverError`."""
    from tui_failover.bootstrap.hosting import reset_state as reset

    return reset(settings, folder)


def token_faults(settings: Settings) -> list[str]:
    """Return what keeps the control API from opening with the tokens the settings name, a sentence each."""
    from tui_failover.control.settings import Access
    from tui_failover.control.tokens import Tokens

    control = settings.control
    return Tokens(Access(control.gateway_tokens, control.read_tokens, control.write_tokens)).faults()


def run_check(settings: Settings, names: Sequence[str], as_json: bool, out: TextIO) -> int:  # noqa: FBT001 - named by the caller
    """Check providers once and write what came of it.

    Args:
        settings: what is configured.
        names: the providers to check; empty: all.
        as_json: one JSON document instead of a table.
        out: where it is written.

    Returns:
        0 where all are healthy, 1 otherwise.
    """
    import asyncio

    from tui_failover.bootstrap.health_report import as_json_text, as_table, check_once
    from tui_failover.core.health import Status

    report = asyncio.run(check_once(settings, tuple(names)))
    out.write(as_json_text(report) if as_json else as_table(report))
    return 0 if all(one.status == Status.HEALTHY for one in report) else 1
