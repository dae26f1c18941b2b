"""Values that a query makes by the dozen, and copies of states, at a tenth of the standard library's price.

A frozen dataclass sets every field through `object.__setattr__`, and `dataclasses.replace` walks the fields in
Python besides. A query makes a hundred small values and changes a dozen states of twenty fields.
"""

import dataclasses
from collections.abc import Callable
from operator import attrgetter
from typing import TYPE_CHECKING, Any, TypeVar, dataclass_transform

if TYPE_CHECKING:
    from dataclasses import replace as replace  # the type checker knows its fields
else:

    def replace(before: Any, /, **changes: Any) -> Any:
        """Return `before` with the fields in `changes`.

        Whatever is no `record` is copied the standard way.
        """
        copied = _COPIERS.get(before.__class__)
        if copied is None:
            return dataclasses.replace(before, **changes)
        copy = copied(before)
        for name, changed in changes.items():
            setattr(copy, name, changed)
        return copy


_COPIERS: dict[type, Callable[[Any], Any]] = {}
_COPIER = """
def copied(before):
    copy = new(kind)
    {}
    return copy
"""
_T = TypeVar("_T")


@dataclass_transform(frozen_default=True, field_specifiers=(dataclasses.field,))
def value(cls: type[_T]) -> type[_T]:
    """Make a class a slotted dataclass whose fields only the type checker keeps from being changed.

    Comparing, hashing and showing are the same for all of them, and not compiled anew for each class: a process
    makes two hundred classes before it can give its first answer.
    """
    made = dataclasses.dataclass(slots=True, eq=False, repr=False)(cls)
    compared = [field.name for field in dataclasses.fields(made) if field.compare]  # type: ignore[arg-type]
    values_of = attrgetter(*compared) if compared else type

    def equals(self: object, other: object) -> bool:
        return values_of(self) == values_of(other) if other.__class__ is self.__class__ else NotImplemented

    def hashed(self: object) -> int:
        return hash(values_of(self))

    for name, method in (("__eq__", equals), ("__hash__", hashed), ("__repr__", _shown)):
        setattr(made, name, method)
    return made


@dataclass_transform(frozen_default=True, field_specifiers=(dataclasses.field,))
def record(cls: type[_T]) -> type[_T]:
    """Make a class a value of many fields that `replace` copies fast, a few of them changed.

    Slots take a sixth of a dictionary's memory, and compiled code walks them in the time of a call or two.
    """
    made = value(cls)
    lines = "; ".join(f"copy.{field.name} = before.{field.name}" for field in dataclasses.fields(made))  # type: ignore[arg-type]
    names: dict[str, Any] = {"new": object.__new__, "kind": made}
    exec(_COPIER.format(lines), names)  # noqa: S102 - of our own classes' fields, as dataclasses do for theirs
    _COPIERS[made] = names["copied"]
    return made


def _shown(one: Any) -> str:
    fields = (field.name for field in dataclasses.fields(one) if field.repr)
    return f"{type(one).__qualname__}({', '.join(f'{name}={getattr(one, name)!r}' for name in fields)})"
