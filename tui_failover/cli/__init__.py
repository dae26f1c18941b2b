"""The commands, their options and exit codes.

Everything heavy is imported where it is used: completion and `--version` run at every press of the tab key.
"""

import gc
import sys
from pathlib import Path
from typing import Protocol, TextIO, Unpack

import click
from click.core import ParameterSource
from click.shell_completion import CompletionItem, get_completion_class

from tui_failover.cli import options
from tui_failover.config.options import ConsoleOptions, ServeOptions
from tui_failover.config.settings import ConsoleSettings, ListenAt, LogStyle, Settings, Theme
from tui_failover.core.copying import replace
from tui_failover.core.errors import FailoverError, SettingsError

_PROGRAM = "tui-failover"
_NEEDS_MENDING = 2
_INTERRUPTED = 130  # 128 + SIGINT, as shells report it

_EXIT_STATUS = """\b
Exit status:
  0    it went well
  1    check: a provider is not healthy; otherwise: the run ended by a failure
  2    the command line or the settings need mending; serve: the address or the state folder is taken
  70   the console crashed; the failover manager went on until it was stopped
  130  interrupted; serve: 128 and the number of the signal that made it hurry
"""


def _after(*examples: str) -> str:
    return "\n  ".join(("\b\nExamples:", *examples)) + f"\n\n{_EXIT_STATUS}"


class Composition(Protocol):
    """What the commands start; the module `tui_failover.bootstrap` is one."""

    def run_console(self, options: ConsoleOptions) -> int:
        """Run the console until it ends and return the exit status."""
        ...

    def run_serve(self, options: ServeOptions) -> int:
        """Run the manager without a screen until it is told to stop, and return the exit status."""
        ...

    def reset_state(self, settings: Settings | None, folder: Path | None) -> str:
        """Forget what was ordered at run time and return what became of it; raises `FailoverError`."""
        ...

    def token_faults(self, settings: Settings) -> list[str]:
        """Return what keeps the control API from being opened with the tokens named, a sentence each."""
        ...

    def run_demo(self, options: ConsoleOptions) -> int:
        """Run the demo until it ends and return the exit status."""
        ...

    def run_check(self, settings: Settings, names: tuple[str, ...], as_json: bool, out: TextIO) -> int:  # noqa: FBT001  # always named by the caller
        """Check the named providers once, all where none is named, and return the exit status."""
        ...


