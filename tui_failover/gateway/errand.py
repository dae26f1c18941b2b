"""One caller's request as the dispatcher carries it: how each provider is asked, and what came of it."""

from msgspec import Struct, field

from tui_failover.core.copying import replace
from tui_failover.core.names import ProviderId
from tui_failover.core.need import Needs
from tui_failover.core.outcome import Failed, Failure, FailureKind, Outcome
from tui_failover.core.ports import Limits, Upstream
from tui_failover.core.spec import MidStream, ProviderSpec
from tui_failover.engine.errand import Conversation, Open
from tui_failover.gateway.asked import Asked, Call
from tui_failover.gateway.conversations import conversation_of
from tui_failover.gateway.rendering import (
    Making,
    Remembered,
    SameStream,
    SameWhole,
    TranslatedStream,
    TranslatedWhole,
    Untouched,
)
from tui_failover.gateway.responses_rendering import of_responses
from tui_failover.gateway.settings import GatewaySettings
from tui_failover.wire.anthropic_request_reading import read_anthropic_request
from tui_failover.wire.anthropic_request_writing import write_anthropic_request
from tui_failover.wire.capabilities import Capabilities, capabilities_of
from tui_failover.wire.continuation import may_be_continued
from tui_failover.wire.conversation import Request
from tui_failover.wire.delivered import Delivered
from tui_failover.wire.delta import as_mapping
from tui_failover.wire.dialect import Dialect
from tui_failover.wire.error_writing import ErrorDetail, Fault, write_failed_response, write_stream_error
from tui_failover.wire.forwarding import Flow, Forward, Gathering, Refusal, Rendering, forwarding_of
from tui_failover.wire.json_text import json_bytes
from tui_failover.wire.limit_headers import limit_words
from tui_failover.wire.members import read_members
from tui_failover.wire.needs import needs_of
from tui_failover.wire.openai_request_reading import read_openai_request
from tui_failover.wire.openai_request_writing import write_openai_request
from tui_failover.wire.openai_responses_reading import read_responses_request
from tui_failover.wire.replayed_thinking import without_thinking, without_unsigned
from tui_failover.wire.responses_standing import Standing
from tui_failover.wire.translation import Target, Translated
from tui_failover.wire.verdict import Problem

_READ = {
    Call.CHAT: read_openai_request,
    Call.RESPONSES: read_responses_request,
    Call.MESSAGES: read_anthropic_request,
}
_WRITE = {Dialect.OPENAI: write_openai_request, Dialect.ANTHROPIC: write_anthropic_request}
_RESPONSES = f"{Call.RESPONSES.value}/"
HELD_BACK = 256 << 10  # bytes of a stream that can be given anew by somebody else, where the agent wishes it
_PER_TOKEN = 4  # characters
_MOST_COUNTED = 400_000
_VERSION = "2023-06-01"  # a translated request goes out under it


