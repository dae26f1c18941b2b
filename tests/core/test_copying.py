"""Values that cost little to make: they compare, hash and show themselves as any dataclass does."""

from dataclasses import dataclass, field, replace

from tui_failover.core import copying
from tui_failover.core.copying import record, value


@value
class Place:
    street: str
    number: int = 1
    seen: int = field(default=0, compare=False)
    key: str = field(default="k", repr=False)


@dataclass(frozen=True, slots=True)
class Standard:
    street: str
    number: int = 1
    seen: int = field(default=0, compare=False)
    key: str = field(default="k", repr=False)


@value
class Nothing:
    pass


@record
class House:
    street: str
    number: int = 1
    rooms: tuple[int, ...] = ()


def test_values_are_equal_where_every_compared_field_is() -> None:
    assert Place("a", 2, seen=1) == Place("a", 2, seen=5)
    assert Place("a", 2) != Place("a", 3)
    assert Nothing() == Nothing()


def test_equal_values_have_one_hash() -> None:
    assert len({Place("a", 2, seen=1), Place("a", 2, seen=5), Place("b")}) == 2
    assert hash(Nothing()) == hash(Nothing())


def test_a_value_shows_itself_as_the_standard_librarys_would() -> None:
    assert repr(Place("a", 2)) == repr(Standard("a", 2)).replace("Standard", "Place")


def test_a_value_can_be_changed_by_copying_and_holds_nothing_else() -> None:
    assert replace(Place("a"), number=7) == Place("a", 7)
    assert not hasattr(Place("a"), "__dict__")


def test_a_record_is_changed_in_a_copy_of_its_own() -> None:
    house = House("a", rooms=(20, 30))
    moved = copying.replace(house, street="b", number=7)

    assert (house, moved) == (House("a", 1, (20, 30)), House("b", 7, (20, 30)))
    assert (moved.rooms is house.rooms, hasattr(moved, "__dict__")) == (True, False)


def test_a_values_copy_is_as_good_as_the_standard_librarys() -> None:
    assert copying.replace(Place("a"), number=7) == replace(Place("a"), number=7)
