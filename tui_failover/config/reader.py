"""From a settings file to settings: everything is right, or everything wrong is told at once."""

import os
from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError

from tui_failover.config.build import build
from tui_failover.config.checks import across
from tui_failover.config.files import Absent, Unreadable, read_regular
from tui_failover.config.positions import line_numbers
from tui_failover.config.problems import Problem, refusal, refused_by_tables, sentence
from tui_failover.config.settings import Settings
from tui_failover.config.syntax import LIMIT, Malformed, decode, parse
from tui_failover.config.tables import SettingsTable
from tui_failover.core.errors import SettingsError
from tui_failover.core.text import scrub

_NAME_LIMIT = 200
_HOW_TO_BEGIN = 'write one with "tui-failover init", or look around without one with "tui-failover demo"'


def read_settings(path: Path, environ: Mapping[str, str] = os.environ) -> Settings:
    """Return the settings in the file.

    A missing key is no mistake: the provider is there and says what to set.

    Args:
        path: the file; key files are looked for relative to its folder.
        environ: where keys are looked for, to tell which are missing.

    Raises:
        SettingsError: with every mistake, each with file, line, key and how to mend it.
    """
    try:
        text = decode(read_regular(path, LIMIT).data)
    except Absent as problem:
        raise _unusable(path, None, f"{problem}; {_HOW_TO_BEGIN}") from None
    except Unreadable as problem:
        raise _unusable(path, None, str(problem)) from None
    except Malformed as problem:
        raise _unusable(path, problem.line, str(problem)) from None
    return parse_settings(text, path, environ)


def parse_settings(text: str, path: Path, environ: Mapping[str, str] = os.environ) -> Settings:
    """Return the settings in the text of a file; see `read_settings`."""
    try:
        raw = parse(text)
    except Malformed as problem:
        raise _unusable(path, problem.line, str(problem)) from None
    problems = list(across(raw))
    try:
        table = SettingsTable.model_validate(raw)
    except ValidationError as error:
        problems += refused_by_tables(error)
    else:
        if not problems:
            return build(table, path, environ)
    raise refusal(_shown(path), problems, line_numbers(text)) from None


def _unusable(path: Path, line: int | None, what: str) -> SettingsError:
    return SettingsError([sentence(_shown(path), line, Problem((), what))])


def _shown(path: Path) -> str:
    return scrub(str(path), _NAME_LIMIT)
