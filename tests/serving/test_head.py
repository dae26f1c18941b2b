"""The head of a request: what it may hold."""

from tui_failover.serving.bounds import Bounds
from tui_failover.serving.head import Head

BOUNDS = Bounds(header_bytes=400, line_bytes=100, headers=3)


def head(*fields: tuple[bytes, bytes]) -> Head:
    one = Head(BOUNDS)
    one.begin()
    for name, value in fields:
        one.add(name, value)
    return one


def test_a_head_within_its_bounds_is_neither_too_long_nor_overgrown() -> None:
    read = head((b"host", b"h"))

    assert (read.too_long("POST"), read.overgrown()) == (False, False)


def test_no_more_lines_are_kept_than_it_takes_to_tell_that_they_are_too_many() -> None:
    read = head(*[(b"a", b"")] * 50_000)

    assert read.overgrown()
    assert len(read.headers()) == BOUNDS.headers + 1


def test_a_line_is_too_long_wherever_it_stands() -> None:
    for place in range(3):
        fields = [(b"a", b"b")] * 3
        fields[place] = (b"a", b"b" * 100)
        assert head(*fields).overgrown()


def test_lines_that_are_each_short_enough_may_be_too_long_together() -> None:
    line = (b"a", b"b" * 90)

    assert not head(*[line] * 4).too_long("POST")
    assert head(*[line] * 4, (b"a", b"b" * 20)).too_long("POST")
