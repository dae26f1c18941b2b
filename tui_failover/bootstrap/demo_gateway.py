"""The demo's gateway and control API, at an address that is there whatever else runs on this machine."""

from contextlib import AsyncExitStack
from typing import Final

from tui_failover.config.settings import ListenAt
from tui_failover.control import ControlRefused, ControlServer, ControlSettings, Limits, Listen
from tui_failover.core.ports import Clock
from tui_failover.engine.manager import FailoverManager
from tui_failover.gateway import Gateway, GatewaySettings

_FREE_PORT: Final = ListenAt(port=0)
_LAST_S: Final = 0.2  # whoever ends a demo does not wait for its answers


async def opened(stack: AsyncExitStack, manager: FailoverManager, clock: Clock, listen: ListenAt) -> str:
    """Open both until the stack ends, and return where: where wished, else on a free port of loopback.

    Raises:
        ControlRefused: not even that can be opened.
    """
    try:
        return await _open(stack, manager, clock, listen)
    except ControlRefused as problem:
        manager.notice("the gateway listens on a free port instead", str(problem))
    return await _open(stack, manager, clock, _FREE_PORT)


async def _open(stack: AsyncExitStack, manager: FailoverManager, clock: Clock, listen: ListenAt) -> str:
    gateway = Gateway(manager, clock, GatewaySettings(drain_s=_LAST_S))
    settings = ControlSettings(Listen(listen.host, listen.port), limits=Limits(stop_s=_LAST_S))
    server = await stack.enter_async_context(ControlServer(manager, settings, data_path=gateway))
    return server.address
