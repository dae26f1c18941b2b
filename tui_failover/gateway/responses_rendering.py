"""Answers of the Responses API from a provider that offers it: the same bytes, streamed or whole."""

from collections.abc import Iterable

from tui_failover.gateway.rendering import document_in
from tui_failover.wire.delta import NOTHING, Delta, as_mapping, together
from tui_failover.wire.forwarding import Gathering, Rendering
from tui_failover.wire.members import member_in
from tui_failover.wire.openai_responses import ENDS, delta_of, read_document
from tui_failover.wire.openai_responses_writing import stream_of_response
from tui_failover.wire.responses_standing import Standing
from tui_failover.wire.sse import ProtocolError, Said, SseEvent, json_object, object_in
from tui_failover.wire.stream_translation import Step

_BROKEN_OFF = "a stream that ends before its answer does"
_DONE = "[DONE]"  # added by some relays; no mark of this API


class ResponsesStream:
    """The provider's stream, byte by byte; `standing` follows it, should it break off."""

    def __init__(self, standing: Standing) -> None:
        self._standing = standing
        self._ended = False

    def feed(self, raw: bytes, event: SseEvent | None) -> Step:
        """Return the event as it came, and what it says."""
        if event is None or event.data.startswith(_DONE):
            return Step(raw if event is None else b"", NOTHING)
        document = json_object(event)
        delta = delta_of(document, event.name)
        if delta.error is not None:
            return Step(b"", delta)
        self._standing.told(document)
        self._ended = self._ended or delta.done
        return Step(raw, delta)

    def whole(self, body: bytes) -> Step:
        """Return an answer that came whole as a stream."""
        document = document_in(body)
        delta = read_document(document)
        stream = b"" if delta.error is not None else stream_of_response(as_mapping(document), self._standing)
        return Step(stream, delta)

    def close(self) -> bytes:
        """Return nothing: only the provider's own last event completes an answer."""
        if not self._ended:
            raise ProtocolError(_BROKEN_OFF)
        return b""


class ResponsesWhole(Gathering):
    """The provider's answer for a caller who does not stream; of a stream, the object its last event carries."""

    def __init__(self) -> None:
        self._response: bytes | None = None

    def feed(self, events: Iterable[Said]) -> Delta:
        """Keep the answer, if one of the events carries it."""
        return together(self._add, events)

    def _add(self, name: str, data: bytes) -> Delta:
        if data.startswith(_DONE.encode()):
            return NOTHING
        document = object_in(data)
        if (document.get("type") or name) in ENDS:
            self._response = member_in(str(data, "utf-8", "replace"), "response")
        return delta_of(document, name)

    def whole(self, body: bytes) -> Step:
        """Return the answer as it came."""
        delta = read_document(document_in(body))
        if not delta.finish and delta.error is None:
            message = "a document that is no answer"
            raise ProtocolError(message)
        return Step(body, delta)

    def close(self) -> bytes:
        """Return the answer."""
        if self._response is None:
            raise ProtocolError(_BROKEN_OFF)
        return self._response


def of_responses(standing: Standing, *, streams: bool) -> Rendering | Gathering:
    """Return how the answer of a provider that offers Responses reaches its caller."""
    return ResponsesStream(standing) if streams else ResponsesWhole()
