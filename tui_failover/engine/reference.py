"""The neutral reference: is it them, or our own network?"""

import asyncio
import contextlib

from tui_failover.core.errors import SettingsError
from tui_failover.core.fact import ReferenceChecked
from tui_failover.core.local_fault import RECHECK_S, reference_wanted
from tui_failover.core.ports import Clock
from tui_failover.core.spec import LocalFaultRules
from tui_failover.engine.state import Cell

_TOP_PORT = 65_535


async def watch_reference(cell: Cell, clock: Clock, news: asyncio.Event) -> None:
    """Ask the reference whenever the fleet wants it asked; runs until cancelled. `news` is set on every change."""
    while True:
        if not reference_wanted(cell.fleet):
            news.clear()
            await news.wait()
            continue
        rules = cell.fleet.rules.local_fault
        cell.apply(ReferenceChecked(await _any_reachable(rules)))
        if reference_wanted(cell.fleet):
            await clock.sleep(RECHECK_S)


async def _any_reachable(rules: LocalFaultRules) -> bool:
    """Tell whether one of the references takes a connection; without any, nothing speaks against our network."""
    if not rules.references:
        return True
    answers = await asyncio.gather(*(_reachable(one, rules.reference_timeout_s) for one in rules.references))
    return any(answers)


async def _reachable(address: str, timeout_s: float) -> bool:
    host, port = host_and_port(address)
    try:
        async with asyncio.timeout(timeout_s):
            _, writer = await asyncio.open_connection(host, port)
    except (OSError, TimeoutError, UnicodeError):
        return False
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
    return True


def host_and_port(address: str) -> tuple[str, int]:
    """Return the parts of a reference; raises `SettingsError`, for a slip must not pass for a dead network."""
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) <= _TOP_PORT:
        raise SettingsError([f'reference {address!r}: is no host and port; write it like "192.0.2.1:443"'])
    return host.removeprefix("[").removesuffix("]"), int(port)
