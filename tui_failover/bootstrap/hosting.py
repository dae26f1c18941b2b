"""A manager as a process of its own runs it: with a memory, a log and the control API."""

import asyncio
import logging
import os
import zlib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct
from platformdirs import user_state_path

from tui_failover.bootstrap.known_secrets import KnownSecrets
from tui_failover.bootstrap.learning import learning
from tui_failover.bootstrap.log_lines import Entry, entry_of_event
from tui_failover.bootstrap.logs import Log
from tui_failover.bootstrap.registry import Registry, priced
from tui_failover.config.secret import KeySource
from tui_failover.config.settings import GatewaySettings, ListenAt, Settings
from tui_failover.core.errors import FailoverError, NotKept
from tui_failover.core.fact import Restored
from tui_failover.core.ports import Clock, Keeper
from tui_failover.engine.bus import Missed, Subscription
from tui_failover.engine.clock import LoopClock
from tui_failover.engine.manager import FailoverManager
from tui_failover.journal.folder import exposed, held
from tui_failover.journal.scribe import NoMemory, Scribe
from tui_failover.journal.state_file import StateFile, forget, said

if TYPE_CHECKING:
    from tui_failover.control import Change, ControlServer
    from tui_failover.gateway import GatewaySettings as Served

_log = logging.getLogger("tui_failover")
_CONNECTIONS = 2_000  # applications share the port with people, and often come from one address
_LAST_S = 0.2


class Host(Struct):
    """Everything one process is told about how it is to run, and what it runs.

    Attributes:
        folder: where the state is kept.
        listen: where the control API listens.
        must_listen: without the control API there is no point in going on.
        unheard: why there is no control API although one was wanted, or "".
    """

    settings: Settings
    folder: Path
    listen: ListenAt
    log: Log
    secrets: KnownSecrets
    must_listen: bool = True
    unheard: str = ""
    _api: "ControlServer | None" = None

    @asynccontextmanager
    async def running(self) -> AsyncIterator[FailoverManager]:
        """Run the manager until the context ends, then write what is still to be kept.

        Raises:
            StateInUse: another process keeps its state in the folder.
            ControlRefused: the control API cannot be opened, and has to be.
        """
        clock = LoopClock(asyncio.get_running_loop())
        registry = Registry(self.settings, clock, self.secrets.learn)
        async with AsyncExitStack() as stack:
            keeper, restored = _memory(stack, self.folder, registry, clock)
            manager = FailoverManager(registry.upstreams, self.settings.rules, clock, keeper=keeper)
            await stack.enter_async_context(manager)
            providers = await asyncio.to_thread(priced, self.settings.providers)
            await manager.start(providers, self.settings.agents, restored)
            events = manager.subscribe()
            for event in manager.snapshot().events:
                self.log.put(entry_of_event(event))
            if self.settings.control.enabled:
                await self._open_api(stack, manager, registry)
            telling = await stack.enter_async_context(asyncio.TaskGroup())
            telling.create_task(self._tell(events, clock), name="log")
            stack.callback(events.close)
            yield manager
            self._api = None

    @property
    def address(self) -> str:
        """Where the control API is, "http://host:port"; "" where there is none."""
        return "" if self._api is None else self._api.address

    async def stop_taking(self) -> None:
        """Have the control API take no new work; call on the manager's loop."""
        if self._api is not None:
            self._api.stop_taking()

    async def _tell(self, events: Subscription, clock: Clock) -> None:
        async for event in events:
            if isinstance(event, Missed):
                self.log.put(Entry(clock.now().utc, "WARNING", "", f"{event.count} events were not logged"))
            else:
                self.log.put(entry_of_event(event))

    def _learning(self, sources: tuple[KeySource, ...]) -> tuple[KeySource, ...]:
        return tuple(learning(one, self.secrets.learn) for one in sources)

    async def _open_api(self, stack: AsyncExitStack, manager: FailoverManager, registry: Registry) -> None:
        from tui_failover.control import Access, ControlRefused, ControlServer, ControlSettings, Limits, Listen
        from tui_failover.gateway import Gateway

        control = self.settings.control
        access = Access(
            self._learning(control.gateway_tokens),
            self._learning(control.read_tokens),
            self._learning(control.write_tokens),
            control.allowed_hosts,
            control.allowed_origins,
        )

        async def on_change(change: "Change") -> None:
            await _see_that_it_is_kept(manager, change)

        connections = max(_CONNECTIONS, self.settings.gateway.at_once)
        limits = Limits(connections=connections, per_source=connections)
        settings = ControlSettings(Listen(self.listen.host, self.listen.port), access, limits)
        served = _served(self.settings.gateway, registry)
        gateway = Gateway(manager, LoopClock(asyncio.get_running_loop()), served)
        server = ControlServer(manager, settings, registry, on_change, self.settings.path.parent, gateway)
        try:
            self._api = await stack.enter_async_context(server)
        except ControlRefused as problem:
            if self.must_listen:
                raise
            self.unheard = str(problem)
            manager.notice("there is no control API", self.unheard)
            return
        _log.info("the control API listens on %s", server.address)


