"""What one event of an answer adds to it, in no vendor's dialect."""

from tui_failover.core.copying import value

_MOST_TOKENS = 10**9  # a larger count is a mistake of the peer


@value
class ErrorShape:
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


@value
class Delta:
    """What one event adds to an answer.

    Attributes:
        text: text of the answer.
        content: something the model made came: text, reasoning, a refusal or a piece of a tool call. Role-only
            pieces, pings and bookkeeping are no content.
        model: the model the provider says it uses, or "".
        finish: the provider's word for why the answer ended, or "".
        input_tokens, output_tokens: running totals where the event states them.
        done: the dialect's end mark came; nothing follows.
        error: the provider gave up and says why.
    """

    text: str = ""
    content: bool = False
    model: str = ""
    finish: str = ""
    input_tokens: int | None = None
    output_tokens: int | None = None
    done: bool = False
    error: ErrorShape | None = None


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
