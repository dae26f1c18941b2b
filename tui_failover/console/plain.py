"""The console without a screen: each change as one sentence, for screen readers, logs and scripts."""

import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from tui_failover.console.presentation import figures, routes
from tui_failover.core.errors import EngineClosed
from tui_failover.core.event import Event
from tui_failover.core.health import Status
from tui_failover.core.ports import Clock, EngineLink
from tui_failover.core.snapshot import AgentView, ProviderView, Snapshot

LOOK_S: Final = 0.5  # how often the engine is looked at

Write = Callable[[str], None]


def sentence(event: Event) -> str:
    """Return an event as one sentence: time, subject, what happened, why, and who caused it."""
    when = datetime.fromtimestamp(event.utc, tz=UTC).strftime("%H:%M:%SZ")
    subject = event.provider if event.agent is None else f"agent {event.agent}"
    if event.agent is not None and event.provider is not None:
        subject = f"agent {event.agent}, provider {event.provider}"
    what = event.text if subject is None else f"{subject}: {event.text}"
    cause = f", because {event.cause.rstrip('. ')}" if event.cause else ""
    who = event.actor or event.source.value
    return f"{when} {what}{cause} ({who})."


def changes(before: Snapshot | None, after: Snapshot) -> tuple[str, ...]:
    """Return what happened between two snapshots, one sentence each; everything known where `before` is None."""
    seen = before.events[-1].number if before is not None and before.events else 0
    new = [event for event in after.events if event.number > seen]
    missed = new[0].number - seen - 1 if new and before is not None else 0
    told = [sentence(event) for event in new]
    if missed > 0:
        told.insert(0, f"{missed} earlier changes are no longer known.")
    return tuple(told)


def summary(snapshot: Snapshot) -> tuple[str, ...]:
    """Return where everything stands, one sentence for each agent and provider."""
    if not snapshot.providers:
        return ("No providers are configured.",)
    agents = [_agent(snapshot, agent) for agent in snapshot.agents]
    return (*agents, *_traffic(snapshot), *(_provider(view) for view in snapshot.providers))


async def run_plain(
    link: EngineLink,
    clock: Clock,
    write: Write,
    *,
    for_s: float | None = None,
    gateway: Callable[[], str] = str,
) -> None:
    """Tell every change until `for_s` seconds are over, the engine has ended, or nobody reads any more.

    Args:
        link: the engine to watch.
        clock: tells and waits for time.
        write: takes one line; may raise `BrokenPipeError`, which ends the telling quietly.
        for_s: seconds to go on; None: without end.
        gateway: where applications reach the gateway; "" where there is none, or not yet. Told once.
    """
    ends_at = None if for_s is None else clock.now().mono + for_s
    before: Snapshot | None = None
    address = ""
    try:
        for line in summary(link.snapshot()):
            write(line)
        while True:
            if not address and (address := gateway()):
                write(f"The gateway is at {address}.")
            after = link.snapshot()
            for line in changes(before, after):
                write(line)
            before = after
            left = LOOK_S if ends_at is None else min(LOOK_S, ends_at - clock.now().mono)
            if left <= 0:
                break
            await clock.sleep(left)
        for line in summary(before):
            write(line)
    except (BrokenPipeError, EngineClosed):
        return


def write_line(line: str) -> None:
    """Write a line to standard output at once.

    Raises:
        BrokenPipeError: standard output is closed, or nobody reads; then it leads nowhere from now on, so that the
            interpreter's own flush at exit stays quiet (https://docs.python.org/3/library/signal.html#note-on-sigpipe).
    """
    if sys.stdout is None:  # what Python makes of a descriptor that was closed before it began
        raise BrokenPipeError
    try:
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
    except BrokenPipeError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)
        raise


def _agent(snapshot: Snapshot, agent: AgentView) -> str:
    place = f"{agent.chain.index(agent.active) + 1} of {len(agent.chain)}" if agent.active in agent.chain else "-"
    held = f" Automation is held by {agent.automation_held}." if agent.automation_held else ""
    pin = f" Switched by {agent.pin.by}." if agent.pin is not None else ""
    then = f"if it fails: {agent.next_best}" if agent.next_best is not None else "nothing to fail over to"
    if agent.panic or not routes.has_available(snapshot, agent):
        tried = f"{agent.active} is tried as the least bad" if agent.panic else "its queries get an error"
        return f"Agent {agent.id} has no available provider: {tried}.{pin}{held}"
    return f"Agent {agent.id} uses {agent.active} ({place}); {then}.{pin}{held}"


def _traffic(snapshot: Snapshot) -> tuple[str, ...]:
    """Return how everyone's queries fare, in one sentence; nothing before the first one."""
    asked = sum(agent.queries for agent in snapshot.agents)
    if not asked:
        return ()
    tokens = sum(agent.tokens_per_s for agent in snapshot.agents)
    flow = (
        figures.rate(sum(agent.rate for agent in snapshot.agents)),
        f"{sum(agent.inflight for agent in snapshot.agents)} in flight",
        f"{figures.tokens(tokens)} tokens/s",
        f"{sum(agent.saved for agent in snapshot.agents)} saved by failover",
        f"{sum(agent.failed for agent in snapshot.agents)} failed",
    )
    return (f"{figures.plural(asked, 'query', 'queries')} so far: {', '.join(flow)}.",)


def _provider(view: ProviderView) -> str:
    if view.missing_key is not None:
        return f"Provider {view.id} has no key: {view.missing_key}."
    available = "available" if view.available else "not available"
    reason = f": {view.reason.rstrip('. ')}" if view.reason else ""
    return f"Provider {view.id} is {_word(view)} and {available}{reason}."


def _word(view: ProviderView) -> str:
    return "being checked" if view.status is Status.CHECKING else view.status.value
