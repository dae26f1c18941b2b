import inspect
from collections.abc import Callable

import pytest

from tests.support.consoles import a_console
from tests.support.fleets import (
    SITUATIONS,
    all_healthy,
    failover_in_progress,
    no_keys,
    nothing_configured,
    pinned_trial,
)
from tests.support.views import NOW, OPENAI, a_picture, a_provider, a_snapshot, an_agent
from tui_failover.console.keymap import (
    BY_ID,
    BY_PRESS,
    KEYS,
    PAUSED,
    READ_ONLY,
    Group,
    Key,
    Level,
    by_press,
    footer,
    readme_table,
    shown,
)
from tui_failover.core.copying import replace
from tui_failover.core.names import ProviderId
from tui_failover.core.snapshot import Snapshot, UndoView

# What tmux, screen, shells and flow control take for themselves.
TAKEN = {f"ctrl+{letter}" for letter in "abszwhjkld"} | {"ctrl+backslash"}


def test_a_press_claimed_twice_is_refused_with_both_names() -> None:
    first = Key("one", ("a",), Level.VIEW, "one", "One.", Group.LOOK)
    second = Key("two", ("b", "a"), Level.VIEW, "two", "Two.", Group.LOOK)

    with pytest.raises(ValueError, match="a belongs to one and to two"):
        by_press((first, second))


def test_ids_are_unique() -> None:
    assert len(BY_ID) == len(KEYS)


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.id)
def test_no_key_belongs_to_the_terminal_s_other_programs(key: Key) -> None:
    assert not TAKEN & set(key.keys)


@pytest.mark.parametrize("key", [key for key in KEYS if key.level >= Level.ROUTE], ids=lambda key: key.id)
def test_nothing_that_moves_queries_is_on_a_chord_or_function_key(key: Key) -> None:
    assert all(len(press) == 1 for press in key.keys)


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.id)
def test_read_only_leaves_looking_alone_and_says_why(key: Key) -> None:
    picture = replace(a_picture(pinned_trial()), read_only=True)

    why = key.why_not(picture)

    assert (why == READ_ONLY) is (key.level > Level.VIEW)


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.id)
def test_a_paused_picture_takes_no_order_that_moves_queries(key: Key) -> None:
    picture = replace(a_picture(pinned_trial()), paused=True)

    why = key.why_not(picture)

    assert (why == PAUSED) is (key.level >= Level.ROUTE)


@pytest.mark.parametrize("situation", SITUATIONS.values(), ids=SITUATIONS)
def test_every_key_can_say_in_every_situation_whether_it_works(situation: Callable[[], Snapshot]) -> None:
    picture = a_picture(situation())

    answers = [key.why_not(picture) for key in KEYS]

    assert all(why is None or why.strip() for why in answers)


def _why(key: str, situation: Callable[[], Snapshot] = all_healthy) -> str | None:
    return BY_ID[key].why_not(a_picture(situation()))


def test_without_providers_keys_say_so() -> None:
    ids = ("up", "detail", "check", "switch", "hold", "drain", "breaker", "copy")

    assert {_why(key, nothing_configured) for key in ids} == {"no providers are configured"}


def test_a_filter_that_hides_everything_leaves_nothing_to_act_on() -> None:
    picture = replace(a_picture(all_healthy()), selected=None)

    assert BY_ID["switch"].why_not(picture) == "no provider is selected"


def test_a_provider_without_its_key_is_not_checked_and_the_key_is_named() -> None:
    assert _why("check", no_keys) == "openai has no key: set OPENAI_KEY"


def test_a_provider_outside_all_chains_cannot_be_switched_to() -> None:
    spare = a_provider("spare")
    used = a_provider("openai")
    snapshot = a_snapshot([used, spare], [an_agent("support-bot", [used])])
    picture = replace(a_picture(snapshot), selected=ProviderId("spare"))

    assert BY_ID["switch"].why_not(picture) == "spare is in no agent's chain"
    assert BY_ID["hold"].why_not(picture) == "spare is in no agent's chain"


def test_an_agent_with_one_provider_cannot_be_switched() -> None:
    only = a_provider("openai")
    picture = a_picture(a_snapshot([only], [an_agent("support-bot", [only])]))

    assert BY_ID["switch"].why_not(picture) == "support-bot has no other provider"


def test_undo_works_until_its_time_is_over() -> None:
    snapshot = replace(all_healthy(), undo=UndoView("switch of support-bot", NOW + 5.0))

    assert BY_ID["undo"].why_not(replace(a_picture(snapshot), now=NOW + 4.9)) is None
    assert BY_ID["undo"].why_not(replace(a_picture(snapshot), now=NOW + 5.1)) == "there is nothing to undo"


def test_a_trial_can_be_kept_while_there_is_one() -> None:
    assert _why("keep", pinned_trial) is None
    assert _why("keep") == "no trial switch is under way"


def test_the_footer_says_which_way_the_pause_key_goes() -> None:
    live = a_picture(all_healthy())

    assert (("p", "pause") in footer(live), ("p", "go live") in footer(replace(live, paused=True))) == (True, True)


def test_the_footer_offers_only_what_works_now() -> None:
    picture = replace(a_picture(failover_in_progress()), read_only=True)

    words = [word for _, word in footer(picture)]

    assert words == ["pick", "detail", "help", "pause", "filter", "quit", "handover", "command"]


def test_the_readme_table_has_every_press_of_every_key() -> None:
    table = readme_table()

    assert len(table.splitlines()) == len(KEYS) + 2
    assert all(f"`{shown(press)}`" in table for press in BY_PRESS)


async def test_every_record_does_something_and_nothing_else_does() -> None:
    async with a_console(all_healthy()) as bench:
        table = bench.console.actions.table

        assert set(table) == set(BY_ID)
        assert all(callable(action) for action in table.values())


def test_the_help_of_a_key_is_one_sentence() -> None:
    assert all(key.help.endswith(".") and key.help.count(".") == 1 for key in KEYS)


def test_refusals_are_functions_of_the_picture_alone() -> None:
    assert all(len(inspect.signature(key.refused).parameters) == 1 for key in KEYS)
    assert BY_ID["switch"].why_not(a_picture(all_healthy())) is None
    assert a_picture(all_healthy()).selected == OPENAI
