"""Words leave the footer before keys do."""

from tests.support import fleets
from tests.support.views import a_picture
from tui_failover.console.presentation.cells import text_of
from tui_failover.console.presentation.footer import footer

KEYS = (("↑↓", "pick"), ("s", "switch"), ("h", "hold"), ("?", "help"))
PICTURE = a_picture(fleets.all_healthy())


def line_at(width: int) -> str:
    """Return the footer's text at a width."""
    (line,) = footer(PICTURE, KEYS, width)
    return text_of(line).rstrip()


def test_with_room_each_key_has_its_word() -> None:
    assert line_at(80) == " ↑↓ pick  s switch  h hold  ? help"


def test_the_words_of_the_last_keys_leave_first() -> None:
    assert line_at(30) == " ↑↓ pick  s switch  h hold  ?"
    assert line_at(24) == " ↑↓ pick  s switch  h ?"


def test_every_key_is_still_there_without_any_word() -> None:
    assert line_at(10) == " ↑↓ s h ?"
