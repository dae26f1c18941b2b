"""What a provider's model can carry, where the built-in table of models is wrong about it.

The names are those of `wire.capabilities.Capabilities`, so that each of them is written once.
"""

from types import MappingProxyType
from typing import Annotated, Any, Literal, get_type_hints

from pydantic import Field, ValidateAs, create_model

from tui_failover.config.generated import Table, choice
from tui_failover.wire.capabilities import Capabilities, ThinkingKind
from tui_failover.wire.effort import LEVELS

_MOST = 10_000_000
_SHORTEST_ALIAS = 16  # an alias ends in a digest, and something of the name should be left

_LIMITS = MappingProxyType(
    {
        "stop_max": Field(ge=0, le=_MOST),
        "tool_name_max": Field(ge=_SHORTEST_ALIAS, le=_MOST),
        "tool_id_max": Field(ge=_SHORTEST_ALIAS, le=_MOST),
    }
)
_KINDS: MappingProxyType[object, object] = MappingProxyType(
    {
        bool: bool,
        ThinkingKind: Annotated[ThinkingKind, choice(ThinkingKind)],
        tuple[str, ...]: list[Literal[LEVELS]],  # type: ignore[valid-type]  # made from the table of levels
        str: Literal["max_tokens", "max_completion_tokens"],  # the only text: the name of the cap
    }
)


Overrides = tuple[tuple[str, object], ...]
"""Names of capabilities and what each is, sorted; those that are not named are as the built-in table has them."""


def _kind(name: str, hint: Any) -> Any:
    known = _KINDS.get(hint, Annotated[int, _LIMITS.get(name, Field(ge=1, le=_MOST))])
    return known | None  # type: ignore[operator]  # a type, though typing cannot say so


def _overrides(table: Table) -> Overrides:
    stated = {name: getattr(table, name) for name in table.model_fields_set}
    return tuple((name, _value(value)) for name, value in sorted(stated.items()) if value is not None)


def _value(value: object) -> object:
    """Return levels of effort as the translation expects them: once each, the lowest first."""
    return tuple(level for level in LEVELS if level in value) if isinstance(value, list) else value


CapabilitiesTable: type[Table] = create_model(  # type: ignore[call-overload]  # its fields are data
    "CapabilitiesTable",
    __base__=Table,
    **{name: (_kind(name, hint), None) for name, hint in get_type_hints(Capabilities).items()},
)
"""Every capability, each of them optional."""

AS_OVERRIDES = ValidateAs(CapabilitiesTable, _overrides)
"""The annotation that reads a table of capabilities as `Overrides`."""
