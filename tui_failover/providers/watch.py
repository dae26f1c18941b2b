"""One attempt, watched: its limits, its assembly from a stream, and whether it really came to an end.

The official SDKs take a stream that was cut cleanly, an empty one and a page of HTML for an answer. Nothing is an
answer here that has not both content (or the provider's word for why there is none) and the dialect's end mark.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager

from msgspec import Struct

from tui_failover.core.outcome import Answered, Failed, Failure, Outcome
from tui_failover.core.ports import Clock, Limits
from tui_failover.core.query import Reply, Usage
from tui_failover.core.text import scrub
from tui_failover.providers.diagnosis import Diagnostician, HttpFacts
from tui_failover.providers.recognition import Seen, Stage
from tui_failover.wire.delta import Delta, ErrorShape
from tui_failover.wire.sse import ProtocolError, SseDecoder, SseEvent

LINGER_S = 0.5  # wait for the token counts, which OpenAI sends after everything else
_MOST_KEPT = 4 << 20  # bytes kept of a body that is no event stream
_MOST_TEXT = 16 << 20  # characters of one answer
_NAME = 120  # characters of a model's or a finish's name
_SAYS_WHY_EMPTY = frozenset({
    "content_filter", "refusal", "length", "max_tokens", "model_context_window_exceeded", "tool_calls", "tool_use",
    "function_call",
})  # fmt: skip


class OpenAnswer(Struct, frozen=True):
    """An answer whose head has arrived: what it says besides its body, and its body in pieces."""

    facts: HttpFacts
    body: AsyncIterator[bytes]


class Language(Struct, frozen=True):
    """How a dialect's bodies are read: an event of a stream, and an answer that came whole."""

    read_event: Callable[[SseEvent], Delta]
    read_document: Callable[[object], Delta]


class Wrong(Exception):
    """The answer went wrong in a way only we see."""

    def __init__(self, seen: Seen, error: ErrorShape | None = None) -> None:
        self.seen = seen
        self.error = error
        super().__init__(seen.value)


class Assembly:
    """The answer as far as it has come; its text is kept only where somebody will read it."""

    __slots__ = ("_finish", "_input", "_keep_text", "_length", "_model", "_output", "_text", "finished", "stage")

    def __init__(self, *, keep_text: bool = True) -> None:
        self._keep_text = keep_text
        self.stage = Stage.SENDING
        self.finished = False
        self._text: list[str] = []
        self._length = 0
        self._model = ""
        self._finish = ""
        self._input: int | None = None
        self._output: int | None = None

    @property
    def usage(self) -> Usage | None:
        """What was counted so far; None while the provider has counted nothing."""
        if self._input is None and self._output is None:
            return None
        return Usage(self._input or 0, self._output or 0)

    def take(self, delta: Delta) -> None:
        """Add `delta`; raises where it ends the attempt as a failure."""
        if delta.text:
            self.say(delta.text)
        if delta.content:
            self.stage = Stage.TALKING
        if delta.model:
            self._model = delta.model
        if delta.finish:
            self._finish = delta.finish
        # The counts of both dialects are running totals: a later one replaces an earlier one.
        if delta.input_tokens is not None:
            self._input = delta.input_tokens
        if delta.output_tokens is not None:
            self._output = delta.output_tokens
        self.finished = self.finished or delta.done or delta.finish != ""
        if delta.error is not None or delta.broken is not None:
            raise delta.broken or Wrong(Seen.ERROR_INSIDE, delta.error)

    def say(self, text: str) -> None:
        """Add text, where that is all there is to add to an answer whose content has begun."""
        if self._keep_text:
            self._text.append(text)
        self._length += len(text)
        if self._length > _MOST_TEXT:
            raise Wrong(Seen.ENDLESS)

    def check_end(self) -> None:
        """Raise unless this is a whole answer."""
        if not self.finished:
            raise Wrong(Seen.NO_END_MARK)
        if self.stage is not Stage.TALKING and self._finish not in _SAYS_WHY_EMPTY:
            raise Wrong(Seen.NOTHING_SAID)

    def reply(self, asked_model: str) -> Reply:
        """Return the answer; the model is the one asked for where the provider names none."""
        model = scrub(self._model, _NAME) or asked_model
        return Reply("".join(self._text), model, self.usage, scrub(self._finish, _NAME))


