"""The list asks for the cursor, scrolls by the wheel, and never loses the provider it is on."""

import pytest
from textual import events

from tests.console.widgets.stage import Stage, written
from tests.support import fleets
from tests.support.views import a_picture, a_provider, down
from tui_failover.console.picture import Picture
from tui_failover.console.widgets.chain_list import ChainList
from tui_failover.core.copying import replace

CROWD = a_picture(fleets.two_hundred_providers())
INCIDENT = a_picture(fleets.failover_in_progress())
LAST = CROWD.snapshot.providers[-1].id


@pytest.mark.parametrize(
    ("selected", "rows", "expected"),
    [("openai", 1, "anthropic"), ("openai", -1, "openai"), ("local-llama", 5, "local-llama"), (None, 1, "openai")],
)
async def test_moving_asks_for_a_neighbour_and_stops_at_the_ends(
    selected: str | None, rows: int, expected: str
) -> None:
    chosen = next((view.id for view in INCIDENT.snapshot.providers if view.id == selected), None)
    app = Stage(replace(INCIDENT, selected=chosen))

    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        app.query_one(ChainList).move(rows)
        await pilot.pause()

    assert [message.provider for message in app.asked] == [expected]


async def test_a_filter_confines_the_cursor_to_what_is_shown() -> None:
    app = Stage(replace(CROWD, filter="down"))

    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        app.query_one(ChainList).move(1)
        app.query_one(ChainList).move_to_end(last=True)
        await pilot.pause()

    assert [message.provider for message in app.asked] == ["provider-017", "provider-171"]


async def test_a_cursor_out_of_view_scrolls_the_list() -> None:
    app = Stage(CROWD)

    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        app.board.show(replace(CROWD, selected=LAST))
        await pilot.pause()
        lines = written(app.query_one(ChainList))

    assert lines[-2].startswith("›  200 provider-200")


async def test_a_filter_that_moves_the_row_of_the_cursor_brings_it_into_view() -> None:
    app = Stage(replace(CROWD, selected=LAST))

    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        app.board.show(replace(CROWD, selected=CROWD.snapshot.providers[109].id))
        await pilot.pause()
        for wanted in ("1", "11", "1", ""):
            app.board.show(replace(CROWD, selected=CROWD.snapshot.providers[109].id, filter=wanted))
            await pilot.pause()

            assert any(line.startswith("›") for line in written(app.query_one(ChainList))), wanted


async def test_the_last_row_stays_in_view_when_one_more_provider_than_there_is_room_for_matches() -> None:
    app = Stage(replace(CROWD, filter="down"))

    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        room = app.query_one(ChainList).size.height - 2
        for sick in (room, room + 1):
            last = CROWD.snapshot.providers[room - 1].id
            app.board.show(replace(_with_down(sick), filter="down", selected=last))
            await pilot.pause()
        lines = written(app.query_one(ChainList))

    assert "not in view" in lines[-1]
    assert lines[-2].startswith("›")


def _with_down(count: int) -> Picture:
    """Return the crowd with its first providers down, and no others."""
    calm = [a_provider(view.id) for view in CROWD.snapshot.providers]
    views = [down(view) if place < count else view for place, view in enumerate(calm)]
    return replace(CROWD, snapshot=replace(CROWD.snapshot, providers=tuple(views)))


async def test_a_page_is_what_is_in_view() -> None:
    app = Stage(CROWD)

    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        rows = len(written(app.query_one(ChainList))) - 3
        app.query_one(ChainList).move_page(1)
        await pilot.pause()

    assert app.asked[0].provider == CROWD.snapshot.providers[rows - 1].id


async def test_a_click_asks_for_the_provider_under_it() -> None:
    app = Stage(INCIDENT)

    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await pilot.click(ChainList, offset=(10, 4))
        await pilot.pause()

    assert [(message.provider, message.opened) for message in app.asked] == [("azure-oai", False)]


async def test_a_second_click_opens() -> None:
    app = Stage(INCIDENT)

    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await pilot.click(ChainList, offset=(10, 4), times=2)
        await pilot.pause()

    assert [message.opened for message in app.asked] == [False, True]


async def test_a_click_on_the_title_asks_for_nothing() -> None:
    app = Stage(INCIDENT)

    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await pilot.click(ChainList, offset=(10, 0))
        await pilot.pause()

    assert app.asked == []


async def test_the_wheel_scrolls_without_moving_the_cursor() -> None:
    app = Stage(CROWD)

    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        chain = app.query_one(ChainList)
        chain.scroll_rows(3)
        await pilot.pause()
        below = written(chain)
        app.board.show(replace(CROWD, now=CROWD.now + 1))
        await pilot.pause()
        kept = written(chain)

    assert below[2].split()[0] == "4"
    assert kept[2].split()[0] == "4"
    assert app.asked == []


@pytest.mark.parametrize(
    ("wheel", "first"), [(events.MouseScrollDown, "13"), (events.MouseScrollUp, "7")], ids=["down", "up"]
)
async def test_the_wheel_moves_three_rows(wheel: type[events.MouseEvent], first: str) -> None:
    app = Stage(CROWD)

    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        chain = app.query_one(ChainList)
        chain.scroll_rows(9)
        chain.post_message(wheel(chain, 5, 5, 0, 1, 0, False, False, False))
        await pilot.pause()
        lines = written(chain)

    assert lines[2].split()[0] == first
