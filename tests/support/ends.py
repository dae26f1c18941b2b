"""How queries ended, to be counted in an agent's traffic."""

from msgspec import Struct

from tui_failover.core.need import NO_NEEDS, Needs
from tui_failover.core.query import Usage
from tui_failover.core.traffic import Traffic


class Ended(Struct, frozen=True):
    """One query that ended; the fields are those of `Traffic.added`."""

    usage: Usage | None = None
    needs: Needs = NO_NEEDS
    failed: bool = False
    unmetered: bool = False


def traffic_of(*told: tuple[float, Ended]) -> Traffic:
    """Return the traffic of queries that ended at those instants."""
    traffic = Traffic()
    for at, how in told:
        traffic = traffic.added(at, how.usage, how.needs, failed=how.failed, unmetered=how.unmetered)
    return traffic
