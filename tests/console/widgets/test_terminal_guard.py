"""Nothing that steers a terminal leaves the screen, whoever let it in."""

import pytest
from rich.segment import Segment
from rich.style import Style
from textual.color import Color

from tests.console.widgets.stage import Stage, written
from tests.support import fleets
from tests.support.views import a_picture
from tui_failover.console.widgets.bands import ModeLine
from tui_failover.console.widgets.terminal_guard import TerminalGuard
from tui_failover.core.copying import replace

BLACK = Color(0, 0, 0)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        pytest.param("a\x1b[31mb", "a[31mb", id="CSI"),
        pytest.param("a\x1b]52;c;aGk=\x07b", "a]52;c;aGk=b", id="OSC 52"),
        pytest.param("a\x9b31mb\x9d0;t\x9c", "a31mb0;t", id="C1"),
        pytest.param("a\r\n\tb\x00\x7f", "ab", id="C0 and DEL"),
        pytest.param("a\u202eb\u2066c\u2069", "abc", id="bidirectional"),
        pytest.param("▂▃× 料金 é", "▂▃× 料金 é", id="harmless"),
    ],
)
def test_steering_characters_are_deleted(text: str, kept: str) -> None:
    style = Style(bold=True)

    segments = TerminalGuard().apply([Segment(text, style)], BLACK)

    assert segments == [Segment(kept, style)]


def test_harmless_segments_pass_as_they_are() -> None:
    segments = [Segment("openai"), Segment("● UP")]

    assert TerminalGuard().apply(segments, BLACK) is segments


async def test_as_a_filter_of_the_app_it_guards_every_widget() -> None:
    app = Stage(replace(a_picture(fleets.all_healthy()), environment="prod\x1b]0;owned\x07"))

    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        (line,) = written(app.query_one(ModeLine))

    assert "prod]0;owned" in line
    assert "\x1b" not in line
