"""Options that several commands have."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import TypedDict, TypeVar

import click

from tui_failover.config.settings import ListenAt, Theme

FILE = Path("settings.toml")
Decorated = TypeVar("Decorated", bound=Callable[..., object])


class Display(TypedDict):
    """The options of everything that shows the running manager."""

    read_only: bool
    ascii: bool
    theme: str | None
    plain: bool
    for_s: float | None


def _finite(_: click.Context, __: click.Parameter, value: float | None) -> float | None:
    if value is not None and not math.isfinite(value):
        message = "must be a finite number"
        raise click.BadParameter(message)
    return value


def display_options(command: Decorated) -> Decorated:
    """Add what everything has that shows the running manager."""
    options = (
        click.option("--read-only", is_flag=True, help="Only look: every order is switched off."),
        click.option("--ascii", is_flag=True, help="Draw with ASCII characters only."),
        click.option("--theme", type=click.Choice([theme.value for theme in Theme]), help="Choose the colours."),
        click.option(
            "--plain",
            is_flag=True,
            help="Say each change as one sentence on standard output, for screen readers, logs and scripts.",
        ),
        click.option(
            "--for",
            "for_s",
            type=click.FloatRange(min=0, min_open=True),
            callback=_finite,
            metavar="SECONDS",
            help="End by itself after this time.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


def settings_option(command: Decorated) -> Decorated:
    """Add the settings file."""
    return click.option(
        "--settings",
        "path",
        type=click.Path(path_type=Path),
        default=FILE,
        show_default=True,
        metavar="PATH",
        help="The settings file.",
    )(command)


def state_option(command: Decorated) -> Decorated:
    """Add the state folder."""
    return click.option(
        "--state",
        type=click.Path(path_type=Path, file_okay=False),
        metavar="DIR",
        help="The folder where orders given at run time are kept, so that they survive a restart.",
    )(command)


def _address(_: click.Context, __: click.Parameter, value: str | None) -> ListenAt | None:
    if value is None:
        return None
    from tui_failover.config.words import split_listen

    try:
        return ListenAt(*split_listen(value))
    except ValueError as problem:
        raise click.BadParameter(str(problem)) from None


def listen_option(command: Decorated) -> Decorated:
    """Add the address of the control API."""
    return click.option(
        "--listen",
        callback=_address,
        metavar="HOST:PORT",
        help="Where gateway and control API listen; port 0 takes a free one.",
    )(command)