class Watch(Struct, frozen=True):
    """Carries attempts out; one per provider.

    Attributes:
        language: how the dialect's bodies are read.
        model: the model asked for.
        clock: measures; waiting happens on the loop's own time.
        diagnostician: words the failures.
        linger_s: how long to listen on once all that was asked for has come: for the token counts, and for the
            end of the body, after which the connection can be used again.
    """

    language: Language
    model: str
    clock: Clock
    diagnostician: Diagnostician
    linger_s: float = LINGER_S

    async def attempt(
        self,
        opening: Callable[[], AbstractAsyncContextManager[OpenAnswer]],
        limits: Limits,
        *,
        only_first_content: bool = False,
    ) -> Outcome:
        """Open an answer and watch it to its end, or to its first content; raises nothing but cancellation."""
        run = _Run(self, limits, only_first_content=only_first_content)
        failure: Failure | None = None
        try:
            await run.through(opening)
        except Wrong as wrong:
            failure = self.diagnostician.of_sight(wrong.seen, run.assembly.stage, run.facts, wrong.error)
        except ProtocolError:
            failure = self.diagnostician.of_sight(Seen.MALFORMED, run.assembly.stage, run.facts)
        except Exception as error:  # noqa: BLE001 - every library's exception becomes a value here
            failure = self.diagnostician.of_exception(error, run.assembly.stage, run.facts)
        if failure is not None:
            return Failed(failure, self.clock.now().mono - run.started_at, run.assembly.usage)
        return run.answered()


class _Run:
    """One attempt under way."""

    def __init__(self, watch: Watch, limits: Limits, *, only_first_content: bool) -> None:
        self.assembly = Assembly()
        self.facts: HttpFacts | None = None
        self.started_at = watch.clock.now().mono
        self._watch = watch
        self._limits = limits
        self._only_first_content = only_first_content
        self._first_content_at: float | None = None
        self._ended_at: float | None = None
        self._kept = bytearray()
        self._events = 0
        self._deadline = 0.0

    def answered(self) -> Answered:
        """Return the outcome of an attempt that came through."""
        ended_at = self.started_at if self._ended_at is None else self._ended_at
        first_at = ended_at if self._first_content_at is None else self._first_content_at
        reply = self.assembly.reply(self._watch.model)
        return Answered(reply, first_at - self.started_at, ended_at - self.started_at)

    async def through(self, opening: Callable[[], AbstractAsyncContextManager[OpenAnswer]]) -> None:
        """Run to the end; raises where the attempt failed."""
        loop = asyncio.get_running_loop()
        self._deadline = loop.time() + self._limits.total_s
        first = min(self._deadline, loop.time() + self._limits.first_content_s)
        try:
            async with asyncio.timeout_at(first) as timer:
                await self._talk(opening, timer)
        except Exception as error:
            if self._ended_at is not None:
                return  # What was asked for had come; how the connection ended after it does not matter.
            if isinstance(error, Wrong):
                raise
            if timer.expired():
                raise Wrong(self._limit_passed(loop.time())) from None
            raise

    async def _talk(
        self, opening: Callable[[], AbstractAsyncContextManager[OpenAnswer]], timer: asyncio.Timeout
    ) -> None:
        async with opening() as answer:
            self.facts = answer.facts
            self.assembly.stage = Stage.ANSWERING
            decoder = SseDecoder()
            async for piece in answer.body:
                self._keep(piece)
                for event in decoder.feed(piece):
                    self._events += 1
                    self._take(self._watch.language.read_event(event), timer)
            if not self._events:
                self._take(self._whole_body(), timer)
        if self._ended_at is None:
            self.assembly.check_end()

    def _take(self, delta: Delta, timer: asyncio.Timeout) -> None:
        self.assembly.take(delta)
        if self._ended_at is not None:
            return
        now = asyncio.get_running_loop().time()
        if delta.content and self._first_content_at is None:
            self._first_content_at = self._watch.clock.now().mono
        if self._enough():
            self._ended_at = self._watch.clock.now().mono
            timer.reschedule(min(self._deadline, now + self._watch.linger_s))
        elif delta.content:
            timer.reschedule(min(self._deadline, now + self._limits.progress_s))

    def _enough(self) -> bool:
        if self.assembly.finished:
            self.assembly.check_end()
            return True
        return self._only_first_content and self.assembly.stage is Stage.TALKING

    def _limit_passed(self, now: float) -> Seen:
        if now >= self._deadline:
            return Seen.TOO_LONG
        return Seen.STALLED if self.assembly.stage is Stage.TALKING else Seen.SILENT

    def _keep(self, piece: bytes) -> None:
        if not self._events:
            self._kept += piece
            if len(self._kept) > _MOST_KEPT:
                raise Wrong(Seen.NO_ANSWER)

    def _whole_body(self) -> Delta:
        """Read a body that was no event stream: some providers answer whole though a stream was asked for."""
        text = self._kept.decode("utf-8", "replace").strip()
        if not text:
            raise Wrong(Seen.EMPTY)
        if text.startswith("<"):
            raise Wrong(Seen.PAGE)
        try:
            delta = self._watch.language.read_document(json.loads(text))
        except (ValueError, RecursionError):
            raise Wrong(Seen.NO_ANSWER) from None
        if not delta.finish and delta.error is None:
            raise Wrong(Seen.NO_ANSWER)
        return delta
