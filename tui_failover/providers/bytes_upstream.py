"""One provider taken as it is: the caller's bytes go out, the provider's bytes come back.

Much faster than an SDK, and nothing is lost on the way. What counts as an answer, and what a failure is called, is
the same as for queries through the SDKs.
"""

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING

from tui_failover.core.copying import replace
from tui_failover.core.outcome import Failed
from tui_failover.core.ports import Clock, Limits
from tui_failover.core.spec import Dialect, ProviderSpec
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

ANTHROPIC_VERSION = "2023-06-01"  # where a caller of another dialect has named none
_PREFIX = {Dialect.OPENAI: "", Dialect.ANTHROPIC: "/v1"}
_ANY_KIND = {"accept": "*/*"}  # where a caller has named none
_OWN_HEADERS = {"content-type": "application/json", "accept-encoding": "identity"}


class BytesUpstream:
    """Forwards requests to one provider, with its key, over connections of its own."""

    def __init__(self, spec: ProviderSpec, connection: Connection, keyring: Keyring, clock: Clock) -> None:
        self._spec = spec
        self._connection = connection
        self._keyring = keyring
        self._diagnostician = Diagnostician(keyring.secrets, lambda: clock.now().utc)
        self._client: HttpClient | None = None
        self._base = connection.base_url.rstrip("/") + _PREFIX[spec.dialect]
        self._own_headers: tuple[str, dict[str, str]] = ("", {})

    async def forward(self, order: Forward, limits: Limits) -> Flow | Refusal:
        """Send the request, and return once there is something for the caller or a reason why there is not."""
        if not self._keyring.renew():
            failure = self._diagnostician.of_sight(Seen.NO_KEY, Stage.SENDING)
            told = self._spec.missing_key
            reason = failure.reason if told is None else f"{failure.reason}: {told}"
            return Refusal(Failed(replace(failure, reason=reason), 0.0))
        flow = BytesFlow(order, limits, self._diagnostician)
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
        body, headers = self._body(order), self._headers(order.headers)
        return client.post(order.path, headers, body, limits.connect_s, left_us)

    def _opened(self) -> "HttpClient":
        from tui_failover.providers.http_client import HttpClient

        self._client = HttpClient(self._base)
        return self._client

    def _headers(self, callers: Mapping[str, str]) -> dict[str, str]:
        headers = {**_ANY_KIND, **callers, **self._signed()}
        if self._spec.dialect is Dialect.ANTHROPIC:
            headers.setdefault("anthropic-version", ANTHROPIC_VERSION)
        return headers

    def _signed(self) -> dict[str, str]:
        """Return the headers of our own; made anew only where the key is another one."""
        key, headers = self._own_headers
        if not headers or key != self._keyring.newest:
            signed: dict[str, str] = {}
            self._keyring.sign(signed)
            headers = _OWN_HEADERS | {name.lower(): value for name, value in signed.items()}
            self._own_headers = (self._keyring.newest, headers)
        return headers

    def _body(self, order: Forward) -> bytes:
        changes = dict(order.changes)
        if order.body.values.get("model") != order.model:
            changes["model"] = order.model
        if order.stream is not None and order.body.values.get("stream") is not order.stream:
            changes["stream"] = order.stream
        openai = self._spec.dialect is Dialect.OPENAI and order.talk
        if openai and order.stream and self._connection.usage_in_stream:
            changes["stream_options"] = {
                **as_mapping(order.body.values.get("stream_options")),
                "include_usage": True,
            }
        renamed: dict[str, str] = {}
        if openai and self._connection.max_tokens_field == "max_tokens" and "max_tokens" not in order.body.values:
            renamed["max_completion_tokens"] = "max_tokens"
        return order.body.with_values(changes, renamed)
