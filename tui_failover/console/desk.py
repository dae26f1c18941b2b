"""What the operator has in front of them, without the screen: where they look, and what they order."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from msgspec import Struct, field

from tui_failover.console.picture import Picture
from tui_failover.console.presentation.arrangement import nearest, shown
from tui_failover.core.command import Command, Order, Refused, Verdict
from tui_failover.core.copying import replace
from tui_failover.core.errors import FailoverError
from tui_failover.core.names import ProviderId
from tui_failover.core.ports import Breathe, Clock, EngineLink, at_once
from tui_failover.core.snapshot import Snapshot
from tui_failover.core.text import scrub

_ACTOR: Final = 32  # characters of a name in events

WINDOWS_S: Final = (60.0, 120.0, 300.0, 900.0)


class Options(Struct, frozen=True):
    """How the console was started.

    Attributes:
        actor: who gives the orders; goes into events.
        read_only: only look.
        ascii: draw with ASCII characters only.
        theme: the name of the first theme; "" for the default.
        environment: the operator's name for this installation.
        owns_engine: the engine lives in this process, so that quitting can stop it.
        folder: where copies go as files, for terminals that take no clipboard; None: nowhere.
        for_s: seconds after which console and engine end by themselves; None: when the operator says so.
    """

    actor: str = "operator"
    read_only: bool = False
    ascii: bool = False
    theme: str = ""
    environment: str = ""
    owns_engine: bool = True
    folder: Path | None = None
    for_s: float | None = None


def actor_from(environment: Mapping[str, str]) -> str:
    """Return the name orders are given under: that of the user who runs the console."""
    name = environment.get("USER") or environment.get("LOGNAME") or ""
    return scrub(name, _ACTOR) or "operator"


class Gaze(Struct, frozen=True):
    """Where the operator looks; survives every change of the fleet."""

    selected: ProviderId | None = None
    filter: str = ""
    window_s: float = 120.0
    frozen: Snapshot | None = None


class Desk(Struct):
    """The console's state and its way to the engine. Used on the console's own loop alone.

    Attributes:
        caption: what a demo says about itself at this moment.
        gateway: where applications reach the gateway, "http://host:port"; "" where there is none, or not yet.
        gateway_problem: why there is none although one was wanted, or "".
        breathe: lets the engine at the interpreter while a picture is made and drawn that nobody waits for.
        gaze: where the operator looks.
    """

    link: EngineLink
    clock: Clock
    options: Options = field(default_factory=Options)
    caption: Callable[[], str] = str
    gateway: Callable[[], str] = str
    gateway_problem: Callable[[], str] = str
    breathe: Breathe = at_once
    gaze: Gaze = field(default_factory=Gaze)
    _orders: int = 0

    def now(self) -> float:
        """Return monotonic seconds."""
        return self.clock.now().mono

    def live(self, breathe: Breathe = at_once) -> Snapshot:
        """Return the newest snapshot, paused or not."""
        return self.link.snapshot(breathe)

    def picture(self, *, calmly: bool = False) -> Picture:
        """Return what is to be drawn now; the cursor stays on its provider as long as there is one.

        Args:
            calmly: nobody has pressed a key and waits for it, so the engine's work goes before.
        """
        gaze = self.gaze
        breathe = self.breathe if calmly else at_once
        picture = Picture(
            snapshot=gaze.frozen or self.live(breathe),
            now=self.now(),
            filter=gaze.filter,
            window_s=gaze.window_s,
            ascii=self.options.ascii,
            paused=gaze.frozen is not None,
            read_only=self.options.read_only,
            caption=scrub(self.caption()),
            environment=self.options.environment,
            gateway=self.gateway(),
            gateway_problem=self.gateway_problem(),
            breathe=breathe,
        )
        # Nothing may be ordered for a provider that the filter hides, or that is gone.
        rows = shown(picture)
        if rows and gaze.selected not in rows:
            self.select(nearest(picture, rows, gaze.selected))
        return replace(picture, selected=self.gaze.selected if rows else None)

    def select(self, provider: ProviderId) -> None:
        """Put the cursor on a provider."""
        self.gaze = replace(self.gaze, selected=provider)

    def move(self, rows: Sequence[ProviderId], by: int) -> None:
        """Move the cursor among the rows shown; it stops at both ends."""
        if not rows:
            return
        here = self.gaze.selected
        place = rows.index(here) if here in rows else 0
        self.select(rows[min(max(place + by, 0), len(rows) - 1)])

    def search(self, text: str) -> None:
        """Set the filter."""
        self.gaze = replace(self.gaze, filter=text)

    def pause(self) -> None:
        """Freeze the picture, or go live again."""
        self.gaze = replace(self.gaze, frozen=self.live() if self.gaze.frozen is None else None)

    def widen(self, by: int) -> float:
        """Take the next wider or narrower window of time; return its seconds."""
        place = WINDOWS_S.index(self.gaze.window_s) if self.gaze.window_s in WINDOWS_S else 0
        self.gaze = replace(self.gaze, window_s=WINDOWS_S[min(max(place + by, 0), len(WINDOWS_S) - 1)])
        return self.gaze.window_s

    async def order(self, command: Command, seen_revision: int, *, force: bool = False) -> Verdict:
        """Give an order decided on the snapshot of `seen_revision`; every failure is a refusal in words."""
        self._orders += 1
        order = Order(
            by=self.options.actor,
            id=f"console-{self.options.actor}-{self.clock.now().utc:.3f}-{self._orders}",
            seen_revision=seen_revision,
            force=force,
        )
        try:
            return await self.link.submit(replace(command, order=order))
        except FailoverError as error:
            return Refused(scrub(str(error)) or "the engine did not answer")

    async def check(self, providers: Sequence[ProviderId]) -> str | None:
        """Start checks; return why that was not possible, or None."""
        try:
            await self.link.check(providers)
        except FailoverError as error:
            return scrub(str(error)) or "the engine did not answer"
        return None
