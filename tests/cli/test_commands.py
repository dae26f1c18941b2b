"""Every command: what it asks of the house, what it says, and its exit status."""

from pathlib import Path

import pytest

from tests.cli.conftest import NotedComposition, Run
from tests.support.settings import COMPLETE
from tui_failover.config.options import ConsoleOptions
from tui_failover.config.settings import ListenAt, Theme
from tui_failover.config.template import template


@pytest.fixture
def file(folder: Path) -> Path:
    """A complete settings file where the commands look for it."""
    path = folder / "settings.toml"
    path.write_text(COMPLETE)
    return path


def test_console_starts_on_the_settings_of_this_folder(
    run: Run, composition: NotedComposition, file: Path
) -> None:
    result = run()

    (options,) = composition.consoles
    assert result.exit_code == 0
    assert options.settings is not None
    assert options.settings.path == Path("settings.toml")
    assert (options.theme, options.plain, options.for_s) == (Theme.DARK, False, None)


def test_console_takes_every_display_option(run: Run, composition: NotedComposition, file: Path) -> None:
    run("--settings", str(file), "--read-only", "--ascii", "--theme", "mono", "--plain", "--for", "1.5")

    (options,) = composition.consoles
    assert options.settings is not None
    assert options.settings.path == file
    assert (options.read_only, options.ascii, options.theme) == (True, True, Theme.MONO)
    assert (options.plain, options.for_s) == (True, 1.5)


def test_console_follows_the_settings_where_the_command_line_is_silent(
    run: Run, composition: NotedComposition, file: Path
) -> None:
    file.write_text(
        COMPLETE + '[console]\ntheme = "light"\nascii = true\nread_only = true\nenvironment = "prod"\n'
    )

    run()

    (options,) = composition.consoles
    assert (options.theme, options.ascii, options.read_only) == (Theme.LIGHT, True, True)
    assert options.environment == "prod"


@pytest.mark.parametrize("arguments", [(), ("check",), ("validate",)], ids=["console", "check", "validate"])
def test_missing_settings_say_how_to_begin(
    run: Run, composition: NotedComposition, arguments: tuple[str, ...]
) -> None:
    result = run(*arguments)

    assert result.exit_code == 2
    assert result.stderr == (
        'settings.toml: there is no such file; write one with "tui-failover init", '
        'or look around without one with "tui-failover demo"\n'
    )
    assert (composition.consoles, composition.checks) == ([], [])


@pytest.mark.parametrize("arguments", [(), ("check",), ("validate",)], ids=["console", "check", "validate"])
def test_every_mistake_in_the_settings_goes_to_standard_error(
    run: Run, file: Path, arguments: tuple[str, ...]
) -> None:
    file.write_text(COMPLETE + "[console]\nascii = 1\n[rules.breaker]\nopen_s = -1\n")

    result = run(*arguments)

    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.splitlines() == [
        "settings.toml:14: console.ascii: must be true or false, without quotes",
        "settings.toml:16: rules.breaker.open_s: must be more than 0",
    ]


@pytest.mark.parametrize("status", [0, 1, 3])
@pytest.mark.parametrize("arguments", [(), ("demo",), ("check",)], ids=["console", "demo", "check"])
def test_exit_status_is_the_one_of_the_run(
    run: Run, composition: NotedComposition, file: Path, arguments: tuple[str, ...], status: int
) -> None:
    composition.status = status

    result = run(*arguments)

    assert result.exit_code == status


def test_interrupt_ends_with_the_status_shells_expect(run: Run, composition: NotedComposition, file: Path) -> None:
    composition.interrupted = True

    result = run()

    assert result.exit_code == 130
    assert result.stderr == ""


def test_demo_needs_no_settings(run: Run, composition: NotedComposition) -> None:
    result = run("demo", "--plain", "--for", "90", "--seed", "7", "--listen", "127.0.0.1:0")

    assert result.exit_code == 0
    listen = ListenAt("127.0.0.1", 0)
    assert composition.demos == [ConsoleOptions(environment="demo", plain=True, for_s=90.0, seed=7, listen=listen)]


def test_check_asks_for_all_providers_where_none_is_named(
    run: Run, composition: NotedComposition, file: Path
) -> None:
    result = run("check")

    assert composition.checks == [((), False)]
    assert result.stdout == "checked for 2 providers\n"


