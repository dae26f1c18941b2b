"""Tables for pydantic made from the core's values, so that names and defaults are written once.

Numbers get their limits from what their names and units mean; `_LIMITS` holds the exceptions.
"""

import functools
from collections.abc import Callable
from enum import StrEnum
from types import MappingProxyType
from typing import Annotated, Any, Literal, get_type_hints

from msgspec import NODEFAULT
from msgspec.structs import FieldInfo, fields
from pydantic import BaseModel, ConfigDict, Field, ValidateAs, create_model

from tui_failover.config.words import Folder, HostPort, Label, Line, Name, Words
from tui_failover.core.names import AgentId, ProviderId

_WEEK_S = 7 * 24 * 3600.0
_MANY = 1_000_000

_LIMITS = MappingProxyType(
    {
        "health_check_interval": Field(ge=1, le=_WEEK_S),
        "health_check_timeout": Field(ge=0.1, le=600),
        "max_consecutive_failures": Field(ge=1, le=100),
        "max_retries": Field(ge=0, le=10),
        "jitter": Field(ge=0, le=0.5),  # with more, two checks of one provider could meet
        "failure_share": Field(gt=0, le=1),
        "slow_share": Field(gt=0, le=1),
        "retry_share": Field(ge=0, le=1),
        "retry_floor_per_s": Field(ge=0, le=1000),
        "backoff_base_s": Field(ge=0, le=_WEEK_S),
        "baseline_factor": Field(ge=1, le=100),
        "stale_intervals": Field(ge=1, le=1000),
        "hosts": Field(ge=2, le=100),  # one failing host is that host's fault, never ours
        "pin_s": Field(ge=0, le=_WEEK_S),
        "trial_s": Field(ge=0, le=_WEEK_S),
        "undo_s": Field(ge=0, le=_WEEK_S),
        "drain_s": Field(ge=0, le=3600),
        "body_mb": Field(ge=1, le=1024),
        "body_s": Field(ge=0.1, le=3600),
    }
)
_TEXTS: MappingProxyType[str, Any] = MappingProxyType(
    {"health_check_query": Words, "environment": Label, "state": Folder, "default_agent": Label}
)


class Table(BaseModel):
    """A table of the settings file; what it does not know is a mistake.

    What reads it is built at its first use: most tables are only ever read as a part of the whole file.
    """

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        frozen=True,
        allow_inf_nan=False,
        hide_input_in_errors=True,
        defer_build=True,
    )


def as_value(kind: type, **fixed: object) -> ValidateAs:
    """Return the annotation that reads a table as a value of the value class `kind`.

    Args:
        kind: the class.
        fixed: fields that do not stand in the file, with what they get.
    """

    def make(table: Table) -> object:
        return kind(**fixed, **{name: getattr(table, name) for name in type(table).model_fields})

    return ValidateAs(table_of(kind, frozenset(fixed)), make)


def choice(kind: type[StrEnum]) -> ValidateAs:
    """Return the annotation that reads one of the enumeration's words."""
    return ValidateAs(_literal(kind), kind)


@functools.cache
def table_of(kind: type, without: frozenset[str] = frozenset()) -> type[Table]:
    """Return the table with the fields and defaults of the value class `kind`: always the same one."""
    hints = get_type_hints(kind)
    columns: dict[str, Any] = {
        field.name: (_annotation(field.name, hints[field.name]), _default(field))
        for field in fields(kind)
        if field.name not in without
    }
    return create_model(f"{kind.__name__}Table", __base__=Table, **columns)


_KINDS: MappingProxyType[object, Callable[[str], object]] = MappingProxyType(
    {
        bool: lambda _: bool,
        int: lambda name: Annotated[int, _LIMITS.get(name, Field(ge=1, le=_MANY))],
        float: lambda name: Annotated[float, _LIMITS.get(name, Field(gt=0, le=_WEEK_S))],
        str: lambda name: _TEXTS.get(name, Line),
        ProviderId: lambda _: Name,
        AgentId: lambda _: Name,
        tuple[ProviderId, ...]: lambda _: Annotated[tuple[ProviderId, ...], ValidateAs(list[Name], tuple)],
        tuple[str, ...]: lambda _: Annotated[
            tuple[str, ...], ValidateAs(list[HostPort], tuple)
        ],  # the only such list
    }
)


def _annotation(name: str, hint: Any) -> Any:
    if hint in _KINDS:
        return _KINDS[hint](name)
    if issubclass(hint, StrEnum):
        return Annotated[hint, choice(hint)]
    return Annotated[hint, as_value(hint)]


def _default(field: FieldInfo) -> object:
    if field.default is not NODEFAULT:
        return field.default
    if field.default_factory is not NODEFAULT:
        return field.default_factory()
    return ...


def _literal(kind: type[StrEnum]) -> Any:
    return Literal[tuple(member.value for member in kind)]
