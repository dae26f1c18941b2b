"""A caller's request on its way to a provider as bytes, and the answer on its way back.

What the gateway and the adapters of providers agree on. Nothing is opened or waited for here.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Protocol

from msgspec import Struct, field

from tui_failover.core.outcome import Answered, Failed, Failure, FailureKind, Outcome
from tui_failover.core.ports import Limits
from tui_failover.wire.delta import Delta
from tui_failover.wire.members import Members
from tui_failover.wire.sse import Said, SseEvent
from tui_failover.wire.stream_translation import Step

# The provider has answered, only not what a provider was asked that is to go on with another one's answer.
NOT_TAKEN_UP = Failure(FailureKind.LOCAL, "did not take the answer up where it broke off", "continuation.lost")


class Rendering(Protocol):
    """Turns one attempt's answer into what the caller gets, as it comes; fed in order, once.

    A rendering that joins two answers raises `NotTakenUp`, which ends the attempt with `NOT_TAKEN_UP`.
    """

    def feed(self, raw: bytes, event: SseEvent | None) -> Step:
        """Return what comes of one event; raises `ProtocolError` where the provider broke its dialect.

        Args:
            raw: the event as it came, its closing blank line included.
            event: what it says; None where it is only a comment.
        """
        ...

    def whole(self, body: bytes) -> Step:
        """Return what comes of an answer that came whole; raises `ProtocolError` where it is none."""
        ...

    def close(self) -> bytes:
        """Return what is still due once the provider has ended; raises `ProtocolError` for half an answer."""
        ...


class Gathering:
    """Turns one attempt's answer into what a caller gets who gets nothing before its end; fed in order, once."""

    __slots__ = ()

    def feed(self, events: Iterable[Said]) -> Delta:
        """Add events and return what they say together; those after an end or a fault are left out."""
        raise NotImplementedError

    def whole(self, body: bytes) -> Step:
        """Return what comes of an answer that came whole; raises `ProtocolError` where it is none."""
        raise NotImplementedError

    def close(self) -> bytes:
        """Return the answer put together; raises `ProtocolError` for half an answer."""
        raise NotImplementedError


class Forward(Struct, frozen=True):
    """One request for one provider.

    Attributes:
        path: below the version prefix: "/chat/completions".
        body: as it came; only single members are changed.
        model: what the provider is asked for.
        headers: of the caller, those a provider may see; lower-case names.
        changes: members that go out with other values than they came with.
        stream: whether an event stream is asked for; None leaves that member alone.
        hold_back: bytes that must have come before any are handed out, unless the answer ends before; of an answer
            that is gathered nothing is handed out before its end.
        talk: it is Chat Completions or Messages, which every provider of the dialect offers.
    """

    path: str
    body: Members
    model: str
    rendering: Rendering | Gathering
    headers: Mapping[str, str] = field(default_factory=dict)
    changes: Mapping[str, object] = field(default_factory=dict)
    stream: bool | None = None
    hold_back: int = 0
    talk: bool = True


class Refusal(Struct, frozen=True):
    """An attempt that ended before anything could be handed out.

    Attributes:
        failed: why, in the terms of the engine.
        status: of the provider's answer; None without one.
        body: what it said, without our keys; b"" where it said nothing.
        content_type: of `body`.
    """

    failed: Failed
    status: int | None = None
    body: bytes = b""
    content_type: str = ""


class Flow(Protocol):
    """An answer that may be handed to the caller."""

    @property
    def headers(self) -> Mapping[str, str]:
        """The provider's, with lower-case names."""
        ...

    @property
    def whole(self) -> Answered | None:
        """The answer once its end mark has come: callers leave then, though the connection may still be open."""
        ...

    async def next(self) -> bytes | Outcome:
        """Return the next bytes for the caller, or how the answer ended; raises nothing but cancellation."""
        ...

    def close(self) -> None:
        """Give the answer up, if it is still under way."""
        ...


Forwarding = Callable[[Forward, Limits], Awaitable[Flow | Refusal]]
"""Sends a request, and returns once there is something for the caller or a reason why there is not.

Raises nothing but cancellation.
"""


def forwarding_of(upstream: object) -> Forwarding | None:
    """Return an upstream's `forward`, which takes requests as bytes, or None where it has none."""
    return getattr(upstream, "forward", None)
