"""Going on elsewhere with a stream that broke off: who is asked, with what, and when it is left at the error."""

import logging
import math
from collections.abc import Awaitable, Callable

from msgspec import Struct, field

from tui_failover.core.copying import replace
from tui_failover.core.names import ProviderId
from tui_failover.core.need import NO_NEEDS, Needs
from tui_failover.core.outcome import Failed, Failure, FailureKind, Outcome
from tui_failover.core.ports import Limits, Upstream
from tui_failover.core.spec import ProviderSpec
from tui_failover.engine.dispatcher import Dispatcher
from tui_failover.engine.errand import Carried, Open
from tui_failover.gateway.errand import Errand, changes, in_translation, wants_usage
from tui_failover.gateway.rendering import JoinedStream, Remembered
from tui_failover.wire.answer import Wording
from tui_failover.wire.continuation import Splice, anchor_of, invitation, sound
from tui_failover.wire.conversation import Request, Speaker, Text, Turn, Wish
from tui_failover.wire.counting import estimated_tokens
from tui_failover.wire.delivered import Delivered
from tui_failover.wire.forwarding import Flow, Forward, Refusal, forwarding_of
from tui_failover.wire.joining import JoiningWriter, Joint
from tui_failover.wire.limit_headers import limit_words
from tui_failover.wire.tokens import CHARACTERS_PER_TOKEN, Tokens, together
from tui_failover.wire.translation import Translated
from tui_failover.wire.verdict import Problem

MOST_HOPS = 2  # times one answer is gone on with
# What the next provider would say to it too, and faults of ours, of which its not going on is one.
_NEVER = frozenset(
    {
        FailureKind.CALLER_FAULT,
        FailureKind.CONTENT_POLICY,
        FailureKind.CONTEXT_LENGTH,
        FailureKind.DIALECT,
        FailureKind.LOCAL,
    }
)
_CAPS = ("max_tokens", "max_completion_tokens")
_LATE = Failure(FailureKind.LOCAL, "the time for the whole answer is used up", "continuation.late")
_log = logging.getLogger(__name__)
Write = Callable[[bytes], Awaitable[None]]


async def handed_out(
    flow: Flow, errand: Errand, carried: Carried, dispatcher: Dispatcher, write: Write
) -> Outcome:
    """Hand out a streamed answer, and return how it ended; `carried` is told.

    Where the agent wishes it, others go on with what breaks off, for as long as they may.

    Args:
        flow: the answer.
        errand: what was asked.
        carried: the answer as the dispatcher knows it.
        dispatcher: finds who goes on.
        write: takes what the caller gets.
    """
    ended = await _poured(flow, carried, write)
    so_far = None if errand.delivered is None else SoFar(errand.delivered)
    for _ in range(MOST_HOPS):
        if so_far is None or not isinstance(ended, Failed) or not so_far.may_go_on(errand, ended.failure.kind):
            break
        so_far = so_far.with_broken(errand, carried.provider, ended)
        onward = Continuation(errand, so_far)
        if not await _taken_up(dispatcher, carried, onward) or onward.flow is None:
            break
        try:
            ended = await _poured(onward.flow, carried, write)
        finally:
            if carried.outcome is None:
                give_back(onward.flow, carried)
        so_far = replace(so_far, delivered=onward.delivered)
    return ended


def give_back(flow: Flow, carried: Carried) -> None:
    """Close an answer whose end has not been reached.

    One whose end mark has come has been given whole, though its caller may have left since.
    """
    whole = flow.whole
    if whole is not None:
        carried.ended(whole)
    flow.close()


async def _poured(flow: Flow, carried: Carried, write: Write) -> Outcome:
    while isinstance(data := await flow.next(), bytes):
        await write(data)
    carried.ended(data)
    return data


async def _taken_up(dispatcher: Dispatcher, carried: Carried, onward: "Continuation") -> bool:
    try:
        return await dispatcher.go_on(onward.first.asked.agent, carried, onward, onward.first.tokens)
    except Exception:  # noqa: BLE001 - the head is sent: a fault of ours, too, must end in the error event
        _log.exception("%s: nobody could be asked to go on", onward.first.asked.agent)
        return False


class SoFar(Struct, frozen=True):
    """An answer up to where it broke off.

    Attributes:
        delivered: what the caller has.
        broken: whose answers broke off.
        spent: what they took.
        used_s: how long they took.
    """

    delivered: Delivered
    broken: frozenset[ProviderId] = frozenset()
    spent: Tokens = field(default_factory=Tokens)
    used_s: float = 0.0

    def may_go_on(self, errand: Errand, kind: FailureKind) -> bool:
        """Tell whether anybody may go on with it after a failure of this kind."""
        if kind in _NEVER or not self.delivered.continuable or not self.delivered.text.strip():
            return False
        used = _tokens(self.delivered.text)
        caps = [errand.asked.body.values.get(name) for name in _CAPS]
        return all(cap > used for cap in caps if isinstance(cap, int))

    def with_broken(self, errand: Errand, provider: ProviderId, failed: Failed) -> "SoFar":
        """Return it with the provider's part booked; where that stated no counts, they are guessed."""
        usage, request = failed.usage, errand.request
        asked = estimated_tokens(request) if isinstance(request, Request) else 0
        output = max(_tokens(self.delivered.text) - self.spent.output, 0 if usage is None else usage.output_tokens)
        part = Tokens((usage.input_tokens if usage else 0) or asked, output=output, estimated=True)
        return SoFar(
            self.delivered,
            self.broken | {provider},
            together(self.spent, part),
            self.used_s + failed.elapsed_s,
        )


