"""Where conversations are, so that they stay there: prompt caches and signed reasoning are lost with every move.

Only conversations away from their agent's first choice are remembered: the others are where new ones begin.
"""

from collections import OrderedDict

from msgspec import Struct

from tui_failover.core.names import AgentId, ProviderId
from tui_failover.core.spec import AffinityRules
from tui_failover.engine.errand import Errand


class _Stay(Struct):
    """A conversation's stay with a provider; instants are monotonic seconds."""

    provider: ProviderId
    since_at: float
    asked_at: float


class Affinity:
    """Remembers stays, those silent the longest first, and never too many; lives on the engine's loop.

    Whoever's conversation it is has to work its key out only where that can matter.

    Attributes:
        stays: those remembered, by agent and conversation.
    """

    def __init__(self, rules: AffinityRules) -> None:
        self._rules = rules
        self.stays: OrderedDict[tuple[AgentId, str], _Stay] = OrderedDict()

    def home(self, agent: AgentId, errand: Errand, now: float) -> ProviderId | None:
        """Return where a query's conversation is; None for a new one, or one idle or there for too long."""
        conversation = errand.conversation() if self.stays else None
        if conversation is None or conversation.begins:
            return None
        key = (agent, conversation.key)
        stay = self.stays.get(key)
        if stay is None:
            return None
        if now - stay.asked_at >= self._rules.idle_s or now - stay.since_at >= self._rules.stay_s:
            del self.stays[key]
            return None
        return stay.provider

    def answered(self, agent: AgentId, errand: Errand, provider: ProviderId, *, away: bool, now: float) -> None:
        """Take note of who answers a query; `away` tells that new conversations would begin elsewhere.

        Where there are no `stays` and it is not away, there is nothing to take note of.
        """
        conversation = errand.conversation()
        if conversation is None:
            return
        key = (agent, conversation.key)
        if not away:
            self.stays.pop(key, None)
            return
        stay = self.stays.get(key)
        if stay is None or stay.provider != provider:
            stay = self.stays[key] = _Stay(provider, now, now)
        stay.asked_at = now
        self.stays.move_to_end(key)
        while len(self.stays) > self._rules.remembered:
            self.stays.popitem(last=False)
