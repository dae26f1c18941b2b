"""From what callers send to values: everything wrong is told at once, field by field."""

import os
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar
from urllib.parse import parse_qsl

from pydantic import BaseModel, TypeAdapter, ValidationError

from tui_failover.config.build import build
from tui_failover.config.checks import across
from tui_failover.config.problems import refused_by_tables, spell
from tui_failover.config.settings import Connection
from tui_failover.config.tables import SettingsTable
from tui_failover.config.words import MISTAKE
from tui_failover.control.models import Name
from tui_failover.control.problem import MOST_DETAILS, Detail, Problem, bad_request, unusable
from tui_failover.core.names import ProviderId
from tui_failover.core.spec import ProviderSpec

_Model = TypeVar("_Model", bound=BaseModel)
_NAME: TypeAdapter[str] = TypeAdapter(Name)
_MOST_PARAMETERS = 16
_KEYS = frozenset({"api_key", "apikey", "key", "token", "secret", "password", "authorization"})
_SENTENCES: Mapping[str, str] = MappingProxyType(
    {
        "missing": "is missing",
        "string_type": "must be text",
        "bool_type": "must be true or false",
        "int_type": "must be a whole number",
        "int_from_float": "must be a whole number",
        "float_type": "must be a number",
        "finite_number": "must be a finite number",
        "greater_than_equal": "must be at least {ge:g}",
        "less_than_equal": "must be at most {le:g}",
        "string_too_short": "must have at least {min_length} characters",
        "string_too_long": "must have at most {max_length} characters",
        "too_long": "must have at most {max_length} entries",
        "list_type": "must be a list",
        "dict_type": "must be an object",
        "model_type": "must be an object",
        "model_attributes_type": "must be an object",
        "literal_error": "must be {expected}",
        "enum": "must be {expected}",
    }
)


def read_model(
    model: type[_Model], value: Mapping[str, object], status: HTTPStatus = HTTPStatus.UNPROCESSABLE_ENTITY
) -> _Model:
    """Return the model of what was sent; raises `Problem` of that status with every mistake."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        details = tuple(islice(_details(error, model), MOST_DETAILS))
        message = (
            f"{error.error_count()} of the fields cannot be used" if len(details) > 1 else "a field cannot be used"
        )
        raise Problem(status, "invalid", message, details) from None


def read_query(query: str) -> dict[str, object]:
    """Return the query parameters; raises `Problem` where they cannot be read, or one is there twice."""
    try:
        pairs = parse_qsl(
            query,
            keep_blank_values=True,
            strict_parsing=bool(query),
            errors="strict",
            max_num_fields=_MOST_PARAMETERS,
        )
        query.encode()
    except ValueError:
        message = "the query parameters cannot be read"
        raise bad_request(message, "bad-query") from None
    found: dict[str, object] = dict(pairs)
    if len(found) != len(pairs):
        message = "a query parameter is there twice"
        raise bad_request(message, "bad-query")
    return found


def read_name(text: str, field: str) -> str:
    """Return a name from a path as it may be given to something new."""
    try:
        return _NAME.validate_python(text)
    except ValidationError as error:
        message = "the name cannot be used"
        raise unusable(message, *(Detail(field, _what(one)) for one in error.errors())) from None


def read_provider(name: str, fields: Mapping[str, object], folder: Path) -> tuple[ProviderSpec, Connection]:
    """Return a provider and how it is reached, by the very rules of a settings file.

    Args:
        name: its name.
        fields: as in its table in the settings.
        folder: where key files named by relative paths are looked for.

    Raises:
        Problem: with every mistake; a key in place of a reference to one is a mistake.
    """
    raw: dict[str, Any] = {"providers": {name: dict(fields)}}
    problems = list(across(raw))
    try:
        table = SettingsTable.model_validate(raw)
    except ValidationError as error:
        problems += refused_by_tables(error)
    else:
        if not problems:
            # Only the folder of the path is looked at.
            settings = build(table, folder / "settings.toml", os.environ)
            return settings.providers[0], settings.connections[ProviderId(name)]
    message = "the provider cannot be used"
    raise unusable(message, *(Detail(spell(one.where[2:]), one.what) for one in problems))


def _details(error: ValidationError, model: type[BaseModel]) -> Iterator[Detail]:
    for one in error.errors(include_url=False, include_input=False):
        where = tuple(part for part in one["loc"] if part != "[key]")
        what = _unknown(where[-1], model) if one["type"] == "extra_forbidden" else _what(one)
        yield Detail(spell(where), what)


def _what(one: Mapping[str, Any]) -> str:
    context = one.get("ctx") or {}
    if one["type"] == MISTAKE:
        return str(context["sentence"])
    return _SENTENCES.get(one["type"], "cannot be used").format(**context).replace("'", '"')


def _unknown(field: object, model: type[BaseModel]) -> str:
    if str(field).lower() in _KEYS:
        return "keys are not sent here; name where the key is with api_key_env or api_key_file"
    return f"is not known here; known are {', '.join(model.model_fields)}"