class Errand(Struct):
    """One request on its way along a chain.

    Attributes:
        mid_stream: what becomes of a stream that breaks off.
        flow: the answer, once there is one.
        spec: of the provider that gives it.
        model: what that provider was asked for; "" until then.
        translation: what it was asked instead, if it speaks another dialect.
        refusals: every answer that was no answer, in order, with its provider's dialect.
        problems: why providers could not be asked at all.
        delivered: what the caller has been given, where somebody else may have to go on with it.
    """

    asked: Asked
    settings: GatewaySettings
    making: Making
    mid_stream: MidStream = MidStream.ERROR
    flow: Flow | None = None
    spec: ProviderSpec | None = None
    model: str = ""
    translation: Translated | None = None
    refusals: tuple[tuple[Dialect, Refusal], ...] = ()
    problems: tuple[Problem, ...] = ()
    delivered: Delivered | None = None
    _request: Request | Problem | None = None
    _translations: dict[ProviderId, Translated | Problem] = field(default_factory=dict)

    def conversation(self) -> Conversation | None:
        """Return which conversation the request belongs to."""
        return conversation_of(self.asked)

    @property
    def needs(self) -> Needs:
        """What the request needs of a model."""
        return needs_of(self.asked.body.values)

    def obstacle(self, spec: ProviderSpec) -> str:
        """Return why this provider cannot carry the request, or ""."""
        same = spec.dialect is self.asked.dialect
        if same and (spec.responses or not f"{self.asked.path}/".startswith(_RESPONSES)):
            return ""  # its bytes go out as they came
        if self.asked.call is Call.OTHER:
            return f"{'does not offer' if same else 'speaks another dialect than'} {self.asked.path}"
        translated = self._translated(spec)
        if isinstance(translated, Translated):
            return ""
        if translated not in self.problems:
            self.problems += (translated,)
        return f"cannot carry the request: {translated.text}"

    async def attempt(self, upstream: Upstream, spec: ProviderSpec, limits: Limits) -> Outcome | Open:
        """Ask this provider."""
        forward = forwarding_of(upstream)
        if forward is None:
            return Failed(Failure(FailureKind.LOCAL, "takes no requests of this kind", "local.no-forwarder"), 0.0)
        made = self._translations.get(spec.id)
        translation = made if isinstance(made, Translated) else None
        order = self._order(spec, translation)
        answer = await forward(order, limits)
        if isinstance(answer, Refusal):
            self.refusals += ((spec.dialect, answer),)
            return answer.failed
        self.flow, self.spec, self.model, self.translation = answer, spec, order.model, translation
        return Open(limit_words(answer.headers))

    @property
    def tokens(self) -> int:
        """About so many tokens an attempt takes, for limits: a quarter of the request's length.

        Pictures and files are far fewer tokens than bytes, so that beyond a length it says no more. The provider's
        own count corrects it.
        """
        return min(len(self.asked.body.text), _MOST_COUNTED) // _PER_TOKEN

    def broken_off(self, kind: FailureKind | Fault, text: str, detail: ErrorDetail) -> bytes:
        """Return the event that tells a streaming caller its answer broke off."""
        if self.making.standing is None:
            return write_stream_error(self.asked.dialect, kind, text, detail)
        return write_failed_response(self.making.standing, kind, text, detail)

    def model_at(self, spec: ProviderSpec) -> str:
        """Return what the provider is asked for."""
        own, names = spec.model, self.settings.models.get(spec.id)
        if names is None:
            return own
        asked = self.asked.body.values.get("model")
        return names.get(asked, own) if isinstance(asked, str) else own

    def _order(self, spec: ProviderSpec, translated: Translated | None) -> Forward:
        asked, model = self.asked, self.model_at(spec)
        if asked.call is Call.OTHER:
            return Forward(asked.path, asked.body, model, Untouched(), asked.headers, talk=False)
        if asked.call is Call.RESPONSES:
            self.making.standing = Standing()
        rendering = self._rendering(spec, translated)
        order = Forward(
            asked.path,
            asked.body,
            model,
            rendering if self.mid_stream is not MidStream.CONTINUE else self._remembered(rendering),
            asked.headers,
            changes(asked) if translated is None else {},
            stream=asked.streams or (self.settings.rescue_whole and can_stream(asked)),
            hold_back=HELD_BACK if self.mid_stream is MidStream.BUFFER else 0,
            talk=asked.call is not Call.RESPONSES,
        )
        return order if translated is None else in_translation(order, spec.dialect, translated)

    def _remembered(self, rendering: Rendering | Gathering) -> Rendering | Gathering:
        """Have an answer that can be gone on with elsewhere be read along."""
        if isinstance(rendering, Gathering) or not self._may_be_continued:
            return rendering
        self.delivered = Delivered(self.asked.dialect)
        return Remembered(rendering, self.delivered)

    @property
    def _may_be_continued(self) -> bool:
        asked = self.asked
        # Of other calls it is not known what their streams consist of.
        known = asked.streams and asked.call in {Call.CHAT, Call.MESSAGES}
        return known and may_be_continued(asked.dialect, asked.body.values)

    def _rendering(self, spec: ProviderSpec, translated: Translated | None) -> Rendering | Gathering:
        if translated is not None:
            kind = TranslatedStream if self.asked.streams else TranslatedWhole
            return kind(spec.dialect, translated.wording, self.making)
        if self.making.standing is not None:
            return of_responses(self.making.standing, streams=self.asked.streams)
        if self.asked.streams:
            return SameStream(spec.dialect, self.making, hide_usage=not wants_usage(self.asked))
        return SameWhole(spec.dialect)

    def _translated(self, spec: ProviderSpec) -> Translated | Problem:
        made = self._translations.get(spec.id)
        if made is None:
            made = self._translations[spec.id] = self._translate(spec)
        return made

    def _translate(self, spec: ProviderSpec) -> Translated | Problem:
        request = self.request
        return request if isinstance(request, Problem) else self.translation_of(request, spec)

    @property
    def request(self) -> Request | Problem:
        """What is asked, in no vendor's dialect, or why that cannot be said."""
        if self._request is None:
            self._request = _READ[self.asked.call](self.asked.body.values)
        return self._request

    def translation_of(self, request: Request, spec: ProviderSpec) -> Translated | Problem:
        """Return a request in the provider's dialect."""
        target = Target(self.model_at(spec), self.capabilities(spec), strict=self.asked.strict, stream=True)
        made = _WRITE[spec.dialect](request, target)
        if self.settings.echo_model or isinstance(made, Problem):
            return made
        return replace(made, wording=replace(made.wording, model=target.model))

    def capabilities(self, spec: ProviderSpec) -> Capabilities:
        """Return what the provider's model can carry."""
        override = self.settings.capabilities.get(spec.id)
        return capabilities_of(spec.dialect, self.model_at(spec), version=_VERSION, override=override)


def in_translation(order: Forward, dialect: Dialect, translated: Translated) -> Forward:
    """Return `order` with the translated request in place of the caller's."""
    body = read_members(json_bytes(translated.body))
    if isinstance(body, Problem):
        raise TypeError(body.text)
    path = (Call.MESSAGES if dialect is Dialect.ANTHROPIC else Call.CHAT).value
    kept = {name: value for name, value in order.headers.items() if not name.startswith(("anthropic", "openai"))}
    return replace(order, path=path, body=body, headers=kept, stream=True, talk=True)


def changes(asked: Asked) -> dict[str, object]:
    """Return what has to change where caller and provider speak the same dialect.

    Another vendor's reasoning, handed to the caller unsigned, would be refused when it is sent back.
    """
    match asked.call:
        case Call.MESSAGES:
            member, cleaned = "messages", without_thinking(asked.body.values.get("messages"))
        case Call.RESPONSES:
            member, cleaned = "input", without_unsigned(asked.body.values.get("input"))
        case _:
            return {}
    return {} if cleaned is None else {member: cleaned}


def can_stream(asked: Asked) -> bool:
    """Tell whether an answer to a caller who does not stream can be put together from a stream."""
    values = asked.body.values
    if asked.call is Call.RESPONSES:
        return values.get("background") is not True  # which is answered at once, and fetched later
    wants_odds = values.get("logprobs") or values.get("top_logprobs")
    return values.get("n") in (None, 1) and not wants_odds and not values.get("audio")


def wants_usage(asked: Asked) -> bool:
    """Tell whether a caller of the Chat dialect asked for the counts at the end of its stream."""
    return as_mapping(asked.body.values.get("stream_options")).get("include_usage") is True
