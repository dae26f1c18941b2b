"""The board shows the picture at every size and draws again only what has changed."""

import pytest

from tests.console.widgets.stage import Stage, written
from tests.support import fleets
from tests.support.views import NOW, a_picture
from tui_failover.console.presentation.layout import Block, content_of, lay_out
from tui_failover.console.widgets.bands import FooterLine, ModeLine, Verdict
from tui_failover.console.widgets.chain_list import ChainList
from tui_failover.console.widgets.lines import LinesView
from tui_failover.core.copying import replace

SIZES = [(40, 10), (80, 24), (120, 40), (200, 60)]
INCIDENT = a_picture(fleets.failover_in_progress())


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_every_block_is_where_the_layout_puts_it(size: tuple[int, int]) -> None:
    app = Stage(INCIDENT)

    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        shown = {str(view.id): view.region for view in app.query(LinesView) if view.display}

    places = lay_out(content_of(INCIDENT), *size)
    assert {block.value: (rect.x, rect.y, rect.width, rect.height) for block, rect in places.items()} == {
        name: (region.x, region.y, region.width, region.height) for name, region in shown.items()
    }


@pytest.mark.parametrize("size", SIZES, ids=str)
async def test_the_screen_shows_the_picture(size: tuple[int, int]) -> None:
    app = Stage(INCIDENT)

    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        lines = written(app.query_one(ChainList))

    assert any("openai" in line and "✖ DOWN" in line for line in lines)


async def test_a_new_picture_is_on_the_screen() -> None:
    app = Stage(a_picture(fleets.all_healthy()))

    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        app.board.show(a_picture(fleets.all_down()))
        await pilot.pause()
        (line,) = written(app.query_one(Verdict))

    assert line.startswith("▎✖ ALL DOWN")


async def test_only_lines_that_changed_are_drawn_again() -> None:
    app = Stage(INCIDENT)

    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        before = {view: [view.render_line(y) for y in range(view.size.height)] for view in app.query(LinesView)}
        views = list(INCIDENT.snapshot.providers)
        views[3] = replace(views[3], checking=False)
        app.board.show(replace(INCIDENT, snapshot=replace(INCIDENT.snapshot, providers=tuple(views))))
        await pilot.pause()
        changed = [
            (str(view.id), y)
            for view, strips in before.items()
            for y, strip in enumerate(strips)
            if view.display and view.render_line(y) is not strip
        ]

    assert changed == [("chain", 5)]


async def test_a_tick_asks_for_no_layout() -> None:
    app = Stage(INCIDENT)

    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        asked: list[object] = []
        app.screen.screen_layout_refresh_signal.subscribe(app.screen, asked.append)
        for second in range(1, 4):
            app.board.show(replace(INCIDENT, now=NOW + second))
            await pilot.pause()

    assert asked == []


async def test_a_resize_shows_the_same_picture_in_the_new_size() -> None:
    app = Stage(INCIDENT)

    async with app.run_test(size=(200, 60)) as pilot:
        await pilot.pause()
        await pilot.resize_terminal(80, 24)
        await pilot.pause()
        chain, mode = written(app.query_one(ChainList)), written(app.query_one(ModeLine))

    assert chain[2].startswith("›  1 openai      ✖ DOWN      OPEN 18s ")
    assert len(chain) == 7
    assert mode[0].endswith("age 0.1s")


async def test_keys_offered_are_in_the_footer() -> None:
    app = Stage(INCIDENT)

    async with app.run_test(size=(80, 24)) as pilot:
        app.board.offer([("s", "switch"), ("?", "help")])
        await pilot.pause()
        lines = written(app.query_one(FooterLine))

    assert lines == [" s switch  ? help"]


async def test_every_block_of_the_enumeration_is_on_the_board() -> None:
    app = Stage(INCIDENT)

    async with app.run_test(size=(80, 24)):
        names = {str(view.id) for view in app.query(LinesView)}

    assert names == {block.value for block in Block}
