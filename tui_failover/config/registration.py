"""Single tables of providers and agents, read by the very rules of a whole settings file."""

import os
from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError

from tui_failover.config.build import build
from tui_failover.config.checks import across
from tui_failover.config.problems import Problem, refusal, refused_by_tables
from tui_failover.config.settings import Connection, Settings
from tui_failover.config.syntax import Raw
from tui_failover.config.tables import SettingsTable
from tui_failover.core.names import ProviderId
from tui_failover.core.spec import FailoverConfig, ProviderSpec


def provider_in(
    name: str, table: Raw, folder: Path, environ: Mapping[str, str] = os.environ
) -> tuple[ProviderSpec, Connection]:
    """Return a provider and how it is reached.

    Args:
        name: its name.
        table: as in the settings; keys are named, never held.
        folder: where key files named by relative paths are looked for.
        environ: where keys are looked for, to tell whether it has one.

    Raises:
        SettingsError: with every mistake.
    """
    raw = {"providers": {name: table}}
    settings = _read(raw, list(across(raw)), folder, environ)
    return settings.providers[0], settings.connections[ProviderId(name)]


def agent_in(name: str, table: Raw) -> FailoverConfig:
    """Return an agent's failover; whether its providers exist is for the caller to see.

    Raises:
        SettingsError: with every mistake.
    """
    return _read({"agents": {name: table}}, [], Path(), {}).agents[0]


def _read(raw: Raw, problems: list[Problem], folder: Path, environ: Mapping[str, str]) -> Settings:
    try:
        table = SettingsTable.model_validate(raw)
    except ValidationError as error:
        problems += refused_by_tables(error)
    else:
        if not problems:
            return build(table, folder / "settings.toml", environ)  # of the path, only the folder is looked at
    refused = refusal("state", problems, {})
    raise refused from None
