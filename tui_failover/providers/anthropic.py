"""The Anthropic dialect, Messages, through the official SDK."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from tui_failover.core.query import Query, Role
from tui_failover.core.spec import ProviderSpec
from tui_failover.providers.connection import Connection
from tui_failover.providers.diagnosis import HttpFacts, lower_headers
from tui_failover.providers.keyring import Keyring
from tui_failover.providers.speaker import Asking
from tui_failover.providers.transport import PLACEHOLDER_KEY, open_client
from tui_failover.providers.watch import Language, OpenAnswer
from tui_failover.wire import anthropic_messages

if TYPE_CHECKING:
    import anthropic
    from anthropic.types import MessageParam, OutputConfigParam

_MAX_TOKENS = 4096  # the dialect demands a cap


class AnthropicSpeaker:
    """Speaks to one endpoint of the Anthropic dialect."""

    language = Language(anthropic_messages.read_event, anthropic_messages.read_document)

    def __init__(self, spec: ProviderSpec, connection: Connection, keyring: Keyring) -> None:
        self._spec = spec
        self._connection = connection
        self._keyring = keyring
        self._client: anthropic.AsyncAnthropic | None = None

    @property
    def ready(self) -> bool:
        """Whether the SDK is loaded."""
        return self._client is not None

    def load(self) -> None:
        """Import the SDK and make its client; takes about a second, so call it in a thread."""
        import anthropic

        self._client = anthropic.AsyncAnthropic(
            api_key=PLACEHOLDER_KEY,
            base_url=self._connection.base_url,
            max_retries=0,
            timeout=None,
            http_client=open_client(self._connection, self._keyring),
        )

    @asynccontextmanager
    async def ask(self, query: Query, asking: Asking) -> AsyncIterator[OpenAnswer]:
        """Send `query` as a stream and hand out the answer once its head is there."""
        import anthropic

        effort: OutputConfigParam | anthropic.Omit = anthropic.omit
        if asking.brief and self._spec.reasoning:
            effort = {"effort": "low"}
        async with self._loaded().messages.with_streaming_response.create(
            model=self._spec.model,
            max_tokens=query.max_tokens or self._connection.max_tokens or _MAX_TOKENS,
            messages=_messages(query),
            system=anthropic.omit if query.system is None else query.system,
            stream=True,
            output_config=effort,
            timeout=anthropic.Timeout(None, connect=asking.connect_s),
        ) as response:
            facts = HttpFacts(response.status_code, lower_headers(response.headers.multi_items()))
            yield OpenAnswer(facts, response.iter_bytes())

    @asynccontextmanager
    async def list_models(self, asking: Asking) -> AsyncIterator[OpenAnswer]:
        """Ask for the list of models, which costs nothing."""
        import anthropic

        async with self._loaded().models.with_streaming_response.list(
            limit=1,
            timeout=anthropic.Timeout(None, connect=asking.connect_s),
        ) as response:
            facts = HttpFacts(response.status_code, lower_headers(response.headers.multi_items()))
            yield OpenAnswer(facts, response.iter_bytes())

    async def close(self) -> None:
        """Give back the connections."""
        if self._client is not None:
            await self._client.close()

    def _loaded(self) -> "anthropic.AsyncAnthropic":
        if self._client is None:
            msg = "load() comes before the first request"
            raise RuntimeError(msg)
        return self._client


def _messages(query: Query) -> "list[MessageParam]":
    messages: list[MessageParam] = []
    for turn in query.turns:
        if turn.role is Role.ASSISTANT:
            messages.append({"role": "assistant", "content": turn.text})
        else:
            messages.append({"role": "user", "content": turn.text})
    messages.append({"role": "user", "content": query.text})
    return messages