def _served(settings: GatewaySettings, registry: Registry) -> "Served":
    """Return what the gateway is told at its start."""
    from tui_failover.gateway import GatewaySettings as Served

    return Served(
        default_agent=settings.default_agent or None,
        models=registry.models,
        capabilities=registry.capabilities,
        rescue_whole=settings.rescue_whole,
        strict_translation=settings.strict_translation,
        echo_model=settings.echo_model,
        body_bytes=settings.body_mb << 20,
        body_s=settings.body_s,
        at_once=settings.at_once,
        # Whoever stops the process has waited for queries already; what is left then is told so and broken off.
        drain_s=_LAST_S,
    )


def state_folder(settings: Settings | None, chosen: Path | None) -> Path:
    """Return where the state is kept: as chosen, as in the settings, or in a folder for this settings file alone.

    Two installations of one user must neither keep each other out nor take over each other's orders.
    """
    if chosen is not None:
        return chosen
    if settings is not None and settings.process.state:
        return settings.path.parent / Path(settings.process.state).expanduser()
    home = user_state_path("tui-failover")
    if settings is None:
        return home
    path = settings.path.resolve()
    return home / f"{path.parent.name or 'root'}-{zlib.crc32(os.fsencode(path)):08x}"


def reset_state(settings: Settings | None, chosen: Path | None) -> str:
    """Forget what was ordered at run time; return what became of it, in a sentence.

    Raises:
        FailoverError: a process runs on this state, or the disk refuses.
    """
    folder = state_folder(settings, chosen)
    try:
        if not folder.exists():
            return f"{folder}: nothing is kept there"
        with held(folder):
            forgotten = forget(folder)
    except OSError as problem:
        message = f"{folder}: the state cannot be removed: {said(problem)}"
        raise FailoverError(message) from None
    return f"{folder}: forgotten; the settings alone hold now" if forgotten else f"{folder}: nothing is kept there"


def _memory(
    stack: AsyncExitStack, folder: Path, registry: Registry, clock: Clock
) -> tuple[Keeper, Restored | None]:
    """Hold the state folder and read what is in it; where that is impossible, run all the same and say so."""
    try:
        stack.enter_context(held(folder))
        file = StateFile(folder, registry)
        restored = file.load(clock.now().utc)
    except OSError as problem:
        return NoMemory(f"{folder}: {said(problem)}"), None
    warning = exposed(folder)
    if warning is not None:
        _log.warning("%s", warning)
    scribe = Scribe(file.save)

    async def close() -> None:
        await asyncio.to_thread(scribe.close)

    stack.push_async_callback(close)
    return scribe, restored


async def _see_that_it_is_kept(manager: FailoverManager, change: "Change") -> None:
    """The manager has waited for the disk already; whether that was in vain is said in the API's answer."""
    unkept = manager.snapshot().unkept
    if unkept is not None and change.kind != "order-accepted":  # an order's own answer says so already
        raise NotKept(unkept)
