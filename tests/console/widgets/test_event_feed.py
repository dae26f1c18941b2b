"""The feed follows the newest event, or stays with the one that is read."""

import pytest
from textual import events

from tests.console.widgets.stage import Stage, written
from tests.support import fleets
from tests.support.views import a_picture, an_event
from tui_failover.console.picture import Picture
from tui_failover.console.widgets.chain_list import ChainList
from tui_failover.console.widgets.event_feed import EventFeed
from tui_failover.core.copying import replace
from tui_failover.core.event import EventKind


def with_events(count: int) -> Picture:
    """Return a picture with so many different events."""
    events = tuple(an_event(n, 500.0 - n, EventKind.CONFIG, f"change {n}") for n in range(count))
    return a_picture(replace(fleets.all_healthy(), events=events))


async def test_the_newest_event_is_on_top() -> None:
    app = Stage(with_events(40))

    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        app.board.show(with_events(41))
        await pilot.pause()
        feed = app.query_one(EventFeed)
        lines, following = written(feed), feed.following

    assert "change 40" in lines[1]
    assert following


async def test_the_title_is_loud_while_keys_are_about_the_events() -> None:
    app = Stage(with_events(3))

    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        feed = app.query_one(EventFeed)
        feed.focus()
        await pilot.pause()
        loud = _title_is_bold(feed)
        app.query_one(ChainList).focus()
        await pilot.pause()
        quiet = _title_is_bold(feed)

    assert loud
    assert not quiet


def _title_is_bold(feed: EventFeed) -> bool:
    title = next(one for one in feed.render_line(0) if one.text.strip() == "events")
    return bool(title.style and title.style.bold)


async def test_a_place_that_is_read_stays_while_events_arrive() -> None:
    app = Stage(with_events(40))

    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        feed = app.query_one(EventFeed)
        feed.move(5)
        before = written(feed)
        app.board.show(with_events(43))
        await pilot.pause()
        after = written(feed)

    assert "change 34" in before[1]
    assert before[1:] == after[1:]
    assert "8 new ↑" in after[0]


async def test_going_back_to_the_top_follows_again() -> None:
    app = Stage(with_events(40))

    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        feed = app.query_one(EventFeed)
        feed.move_page(2)
        feed.move_to_end(last=False)
        lines, following = written(feed), feed.following

    assert following
    assert "change 39" in lines[1]


async def scrolled_to_the_oldest(app: Stage) -> list[str]:
    """Return what is written once the feed can be scrolled no further back."""
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        feed = app.query_one(EventFeed)
        feed.move_to_end(last=True)
        return written(feed)


async def test_scrolling_stops_at_the_oldest_event() -> None:
    lines = await scrolled_to_the_oldest(Stage(with_events(40)))

    assert "change 0" in lines[-1]


async def test_scrolling_goes_over_the_events_that_the_filter_leaves() -> None:
    lines = await scrolled_to_the_oldest(Stage(replace(with_events(40), filter="change 1")))

    assert "change 1" in lines[-1]
    assert "change 10" in lines[-2]


async def test_few_events_do_not_scroll() -> None:
    app = Stage(with_events(2))

    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        feed = app.query_one(EventFeed)
        feed.move(3)

        assert feed.following


@pytest.mark.parametrize(
    ("wheel", "newest"),
    [(events.MouseScrollDown, "change 31"), (events.MouseScrollUp, "change 37")],
    ids=["down", "up"],
)
async def test_the_wheel_moves_three_events(wheel: type[events.MouseEvent], newest: str) -> None:
    app = Stage(with_events(40))

    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        feed = app.query_one(EventFeed)
        feed.move(5)
        feed.post_message(wheel(feed, 5, 5, 0, 1, 0, False, False, False))
        await pilot.pause()
        lines = written(feed)

    assert newest in lines[1]
