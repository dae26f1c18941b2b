"""One provider taken as it is: the caller's bytes go out, the provider's bytes come back.

Much faster than an SDK, and nothing is lost on the way. What counts as an answer, and what a failure is called, is
the same as for queries through the SDKs.
"""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING

from tui_failover.core.copying import replace
from tui_failover.core.outcome import Failed
from tui_failover.core.ports import Clock, Limits
from tui_failover.core.spec import Dialect, ProviderSpec
from tui_failover.providers.alarm import Alarms
from tui_failover.providers.bytes_flow import BytesFlow, ErrorAnswer
from tui_failover.providers.connection import Connection
from tui_failover.providers.diagnosis import Diagnostician
from tui_failover.providers.keyring import Keyring
from tui_failover.providers.recognition import Seen, Stage
from tui_failover.wire.delta import as_mapping
from tui_failover.wire.forwarding import Flow, Forward, Refusal

if TYPE_CHECKING:
    from tui_failover.providers.http_answer import HttpAnswer
    from tui_failover.providers.http_client import HttpClient

ANTHROPIC_VERSION = "2023-06-01"
_PREFIX = {Dialect.OPENAI: "", Dialect.ANTHROPIC: "/v1"}
_ANY_KIND = {"accept": "*/*"}
# Where a caller has named none; one of another dialect never does.
_DEFAULTS = {
    Dialect.OPENAI: _ANY_KIND,
    Dialect.ANTHROPIC: _ANY_KIND | {"anthropic-version": ANTHROPIC_VERSION},
}
_WITH_USAGE = {"include_usage": True}
_FRAMING = frozenset({"host", "content-length", "transfer-encoding"})  # said by whoever writes the request
_OWN_HEADERS = {"content-type": "application/json", "accept-encoding": "identity"}


class BytesUpstream:
    """Forwards requests to one provider, with its key, over connections of its own."""

    def __init__(self, spec: ProviderSpec, connection: Connection, keyring: Keyring, clock: Clock) -> None:
        self._spec = spec
        self._connection = connection
        self._keyring = keyring
        self._diagnostician = Diagnostician(keyring.secrets, lambda: clock.now().utc)
        self._alarms = Alarms()
        self._client: HttpClient | None = None
        self._base = connection.base_url.rstrip("/") + _PREFIX[spec.dialect]
        self._defaults = _DEFAULTS[spec.dialect]
        self._signed: dict[str, str] = {}
        self._signed_with: str | None = None

    async def forward(self, order: Forward, limits: Limits) -> Flow | Refusal:
        """Send the request, and return once there is something for the caller or a reason why there is not."""
        if not self._keyring.renew():
            failure = self._diagnostician.of_sight(Seen.NO_KEY, Stage.SENDING)
            told = self._spec.missing_key
            reason = failure.reason if told is None else f"{failure.reason}: {told}"
            return Refusal(Failed(replace(failure, reason=reason), 0.0))
        flow = BytesFlow(order, limits, self._diagnostician, self._alarms)
        try:
            await flow.begin(partial(self._request, order, limits, flow.left_us))
        except ErrorAnswer as answer:
            body = self._diagnostician.hidden(answer.body).encode()
            return Refusal(Failed(answer.failure, flow.elapsed_s), answer.status, body, answer.content_type)
        failed = flow.failed
        return flow if failed is None else Refusal(failed)

    async def close(self) -> None:
        """Give back the connections."""
        if self._client is not None:
            await self._client.close()
            self._client = None

    def _request(self, order: Forward, limits: Limits, left_us: Callable[[], None]) -> "Awaitable[HttpAnswer]":
        client = self._client or self._opened()
        if self._signed_with != self._keyring.newest:
            self._sign()
        headers = {**self._defaults, **order.headers, **self._signed}
        return client.post(order.path, headers, self._body(order), limits.connect_s, left_us)

    def _opened(self) -> "HttpClient":
        from tui_failover.providers.http_client import HttpClient

        self._client = HttpClient(self._base)
        return self._client

    def _sign(self) -> None:
        """Make the headers of our own, with the newest key."""
        signed: dict[str, str] = {}
        self._keyring.sign(signed)
        lower = {name.lower(): value for name, value in signed.items()}
        self._signed = _OWN_HEADERS | {name: value for name, value in lower.items() if name not in _FRAMING}
        self._signed_with = self._keyring.newest

    def _body(self, order: Forward) -> bytes:
        changes, values = dict(order.changes), order.body.values
        if values.get("model") != order.model:
            changes["model"] = order.model
        if order.stream is not None and values.get("stream") is not order.stream:
            changes["stream"] = order.stream
        openai = self._spec.dialect is Dialect.OPENAI and order.talk
        if openai and order.stream and self._connection.usage_in_stream:
            options = values.get("stream_options")
            changes["stream_options"] = _WITH_USAGE if options is None else as_mapping(options) | _WITH_USAGE
        renamed: dict[str, str] = {}
        if openai and self._connection.max_tokens_field == "max_tokens" and "max_tokens" not in values:
            renamed["max_completion_tokens"] = "max_tokens"
        return order.body.with_values(changes, renamed)
