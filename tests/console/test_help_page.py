from collections.abc import Callable

import pytest

from tests.support.fleets import SITUATIONS, all_healthy
from tests.support.views import a_picture
from tui_failover.console.help_page import help_page, title
from tui_failover.console.keymap import KEYS, Key, signs
from tui_failover.console.presentation.cells import text_of, width_of
from tui_failover.console.presentation.words import SIGNS
from tui_failover.core.copying import replace
from tui_failover.core.snapshot import Snapshot


def _text(wanted: str = "", width: int = 120, **changes: object) -> str:
    picture = replace(a_picture(all_healthy()), **changes)  # type: ignore[arg-type]
    return "\n".join(text_of(line) for line in help_page(picture, wanted, width))


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.id)
def test_every_key_stands_in_the_help(key: Key) -> None:
    assert f" {signs(key)} " in _text()
    assert key.help.split()[0] in _text()


def test_every_sign_is_explained_with_its_ascii_form() -> None:
    page = _text()

    assert all(f"{sign.shape} {word.value}" in page for word, sign in SIGNS.items())
    assert "ASCII +  up" in page


def test_the_help_says_why_keys_are_grey_now() -> None:
    assert "u  undo        there is nothing to undo" in _text()
    assert "read-only: the console was started" in _text(read_only=True)


def test_a_search_leaves_what_contains_it() -> None:
    page = _text("BREAKER")

    assert "Reset the breaker" in page
    assert "Select the provider" not in page


def test_a_search_that_finds_nothing_says_so() -> None:
    assert 'nothing in the help contains "xyzzy"' in _text("xyzzy")


@pytest.mark.parametrize("width", [40, 80, 120, 200])
@pytest.mark.parametrize("situation", SITUATIONS.values(), ids=SITUATIONS)
def test_every_line_fills_the_screen_exactly(situation: Callable[[], Snapshot], width: int) -> None:
    picture = a_picture(situation())

    lines = (title(picture, "search", width), *help_page(picture, "", width))

    assert {width_of(line) for line in lines} == {width}


def test_ascii_has_no_other_characters() -> None:
    assert _text(ascii=True).isascii()
