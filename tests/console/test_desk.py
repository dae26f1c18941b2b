import pytest

from tests.support.consoles import StillClock
from tests.support.fake_link import FakeLink
from tests.support.fleets import all_healthy, failover_in_progress, nothing_configured, two_hundred_providers
from tests.support.views import AGENT, BACKUP, CLAUDE, OPENAI
from tui_failover.console.desk import WINDOWS_S, Desk, Options, actor_from
from tui_failover.core.command import Accepted, Refused, SwitchTo
from tui_failover.core.copying import replace
from tui_failover.core.names import ProviderId
from tui_failover.core.snapshot import Snapshot


def a_desk(snapshot: Snapshot | None = None, **options: object) -> tuple[Desk, FakeLink, StillClock]:
    link, clock = FakeLink(snapshot or all_healthy()), StillClock()
    return Desk(link, clock, Options(actor="ana", **options)), link, clock  # type: ignore[arg-type]


def _without(snapshot: Snapshot, provider: ProviderId) -> Snapshot:
    left = tuple(view for view in snapshot.providers if view.id != provider)
    return replace(snapshot, providers=left, shown={view.id: place for place, view in enumerate(left)})


def test_the_cursor_starts_on_the_first_provider() -> None:
    desk, _, _ = a_desk()

    assert desk.picture().selected == OPENAI


def test_the_cursor_stays_on_its_provider_when_others_come_and_go() -> None:
    desk, link, _ = a_desk()
    desk.select(BACKUP)

    link.shown = _without(link.shown, OPENAI)

    assert desk.picture().selected == BACKUP


def test_the_cursor_finds_another_provider_when_its_own_is_gone() -> None:
    desk, link, _ = a_desk()
    desk.select(BACKUP)

    link.shown = _without(link.shown, BACKUP)

    assert desk.picture().selected == OPENAI


def test_the_cursor_never_rests_on_a_row_the_filter_hides() -> None:
    desk, _, _ = a_desk()

    desk.search("anthropic")

    assert desk.picture().selected == CLAUDE


def test_a_cursor_that_the_filter_hides_goes_to_the_nearest_row_shown() -> None:
    desk, _, _ = a_desk(two_hundred_providers())
    desk.select(ProviderId("provider-100"))

    desk.search("down")

    assert desk.picture().selected == "provider-093"


def test_nothing_is_selected_where_the_filter_leaves_nothing() -> None:
    desk, _, _ = a_desk()
    desk.search("no such provider")

    hidden = desk.picture().selected
    desk.search("")

    assert hidden is None
    assert desk.picture().selected == OPENAI


def test_nothing_is_selected_without_providers() -> None:
    desk, _, _ = a_desk(nothing_configured())

    assert desk.picture().selected is None


@pytest.mark.parametrize(("by", "there"), [(1, CLAUDE), (2, BACKUP), (99, BACKUP), (-5, OPENAI)])
def test_the_cursor_stops_at_both_ends(by: int, there: ProviderId) -> None:
    desk, _, _ = a_desk()
    desk.picture()

    desk.move((OPENAI, CLAUDE, BACKUP), by)

    assert desk.picture().selected == there


def test_a_pause_freezes_the_snapshot_and_lets_the_age_grow() -> None:
    desk, link, clock = a_desk()
    before = desk.picture()
    desk.pause()

    link.shown = replace(link.shown, revision=99)
    clock.advance(41.0)
    paused = desk.picture()

    assert paused.paused
    assert paused.snapshot == before.snapshot
    assert paused.now == before.now + 41.0


def test_going_live_shows_what_happened_meanwhile() -> None:
    desk, link, _ = a_desk()
    desk.pause()
    link.shown = replace(link.shown, revision=99)

    desk.pause()

    assert desk.picture().snapshot.revision == 99


def test_the_window_of_time_stops_at_both_ends() -> None:
    desk, _, _ = a_desk()

    widest = [desk.widen(1) for _ in range(9)][-1]
    narrowest = [desk.widen(-1) for _ in range(9)][-1]

    assert (narrowest, widest) == (WINDOWS_S[0], WINDOWS_S[-1])


async def test_an_order_says_who_gives_it_and_on_what_it_was_decided() -> None:
    desk, link, _ = a_desk()

    verdict = await desk.order(SwitchTo(AGENT, CLAUDE), 41, force=True)

    order = link.commands[0].order
    assert isinstance(verdict, Accepted)
    assert (order.by, order.seen_revision, order.force) == ("ana", 41, True)


async def test_two_orders_never_share_an_id_even_at_the_same_instant() -> None:
    desk, link, _ = a_desk()

    await desk.order(SwitchTo(AGENT, CLAUDE), 41)
    await desk.order(SwitchTo(AGENT, CLAUDE), 41)

    ids = [command.order.id for command in link.commands]
    assert len(set(ids)) == 2
    assert all(ids)


async def test_an_engine_that_has_ended_refuses_in_words() -> None:
    desk, link, _ = a_desk()
    link.closed = True

    verdict = await desk.order(SwitchTo(AGENT, CLAUDE), 41)

    assert verdict == Refused("the engine has ended")
    assert await desk.check((OPENAI,)) == "the engine has ended"


@pytest.mark.parametrize(
    ("environment", "actor"),
    [({"USER": "ana"}, "ana"), ({"LOGNAME": "ben"}, "ben"), ({}, "operator"), ({"USER": "a\x1b[2Jb"}, "a[2Jb")],
    ids=["user", "log name", "nobody", "hostile"],
)
def test_orders_are_given_under_the_name_of_the_user(environment: dict[str, str], actor: str) -> None:
    assert actor_from(environment) == actor


def test_the_caption_of_a_demo_is_made_harmless() -> None:
    link, clock = FakeLink(failover_in_progress()), StillClock()
    desk = Desk(link, clock, caption=lambda: "openai\x1b]52;c;AAAA\x07 fails now")

    assert desk.picture().caption == "openai]52;c;AAAA fails now"
