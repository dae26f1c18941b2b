"""The palette's commands: every record of the key table, and the ones that name an agent or a provider."""

from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, cast

from msgspec import Struct
from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content

from tui_failover.console import theme
from tui_failover.console.keymap import BY_ID, KEYS, Group, signs
from tui_failover.console.picture import Picture

if TYPE_CHECKING:
    from tui_failover.console.app import Console


Run = Callable[[], Awaitable[object] | None]


class Offer(Struct, frozen=True):
    """One line of the palette."""

    text: str
    help: str
    run: Run


class ConsoleCommands(Provider):
    """Offers what can be done on the picture as it is while the palette is open."""

    async def discover(self) -> Hits:
        """Yield everything, for a palette in which nothing was typed yet."""
        for offer in self._offers():
            yield DiscoveryHit(Content(offer.text), offer.run, text=offer.text, help=offer.help)

    async def search(self, query: str) -> Hits:
        """Yield what matches."""
        matcher = self.matcher(query)
        for offer in self._offers():
            score = matcher.match(offer.text)
            if score > 0:
                yield Hit(score, matcher.highlight(offer.text), offer.run, text=offer.text, help=offer.help)

    def _offers(self) -> Iterator[Offer]:
        console = cast("Console", self.app)
        picture = console.desk.picture()
        yield from _by_key(console, picture, (Group.ACT, Group.EVERYONE))
        yield from _named(console, picture)
        yield _export(console, picture)
        yield from _by_key(console, picture, (Group.SCREEN, Group.LOOK))
        for name in theme.NAMES:
            yield Offer(f"theme {name}", "how the screen looks", partial(console.actions.take_theme, name))


def _by_key(console: "Console", picture: Picture, groups: tuple[Group, ...]) -> Iterator[Offer]:
    for key in (key for group in groups for key in KEYS if key.group is group and key.id != "palette"):
        why = key.why_not(picture)
        told = f"{signs(key)}: not now, {why}" if why else signs(key)
        yield Offer(key.help.rstrip("."), told, partial(console.perform, key))


def _named(console: "Console", picture: Picture) -> Iterator[Offer]:
    locked = BY_ID["switch"].locked(picture) or ""
    for agent in picture.snapshot.agents:
        for provider in agent.chain:
            if provider != agent.active:
                switch = partial(console.actions.switch, agent.id, provider)
                yield _offer(console, f"switch {agent.id} to {provider}", locked, switch)
    locked = BY_ID["check"].locked(picture) or ""
    for view in picture.snapshot.providers:
        why = locked or (f"no key: {view.missing_key}" if view.missing_key is not None else "")
        yield _offer(console, f"check {view.id}", why, partial(console.actions.check, (view.id,), view.id))


def _export(console: "Console", picture: Picture) -> Offer:
    why = "" if picture.gateway else picture.gateway_problem or "there is no gateway"
    return _offer(console, "copy the gateway's export line for a shell", why, console.actions.copy_export)


def _offer(console: "Console", text: str, why: str, run: Run) -> Offer:
    if why:
        return Offer(text, f"not now, {why}", partial(console.refuse, why))
    return Offer(text, "", run)
