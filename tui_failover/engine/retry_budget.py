"""How many extra attempts a provider may get: a share of the first ones, so that an outage is never amplified."""

from collections import deque

from tui_failover.core.names import ProviderId
from tui_failover.core.spec import AttemptRules


class RetryBudget:
    """Counts first and extra attempts of the last seconds, per provider; charged when a retry is decided."""

    def __init__(self, rules: AttemptRules) -> None:
        self._rules = rules
        self._firsts: dict[ProviderId, deque[float]] = {}
        self._extras: dict[ProviderId, deque[float]] = {}

    def first(self, provider: ProviderId, now: float) -> None:
        """Count a first attempt."""
        self._recent(self._firsts, provider, now).append(now)

    def affordable(self, provider: ProviderId, now: float) -> bool:
        """Tell whether one more extra attempt fits."""
        rules = self._rules
        extras = len(self._recent(self._extras, provider, now))
        firsts = len(self._recent(self._firsts, provider, now))
        return extras + 1 <= rules.retry_share * firsts + rules.retry_floor_per_s * rules.retry_window_s

    def charge(self, provider: ProviderId, now: float) -> None:
        """Count an extra attempt that has been decided on."""
        self._recent(self._extras, provider, now).append(now)

    def _recent(self, counts: dict[ProviderId, deque[float]], provider: ProviderId, now: float) -> deque[float]:
        instants = counts.get(provider)
        if instants is None:
            instants = counts[provider] = deque()
        while instants and now - instants[0] > self._rules.retry_window_s:
            instants.popleft()
        return instants
