"""Every key as a record: what it does, how dangerous it is, and why it may do nothing now.

Footer, help screen, palette and the README table are made from `KEYS`: a record added is added everywhere.
"""

from collections.abc import Callable, Iterable
from enum import IntEnum, StrEnum
from typing import Final

from msgspec import Struct

from tui_failover.console.picture import Picture
from tui_failover.core.snapshot import AgentView, ProviderView


class Level(IntEnum):
    """How much a key can move. `--read-only` leaves `VIEW` alone."""

    VIEW = 0
    SAFE = 1
    ROUTE = 2


class Group(StrEnum):
    """The headings of the help screen."""

    LOOK = "look"
    ACT = "act on the selected provider"
    EVERYONE = "for everyone"
    SCREEN = "this screen"


Refusal = Callable[[Picture], str | None]


def _never(_picture: Picture) -> str | None:
    return None


class Key(Struct, frozen=True):
    """One thing the operator can do.

    Attributes:
        id: its name in code and tests.
        keys: Textual's names of the keys; the first is the one shown.
        level: see `Level`.
        label: one or two words for the footer.
        help: what it does, for help, palette and README.
        group: its heading in the help.
        refused: why it does nothing on this picture, or None.
    """

    id: str
    keys: tuple[str, ...]
    level: Level
    label: str
    help: str
    group: Group
    refused: Refusal = _never

    def why_not(self, picture: Picture) -> str | None:
        """Return why the key does nothing now, or None; what holds for whole levels comes first."""
        return self.locked(picture) or self.refused(picture)

    def locked(self, picture: Picture) -> str | None:
        """Return why no key of this level does anything now, or None."""
        if picture.read_only and self.level > Level.VIEW:
            return READ_ONLY
        if picture.paused and self.level >= Level.ROUTE:
            return PAUSED
        return None


READ_ONLY: Final = "read-only: the console was started with --read-only"
PAUSED: Final = "the picture is paused: press p to go live first"
NO_PROVIDERS: Final = "no providers are configured"
NOTHING_SELECTED: Final = "no provider is selected"


def selected(picture: Picture) -> ProviderView | None:
    """Return the provider under the cursor."""
    return None if picture.selected is None else picture.snapshot.provider(picture.selected)


def agents_of(picture: Picture) -> tuple[AgentView, ...]:
    """Return the agents whose chains hold the selected provider, in the order they are configured."""
    return tuple(agent for agent in picture.snapshot.agents if picture.selected in agent.chain)


def trials(picture: Picture) -> tuple[AgentView, ...]:
    """Return the agents on a trial switch."""
    return tuple(agent for agent in picture.snapshot.agents if agent.pin is not None and agent.pin.trial)


def _without_providers(picture: Picture) -> str | None:
    return None if picture.snapshot.providers else NO_PROVIDERS


def _without_selection(picture: Picture) -> str | None:
    if not picture.snapshot.providers:
        return NO_PROVIDERS
    return None if selected(picture) is not None else NOTHING_SELECTED


def _without_agent(picture: Picture) -> str | None:
    if agents_of(picture):
        return None
    return _without_selection(picture) or f"{picture.selected} is in no agent's chain"


def _without_alternative(picture: Picture) -> str | None:
    agents = agents_of(picture)
    if not agents or any(len(agent.chain) > 1 for agent in agents):
        return _without_agent(picture)
    return f"{agents[0].id} has no other provider"


def _without_undo(picture: Picture) -> str | None:
    undo = picture.snapshot.undo
    return None if undo is not None and undo.until_at > picture.now else "there is nothing to undo"


def _without_trial(picture: Picture) -> str | None:
    return None if trials(picture) else "no trial switch is under way"


def _without_key(picture: Picture) -> str | None:
    why = _without_selection(picture)
    provider = selected(picture)
    if why is not None or provider is None:
        return why
    return None if provider.missing_key is None else f"{provider.id} has no key: {provider.missing_key}"


