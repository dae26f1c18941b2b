"""What a key does in a sheet: a pure step from where the operator stands to the next place, or to an act."""

from collections.abc import Callable
from typing import Final

from msgspec import Struct

from tui_failover.console.sheets.drawing import Stand, accept_of, act_at, row_at
from tui_failover.console.sheets.form import Act, Form
from tui_failover.core.copying import replace

ACCEPT: Final = "f"


class Chosen(Struct, frozen=True):
    """The operator has decided; `force` where the effect was accepted by the extra key."""

    act: Act
    force: bool


Step = Stand | Chosen
Handler = Callable[[Form, Stand], Step]


def opened(form: Form) -> Stand:
    """Return where a sheet starts: on the first act, which changes nothing.

    What the rows propose counts as picked from now on, so that it does not change under the operator's eyes.
    """
    return Stand(form.acts[0].id, _shown(form))


def kept(form: Form, stand: Stand) -> Stand:
    """Return the stand on a form that has changed; where the cursor's place is gone, back on the first act.

    What a row that has come with the change proposes counts as picked too.
    """
    stand = replace(stand, picks={**_shown(form), **stand.picks})
    there = row_at(form, stand.cursor) is not None or act_at(form, stand.cursor) is not None
    return stand if there else replace(stand, cursor=form.acts[0].id, typed="", accepted="")


def _shown(form: Form) -> dict[str, str]:
    return {row.id: row.choices[row.chosen] for row in form.rows}


def press(form: Form, stand: Stand, key: str, character: str | None) -> Step:
    """Return what comes of a key; one that means nothing here changes nothing."""
    act = act_at(form, stand.cursor)
    if act is not None and act.word and not act.blocked and character is not None and character.isalpha():
        return replace(stand, typed=(stand.typed + character)[-len(act.word) :], note="")
    handler = _HANDLERS.get(key)
    return stand if handler is None else handler(form, stand)


def _moved(by: int) -> Handler:
    def move(form: Form, stand: Stand) -> Step:
        places = [*(row.id for row in form.rows), *(act.id for act in form.acts)]
        place = min(max(places.index(stand.cursor) + by, 0), len(places) - 1)
        return replace(stand, cursor=places[place], typed="", accepted="", note="")

    return move


def _picked(by: int) -> Handler:
    def pick(form: Form, stand: Stand) -> Step:
        row = row_at(form, stand.cursor)
        if row is None:
            return stand
        chosen = row.choices[(row.chosen + by) % len(row.choices)]
        return replace(stand, picks={**stand.picks, row.id: chosen}, accepted="", note="", forced="")

    return pick


def _erased(_form: Form, stand: Stand) -> Step:
    return replace(stand, typed=stand.typed[:-1])


def _accepted(form: Form, stand: Stand) -> Step:
    act = act_at(form, stand.cursor)
    if act is None or act.blocked or not accept_of(act, stand):
        return stand
    return replace(stand, accepted="" if stand.accepted == act.id else act.id, note="")


def _cancelled(form: Form, _stand: Stand) -> Step:
    return Chosen(form.acts[0], force=False)


def _entered(form: Form, stand: Stand) -> Step:
    act = act_at(form, stand.cursor)
    if act is None:
        return _moved(1)(form, stand)
    if act.blocked:
        return replace(stand, note=f"{act.label}: {act.blocked}")
    if accept_of(act, stand) and stand.accepted != act.id:
        return replace(stand, note=f"press {ACCEPT} first, it accepts what follows")
    if act.word and stand.typed != act.word:
        return replace(stand, note=f"type {act.word} first")
    return Chosen(act, force=bool(accept_of(act, stand)) or bool(act.word))


_HANDLERS: Final[dict[str, Handler]] = {
    "up": _moved(-1),
    "k": _moved(-1),
    "shift+tab": _moved(-1),
    "down": _moved(1),
    "j": _moved(1),
    "tab": _moved(1),
    "left": _picked(-1),
    "right": _picked(1),
    "space": _picked(1),
    "backspace": _erased,
    ACCEPT: _accepted,
    "enter": _entered,
    "escape": _cancelled,
    "q": _cancelled,
}
"""`q` closes as `esc` does; the keys that open sheets mean nothing inside them."""
