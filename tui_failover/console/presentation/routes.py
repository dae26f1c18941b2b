"""Small questions about routes and providers, answered in the words that sentences are made of."""

from tui_failover.console.presentation import duration, words
from tui_failover.core.command import BreakerHand, Imposed
from tui_failover.core.names import ProviderId
from tui_failover.core.snapshot import AgentView, NotUsed, ProviderView, Snapshot, WhyNot
from tui_failover.core.spec import FailbackMode
from tui_failover.core.transition import BreakerState


def whose(agent: AgentView, hit: list[AgentView]) -> str:
    """Return the agent's name, with the number of others in the same situation."""
    return agent.id if len(hit) == 1 else f"{agent.id} and {len(hit) - 1} more"


def are(hit: list[AgentView]) -> str:
    """Return the verb for `whose`."""
    return "is" if len(hit) == 1 else "are"


def have(hit: list[AgentView]) -> str:
    """Return the verb for `whose` where it says what they have."""
    return "has" if len(hit) == 1 else "have"


def is_trial(agent: AgentView) -> bool:
    """Tell whether the agent's switch goes back by itself unless it is confirmed."""
    return agent.pin is not None and agent.pin.trial


def is_available(snapshot: Snapshot, provider: ProviderId) -> bool:
    """Tell whether the provider may get a query now."""
    view = snapshot.provider(provider)
    return view is not None and view.available


def is_sick(snapshot: Snapshot, provider: ProviderId) -> bool:
    """Tell whether the provider is down or degraded."""
    view = snapshot.provider(provider)
    return view is not None and words.state(view) in {words.Word.DOWN, words.Word.DEGR}


def obstacle(why: WhyNot, now: float) -> str:
    """Return why a provider is passed over, with when that ends by itself."""
    rest = duration.due(why.until_at, now)
    if not rest:
        return why.text
    if why.code is NotUsed.BREAKER_OPEN:
        return f"breaker open, half-open {rest}: {why.text.removeprefix('breaker open: ')}"
    return f"{why.text}, ends {rest}"


def standing(why: WhyNot, agent: AgentView) -> str:
    """Return the word before a provider that is not the active one: whether it is "next", "then" or "not" used."""
    if why.provider == agent.next_best:
        return "next"
    return "then" if why.code is NotUsed.READY else "not"


def cause(view: ProviderView) -> str:
    """Return why the provider may get no query: what went wrong rather than what that set off."""
    if view.why_not is None:
        return view.reason
    if view.why_not.code in {NotUsed.BREAKER_OPEN, NotUsed.HALF_OPEN} and view.error:
        error = view.error.rstrip(".")
        return f"{error}, {view.failures} in a row" if view.failures > 1 else error
    return view.why_not.text


def trouble(view: ProviderView) -> str:
    """Return what is wrong with the provider, or "": why it may get no query, otherwise its last error."""
    return (cause(view) or view.error).rstrip(".")


def trouble_in_short(view: ProviderView) -> str:
    """Return its first words alone ("429 rate limited")."""
    return trouble(view).partition(": ")[0]


def has_available(snapshot: Snapshot, agent: AgentView) -> bool:
    """Tell whether any provider of the agent's chain may get a query now."""
    return any(is_available(snapshot, provider) for provider in agent.chain)


def place(agent: AgentView) -> int:
    """Return the place of the active provider in its agent's chain, from 1; 0 where it is not in it."""
    return agent.chain.index(agent.active) + 1 if agent.active in agent.chain else 0


def utc(snapshot: Snapshot, at: float | None) -> str:
    """Return the time of day of a monotonic instant ("14:02:11")."""
    return "" if at is None else duration.clock(snapshot.moment.wall(at))


def how(snapshot: Snapshot, provider: ProviderId) -> str:
    """Return a provider with its state word, and the obstacle where it has one ("openai DOWN: breaker open")."""
    view = snapshot.provider(provider)
    return _with_why(snapshot, provider, "" if view is None else trouble(view))


