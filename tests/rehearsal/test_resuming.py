"""A rehearsed provider that is asked to go on with an answer that broke off elsewhere."""

import pytest

from tui_failover.rehearsal import Resuming
from tui_failover.rehearsal.resuming import resumed

SAYS = "One two three four."
ASKED = {"role": "user", "content": "It ends with <end>two three</end>, go on."}


@pytest.mark.parametrize(
    ("last", "way", "said"),
    [
        ({"role": "user", "content": "hi"}, Resuming.REPEATS, SAYS),
        (ASKED, Resuming.REPEATS, "two three four."),
        ({**ASKED, "content": [{"type": "text", "text": ASKED["content"]}]}, Resuming.REPEATS, "two three four."),
        (ASKED, Resuming.RESTARTS, SAYS),
        ({"role": "assistant", "content": "One two"}, Resuming.REPEATS, " three four."),
        ({"role": "assistant", "content": "Two one"}, Resuming.REPEATS, SAYS),
        (None, Resuming.REPEATS, SAYS),
    ],
    ids=["not asked", "asked", "asked in parts", "begins again", "prefilled", "prefilled otherwise", "no turn"],
)
def test_it_goes_on_from_what_it_is_shown(last: object, way: Resuming, said: str) -> None:
    assert resumed(SAYS, {"messages": [last]}, way) == said


def test_it_can_say_something_else() -> None:
    assert not SAYS.startswith(resumed(SAYS, {"messages": [ASKED]}, Resuming.IGNORES)[:5])