class Continuation:
    """The errand of going on with one answer.

    Attributes:
        first: the errand whose answer broke off.
        flow: the rest of it, once somebody goes on.
        delivered: reads that rest along, after what the caller has already.
    """

    def __init__(self, first: Errand, so_far: SoFar) -> None:
        self.first = first
        self.flow: Flow | None = None
        self.delivered = so_far.delivered
        self._so_far = so_far
        self._text = sound(so_far.delivered.text)
        self._anchor = anchor_of(self._text)
        self._translations: dict[ProviderId, Translated | Problem] = {}

    def conversation(self) -> None:
        """Return no conversation: the query has found its place in it, and keeps that."""

    @property
    def needs(self) -> Needs:
        """Return no needs: they are told of the query as a whole."""
        return NO_NEEDS

    def obstacle(self, spec: ProviderSpec) -> str:
        """Return why this provider cannot go on, or ""."""
        if spec.id in self._so_far.broken:
            return "its answer broke off"
        if not self._anchor and not self._prefilled(spec):
            return "cannot be told where to go on: the end of the answer looks like what came before"
        if spec.dialect is self.first.asked.dialect:
            return ""
        translated = self._translated(spec)
        return f"cannot carry the request: {translated.text}" if isinstance(translated, Problem) else ""

    async def attempt(self, upstream: Upstream, spec: ProviderSpec, limits: Limits) -> Outcome | Open:
        """Ask this provider to go on."""
        left_s = limits.total_s - self._so_far.used_s
        forward = forwarding_of(upstream)
        if left_s <= 0 or forward is None:
            return Failed(_LATE, 0.0)
        delivered = self._so_far.delivered.fork()
        answer = await forward(self._order(spec, delivered), replace(limits, total_s=left_s))
        if isinstance(answer, Refusal):
            return answer.failed
        self.flow, self.delivered = answer, delivered
        return Open(limit_words(answer.headers))

    def _order(self, spec: ProviderSpec, delivered: Delivered) -> Forward:
        asked = self.first.asked
        translated = self._translations.get(spec.id)
        same = Wording(delivered.seam.model, include_usage=wants_usage(asked))
        joint = Joint(
            asked.dialect,
            delivered.seam,
            translated.wording if isinstance(translated, Translated) else same,
            self.first.making.make_id,
            self._so_far.spent,
            spec.id,
        )
        splice = Splice(self._text, "" if self._prefilled(spec) else self._anchor)
        rendering = Remembered(JoinedStream(spec.dialect, JoiningWriter(joint, splice)), delivered)
        model = self.first.model_at(spec)
        order = Forward(asked.path, asked.body, model, rendering, asked.headers, stream=True)
        if isinstance(translated, Translated):
            return in_translation(order, spec.dialect, translated)
        return replace(order, changes=self._changes(spec))

    def _changes(self, spec: ProviderSpec) -> dict[str, object]:
        """Return what goes out otherwise than it came to a provider of the caller's dialect."""
        asked = self.first.asked
        values = {**asked.body.values, **changes(asked)}
        before = values["messages"]
        turns = [{"role": role.value, "content": text} for role, text in self._turns(spec)]
        caps = {name: self._room(cap) for name in _CAPS if isinstance(cap := values.get(name), int)}
        return {"messages": [*(before if isinstance(before, list) else []), *turns], **caps}

    def _translated(self, spec: ProviderSpec) -> Translated | Problem:
        made = self._translations.get(spec.id)
        if made is None:
            made = self._translations[spec.id] = self._translate(spec)
        return made

    def _translate(self, spec: ProviderSpec) -> Translated | Problem:
        request = self.first.request
        if isinstance(request, Problem):
            return request
        turns = tuple(Turn(role, (Text(text),)) for role, text in self._turns(spec))
        cap = request.params.max_tokens
        params = replace(request.params, max_tokens=None if cap is None else self._room(cap))
        return self.first.translation_of(replace(request, turns=(*request.turns, *turns), params=params), spec)

    def _turns(self, spec: ProviderSpec) -> list[tuple[Speaker, str]]:
        begun = (Speaker.ASSISTANT, self._text.rstrip())
        return [begun] if self._prefilled(spec) else [begun, (Speaker.USER, invitation(self._anchor))]

    def _prefilled(self, spec: ProviderSpec) -> bool:
        """Tell whether the model goes on by itself with the beginning it is given: it must not think before."""
        request = self.first.request
        if isinstance(request, Problem) or not self.first.capabilities(spec).prefill:
            return False
        thinks = request.params.effort or request.params.budget or request.params.thinking not in {None, Wish.OFF}
        return not thinks and bool(request.turns) and request.turns[-1].speaker is Speaker.USER

    def _room(self, cap: int) -> int:
        """Return what of the caller's cap is left, and on top what is said twice."""
        return cap - _tokens(self._text) + _tokens(self._anchor)


def _tokens(text: str) -> int:
    return math.ceil(len(text) / CHARACTERS_PER_TOKEN)