def test_check_asks_once_for_each_named_provider(run: Run, composition: NotedComposition, file: Path) -> None:
    run("check", "claude-agent", "openai-agent", "claude-agent", "--json")

    assert composition.checks == [(("claude-agent", "openai-agent"), True)]


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        pytest.param("opnai-agent", 'did you mean "openai-agent"?', id="near"),
        pytest.param("x", 'configured are "openai-agent", "claude-agent"', id="far"),
    ],
)
def test_check_of_an_unknown_provider_is_refused(
    run: Run, composition: NotedComposition, file: Path, name: str, advice: str
) -> None:
    result = run("check", name)

    assert result.exit_code == 2
    assert f'"{name}" is not a provider; {advice}' in result.stderr
    assert composition.checks == []


def test_init_writes_settings_that_validate(run: Run, folder: Path) -> None:
    written = run("init")

    assert written.exit_code == 0
    assert written.stdout.startswith("settings.toml: written. Set OPENAI_API_KEY and ANTHROPIC_API_KEY, then run:")
    assert (folder / "settings.toml").read_text(encoding="utf-8") == template()
    assert run("validate").exit_code == 0


def test_init_elsewhere_says_how_to_run_on_it(run: Run) -> None:
    result = run("init", "staging.toml")

    assert "tui-failover --settings staging.toml" in result.stdout


def test_init_keeps_an_existing_file_unless_forced(run: Run, file: Path) -> None:
    refused = run("init")
    assert (refused.exit_code, file.read_text()) == (2, COMPLETE)
    assert refused.stderr == "settings.toml: exists already and stays as it is; --force replaces it\n"

    forced = run("init", "--force")
    assert (forced.exit_code, file.read_text(encoding="utf-8")) == (0, template())


def test_validate_names_the_missing_keys_and_the_demo(run: Run, file: Path) -> None:
    result = run("validate")

    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "settings.toml: in order; 2 providers, 1 agent",
        "openai-agent: no key: set OPENAI_API_KEY",
        "claude-agent: no key: set ANTHROPIC_API_KEY",
        'no provider has its key; "tui-failover demo" needs none',
    ]


def test_validate_names_the_tokens_that_keep_the_control_api_closed(run: Run, file: Path) -> None:
    file.write_text(f'{COMPLETE}\n[control]\ngateway_tokens = ["env:GATE"]\n')

    result = run("validate")

    assert result.exit_code == 0
    assert result.stdout.splitlines()[-1] == "control: not opened, the token env:GATE is no good"


def test_validate_warns_on_standard_error(run: Run, file: Path) -> None:
    file.write_text(COMPLETE.replace('backup_provider_ids = ["claude-agent"]', ""))

    result = run("validate")

    assert result.exit_code == 0
    assert result.stderr == "warning: my-agent: has no backup to fail over to; add backup_provider_ids\n"


def test_effective_settings_can_be_used_as_settings(run: Run, file: Path) -> None:
    first = run("validate", "--effective")
    file.write_text(first.stdout)

    assert run("validate", "--effective").stdout == first.stdout


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        pytest.param(("--ascii", "demo"), "--ascii stands before the command; write it behind", id="misplaced"),
        pytest.param(("demo", "--theme", "pink"), "'pink' is not one of", id="theme"),
        pytest.param(("demo", "--for", "0"), "0.0 is not in the range", id="zero"),
        pytest.param(("demo", "--for", "nan"), "must be a finite number", id="nan"),
        pytest.param(("demo", "--for", "inf"), "must be a finite number", id="infinite"),
        pytest.param(("dmo",), "No such command", id="command"),
        pytest.param(("--nope",), "No such option", id="option"),
    ],
)
def test_wrong_command_line_is_refused_with_the_reason(
    run: Run, composition: NotedComposition, arguments: tuple[str, ...], reason: str
) -> None:
    result = run(*arguments)

    assert result.exit_code == 2
    assert reason in result.stderr
    assert (composition.consoles, composition.demos) == ([], [])


@pytest.mark.parametrize(
    "arguments",
    [(), ("demo",), ("check",), ("init",), ("validate",), ("completion",)],
    ids=lambda one: "-".join(one) or "console",
)
def test_help_shows_examples_and_exit_status(run: Run, arguments: tuple[str, ...]) -> None:
    result = run(*arguments, "--help")

    assert result.exit_code == 0
    assert "Examples:\n    " in result.stdout
    assert "Exit status:\n    0 " in result.stdout
