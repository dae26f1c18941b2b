import pytest

from tui_failover.console.guard import BURST, BURST_S, FRESH_S, TOO_FAST, TOO_FRESH, TypeThrough


def _letters(guard: TypeThrough, count: int, *, apart_s: float, start: float = 100.0) -> float:
    at = start
    for _ in range(count):
        guard.pressed(at)
        at += apart_s
    return at - apart_s


def test_one_letter_is_an_order() -> None:
    guard = TypeThrough()

    guard.pressed(100.0)

    assert guard.refusal(100.0) is None


def test_a_burst_of_letters_is_text_for_another_window() -> None:
    guard = TypeThrough()

    last = _letters(guard, BURST, apart_s=0.002)

    assert guard.refusal(last) == TOO_FAST


def test_letters_at_the_pace_of_a_held_key_are_no_burst() -> None:
    guard = TypeThrough()

    last = _letters(guard, 50, apart_s=1 / 30)

    assert guard.refusal(last) is None


@pytest.mark.parametrize(("after_s", "refused"), [(0.0, True), (0.29, True), (0.31, False)])
def test_after_a_burst_orders_wait_until_it_is_over(after_s: float, refused: bool) -> None:
    guard = TypeThrough()
    last = _letters(guard, BURST, apart_s=BURST_S / (2 * BURST))

    why = guard.refusal(last + after_s)

    assert (why == TOO_FAST) is refused


@pytest.mark.parametrize(("after_s", "refused"), [(0.0, True), (FRESH_S - 0.01, True), (FRESH_S + 0.01, False)])
def test_a_new_picture_takes_no_orders_before_it_can_have_been_read(after_s: float, refused: bool) -> None:
    guard = TypeThrough()
    guard.opened(100.0)

    why = guard.refusal(100.0 + after_s)

    assert (why == TOO_FRESH) is refused
