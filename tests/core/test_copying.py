"""Values: what the states and the small things of a query are made of."""

import pytest
from msgspec import Struct

from tui_failover.core.copying import replace


class House(Struct, frozen=True):
    street: str
    number: int = 1
    rooms: tuple[int, ...] = ()


def test_a_value_is_changed_in_a_copy_of_its_own() -> None:
    house = House("a", rooms=(20, 30))
    moved = replace(house, street="b", number=7)

    assert (house, moved) == (House("a", 1, (20, 30)), House("b", 7, (20, 30)))
    assert moved.rooms is house.rooms


def test_a_value_cannot_be_changed_itself() -> None:
    with pytest.raises(AttributeError):
        House("a").number = 7  # type: ignore[misc]
