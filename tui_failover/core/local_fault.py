"""Them or us: several hosts that cannot be reached at once, and a neutral reference that cannot either.

While that is true nothing is booked against anybody: a dead uplink must not empty every chain. While it is open
failures wait, and are booked as soon as it turns out to be them.
"""

import ipaddress

from tui_failover.core.booking import book_set_aside
from tui_failover.core.copying import replace
from tui_failover.core.event import EventKind, Source
from tui_failover.core.failure import POLICY, Scope
from tui_failover.core.fleet import About, Draft, Fleet
from tui_failover.core.health import forgotten
from tui_failover.core.outcome import Failure
from tui_failover.core.spec import ProviderSpec

_AGAIN_S = 30.0  # the reference answered: it is them; do not suspect ourselves again for a while
RECHECK_S = 5.0  # while the fault lasts the reference is asked this often


def note_answer(draft: Draft, spec: ProviderSpec) -> None:
    """Take an answer into account before it is booked: it ends a fault."""
    if draft.fleet.local.since_at is not None and not _on_this_machine(spec.host):
        _over(draft, f"{spec.id} answers")


def note_failure(draft: Draft, spec: ProviderSpec, failure: Failure) -> None:
    """Take a failure into account before it is booked."""
    if POLICY[failure.kind].scope is not Scope.ENDPOINT or _on_this_machine(spec.host):
        return
    local = draft.fleet.local
    rules = draft.rules.local_fault
    recent = tuple(one for one in local.connects if draft.now - one[1] < rules.window_s)
    local = replace(local, connects=(*recent, (spec.host, draft.now))[-64:])
    cleared = local.cleared_at is not None and draft.now - local.cleared_at < _AGAIN_S
    hosts = {host for host, _ in local.connects}
    if len(hosts) >= rules.hosts and not local.frozen and not cleared:
        local = replace(local, suspected_at=draft.now)
    draft.fleet = replace(draft.fleet, local=local)


def judge(draft: Draft, *, reachable: bool) -> None:
    """Decide with the reference's word."""
    local = draft.fleet.local
    if reachable:
        if local.since_at is not None:
            _over(draft, "the reference answers again")
        draft.fleet = replace(
            draft.fleet, local=replace(local, suspected_at=None, since_at=None, cleared_at=draft.now)
        )
        book_set_aside(draft)
        return
    if local.since_at is not None or local.suspected_at is None:
        return
    hosts = ", ".join(sorted({host for host, _ in local.connects}))
    draft.fleet = replace(draft.fleet, local=replace(local, suspected_at=None, since_at=draft.now, unbooked=()))
    for state in draft.fleet.providers.values():
        if not _on_this_machine(state.spec.host):
            draft.turn(replace(state, health=forgotten(state.health)))
    text = "fault of our own network: verdicts are frozen, no route is moved"
    draft.say(
        EventKind.LOCAL_FAULT_BEGAN, text, f"no connection to {hosts}, nor to the reference", Source.AUTO, About()
    )


def expire(draft: Draft) -> None:
    """Give up a suspicion that nobody answered."""
    local = draft.fleet.local
    patience = 2 * draft.rules.local_fault.reference_timeout_s
    if local.suspected_at is not None and draft.now - local.suspected_at > patience:
        draft.fleet = replace(draft.fleet, local=replace(local, suspected_at=None, cleared_at=draft.now))
        book_set_aside(draft)


def reference_wanted(fleet: Fleet) -> bool:
    """Tell whether the neutral reference is to be tried."""
    return fleet.local.frozen


def _over(draft: Draft, cause: str) -> None:
    local = replace(draft.fleet.local, since_at=None, suspected_at=None, connects=(), cleared_at=draft.now)
    draft.fleet = replace(draft.fleet, local=local)
    draft.say(EventKind.LOCAL_FAULT_ENDED, "our network is back", cause, Source.AUTO, About())


def _on_this_machine(host: str) -> bool:
    """Loopback says nothing about the network."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