def how_in_short(snapshot: Snapshot, provider: ProviderId) -> str:
    """Return the same with the first words of the obstacle alone ("openai DOWN: 503 server error")."""
    view = snapshot.provider(provider)
    return _with_why(snapshot, provider, "" if view is None else trouble_in_short(view))


def _with_why(snapshot: Snapshot, provider: ProviderId, why: str) -> str:
    return f"{word_of(snapshot, provider)}: {why}" if why else word_of(snapshot, provider)


def is_out_by_hand(snapshot: Snapshot, provider: ProviderId) -> bool:
    """Tell whether a person keeps the provider out of service, whatever else is the matter with it."""
    view = snapshot.provider(provider)
    return view is not None and (view.imposed is not Imposed.NOTHING or view.breaker.hand is BreakerHand.OPEN)


def next_of(view: ProviderView, now: float) -> str:
    """Return what happens next to the provider by itself, or ""."""
    breaker = view.breaker
    if breaker.hand is BreakerHand.OPEN:
        rest = duration.due(breaker.hand_until_at, now)
        return f"{view.id} is let go {rest}" if rest else f"{view.id} stays out until b gives it back"
    if breaker.hand is None and breaker.state is BreakerState.OPEN and breaker.until_at is not None:
        return f"{view.id} half-open {duration.due(breaker.until_at, now)}"
    if view.why_not is not None and view.why_not.until_at is not None:
        return f"{view.id} may answer again {duration.due(view.why_not.until_at, now)}"
    if view.checking:
        return f"{view.id} is being checked"
    if view.next_probe_at is not None:
        return f"next check of {view.id} {duration.due(view.next_probe_at, now)}"
    return ""


def word_of(snapshot: Snapshot, provider: ProviderId) -> str:
    """Return a provider with its state word alone ("openai DOWN")."""
    view = snapshot.provider(provider)
    return provider if view is None else f"{view.id} {words.state(view).value}"


def next_hope(snapshot: Snapshot, agent: AgentView, now: float) -> tuple[str, ...]:
    """Return what may end an outage of the whole chain first, the longest form first."""
    views = [view for name in agent.chain if (view := snapshot.provider(name)) is not None]
    timed = [(until, view) for view in views if (until := _until(view)) is not None]
    if not timed:
        return ("nothing ends this by itself",)
    _, view = min(timed, key=lambda pair: pair[0])
    spoken = next_of(view, now)
    return (f"first hope: {spoken}", spoken) if spoken else ()


def back_when(snapshot: Snapshot, agent: AgentView, now: float) -> tuple[str, ...]:
    """Return what brings the agent back to its first choice, the longest form first."""
    if agent.automation_held is not None:
        return (f"stays there, {agent.automation_held} holds automation", "automation is held")
    if agent.config.failback is not FailbackMode.AUTO:
        return ("comes back only by hand: s switches", "back by hand: s")
    if agent.failback_note:
        tail = _tail(agent.failback_note)
        return (agent.failback_note, tail, tail.removesuffix(" where it is"))
    view = snapshot.provider(agent.chain[0])
    if view is not None and view.imposed is not Imposed.NOTHING:
        return (f"comes back after d returns {view.id} to service", f"d returns {view.id}")
    spoken = "" if view is None else next_of(view, now)
    in_short = spoken.removeprefix(f"{agent.chain[0]} ").replace(f" of {agent.chain[0]}", "")
    return (spoken, in_short) if spoken else ()


def _until(view: ProviderView) -> float | None:
    if view.breaker.until_at is not None:
        return view.breaker.until_at
    if view.why_not is not None and view.why_not.until_at is not None:
        return view.why_not.until_at
    return view.next_probe_at


def _tail(note: str) -> str:
    """Return the last part of a note that goes from the general to the particular."""
    return note.rpartition(": ")[2]
