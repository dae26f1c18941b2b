"""What a switch would mean, in figures and in words."""

import pytest

from tests.support.ends import Ended, traffic_of
from tests.support.fleets import all_healthy, no_keys
from tests.support.views import BACKUP, CLAUDE, NOW, OPENAI
from tui_failover.core.copying import replace
from tui_failover.core.history import Series
from tui_failover.core.names import ProviderId
from tui_failover.core.need import EVERY_NEED, Need, Needs
from tui_failover.core.preview import Loss, Preview, Quickness, losses_told, per_hour, preview_of
from tui_failover.core.query import Usage
from tui_failover.core.snapshot import Limited, LimitView, Snapshot
from tui_failover.core.spec import Price
from tui_failover.core.traffic import Recent

PRICE = Price(2_000_000, 10_000_000)  # $2 and $10 per million tokens


def with_target(**changes: object) -> Snapshot:
    calm = all_healthy()
    views = tuple(replace(one, **changes) if one.id == BACKUP else one for one in calm.providers)  # type: ignore[arg-type]
    return replace(calm, providers=views)


def after(*ends: Ended, snapshot: Snapshot | None = None) -> Preview:
    """Return the preview of a switch to the backup, after an agent's queries ended like this."""
    shown = snapshot or all_healthy()
    traffic = traffic_of(*((NOW - 1.0, how) for how in ends))
    agent = replace(shown.agents[0], traffic=traffic)
    preview = preview_of(shown, agent, BACKUP)
    assert preview is not None
    return preview


def quick(answers: tuple[float, ...]) -> tuple[Quickness | None, Quickness | None]:
    end = after(snapshot=with_target(live=Series(settled=answers), probes=Series())).target
    return end.now, end.before


def needing(*needs: Need) -> Ended:
    return Ended(needs=frozenset(needs))


def test_both_ends_are_told_with_the_age_of_what_is_known() -> None:
    preview = after()

    assert (preview.source.provider, preview.target.provider) == (OPENAI, BACKUP)
    assert (preview.source.known_at, preview.source.inflight, preview.inflight) == (NOW - 4.0, 12, 12)


def test_an_end_nobody_registered_has_no_preview() -> None:
    calm = all_healthy()

    assert preview_of(calm, calm.agents[0], ProviderId("nobody")) is None


def test_of_a_provider_nothing_is_known_of_nothing_is_made_up() -> None:
    keyless = no_keys()
    preview = preview_of(keyless, keyless.agents[0], CLAUDE)

    assert preview is not None
    assert (preview.target.known_at, preview.target.now, preview.target.per_hour) == (None, None, None)


@pytest.mark.parametrize(
    ("answers", "now", "before"),
    [
        ((), None, None),
        ((0.5,) * 7, Quickness(0.5, 7), None),
        ((0.5,) * 30, Quickness(0.5, 20), None),
        ((0.5,) * 40 + (3.0,) * 20, Quickness(3.0, 20), Quickness(0.5, 40)),
    ],
    ids=["none", "few", "too few before", "it has become slow"],
)
def test_p95_is_told_as_it_is_and_as_it_was_with_the_number_of_answers(
    answers: tuple[float, ...], now: Quickness | None, before: Quickness | None
) -> None:
    assert quick(answers) == (now, before)


@pytest.mark.parametrize(
    ("recent", "price", "expected"),
    [
        (Recent(300.0, ended=4, input_tokens=50_000, output_tokens=10_000), PRICE, 2_400_000),
        (Recent(300.0, ended=4, unmetered=2, input_tokens=50_000, output_tokens=10_000), PRICE, 4_800_000),
        (Recent(300.0, ended=4, failed=4), PRICE, 0),
        (Recent(300.0, ended=4, unmetered=4), PRICE, None),
        (Recent(300.0, ended=4, input_tokens=50_000), None, None),
    ],
    ids=["$0.2 in 5 min", "half of it told", "nothing answered", "nothing told", "no price"],
)
def test_price_per_hour_follows_from_measured_tokens(
    recent: Recent, price: Price | None, expected: int | None
) -> None:
    assert per_hour(price, recent) == expected


def test_the_price_at_either_end_is_that_ends_own() -> None:
    preview = after(Ended(usage=Usage(50_000, 10_000)), snapshot=with_target(price=PRICE))

    assert (preview.source.per_hour, preview.target.per_hour) == (None, 2_400_000)


@pytest.mark.parametrize(
    ("source", "target", "lost"),
    [
        (EVERY_NEED, EVERY_NEED - {Need.IMAGES}, (Loss(Need.IMAGES, 1),)),
        (EVERY_NEED, frozenset(), (Loss(Need.TOOLS, 2), Loss(Need.IMAGES, 1))),
        (EVERY_NEED - {Need.IMAGES}, EVERY_NEED - {Need.IMAGES}, ()),
        (None, EVERY_NEED - {Need.IMAGES}, (Loss(Need.IMAGES, 1),)),
        (EVERY_NEED, EVERY_NEED - {Need.PDF}, ()),
        (EVERY_NEED, None, ()),
    ],
    ids=["images", "everything", "never had it", "source not known", "never needed", "target not known"],
)
def test_losses_are_what_was_needed_and_had_and_is_not_carried(
    source: Needs | None, target: Needs | None, lost: tuple[Loss, ...]
) -> None:
    calm = with_target(carries=target)
    shown = replace(calm, providers=(replace(calm.providers[0], carries=source), *calm.providers[1:]))

    preview = after(needing(Need.TOOLS), needing(Need.TOOLS, Need.IMAGES), Ended(), snapshot=shown)

    assert preview.losses == lost
    assert preview.judged is (target is not None)


@pytest.mark.parametrize(
    ("carries", "window", "ends", "words"),
    [
        (EVERY_NEED, None, (), ("nothing known: no query has ended in the last 5 min",)),
        (None, None, (Ended(),), ("nothing known: what backup-openai carries is not told",)),
        (EVERY_NEED, 9_000, (Ended(usage=Usage(8_000, 1)),), ("nothing that 1 query in the last 5 min needed",)),
        (
            EVERY_NEED - {Need.TOOLS},
            9_000,
            (needing(Need.TOOLS), Ended(usage=Usage(9_500, 1))),
            (
                "tools: 1 of 2 queries in the last 5 min",
                "the longest queries: up to 9500 tokens asked, backup-openai takes 9000",
            ),
        ),
    ],
    ids=["no traffic", "not known", "nothing", "tools and length"],
)
def test_losses_in_words(
    carries: Needs | None, window: int | None, ends: tuple[Ended, ...], words: tuple[str, ...]
) -> None:
    assert losses_told(after(*ends, snapshot=with_target(carries=carries, context_window=window))) == words


def test_room_is_what_is_used_of_each_limit_and_what_the_agent_adds() -> None:
    limits = (
        LimitView(Limited.QUERIES, 10, 8),
        LimitView(Limited.TOKENS, 90_000, 100),
        LimitView(Limited.CONCURRENCY, 20, 9),
    )
    ends = [Ended(usage=Usage(1_000, 500))] * 10

    room = after(*ends, snapshot=with_target(limits=limits)).room

    assert [(one.what, one.used, one.adds, one.suffices) for one in room] == [
        (Limited.QUERIES, 8, 2, True),
        (Limited.TOKENS, 100, 3_000, True),
        (Limited.CONCURRENCY, 9, 12, False),
    ]


def test_a_young_engine_does_not_spread_its_queries_over_minutes_it_has_not_seen() -> None:
    young = replace(all_healthy(), started_at=NOW - 60.0)

    assert after(Ended(), snapshot=young).recent.window_s == 60.0
