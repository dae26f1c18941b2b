import pytest

from tui_failover.console.ending import Ending
from tui_failover.console.keymap import BY_ID
from tui_failover.console.picture import Span
from tui_failover.console.sheets.drawing import Stand, act_at
from tui_failover.console.sheets.driving import Chosen, Step, kept, opened, press
from tui_failover.console.sheets.form import CANCEL, Act, Form, Row
from tui_failover.core.copying import replace

GO = Act("go", "Go", "goes", result=Ending.DETACHED)
RISKY = Act("risky", "Risk", accept="it may hurt", result=Ending.DETACHED)
TYPED = Act("typed", "Stop", word="STOP", result=Ending.STOP_NOW)
GREY = Act("grey", "Grey", blocked="not today", result=Ending.DETACHED)
FORM = Form(
    "a sheet",
    (Row("colour", "colour", ("red", "green", "blue"), 0),),
    ((Span("what follows"),),),
    (Act(CANCEL, "Cancel"), GO, RISKY, TYPED, GREY),
)


def after(*keys: str, stand: Stand | None = None) -> Step:
    """Return where these keys lead; the row is kept on what was picked."""
    here: Step = stand or opened(FORM)
    for key in keys:
        assert isinstance(here, Stand)
        row = replace(FORM.rows[0], chosen=FORM.rows[0].choices.index(here.picks.get("colour", "red")))
        here = press(replace(FORM, rows=(row,)), here, key, key if len(key) == 1 else None)
    return here


def at(name: str) -> Stand:
    return replace(opened(FORM), cursor=name)


def test_the_cursor_starts_on_cancel() -> None:
    first = act_at(FORM, opened(FORM).cursor)

    assert first is not None
    assert first.id == CANCEL


@pytest.mark.parametrize("key", [BY_ID[one].keys[0] for one in ("switch", "drain", "breaker", "hold")])
def test_the_key_that_opened_a_sheet_does_nothing_in_it(key: str) -> None:
    assert after(key, key, stand=at("go")) == at("go")


@pytest.mark.parametrize("key", ["escape", "q"])
def test_a_sheet_is_left_from_anywhere_without_changing_anything(key: str) -> None:
    assert after(key, stand=at("risky")) == Chosen(FORM.acts[0], force=False)


def test_enter_on_an_act_chooses_it() -> None:
    assert after("enter", stand=at("go")) == Chosen(GO, force=False)


def test_enter_on_a_row_only_moves_on() -> None:
    step = after("up", "enter")

    assert step == opened(FORM)


@pytest.mark.parametrize(
    ("keys", "chosen"),
    [(("right",), "green"), (("right",) * 3, "red"), (("left",), "blue"), (("space",), "green")],
)
def test_left_and_right_choose_in_the_row(keys: tuple[str, ...], chosen: str) -> None:
    step = after("up", *keys)

    assert isinstance(step, Stand)
    assert step.picks == {"colour": chosen}


def test_the_cursor_stops_at_both_ends() -> None:
    assert after(*["up"] * 9) == at("colour")
    assert after(*["down"] * 9) == at("grey")


def test_an_effect_has_to_be_accepted_first() -> None:
    refused = after("enter", stand=at("risky"))

    assert isinstance(refused, Stand)
    assert refused.note == "press f first, it accepts what follows"
    assert after("f", "enter", stand=at("risky")) == Chosen(RISKY, force=True)


def test_acceptance_is_taken_back_by_pressing_again_or_moving_away() -> None:
    assert isinstance(after("f", "f", "enter", stand=at("risky")), Stand)
    assert isinstance(after("f", "up", "down", "enter", stand=at("risky")), Stand)


@pytest.mark.parametrize("typed", ["", "STO", "stop", "STOQ", "SSTO"])
def test_anything_but_the_word_stops_nothing(typed: str) -> None:
    step = after(*typed, "enter", stand=at("typed"))

    assert isinstance(step, Stand)
    assert step.note == "type STOP first"


def test_the_word_enables_its_act_also_after_a_mistake() -> None:
    assert after(*"STOP", "enter", stand=at("typed")) == Chosen(TYPED, force=True)
    assert after(*"STX", "backspace", *"OP", "enter", stand=at("typed")) == Chosen(TYPED, force=True)


def test_a_blocked_act_says_why() -> None:
    step = after("enter", stand=at("grey"))

    assert isinstance(step, Stand)
    assert step.note == "Grey: not today"


def test_what_the_engine_wants_forced_has_to_be_accepted_too() -> None:
    wanting = replace(at("go"), forced="openai is not available")

    assert isinstance(after("enter", stand=wanting), Stand)
    assert after("f", "enter", stand=wanting) == Chosen(GO, force=True)


def test_what_a_sheet_proposes_stays_chosen_while_it_is_open() -> None:
    assert opened(FORM).picks == {"colour": "red"}


def test_what_a_row_proposes_that_comes_later_stays_chosen_too() -> None:
    longer = replace(FORM, rows=(Row("agent", "agent", ("a", "b"), 1), *FORM.rows))

    assert kept(longer, at("go")).picks == {"agent": "b", "colour": "red"}


def test_the_cursor_stays_on_its_act_when_rows_appear() -> None:
    longer = replace(FORM, rows=(Row("agent", "agent", ("a", "b"), 0), *FORM.rows))

    assert kept(longer, at("go")).cursor == "go"


def test_the_cursor_goes_back_to_cancel_when_its_act_is_gone() -> None:
    shorter = replace(FORM, acts=(FORM.acts[0], RISKY))

    assert kept(shorter, at("go")).cursor == CANCEL
