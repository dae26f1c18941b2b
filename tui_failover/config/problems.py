"""Every mistake in a settings file as one sentence: where, what, and how to mend it."""

import re
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from types import MappingProxyType
from typing import Any

from msgspec import Struct
from pydantic import ValidationError

from tui_failover.config.positions import Path, nearest_line
from tui_failover.config.secret import redact
from tui_failover.config.tables import ANY_NAME, KNOWN_KEYS
from tui_failover.config.words import MISTAKE
from tui_failover.core.errors import SettingsError
from tui_failover.core.text import scrub

_MOST = 200  # sentences; a file with more mistakes is no settings file
_PART_LIMIT = 64
_SENTENCE_LIMIT = 600
_BARE = re.compile(r"[A-Za-z0-9_-]+")


class Problem(Struct, frozen=True):
    """One mistake: the path of the key, and what is wrong with it, to be read after the path."""

    where: Path
    what: str


def refusal(shown: str, problems: Iterable[Problem], lines: Mapping[Path, int]) -> SettingsError:
    """Return the error that tells of all problems in the order of the file, one for each key.

    Args:
        shown: the file's name as the user knows it.
        problems: where two concern the same key, the first is told.
        lines: where the keys stand.
    """
    first: dict[Path, Problem] = {}
    for problem in problems:
        first.setdefault(problem.where, problem)
    numbered = sorted(
        ((nearest_line(lines, problem.where), problem) for problem in first.values()),
        key=lambda pair: pair[0] or 0,
    )
    told = [sentence(shown, line, problem) for line, problem in numbered[:_MOST]]
    if len(numbered) > _MOST:
        told.append(f"{shown}: and {len(numbered) - _MOST} more")
    return SettingsError(told)


def sentence(shown: str, line: int | None, problem: Problem) -> str:
    """Return the problem as one harmless line, with stars for what looks like a key."""
    place = shown if line is None else f"{shown}:{line}"
    what = f"{spell(problem.where)}: {problem.what}" if problem.where else problem.what
    return redact(scrub(f"{place}: {what}", _SENTENCE_LIMIT))


def spell(where: Path) -> str:
    """Return the path as it could be written in the file."""
    text = ""
    for part in where:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            name = part if _BARE.fullmatch(part) else quote(part)
            text += f".{_cut(name)}" if text else _cut(name)
    return text


def quote(text: str) -> str:
    """Return the text in quotes, harmless and not too long."""
    return f'"{_cut(scrub(text))}"'


def suggestion(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that was probably meant, or None."""
    known = tuple(known)
    meant = _OTHER_WORDS.get(word.lower())
    if meant in known:
        return meant
    return next(iter(get_close_matches(word[:_PART_LIMIT], known, n=1)), None)


def refused_by_tables(error: ValidationError) -> Iterator[Problem]:
    """Yield what the tables found."""
    for one in error.errors(include_url=False):
        where = tuple(part for part in one["loc"] if part != "[key]")
        yield Problem(where, _what(where, one["type"], one.get("ctx") or {}, one["input"]))


def _what(where: Path, kind: str, context: Mapping[str, Any], given: object) -> str:
    match kind:
        case "extra_forbidden":
            return _unknown(where)
        case "missing":
            return _MISSING.get(str(where[-1]), "is missing")
        case "literal_error":
            return _choice(str(context["expected"]), given)
        case _ if kind == MISTAKE:
            return str(context["sentence"])
        case _:
            return _SENTENCES.get(kind, "cannot be used").format(**context)


def _unknown(where: Path) -> str:
    *table, key = where
    if key in _ELSEWHERE:
        return _ELSEWHERE[key]
    known = KNOWN_KEYS.get(_pattern(tuple(table)), ())
    meant = suggestion(str(key), known)
    if meant is not None:
        return f'is not a setting; did you mean "{meant}"?'
    return f"is not a setting; known here are {', '.join(known)}"


def _pattern(table: Path) -> tuple[str, ...]:
    parts = [str(part) for part in table]
    if len(parts) > 1 and parts[0] in {"providers", "agents"}:
        parts[1] = ANY_NAME
    return tuple(parts)


def _choice(expected: str, given: object) -> str:
    words = re.findall(r"'([^']*)'", expected)
    meant = suggestion(given, words) if isinstance(given, str) else None
    said = f"must be {expected.replace(chr(39), chr(34))}"
    return said if meant is None else f'{said}; did you mean "{meant}"?'


def _cut(text: str) -> str:
    return text if len(text) <= _PART_LIMIT else text[: _PART_LIMIT - 1] + "…"


_SENTENCES = MappingProxyType(
    {
        "string_type": "must be text in quotes",
        "bool_type": "must be true or false, without quotes",
        "int_type": "must be a whole number, without quotes",
        "float_type": "must be a number, without quotes",
        "finite_number": "must be a finite number",
        "greater_than": "must be more than {gt:g}",
        "greater_than_equal": "must be at least {ge:g}",
        "less_than": "must be less than {lt:g}",
        "less_than_equal": "must be at most {le:g}",
        "list_type": 'must be a list, such as ["one", "two"]',
        "dict_type": "must be a table",
        "model_type": "must be a table",
        "model_attributes_type": "must be a table",
        "too_long": "has more than {max_length} entries",
    }
)

_MISSING = MappingProxyType(
    {
        "dialect": 'is missing; add dialect = "openai" or dialect = "anthropic"',
        "model": 'is missing; add model = "..." with the name of a model the provider offers',
        "primary_provider_id": 'is missing; add primary_provider_id = "..." with the name of a provider',
    }
)

_ELSEWHERE: Mapping[str | int, str] = MappingProxyType(
    {"agent_id": "is the name of the agent's table; remove this line"}
)

_OTHER_WORDS = MappingProxyType(
    {
        "api_base": "base_url",
        "backups": "backup_provider_ids",
        "endpoint": "base_url",
        "env": "api_key_env",
        "interval": "health_check_interval",
        "key_file": "api_key_file",
        "primary": "primary_provider_id",
        "provider": "providers",
        "agent": "agents",
        "prompt": "query",
        "retries": "max_retries",
        "timeout": "health_check_timeout",
        "type": "dialect",
        "url": "base_url",
        "vendor": "dialect",
    }
)
