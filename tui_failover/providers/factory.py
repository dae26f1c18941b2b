"""Makes the upstream of each configured provider."""

from collections.abc import Callable, Mapping

from tui_failover.core.errors import UnknownProvider
from tui_failover.core.names import ProviderId
from tui_failover.core.ports import Clock
from tui_failover.core.spec import Dialect, ProviderSpec
from tui_failover.providers.anthropic import AnthropicSpeaker
from tui_failover.providers.connection import Connection
from tui_failover.providers.openai import OpenAiSpeaker
from tui_failover.providers.speaker import Speaker
from tui_failover.providers.upstream import SdkUpstream

_SPEAKERS: Mapping[Dialect, Callable[[ProviderSpec, Connection], Speaker]] = {
    Dialect.OPENAI: OpenAiSpeaker,
    Dialect.ANTHROPIC: AnthropicSpeaker,
}


class SdkUpstreams:
    """An `UpstreamFactory` over connections by provider; it looks one up whenever a provider is registered.

    Making an upstream loads no SDK and touches no network.
    """

    def __init__(self, connections: Mapping[ProviderId, Connection], clock: Clock) -> None:
        self._connections = connections
        self._clock = clock

    def __call__(self, spec: ProviderSpec) -> SdkUpstream:
        """Return the upstream of `spec`; raises `UnknownProvider` where nobody knows how to reach it."""
        connection = self._connections.get(spec.id)
        if connection is None:
            msg = f"{spec.id}: no connection is configured"
            raise UnknownProvider(msg)
        return SdkUpstream(spec, connection, _SPEAKERS[spec.dialect](spec, connection), self._clock)
