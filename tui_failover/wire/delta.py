"""What one event of an answer, or several together, add to it, in no vendor's dialect."""

from collections.abc import Callable, Iterable
from typing import TypeVar

from msgspec import Struct

from tui_failover.wire.sse import ProtocolError, Said

_T = TypeVar("_T")
_MOST_TOKENS = 10**9  # a larger count is a mistake of the peer


class ErrorShape(Struct, frozen=True):
    """An error as a provider worded it; untrusted text, not yet scrubbed.

    Attributes:
        type: the error's type ("rate_limit_error"), or "".
        code: a finer code ("insufficient_quota"), a number included, or "".
        detail: the code inside the error's details ("enforced_spend_limit_reached"), or "".
        message: the sentence; "" where the body holds none.
        html: the body was a page for people.
    """

    type: str = ""
    code: str = ""
    detail: str = ""
    message: str = ""
    html: bool = False


class Delta(Struct, frozen=True):
    """What one event adds to an answer, or several together.

    Attributes:
        text: text of the answer.
        content: something the model made came: text, reasoning, a refusal or a piece of a tool call. Role-only
            pieces, pings and bookkeeping are no content.
        model: the model the provider says it uses, or "".
        finish: the provider's word for why the answer ended, or "".
        input_tokens, output_tokens: running totals where the event states them.
        done: the dialect's end mark came; nothing follows.
        error: the provider gave up and says why.
        broken: the provider broke its dialect in what came after that.
    """

    text: str = ""
    content: bool = False
    model: str = ""
    finish: str = ""
    input_tokens: int | None = None
    output_tokens: int | None = None
    done: bool = False
    error: ErrorShape | None = None
    broken: ProtocolError | None = None


NOTHING = Delta()


def as_mapping(value: object) -> dict[str, object]:
    """Return `value` if it is a JSON object, else an empty one."""
    return value if isinstance(value, dict) else {}


def as_text(value: object) -> str:
    """Return `value` if it is a string, else ""."""
    return value if isinstance(value, str) else ""


def as_tokens(value: object) -> int | None:
    """Return `value` if it can be a count of tokens, else None: an absurd count is an unknown one."""
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 <= value <= _MOST_TOKENS else None


def together(read: Callable[[str, bytes], Delta], events: Iterable[Said]) -> Delta:
    """Return what events add together; none is read after the end mark, an error or a break of the dialect."""
    deltas: list[Delta] = []
    broken: ProtocolError | None = None
    try:
        for name, data in events:
            delta = read(name, data)
            deltas.append(delta)
            if delta.done or delta.error is not None:
                break
    except ProtocolError as error:
        broken = error
    return _sum(deltas, broken)


def _sum(deltas: list[Delta], broken: ProtocolError | None) -> Delta:
    last = deltas[-1] if deltas else NOTHING
    return Delta(
        "".join([delta.text for delta in deltas]),
        any(delta.content for delta in deltas),
        _latest([delta.model for delta in deltas]) or "",
        _latest([delta.finish for delta in deltas]) or "",
        _latest([delta.input_tokens for delta in deltas]),
        _latest([delta.output_tokens for delta in deltas]),
        last.done,
        last.error,
        broken,
    )


def _latest(stated: list[_T]) -> _T | None:
    """Return the last of what is stated; None and "" state nothing."""
    return next((one for one in reversed(stated) if one is not None and one != ""), None)