class _Commands(click.Group):
    """Commands whose known ways to fail end in sentences and an exit status, never in a traceback."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except SettingsError as error:
            for problem in error.problems:
                click.echo(problem, err=True)
            raise click.exceptions.Exit(_NEEDS_MENDING) from None
        except FailoverError as error:
            click.echo(f"{_PROGRAM}: {error}", err=True)
            raise click.exceptions.Exit(_NEEDS_MENDING) from None
        except KeyboardInterrupt:
            raise click.exceptions.Exit(_INTERRUPTED) from None


def _provider_names(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem]:
    from tui_failover.config.glimpse import provider_names

    path = ctx.params.get("path") or options.FILE
    chosen = ctx.params.get("names") or ()
    return [
        CompletionItem(name) for name in provider_names(path) if name.startswith(incomplete) and name not in chosen
    ]


@click.group(
    cls=_Commands,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=_after(
        "tui-failover demo                     look around, no key and no network needed",
        "tui-failover init                     write a commented settings.toml",
        "tui-failover                          open the console on it",
        "tui-failover --plain --for 60         a minute of changes, one sentence each",
    ),
)
@click.version_option(package_name=_PROGRAM, prog_name=_PROGRAM)
@options.settings_option
@options.state_option
@options.listen_option
@options.display_options
@click.pass_context
def cli(
    ctx: click.Context, path: Path, state: Path | None, listen: ListenAt | None, **display: Unpack[options.Display]
) -> None:
    """Keep AI providers' failover in view and in hand.

    Without a command: open the console on settings.toml in this folder.
    """
    if ctx.invoked_subcommand is not None:
        _refuse_misplaced(ctx)
        return
    settings = _read(path)
    chosen = _options(display, settings.console, settings=settings)
    ctx.exit(_composition(ctx).run_console(replace(chosen, state=state, listen=listen)))


@cli.command(
    epilog=_after(
        "tui-failover serve",
        "tui-failover serve --listen 127.0.0.1:8080 --log json",
        "curl http://127.0.0.1:5000/api/providers/health",
    )
)
@options.settings_option
@options.listen_option
@options.state_option
@click.option("--log", type=click.Choice([style.value for style in LogStyle]), help="How log lines are written.")
@click.pass_context
def serve(ctx: click.Context, path: Path, listen: ListenAt | None, state: Path | None, log: str | None) -> None:
    """Run without a screen: health checks, failover, gateway and control API.

    The log goes to standard error. SIGTERM and SIGINT let queries under way finish; a second one stops at once.
    """
    chosen = ServeOptions(_quietly_read(path), state, listen, LogStyle(log) if log else None)
    ctx.exit(_composition(ctx).run_serve(chosen))


@cli.command(
    epilog=_after(
        "tui-failover reset-state",
        "tui-failover reset-state --state /var/lib/tui-failover",
    )
)
@options.settings_option
@options.state_option
@click.pass_context
def reset_state(ctx: click.Context, path: Path, state: Path | None) -> None:
    """Forget what was ordered and configured at run time; the settings alone hold then.

    No process may be running on this state.
    """
    settings = _quietly_read(path) if state is None and path.exists() else None
    click.echo(_composition(ctx).reset_state(settings, state))


@cli.command(
    epilog=_after(
        "tui-failover demo",
        "tui-failover demo --plain --for 90",
    )
)
@options.display_options
@options.listen_option
@click.option("--seed", type=int, default=0, show_default=True, help="Makes the demo repeatable.")
@click.pass_context
def demo(ctx: click.Context, seed: int, listen: ListenAt | None, **display: Unpack[options.Display]) -> None:
    """Show an outage, the failover and the recovery on rehearsal providers.

    They run on this machine and speak the real protocols: no key and no network is needed, and every key of the
    console works.
    """
    chosen = _options(display, ConsoleSettings(environment="demo"), seed=seed)
    ctx.exit(_composition(ctx).run_demo(replace(chosen, listen=listen)))


@cli.command(
    epilog=_after(
        "tui-failover check",
        "tui-failover check claude-agent --json",
    )
)
@click.argument("names", metavar="[PROVIDER]...", nargs=-1, shell_complete=_provider_names)
@options.settings_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON in place of the table.")
@click.pass_context
def check(ctx: click.Context, names: tuple[str, ...], path: Path, *, as_json: bool) -> None:
    """Check each PROVIDER once, all of them if none is named."""
    settings = _read(path)
    _refuse_unknown(names, settings)
    ctx.exit(_composition(ctx).run_check(settings, tuple(dict.fromkeys(names)), as_json=as_json, out=sys.stdout))


@cli.command(
    epilog=_after(
        "tui-failover init",
        "tui-failover init staging.toml",
    )
)
@click.argument("path", type=click.Path(path_type=Path), default=options.FILE)
@click.option("--force", is_flag=True, help="Replace a file that exists.")
def init(path: Path, *, force: bool) -> None:
    """Write a commented settings file to PATH (settings.toml)."""
    from tui_failover.config.template import write_template

    write_template(path, force=force)
    named = "" if path == options.FILE else f" --settings {click.format_filename(path)}"
    click.echo(f"{click.format_filename(path)}: written. Set OPENAI_API_KEY and ANTHROPIC_API_KEY, then run:")
    click.echo(f"  {_PROGRAM}{named}")


@cli.command(
    epilog=_after(
        "tui-failover validate",
        "tui-failover validate --effective staging.toml",
    )
)
@click.argument("path", type=click.Path(path_type=Path), default=options.FILE)
@click.option("--effective", is_flag=True, help="Print the settings as they hold, defaults included.")
@click.pass_context
def validate(ctx: click.Context, path: Path, *, effective: bool) -> None:
    """Tell every mistake in the settings file PATH (settings.toml)."""
    settings = _read(path)
    if effective:
        from tui_failover.config.effective import effective as text_of

        click.echo(text_of(settings), nl=False)
        return
    count = f"{_count(len(settings.providers), 'provider')}, {_count(len(settings.agents), 'agent')}"
    click.echo(f"{click.format_filename(path)}: in order; {count}")
    keyless = [provider for provider in settings.providers if provider.missing_key is not None]
    for provider in keyless:
        click.echo(f"{provider.id}: no key: {provider.missing_key}")
    if len(keyless) == len(settings.providers):
        click.echo(f'no provider has its key; "{_PROGRAM} demo" needs none')
    for fault in _composition(ctx).token_faults(settings):
        click.echo(f"control: not opened, {fault}")


@cli.command(
    epilog=_after(
        'eval "$(tui-failover completion bash)"          in ~/.bashrc',
        'eval "$(tui-failover completion zsh)"           in ~/.zshrc',
        "tui-failover completion fish | source           in ~/.config/fish/config.fish",
    )
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the completion script for a shell."""
    kind = get_completion_class(shell)
    if kind is not None:
        click.echo(kind(cli, {}, _PROGRAM, "_TUI_FAILOVER_COMPLETE").source())


def main() -> None:
    """Run the command line and end the process with its exit status."""
    # Next to nothing that a start makes is garbage, and looking for it takes 50 ms. What runs for long sets the
    # collector going again once it has started, see `bootstrap.tuning`; everything else ends before it matters.
    gc.disable()
    cli(prog_name=_PROGRAM)


def _composition(ctx: click.Context) -> Composition:
    if ctx.obj is not None:
        given: Composition = ctx.obj
        return given
    import tui_failover.bootstrap as bootstrap  # the package itself answers attributes lazily, as plain objects

    return bootstrap


def _quietly_read(path: Path) -> Settings:
    from tui_failover.config.reader import read_settings

    return read_settings(path)


def _read(path: Path) -> Settings:
    settings = _quietly_read(path)
    for warning in settings.warnings:
        click.echo(f"warning: {warning}", err=True)
    return settings


def _options(
    display: options.Display, console: ConsoleSettings, *, settings: Settings | None = None, seed: int = 0
) -> ConsoleOptions:
    return ConsoleOptions(
        settings=settings,
        environment=console.environment,
        theme=Theme(display["theme"]) if display["theme"] else console.theme,
        ascii=display["ascii"] or console.ascii,
        read_only=display["read_only"] or console.read_only,
        plain=display["plain"],
        for_s=display["for_s"],
        seed=seed,
    )


def _refuse_misplaced(ctx: click.Context) -> None:
    for parameter in ctx.command.params:
        if parameter.name and ctx.get_parameter_source(parameter.name) is ParameterSource.COMMANDLINE:
            option = parameter.opts[0]
            message = f"{option} stands before the command; write it behind: {ctx.invoked_subcommand} {option}"
            raise click.UsageError(message, ctx)


def _refuse_unknown(names: tuple[str, ...], settings: Settings) -> None:
    from tui_failover.config.problems import quote, suggestion

    known = [provider.id for provider in settings.providers]
    for name in names:
        if name not in known:
            meant = suggestion(name, known)
            advice = f"did you mean {quote(meant)}?" if meant else f"configured are {', '.join(map(quote, known))}"
            message = f"{quote(name)} is not a provider; {advice}"
            raise click.UsageError(message)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