KEYS: Final = (
    Key("up", ("up", "k"), Level.VIEW, "", "Select the provider above.", Group.LOOK, _without_providers),
    Key("down", ("down", "j"), Level.VIEW, "pick", "Select the provider below.", Group.LOOK, _without_providers),
    Key("first", ("g", "home"), Level.VIEW, "", "Select the first provider.", Group.LOOK, _without_providers),
    Key("last", ("G", "end"), Level.VIEW, "", "Select the last provider.", Group.LOOK, _without_providers),
    Key("page-up", ("pageup",), Level.VIEW, "", "Move ten providers up.", Group.LOOK, _without_providers),
    Key("page-down", ("pagedown",), Level.VIEW, "", "Move ten providers down.", Group.LOOK, _without_providers),
    Key(
        "next-pane",
        ("tab",),
        Level.VIEW,
        "",
        "Go to the next pane: providers, events, the gateway's address.",
        Group.LOOK,
    ),
    Key("previous-pane", ("shift+tab",), Level.VIEW, "", "Go to the previous pane.", Group.LOOK),
    Key("detail", ("enter",), Level.VIEW, "detail", "Open the selected provider.", Group.LOOK, _without_selection),
    Key("back", ("escape",), Level.VIEW, "", "Go back, close, clear the filter.", Group.LOOK),
    Key(
        "filter",
        ("slash",),
        Level.VIEW,
        "filter",
        "Show only providers and events that contain a text; ! first shows the others.",
        Group.LOOK,
    ),
    Key(
        "check",
        ("c",),
        Level.SAFE,
        "check",
        "Check the selected provider now.",
        Group.ACT,
        _without_key,
    ),
    Key(
        "switch",
        ("s",),
        Level.ROUTE,
        "switch",
        "Switch an agent to a provider: shows what follows, then asks.",
        Group.ACT,
        _without_alternative,
    ),
    Key(
        "keep",
        ("t",),
        Level.ROUTE,
        "keep trial",
        "Keep what a trial switch tried.",
        Group.EVERYONE,
        _without_trial,
    ),
    Key(
        "hold",
        ("h",),
        Level.SAFE,
        "hold",
        "Hold automation of the provider's agent, or let it go on.",
        Group.ACT,
        _without_agent,
    ),
    Key(
        "drain",
        ("d",),
        Level.ROUTE,
        "drain",
        "Drain the provider, put it into maintenance, or return it; asks.",
        Group.ACT,
        _without_selection,
    ),
    Key(
        "breaker",
        ("b",),
        Level.ROUTE,
        "breaker",
        "Reset the breaker, hold it open or closed, or give it back; asks.",
        Group.ACT,
        _without_selection,
    ),
    Key(
        "check-all",
        ("C",),
        Level.SAFE,
        "check all",
        "Check every provider now.",
        Group.EVERYONE,
        _without_providers,
    ),
    Key(
        "undo",
        ("u",),
        Level.ROUTE,
        "undo",
        "Take back the last order, within its undo time.",
        Group.EVERYONE,
        _without_undo,
    ),
    Key(
        "pause",
        ("p",),
        Level.VIEW,
        "pause",
        "Freeze the picture, or go live again; the engine never pauses.",
        Group.SCREEN,
    ),
    Key("wider", ("plus", "equals_sign"), Level.VIEW, "", "Show a longer window of time.", Group.SCREEN),
    Key("narrower", ("minus",), Level.VIEW, "", "Show a shorter window of time.", Group.SCREEN),
    Key("theme", ("T",), Level.VIEW, "", "Take the next theme: dark, light, colour-blind, mono.", Group.SCREEN),
    Key(
        "copy",
        ("y",),
        Level.VIEW,
        "",
        "Copy the selected row; where tab has reached the gateway's address, its export line for a shell.",
        Group.SCREEN,
        _without_selection,
    ),
    Key("handover", ("Y",), Level.VIEW, "handover", "Copy a handover summary as Markdown.", Group.SCREEN),
    Key("palette", ("colon", "ctrl+p"), Level.VIEW, "command", "Search and run any command.", Group.SCREEN),
    Key("help", ("question_mark", "f1"), Level.VIEW, "help", "Show all keys and signs.", Group.SCREEN),
    Key(
        "quit",
        ("q", "ctrl+c", "ctrl+q"),
        Level.VIEW,
        "quit",
        "Close the screen, or stop the engine; asks.",
        Group.SCREEN,
    ),
)

SIGNS: Final = {
    "up": "↑",
    "down": "↓",
    "enter": "⏎",
    "escape": "esc",
    "pageup": "PgUp",
    "pagedown": "PgDn",
    "home": "Home",
    "end": "End",
    "slash": "/",
    "colon": ":",
    "question_mark": "?",
    "plus": "+",
    "equals_sign": "=",
    "minus": "-",
    "f1": "F1",
}


def shown(key: str) -> str:
    """Return how a key's name is written on the screen."""
    if key.startswith("ctrl+"):
        return f"^{key.removeprefix('ctrl+').upper()}"
    return SIGNS.get(key, key)


def signs(key: Key) -> str:
    """Return all presses of a record, as written on the screen."""
    return " ".join(shown(press) for press in key.keys)


def by_press(keys: Iterable[Key]) -> dict[str, Key]:
    """Return the record of each key press.

    Raises:
        ValueError: two records claim the same press; the message names both.
    """
    found: dict[str, Key] = {}
    for record in keys:
        for press in record.keys:
            if press in found:
                message = f"{shown(press)} belongs to {found[press].id} and to {record.id}"
                raise ValueError(message)
            found[press] = record
    return found


def footer(picture: Picture) -> tuple[tuple[str, str], ...]:
    """Return key and word of what can be done now, the most wanted first."""
    records = [BY_ID[one] for one in FOOTER if BY_ID[one].why_not(picture) is None]
    return tuple((_footer_sign(key), _footer_word(key, picture)) for key in records)


def _footer_word(key: Key, picture: Picture) -> str:
    return "go live" if key.id == "pause" and picture.paused else key.label


def _footer_sign(key: Key) -> str:
    return "↑↓" if key.id == "down" else shown(key.keys[0])


def readme_table() -> str:
    """Return the table of all keys as Markdown."""
    rows = [
        f"| {' '.join(f'`{shown(press)}`' for press in key.keys)} | {key.help} | {key.level.name.lower()} |"
        for key in KEYS
    ]
    return "\n".join(("| Key | What it does | Level |", "|---|---|---|", *rows)) + "\n"


BY_PRESS: Final = by_press(KEYS)
BY_ID: Final = {key.id: key for key in KEYS}
FOOTER: Final = (
    "down",
    "detail",
    "check",
    "switch",
    "undo",
    "keep",
    "hold",
    "drain",
    "breaker",
    "help",
    "pause",
    "filter",
    "quit",
    "check-all",
    "handover",
    "palette",
)
"""What the footer offers while it can be done, the most wanted first."""
