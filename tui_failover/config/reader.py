"""From a settings file to settings: everything is right, or everything wrong is told at once."""

import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

from pydantic import ValidationError

from tui_failover.config.build import build
from tui_failover.config.checks import Raw, across
from tui_failover.config.files import Absent, Unreadable, read_regular
from tui_failover.config.positions import line_numbers
from tui_failover.config.problems import Problem, refusal, refused_by_tables, sentence
from tui_failover.config.settings import Settings
from tui_failover.config.tables import SettingsTable
from tui_failover.core.errors import SettingsError
from tui_failover.core.text import scrub

_LIMIT = 1024 * 1024
_NAME_LIMIT = 200
_TOML_PLACE = re.compile(r" \(at (?:line (\d+), column \d+|end of document)\)$")
_TOO_DOTTED = re.compile(r"""(?<![\w-])(?:(?:[\w-]+|"[^"\n]*"|'[^'\n]*')[ \t]*\.[ \t]*){33}""")
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
        data = read_regular(path, _LIMIT).data
    except Absent as problem:
        _refuse(path, None, f"{problem}; {_HOW_TO_BEGIN}")
    except Unreadable as problem:
        _refuse(path, None, str(problem))
    return parse_settings(_decode(data, path), path, environ)


def parse_settings(text: str, path: Path, environ: Mapping[str, str] = os.environ) -> Settings:
    """Return the settings in the text of a file; see `read_settings`."""
    raw = _parse(text, path)
    problems = list(across(raw))
    try:
        table = SettingsTable.model_validate(raw)
    except ValidationError as error:
        problems += refused_by_tables(error)
    else:
        if not problems:
            return build(table, path, environ)
    raise refusal(_shown(path), problems, line_numbers(text)) from None


def _decode(data: bytes, path: Path) -> str:
    if b"\0" in data:
        _refuse(path, None, "is not a text file; settings are written in TOML, encoded as UTF-8")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        line = data.count(b"\n", 0, problem.start) + 1
        _refuse(path, line, "is not encoded as UTF-8 here; save the file as UTF-8")


def _parse(text: str, path: Path) -> Raw:
    dotted = _TOO_DOTTED.search(text)
    if dotted is not None:  # tomllib needs memory by the square of the parts
        _refuse(path, text.count("\n", 0, dotted.start()) + 1, "has more than 32 names joined by dots")
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as problem:
        _refuse_syntax(path, str(problem), text)
    except RecursionError:
        _refuse(path, None, "is nested too deeply")
    except ValueError:
        _refuse(path, None, "holds a number with too many digits")


def _refuse_syntax(path: Path, message: str, text: str) -> NoReturn:
    place = _TOML_PLACE.search(message)
    what = message[: place.start()] if place else message
    line = int(place[1]) if place and place[1] else text.count("\n") + 1
    where = "" if place and place[1] else " before the end of the file"
    _refuse(path, line, f"is not valid TOML: {what[:1].lower()}{what[1:]}{where}")


def _refuse(path: Path, line: int | None, what: str) -> NoReturn:
    raise SettingsError([sentence(_shown(path), line, Problem((), what))]) from None


def _shown(path: Path) -> str:
    return scrub(str(path), _NAME_LIMIT)
