"""One provider behind the `Upstream` port, whatever dialect it speaks."""

import asyncio

from tui_failover.core.copying import replace
from tui_failover.core.outcome import Answered, Failed, Failure, Outcome
from tui_failover.core.ports import Clock, Limits
from tui_failover.core.query import Query
from tui_failover.core.spec import ProbeKind, ProviderSpec
from tui_failover.providers.bytes_upstream import BytesUpstream
from tui_failover.providers.diagnosis import Diagnostician
from tui_failover.providers.keyring import Keyring
from tui_failover.providers.recognition import Seen, Stage
from tui_failover.providers.speaker import Asking, Speaker
from tui_failover.providers.transport import LOADING
from tui_failover.providers.watch import Language, Watch
from tui_failover.wire.delta import Delta, as_mapping
from tui_failover.wire.error_body import error_in
from tui_failover.wire.sse import SseEvent, json_object

PROBE_MAX_TOKENS = 16
CUSTOM_PROBE_MAX_TOKENS = 256
_CONNECT_SHARE = 0.8  # of a check's time, so that a host that cannot be reached is told from a silent one


class SdkUpstream:
    """One provider: queries and checks through its SDK, callers' own requests as bytes.

    Attributes:
        forward: sends a request as bytes, past the SDK.
    """

    def __init__(
        self, spec: ProviderSpec, keyring: Keyring, speaker: Speaker, forwarder: BytesUpstream, clock: Clock
    ) -> None:
        self._spec = spec
        self.forward = forwarder.forward
        self._forwarder = forwarder
        self._keyring = keyring
        self._speaker = speaker
        self._clock = clock
        self._diagnostician = Diagnostician(keyring.secrets, lambda: clock.now().utc)
        self._watch = Watch(speaker.language, spec.model, clock, self._diagnostician)
        self._models_watch = replace(self._watch, language=Language(_read_models_event, _read_models))

    async def warm(self) -> None:
        """Load the SDK now, in a thread, instead of with the first request; raises what its import raises."""
        if not self._speaker.ready:
            await asyncio.to_thread(self._load)

    async def send(self, query: Query, limits: Limits) -> Outcome:
        """Ask, and return the whole answer or why there is none."""
        asking = await self._prepared(limits.connect_s, brief=False)
        if isinstance(asking, Failed):
            return asking
        return await self._watch.attempt(lambda: self._speaker.ask(query, asking), limits)

    async def probe(self, kind: ProbeKind, query: Query, timeout_s: float) -> Outcome:
        """Check the provider within `timeout_s` seconds; every kind of limit is that one."""
        limits = Limits(timeout_s * _CONNECT_SHARE, timeout_s, timeout_s, timeout_s)
        asking = await self._prepared(limits.connect_s, brief=True)
        if isinstance(asking, Failed):
            return asking
        match kind:
            case ProbeKind.QUERY:
                capped = replace(query, max_tokens=PROBE_MAX_TOKENS)
                return await self._watch.attempt(
                    lambda: self._speaker.ask(capped, asking), limits, only_first_content=True
                )
            case ProbeKind.MODELS:
                return await self._models_watch.attempt(lambda: self._speaker.list_models(asking), limits)
            case ProbeKind.CUSTOM:
                capped = replace(query, max_tokens=query.max_tokens or CUSTOM_PROBE_MAX_TOKENS)
                return self._expecting(
                    await self._watch.attempt(lambda: self._speaker.ask(capped, asking), limits)
                )

    async def close(self) -> None:
        """Give back connections; no call is made afterwards."""
        await self._forwarder.close()
        await self._speaker.close()

    def _load(self) -> None:
        with LOADING:
            if not self._speaker.ready:
                self._speaker.load()

    async def _prepared(self, connect_s: float, *, brief: bool) -> Asking | Failed:
        if not self._keyring.renew():
            failure = self._diagnostician.of_sight(Seen.NO_KEY, Stage.SENDING)
            told = self._spec.missing_key
            return Failed(failure if told is None else replace(failure, reason=f"{failure.reason}: {told}"), 0.0)
        try:
            await self.warm()
        except Exception as error:  # noqa: BLE001 - an SDK that cannot be loaded is a failed attempt, not a crash
            return Failed(self._diagnostician.of_exception(error, Stage.SENDING), 0.0)
        return Asking(connect_s, brief)

    def _expecting(self, outcome: Outcome) -> Outcome:
        expected = self._spec.probe.expect
        if not isinstance(outcome, Answered) or expected is None:
            return outcome
        if expected.casefold() in outcome.reply.text.casefold():
            return outcome
        failure: Failure = self._diagnostician.of_sight(Seen.UNEXPECTED, Stage.ANSWERING)
        return Failed(failure, outcome.elapsed_s, outcome.reply.usage)


def _read_models(document: object) -> Delta:
    answer = as_mapping(document)
    if isinstance(answer.get("data"), list):
        return Delta(content=True, finish="models")
    return Delta(error=error_in(answer))


def _read_models_event(event: SseEvent) -> Delta:
    return _read_models(json_object(event))
