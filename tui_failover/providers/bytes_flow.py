"""One answer as bytes: held back until it has content, limited in time, and never taken for more than it is."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING

from tui_failover.core.outcome import Answered, Failed, Failure, Outcome
from tui_failover.core.ports import Limits
from tui_failover.providers.alarm import Alarm, Alarms
from tui_failover.providers.diagnosis import Diagnostician, HttpFacts
from tui_failover.providers.recognition import Seen, Stage
from tui_failover.providers.watch import LINGER_S, Assembly, Wrong
from tui_failover.wire.continuation import NotTakenUp
from tui_failover.wire.delta import NOTHING
from tui_failover.wire.forwarding import NOT_TAKEN_UP, Forward, Gathering, Rendering
from tui_failover.wire.refrain import Refrain, refrain_of
from tui_failover.wire.sse import ProtocolError
from tui_failover.wire.sse_raw import RawEvents
from tui_failover.wire.stream_translation import Step

if TYPE_CHECKING:
    from tui_failover.providers.http_answer import HttpAnswer

    Send = Callable[[], Awaitable[HttpAnswer]]

MOST_HELD_EVENTS = 64
MOST_HELD = 256 << 10  # bytes held back before the first content, beside what is repeated of the request
_REPEATED = (
    4  # times that an answer may hold its request before its first content; Responses does so up to three times
)
_MOST_WHOLE = 32 << 20  # bytes of an answer that comes whole
_MOST_STREAMED = 256 << 20  # bytes of a stream
_MOST_ERROR = 64 << 10  # bytes of an error that are read for its reason
_OK, _REDIRECTED = 200, 300  # the statuses of success begin and end here
_WHOLE_S = 60.0  # an answer that comes whole shows no sign of life before its end
_CODINGS = frozenset({"", "identity", "gzip", "deflate"})
_EVENT_STREAM = "text/event-stream"
_NOTHING_YET = Step(b"", NOTHING)


class ErrorAnswer(Exception):
    """The provider answered with a status outside the 2xx."""

    def __init__(self, failure: Failure, status: int, body: str, content_type: str) -> None:
        self.failure = failure
        self.status = status
        self.body = body
        self.content_type = content_type
        super().__init__(failure.reason)


async def _no_answer() -> bytes:
    return b""


class BytesFlow:
    """One attempt, from sending the request to the end of the answer.

    Attributes:
        headers: the provider's, with lower-case names.
    """

    __slots__ = (
        "_alarm", "_assembly", "_count", "_deadline", "_diagnostician", "_events", "_first_at", "_limits", "_loop",
        "_marked", "_order", "_outcome", "_quiet_s", "_read", "_ready", "_received", "_refrain", "_response",
        "_started_at", "headers",
    )  # fmt: skip

    def __init__(self, order: Forward, limits: Limits, diagnostician: Diagnostician, alarms: Alarms) -> None:
        self.headers: Mapping[str, str] = {}
        self._order = order
        self._limits = limits
        self._diagnostician = diagnostician
        self._assembly = Assembly(keep_text=False)
        self._response: HttpAnswer | None = None
        self._read: Callable[[], Awaitable[bytes]] = _no_answer
        self._events = RawEvents()
        self._refrain: Refrain | None = None
        self._count = 0
        self._received = 0
        self._ready = bytearray()
        self._marked = False
        self._outcome: Outcome | None = None
        self._first_at: float | None = None
        self._quiet_s = 0.0
        self._loop = asyncio.get_running_loop()
        self._alarm = Alarm(self._loop, alarms)
        self._started_at = self._loop.time()
        self._deadline = self._started_at + limits.total_s

    @property
    def failed(self) -> Failed | None:
        """The failure the attempt has ended with, if it has."""
        return self._outcome if isinstance(self._outcome, Failed) else None

    @property
    def whole(self) -> Answered | None:
        """The answer once its end mark has come: callers leave then, though the connection may still be open."""
        return self._answered() if self._marked else None

    @property
    def _held_back(self) -> bool:
        return isinstance(self._order.rendering, Gathering) or len(self._ready) < self._order.hold_back

    @property
    def elapsed_s(self) -> float:
        """Seconds since the request was begun."""
        return self._loop.time() - self._started_at

    async def begin(self, send: "Send") -> None:
        """Send, and wait for what may be handed out, or for the failure.

        Raises:
            ErrorAnswer: the provider refused; its body has been read.
        """
        try:
            with self._alarm.until(self._first_content_by(self._started_at)):
                await self._first_content(await send())
            while self._outcome is None and self._held_back:
                await self._more()
        except ErrorAnswer:
            self.close()
            raise
        except Exception as error:  # noqa: BLE001 - every library's exception becomes a value here
            self._stop(error)
        except BaseException:
            self.close()
            raise

    def left_us(self) -> None:
        """Take note that a piece of a long request has left: what a provider has not heard it cannot answer."""
        if self._response is None:
            self._alarm.move(self._first_content_by(self._loop.time()))

    def _first_content_by(self, asked_at: float) -> float:
        patience_s = self._limits.first_content_s
        if not self._order.stream:
            patience_s = max(patience_s, _WHOLE_S)
        return min(self._deadline, asked_at + patience_s)

    async def next(self) -> bytes | Outcome:
        """Return the next bytes for the caller, or how the answer ended."""
        while not self._ready:
            if self._outcome is not None:
                return self._outcome
            await self._more()
        data = bytes(self._ready)
        self._ready.clear()
        return data

    def close(self) -> None:
        """Give the answer up, if it is still under way; its connection is not used again."""
        self._alarm.stop()
        if self._response is not None:
            self._response.close()

    async def _first_content(self, response: "HttpAnswer") -> None:
        self._response, self._read = response, response.read
        self.headers = response.headers
        self._assembly.stage = Stage.ANSWERING
        if not _OK <= response.status < _REDIRECTED:
            await self._refused(response.status)
        coding = self.headers.get("content-encoding")
        if coding is not None and coding.strip().lower() not in _CODINGS:
            raise Wrong(Seen.MALFORMED)
        if self._order.stream or self._streams:
            await self._until_content()
        else:
            await self._whole(b"")

    @property
    def _streams(self) -> bool:
        kind = self.headers.get("content-type", "")
        return kind.partition(";")[0].strip().lower() == _EVENT_STREAM

    @property
    def _at_end(self) -> bool:
        return self._response is not None and self._response.at_end

    async def _refused(self, status: int) -> None:
        body = bytearray()
        try:
            while len(body) < _MOST_ERROR and (piece := await self._read()):
                body += piece
        except Exception:  # noqa: BLE001, S110 - the status says enough; its explanation broke off
            pass
        text = bytes(body[:_MOST_ERROR]).decode("utf-8", "replace")
        facts = HttpFacts(status, self.headers)
        failure = self._diagnostician.of_refusal(facts, text, further_call=not self._order.talk)
        raise ErrorAnswer(failure, status, text, self.headers.get("content-type", ""))

    async def _until_content(self) -> None:
        kept = bytearray()
        while self._outcome is None and not self._marked:
            piece = await self._read()
            if piece:
                self._take(piece)
                if not self._count:
                    kept += piece
            elif self._count:
                self._end()
            else:
                await self._whole(bytes(kept))
            if self._assembly.stage is Stage.TALKING:
                return
            self._check_held(len(kept))

    def _check_held(self, kept: int) -> None:
        most = MOST_HELD + _REPEATED * len(self._order.body.text)
        if self._count > MOST_HELD_EVENTS or len(self._ready) > most:
            raise Wrong(Seen.NOTHING_SAID)
        if kept > _MOST_WHOLE:
            raise Wrong(Seen.NO_ANSWER)

    async def _whole(self, begun: bytes) -> None:
        """Take an answer that came whole, whether or not a stream was asked for."""
        kept = bytearray(begun)
        while not self._at_end and (piece := await self._read()):
            kept += piece
            if len(kept) > _MOST_WHOLE:
                raise Wrong(Seen.NO_ANSWER)
        body = bytes(kept)
        text = body.strip()
        if not text:
            raise Wrong(Seen.EMPTY)
        if text.startswith(b"<"):
            raise Wrong(Seen.PAGE)
        try:
            step = self._order.rendering.whole(body)
        except ProtocolError:
            raise Wrong(Seen.NO_ANSWER) from None
        self._assembly.take(step.delta)
        self._assembly.check_end()
        self._ready += step.output
        self._finish()

    async def _more(self) -> None:
        """Wait for more of the stream. Time in which nobody asks for more is not counted against the provider."""
        asked_at = self._loop.time()
        patience_s = LINGER_S if self._assembly.finished else max(0.0, self._limits.progress_s - self._quiet_s)
        try:
            with self._alarm.until(min(self._deadline, asked_at + patience_s)):
                piece = await self._read()
            self._quiet_s += self._loop.time() - asked_at
            if piece:
                self._take(piece)
            else:
                self._end()
        except Exception as error:  # noqa: BLE001 - every library's exception becomes a value here
            self._stop(error)

    def _take(self, piece: bytes) -> None:
        self._received += len(piece)
        if self._received > _MOST_STREAMED:
            raise Wrong(Seen.ENDLESS)
        if not self._marked:
            rendering = self._order.rendering
            if isinstance(rendering, Gathering):
                self._gather(rendering, piece)
            else:
                self._hand_on(rendering, piece)
        if self._marked and self._at_end:
            self._finish()

    def _gather(self, rendering: Gathering, piece: bytes) -> None:
        events = self._events.said(piece)
        self._count += len(events)
        delta = rendering.feed(events)
        self._assembly.take(delta)
        if delta.content:
            self._content_came()
        if delta.done:
            self._mark()

    def _hand_on(self, rendering: Rendering, piece: bytes) -> None:
        text = "" if self._refrain is None else self._refrain.text_in(piece)
        if text:
            self._assembly.say(text)
            self._ready += piece
            self._content_came()
        else:
            self._read_events(rendering, piece)

    def _read_events(self, rendering: Rendering, piece: bytes) -> None:
        raw, step = b"", _NOTHING_YET
        feed, assembly = rendering.feed, self._assembly
        for raw, event in self._events.feed(piece):
            self._count += event is not None
            step = feed(raw, event)
            assembly.take(step.delta)
            self._ready += step.output
            if step.delta.content:
                self._content_came()
            if step.delta.done:
                self._mark()
                break
        self._refrain = refrain_of(raw, step.delta.text) if step.repeats and self._events.between else None

    def _content_came(self) -> None:
        self._quiet_s = 0.0
        if self._first_at is None:
            self._first_at = self._loop.time()

    def _mark(self) -> None:
        """The end mark has come: the answer is whole, whatever becomes of the connection."""
        self._assembly.check_end()
        try:
            self._ready += self._order.rendering.close()
        except ProtocolError:
            raise Wrong(Seen.NO_END_MARK) from None
        self._marked = True

    def _end(self) -> None:
        """The body has come to its end."""
        if not self._marked:
            self._mark()
        self._finish()

    def _finish(self) -> None:
        self._outcome = self._answered()
        self.close()

    def _answered(self) -> Answered:
        now = self._loop.time()
        first_at = now if self._first_at is None else self._first_at
        reply = self._assembly.reply(self._order.model)
        return Answered(reply, first_at - self._started_at, now - self._started_at)

    def _stop(self, error: Exception) -> None:
        """The answer cannot go on: it is over where all of it had come, else it failed."""
        if self._marked:
            self._finish()
            return
        if self._assembly.finished and not isinstance(error, Wrong | ProtocolError | NotTakenUp):
            try:
                self._end()
            except Wrong as wrong:
                error = wrong
            else:
                return
        self._outcome = Failed(self._failure(error), self.elapsed_s, self._assembly.usage)
        self.close()

    def _failure(self, error: Exception) -> Failure:
        stage = self._assembly.stage
        facts = None if self._response is None else HttpFacts(self._response.status, self.headers)
        if isinstance(error, NotTakenUp):
            return NOT_TAKEN_UP
        if isinstance(error, Wrong):
            return self._diagnostician.of_sight(error.seen, stage, facts, error.error)
        if isinstance(error, ProtocolError):
            return self._diagnostician.of_sight(Seen.MALFORMED, stage, facts)
        if not self._alarm.rang:
            return self._diagnostician.of_exception(error, stage, facts)
        if self._loop.time() >= self._deadline:
            return self._diagnostician.of_sight(Seen.TOO_LONG, stage, facts)
        seen = Seen.STALLED if stage is Stage.TALKING else Seen.SILENT
        return self._diagnostician.of_sight(seen, stage, facts)
