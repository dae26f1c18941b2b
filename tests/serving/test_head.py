"""The head of a request: what it may hold, whatever comes with it."""

from tui_failover.serving.bounds import Bounds
from tui_failover.serving.head import Head

BOUNDS = Bounds(header_bytes=400, line_bytes=100, headers=3)
A_BODY = 10_000


def head(*fields: tuple[bytes, bytes], came: int) -> Head:
    one = Head(BOUNDS)
    one.came = came
    one.begin()
    for name, value in fields:
        one.add(name, value)
    return one


def test_short_head_is_within_its_bounds_although_a_long_body_comes_with_it() -> None:
    read = head((b"host", b"h"), came=A_BODY)
    assert not read.short()
    assert not read.too_long("POST")
    assert not read.overgrown()


def test_head_of_which_little_came_is_looked_at_no_closer() -> None:
    assert head((b"host", b"h"), came=50).short()


def test_head_of_which_little_came_may_still_have_too_many_lines() -> None:
    read = head(*[(b"a", b"")] * 4, came=50)
    assert not read.short()
    assert read.overgrown()


def test_line_is_too_long_wherever_it_stands() -> None:
    for place in range(3):
        fields = [(b"a", b"b")] * 3
        fields[place] = (b"a", b"b" * 100)
        assert head(*fields, came=A_BODY).overgrown()


def test_lines_that_are_each_short_enough_may_be_too_long_together() -> None:
    line = (b"a", b"b" * 90)
    assert not head(*[line] * 4, came=A_BODY).too_long("POST")
    assert head(*[line] * 4, (b"a", b"b" * 20), came=A_BODY).too_long("POST")
