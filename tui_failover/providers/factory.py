"""Makes the upstream of each configured provider."""

import asyncio
import importlib
from collections.abc import Callable, Collection, Mapping

from tui_failover.core.errors import UnknownProvider
from tui_failover.core.names import ProviderId
from tui_failover.core.ports import Clock
from tui_failover.core.spec import Dialect, ProviderSpec
from tui_failover.providers.anthropic import AnthropicSpeaker
from tui_failover.providers.bytes_upstream import BytesUpstream
from tui_failover.providers.connection import Connection
from tui_failover.providers.keyring import Keyring
from tui_failover.providers.openai import OpenAiSpeaker
from tui_failover.providers.speaker import Speaker
from tui_failover.providers.transport import LOADING
from tui_failover.providers.upstream import SdkUpstream

_SPEAKERS: Mapping[Dialect, Callable[[ProviderSpec, Connection, Keyring], Speaker]] = {
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

    async def warm(self, dialects: Collection[Dialect]) -> None:
        """Import the SDKs of `dialects` in a thread, so that no first request waits for that."""
        await asyncio.to_thread(_import_sdks, dialects)

    def __call__(self, spec: ProviderSpec) -> SdkUpstream:
        """Return the upstream of `spec`; raises `UnknownProvider` where nobody knows how to reach it."""
        connection = self._connections.get(spec.id)
        if connection is None:
            msg = f"{spec.id}: no connection is configured"
            raise UnknownProvider(msg)
        keyring = Keyring(connection)
        speaker = _SPEAKERS[spec.dialect](spec, connection, keyring)
        forwarder = BytesUpstream(spec, connection, keyring, self._clock)
        return SdkUpstream(spec, keyring, speaker, forwarder, self._clock)


def _import_sdks(dialects: Collection[Dialect]) -> None:
    with LOADING:
        for dialect in dialects:
            importlib.import_module(dialect.value)  # each SDK is called like its dialect
